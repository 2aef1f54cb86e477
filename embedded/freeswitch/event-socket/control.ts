/** A session as event sockets may use it. */
import type { Session } from '../channel/session.ts';
import type { ControlledChannel } from './commands.ts';

export function controlOf(session: Session): ControlledChannel {
  return {
    uuid: session.uuid,
    execute: (message) => session.runner.deliver(message),
    hangup: (cause) => session.channel.hangup(cause),
    getVariable: (name) => session.channel.variables.get(name),
  };
}
