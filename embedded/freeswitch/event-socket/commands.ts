/** The commands of an event socket, once the peer is known. Answers are FreeSWITCH's. */
import { randomUUID } from 'node:crypto';
import type { EslCommand } from '../../wire/esl-frame.ts';
import type { ExecuteMessage } from '../channel/application-runner.ts';
import { isTrue } from '../channel/channel-variables.ts';
import { parseCause } from '../channel/hangup-causes.ts';
import type { EventBus } from '../core/event-bus.ts';
import type { EventOrigin } from '../core/event.ts';
import type { EventSocketSession } from './session.ts';

/** A channel as an event socket sees it. */
export interface ControlledChannel {
  readonly uuid: string;
  /** False when it takes no more. */
  execute(message: ExecuteMessage): boolean;
  hangup(cause: string): void;
  getVariable(name: string): string | undefined;
}

export interface CommandServices {
  readonly bus: EventBus;
  readonly find: (uuid: string) => ControlledChannel | undefined;
  readonly api: (command: string, argument: string) => Promise<string>;
}

export interface CommandContext {
  readonly services: CommandServices;
  readonly session: EventSocketSession;
  /** The channel an outbound socket belongs to. */
  readonly own: ControlledChannel | undefined;
  /** Told by `linger` and `nolinger`; seconds, or undefined for as long as it takes. */
  readonly linger?: (on: boolean, seconds?: number) => void;
}

const BACKGROUND: EventOrigin = ['mod_event_socket.c', 'api_exec', 1573];
const MAX_LOOPS = 1_000;

type Handler = (context: CommandContext, rest: string, command: EslCommand) => Promise<void> | void;

const handlers: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['api', api],
  ['bgapi', bgapi],
  ['event', event],
  ['nixevent', nixEvent],
  ['noevents', noEvents],
  ['filter', filter],
  ['sendmsg', sendMessage],
  ['myevents', myEvents],
  ['divert_events', divertEvents],
  ['getvar', getVariable],
  ['linger', linger],
  ['nolinger', noLinger],
  ['resume', resume],
  ['log', log],
  ['nolog', noLog],
  ['exit', exit],
  ['...', exit],
]);

export async function handleCommand(context: CommandContext, command: EslCommand): Promise<void> {
  const line = command.line.trim();
  const space = line.indexOf(' ');
  const name = (space < 0 ? line : line.slice(0, space)).toLowerCase();
  const rest = space < 0 ? '' : line.slice(space + 1).trim();
  const handler = handlers.get(name);
  if (handler) await handler(context, rest, command);
  else context.session.reply('-ERR command not found');
}

function exit({ session, own }: CommandContext): void {
  session.reply('+OK bye');
  session.disconnect(own?.uuid);
}

async function api({ services, session }: CommandContext, rest: string): Promise<void> {
  const [command, argument] = splitFirst(rest);
  session.sendApiResponse(await services.api(command, argument));
}

/** Answers at once; what the API says comes as an event. */
function bgapi({ services, session, own }: CommandContext, rest: string, command: EslCommand): void {
  const [name, argument] = splitFirst(rest);
  const job = command.headers.get('job-uuid') ?? randomUUID();
  session.reply(`+OK Job-UUID: ${job}`, [['Job-UUID', job]]);
  void services.api(name, argument).then((body) =>
    services.bus.fire({
      name: 'BACKGROUND_JOB',
      origin: BACKGROUND,
      headers: () => [
        ['Job-UUID', job],
        ['Job-Owner-UUID', own?.uuid],
        ['Job-Command', name],
        ['Job-Command-Arg', argument === '' ? undefined : argument],
      ],
      body,
    }),
  );
}

function event({ session }: CommandContext, rest: string): void {
  if (!session.subscription.add(words(rest))) {
    session.reply('-ERR no keywords supplied');
    return;
  }
  session.reply(`+OK event listener enabled ${session.subscription.format}`);
}

function nixEvent({ session }: CommandContext, rest: string): void {
  session.reply(session.subscription.remove(words(rest)) ? '+OK events nixed' : '-ERR no keywords supplied');
}

function noEvents({ session }: CommandContext): void {
  const cleared = session.subscription.clear();
  session.reply(cleared ? '+OK no longer listening for events' : '-ERR not listening for events');
}

