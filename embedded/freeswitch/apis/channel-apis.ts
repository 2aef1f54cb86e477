/** The uuid_… commands. */
import { sendDigits, startRecording, stopRecording } from '../applications/media.ts';
import { separate } from '../applications/digits.ts';
import { channelData } from '../channel/channel-data.ts';
import { parseCause } from '../channel/hangup-causes.ts';
import type { Session } from '../channel/session.ts';
import type { SessionRegistry } from '../channel/session-registry.ts';
import type { EventBus } from '../core/event-bus.ts';
import type { EventOrigin } from '../core/event.ts';
import { inlineActions } from '../dialplan.ts';
import type { Api } from './api-registry.ts';

const NO_CHANNEL = '-ERR No such channel!\n';
const DUMP: EventOrigin = ['mod_commands.c', 'uuid_dump_function', 6495];
const DEFAULT_DIGIT_UNITS = 2_000;

export function channelApis(sessions: SessionRegistry, bus: EventBus): Readonly<Record<string, Api>> {
  /** Commands that begin with the channel. */
  const onChannel =
    (usage: string, run: (session: Session, words: readonly string[]) => string | Promise<string>): Api =>
    (argument) => {
      const [uuid, ...words] = separate(argument);
      if (uuid === undefined) return `-USAGE: ${usage}\n`;
      const session = sessions.find(uuid);
      return session ? run(session, words) : NO_CHANNEL;
    };
  return {
    uuid_exists: (argument) => String(sessions.find(argument.trim()) !== undefined),
    uuid_kill: onChannel('<uuid> [cause]', (session, words) => {
      session.channel.hangup(words[0] === undefined ? 'NORMAL_CLEARING' : parseCause(words[0]));
      return '+OK\n';
    }),
    uuid_dump: onChannel('<uuid> [format]', (session, words) => dump(session, bus, words[0])),
    uuid_getvar: onChannel('<uuid> <var>', getVariable),
    uuid_setvar: onChannel('<uuid> <var> [value]', setVariable),
    uuid_setvar_multi: (argument) => setVariables(sessions, argument),
    uuid_set_media_stats: async (argument) => {
      const uuid = argument.trim();
      if (uuid === '') return '-USAGE: <uuid>\n';
      const session = sessions.find(uuid);
      if (!session) return `-ERR No such channel ${uuid}!\n`;
      await session.setMediaStatistics();
      return '+OK:\n';
    },
    uuid_break: onChannel('<uuid> [all]', breakMedia),
    break: onChannel('<uuid> [all]', breakMedia),
    uuid_broadcast: (argument) => broadcast(sessions, argument),
    uuid_transfer: onChannel('<uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]', transfer),
    uuid_park: onChannel('<uuid>', (session) => {
      session.transfer([{ application: 'park', argument: '' }]);
      return '+OK\n';
    }),
    uuid_audio: (argument) => {
      const [uuid, ...words] = separate(argument);
      const session = sessions.find(uuid ?? '');
      if (words.length === 0) return `-USAGE: ${AUDIO_USAGE}\n`;
      return session ? audio(session, words) : NO_CHANNEL;
    },
    uuid_send_dtmf: (argument) => sendDtmf(sessions, argument),
    uuid_recv_dtmf: (argument) => receiveDtmf(sessions, argument),
    uuid_flush_dtmf: (argument) => {
      const session = sessions.find(argument.trim());
      session?.channel.digits.flush();
      return session ? '+OK\n' : '-ERR No such session\n';
    },
    uuid_record: (argument) => record(sessions, argument),
  };
}

function dump({ channel }: Session, bus: EventBus, format = 'txt'): string {
  const event = bus.create({ name: 'CHANNEL_DATA', origin: DUMP, headers: () => channelData(channel) });
  return format.toLowerCase() === 'json' ? event.json() : event.plain();
}

