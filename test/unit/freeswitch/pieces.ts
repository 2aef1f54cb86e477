/** Channels and sessions without SIP and sound. */
import { createLogger } from '../../../config/index.ts';
import { Channel } from '../../../embedded/freeswitch/channel/channel.ts';
import { EventBus } from '../../../embedded/freeswitch/core/event-bus.ts';
import type { ServerEvent } from '../../../embedded/freeswitch/core/event.ts';
import { createIdentity } from '../../../embedded/freeswitch/core/server-identity.ts';
import { ManualClock } from '../../helpers/manual-clock.ts';

export const logger = createLogger({ logLevel: 'silent' });

export interface Pieces {
  readonly clock: ManualClock;
  readonly bus: EventBus;
  readonly events: ServerEvent[];
  channel(): Channel;
}

export function pieces(): Pieces {
  const clock = new ManualClock();
  const bus = new EventBus({ identity: createIdentity('192.0.2.1', 0), clock, logger });
  const events: ServerEvent[] = [];
  bus.subscribe({ wants: () => true, deliver: (event) => events.push(event) });
  let channels = 0;
  return {
    clock,
    bus,
    events,
    channel: () => {
      channels++;
      const profile = {
        callerIdName: 'Alice',
        callerIdNumber: '+15551230001',
        networkAddress: '192.0.2.7',
        destinationNumber: 'drachtio',
        context: 'mrf',
      };
      return new Channel({
        uuid: `channel-${channels}`,
        sessionId: channels,
        name: `sofia/${channels}`,
        profile,
        bus,
        clock,
      });
    },
  };
}

/** Lets promises and immediates settle. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((done) => setImmediate(done));
}