function filter({ session }: CommandContext, rest: string): void {
  const [header, value] = splitFirst(rest);
  if (value === '') {
    session.reply('-ERR invalid syntax');
    return;
  }
  if (header.toLowerCase() === 'delete') {
    const [name, only] = splitFirst(value);
    session.subscription.deleteFilter(name, only === '' ? undefined : only);
    session.reply(`+OK filter deleted. [${name}][${only}]`);
    return;
  }
  const [name, wanted] = header.toLowerCase() === 'add' ? splitFirst(value) : [header, value];
  const added = session.subscription.addFilter(name, wanted);
  session.reply(added ? `+OK filter added. [${name}]=[${wanted}]` : '-ERR too many filters');
}

function sendMessage({ services, session, own }: CommandContext, rest: string, command: EslCommand): void {
  const uuid = rest === '' ? (command.headers.get('session-id') ?? own?.uuid ?? '') : rest;
  const channel = uuid === own?.uuid ? own : services.find(uuid);
  if (!channel) {
    session.reply(`-ERR invalid session id [${uuid}]`);
    return;
  }
  const action = command.headers.get('call-command')?.toLowerCase();
  if (action === 'execute') {
    execute(session, channel, command);
    return;
  }
  session.reply('+OK');
  if (action === 'hangup') channel.hangup(parseCause(command.headers.get('hangup-cause') ?? 'NORMAL_CLEARING'));
}

function execute(session: EventSocketSession, channel: ControlledChannel, { headers, body }: EslCommand): void {
  const uuid = headers.get('event-uuid');
  const argument = headers.get('execute-app-arg');
  const loops = Number.parseInt(headers.get('loops') ?? '1', 10) || 1;
  const message: ExecuteMessage = {
    application: headers.get('execute-app-name') ?? '',
    argument: argument === undefined || argument === '' ? body : argument,
    eventLock: isTrue(headers.get('event-lock')),
    loops: loops < 0 ? MAX_LOOPS : Math.min(loops, MAX_LOOPS),
    ...(uuid !== undefined && { uuid }),
  };
  if (message.application === '') {
    session.reply('+OK');
    return;
  }
  session.reply(channel.execute(message) ? '+OK' : '-ERR memory error');
}

function myEvents({ session, own }: CommandContext, rest: string): void {
  if (session.subscription.ownsChannel) {
    session.reply('-ERR aready enabled.');
    return;
  }
  const [first = '', second] = words(rest);
  const uuid = own?.uuid ?? first;
  if (uuid === '') {
    session.reply('-ERR command not found');
    return;
  }
  const format = /json/i.test(own ? rest : (second ?? '')) ? 'json' : undefined;
  session.subscription.watchChannel(uuid, format);
  session.reply('+OK Events Enabled');
}

function divertEvents({ session, own }: CommandContext, rest: string): void {
  if (!own) {
    session.reply('-ERR not controlling a session.');
    return;
  }
  if (rest === '') {
    session.reply('-ERR missing value.');
    return;
  }
  session.reply(rest.toLowerCase() === 'on' ? '+OK events diverted' : '+OK events not diverted');
}

function getVariable({ session, own }: CommandContext, rest: string): void {
  session.reply(own ? (own.getVariable(rest) ?? '') : '-ERR command not found');
}

function linger({ session, own, linger: keep }: CommandContext, rest: string): void {
  if (!own) {
    session.reply('-ERR not controlling a session');
    return;
  }
  const seconds = /^\d{1,5}$/.test(rest) ? Number(rest) : undefined;
  keep?.(true, seconds);
  session.reply(seconds === undefined ? '+OK will linger' : `+OK will linger ${seconds} seconds`);
}

function noLinger({ session, own, linger: keep }: CommandContext): void {
  if (!own) {
    session.reply('-ERR not controlling a session');
    return;
  }
  keep?.(false);
  session.reply('+OK will not linger');
}

function resume({ session, own }: CommandContext): void {
  session.reply(own ? '+OK' : '-ERR command not found');
}

/** Accepted; the embedded server's log goes to the process's own. */
function log({ session }: CommandContext, rest: string): void {
  session.logs = true;
  session.reply(`+OK log level ${rest} [7]`);
}

function noLog({ session }: CommandContext): void {
  session.reply(session.logs ? '+OK no longer logging' : '-ERR not loging');
  session.logs = false;
}

function splitFirst(text: string): [first: string, rest: string] {
  const trimmed = text.trim();
  const space = trimmed.indexOf(' ');
  return space < 0 ? [trimmed, ''] : [trimmed.slice(0, space), trimmed.slice(space + 1).trim()];
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}