function getVariable({ channel }: Session, words: readonly string[]): string {
  const [name] = words;
  if (name === undefined) return '-USAGE: <uuid> <var>\n';
  const element = /^([^[]+)\[(\d{1,4})\]$/.exec(name);
  const value = element ? channel.variables.getElement(element[1]!, Number(element[2])) : channel.variables.get(name);
  return value ?? '_undef_';
}

function setVariable({ channel }: Session, words: readonly string[]): string {
  const [name, ...value] = words;
  if (name === undefined) return '-USAGE: <uuid> <var> [value]\n';
  channel.variables.set(name, value.join(' '));
  return '+OK\n';
}

function setVariables(sessions: SessionRegistry, argument: string): string {
  const usage = '-USAGE: <uuid> <var>=<value>;<var>=<value>...\n';
  const match = /^\s*(\S+)\s+(.*)$/s.exec(argument);
  if (!match) return usage;
  const session = sessions.find(match[1]!);
  if (!session) return `${NO_CHANNEL}${usage}`;
  const assignments = match[2]!.split(';').filter((part) => part !== '');
  for (const assignment of assignments) {
    const at = assignment.indexOf('=');
    const name = at < 0 ? assignment : assignment.slice(0, at);
    session.channel.variables.set(name, at < 0 ? undefined : assignment.slice(at + 1));
  }
  return assignments.length === 0 ? usage : '+OK\n';
}

function breakMedia({ runner }: Session, words: readonly string[]): string {
  if (words[0]?.includes('all')) runner.flushMessages();
  runner.break();
  return '+OK\n';
}

/** A file, or `application::argument`. */
function broadcast(sessions: SessionRegistry, argument: string): string {
  const [uuid, path] = separate(argument);
  if (uuid === undefined || path === undefined) return '-USAGE: <uuid> <path> [aleg|bleg|holdb|both]\n';
  const session = sessions.find(uuid);
  const marker = path.indexOf('::');
  const isApplication = marker > 0 && /^[a-z_]+$/i.test(path.slice(0, marker));
  const delivered = session?.runner.deliver(
    isApplication
      ? { application: path.slice(0, marker), argument: path.slice(marker + 2) }
      : { application: 'playback', argument: path },
  );
  return delivered ? '+OK Message sent\n' : '-ERR invalid uuid\n';
}

/** Only the dialplan `inline` exists here. */
function transfer(session: Session, words: readonly string[]): string {
  const [destination, dialplan] = words[0]?.startsWith('-') ? words.slice(1) : words;
  if (destination === undefined) return '-USAGE: <uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]\n';
  if (dialplan?.toLowerCase() !== 'inline') return '-ERR\n';
  session.transfer(inlineActions(destination));
  return '+OK\n';
}

const AUDIO_USAGE = '<uuid> [start [read|write] [mute|level <level>]|stop]';

function audio({ channel }: Session, words: readonly string[]): string {
  const [action, direction, what, level] = words.map((word) => word.toLowerCase());
  if (action === 'stop') {
    channel.setSound('read', {});
    channel.setSound('write', {});
    return '+OK\n';
  }
  const complete = action === 'start' && level !== undefined && (what === 'mute' || what === 'level');
  if (!complete || (direction !== 'read' && direction !== 'write')) return `-USAGE: ${AUDIO_USAGE}\n`;
  const value = Number.parseInt(level, 10) || 0;
  channel.setSound(direction, what === 'mute' ? { mute: value } : { volumeStep: value });
  return '+OK\n';
}

function sendDtmf(sessions: SessionRegistry, argument: string): string {
  const [uuid, digits] = separate(argument);
  if (uuid === undefined || digits === undefined) return '-USAGE: <uuid> <dtmf_data>\n';
  const session = sessions.find(uuid);
  if (!session) return '-ERR Cannot locate session!\n';
  return sendDigits(session.channel, digits) ? `+OK ${uuid} sent DTMF ${digits}.\n` : '-ERR Operation failed\n';
}

/** As if the caller had keyed them. */
function receiveDtmf(sessions: SessionRegistry, argument: string): string {
  const [uuid, text] = separate(argument);
  if (uuid === undefined || text === undefined) return '-USAGE: <uuid> <dtmf_data>\n';
  const session = sessions.find(uuid);
  if (!session) return '-ERR Cannot locate session!\n';
  const [digits = '', milliseconds] = text.split('@', 2);
  const duration = (Number.parseInt(milliseconds ?? '', 10) || DEFAULT_DIGIT_UNITS / 8) * 8;
  for (const digit of digits.toUpperCase().replace(/[^0-9*#A-D]/g, '')) {
    session.channel.digits.push({ digit, duration, source: 'APP' });
  }
  return `+OK ${uuid} received DTMF ${text}.\n`;
}

async function record(sessions: SessionRegistry, argument: string): Promise<string> {
  const [uuid, action, path] = separate(argument);
  const usage = '-USAGE: <uuid> [start|stop|mask|unmask] <path> [<limit>] [<recording_vars>]\n';
  if (uuid === undefined || action === undefined || path === undefined) return usage;
  const session = sessions.find(uuid);
  if (!session) return '-ERR Cannot locate session!\n';
  if (action === 'start') {
    return (await startRecording(session.channel, path)) ? '+OK Success\n' : '-ERR Cannot record session!\n';
  }
  if (action === 'stop') {
    return (await stopRecording(session.channel, path)) ? '+OK Success\n' : '-ERR Cannot stop record session!\n';
  }
  return usage;
}
