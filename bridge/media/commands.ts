/**
 * The one builder of everything that is said to a media server. FreeSWITCH's event socket ends a command at a newline,
 * expands `${…}`, splits at spaces, commas and pipes, and can run shell commands: so each word is checked against an
 * allow-list here, and no text of a person (names, titles) is ever part of a command.
 */
import { PartylineError } from '../../config/contract/index.ts';

/** No `@` and `+`: in the conference application they begin the profile and the flags. */
const ROOM = /^[A-Za-z0-9_.-]{1,128}$/;
const PROFILE = /^[A-Za-z0-9_-]{1,64}$/;
const UUID = /^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$/;
const SOUND_FILE = /^\/[A-Za-z0-9_.+@/-]{1,512}\.wav$/;
/** Generated sounds, as drachtio and FreeSWITCH write them: only what our own tones need. */
const GENERATED_SOUND = /^(?:silence_stream:\/\/\d{1,6}|tone_stream:\/\/[%(),0-9.;a-z=-]{1,200})$/;
const MEMBER_ID = 2_147_483_647;
/** FreeSWITCH's range for what a member hears and says. */
const LOUDEST = 4;
/** How a member is put into the mix. `mute-detect`: FreeSWITCH tells when a muted member speaks. */
export type MemberFlag = 'mute' | 'deaf' | 'mute-detect';

/** Channel variables we set, and what each may hold. */
const VARIABLES = {
  resume_conference: /^(?:[A-Za-z0-9_.-]{1,128}@[A-Za-z0-9_-]{1,64})?$/,
  rtp_timeout_sec: /^\d{1,6}$/,
  rtp_hold_timeout_sec: /^\d{1,6}$/,
  /** A recorded name is the caller's voice, not what they hear meanwhile. */
  RECORD_READ_ONLY: /^true$/,
} as const;

export type VariableName = keyof typeof VARIABLES;

const SEAL: unique symbol = Symbol('built by commands.ts');

/** For the inbound event socket. Only this file can make one. */
export interface ApiCommand {
  readonly [SEAL]: 'api';
  readonly text: string;
}

/** For a channel's own socket, about what it tells. Only this file can make one. */
export interface SocketCommand {
  readonly [SEAL]: 'socket';
  readonly text: string;
}

/** For a channel's own socket. Only this file can make one. */
export interface ChannelCommand {
  readonly [SEAL]: 'execute';
  readonly application: string;
  readonly argument: string;
}

function refuse(what: string): never {
  // The value itself stays out of the error: it may be anything.
  throw new PartylineError('media/command-refused', { detail: `(${what})` });
}

function room(value: string): string {
  return ROOM.test(value) ? value : refuse('room');
}

function uuid(value: string): string {
  return UUID.test(value) ? value : refuse('channel uuid');
}

function member(value: number): string {
  return Number.isInteger(value) && value > 0 && value <= MEMBER_ID ? String(value) : refuse('member number');
}

/** An absolute path to a WAV file without `..` (nor `@@`, which is FreeSWITCH's offset), or a generated tone or silence. */
export function sound(value: string): string {
  if (GENERATED_SOUND.test(value)) return value;
  if (SOUND_FILE.test(value) && !value.split('/').includes('..') && !/\/\/|@@/.test(value)) return value;
  return refuse('sound');
}

const api = (...words: string[]): ApiCommand => ({ [SEAL]: 'api', text: words.join(' ') });
const execute = (application: string, argument: string): ChannelCommand => ({
  [SEAL]: 'execute',
  application,
  argument,
});

/**
 * fsmrf asks for these on every channel's socket, and nobody listens: each has some 170 headers, which both sides pay for.
 * What happens in rooms is told over the server's own socket.
 */
const UNHEARD_EVENTS =
  'CHANNEL_EXECUTE CHANNEL_PROGRESS_MEDIA CHANNEL_ANSWER DETECTED_TONE PLAYBACK_STOP CUSTOM conference::maintenance';

export type MemberCommandName = 'mute' | 'unmute' | 'deaf' | 'undeaf' | 'kick';

export const commands = {
  status: () => api('status'),
  sofiaStatus: () => api('sofia', 'status'),
  /** Stops what a channel plays. Not with `all`, which would drop applications that wait their turn, too. */
  breakPlayback: (channel: string) => api('uuid_break', uuid(channel)),
  killChannel: (channel: string) => api('uuid_kill', uuid(channel)),
  setVariable: (channel: string, name: VariableName, value: string) =>
    VARIABLES[name].test(value) ? api('uuid_setvar', uuid(channel), name, value) : refuse(`variable ${name}`),
  member: (name: string, command: MemberCommandName, memberId: number) =>
    api('conference', room(name), command, member(memberId)),
  /** @param level 0 to 1800: from which energy on a member counts as talking */
  energy: (name: string, memberId: number, level: number) =>
    Number.isInteger(level) && level >= 0 && level <= 1_800
      ? api('conference', room(name), 'energy', member(memberId), String(level))
      : refuse('energy level'),
  /** @param level -4 to 4: what the member hears */
  volumeOut: (name: string, memberId: number, level: number) =>
    Number.isInteger(level) && Math.abs(level) <= LOUDEST
      ? api('conference', room(name), 'volume_out', member(memberId), String(level))
      : refuse('volume'),
  /** Everything that is being played to this member, and all that waits. */
  stopPlayingTo: (name: string, memberId: number) => api('conference', room(name), 'stop', 'all', member(memberId)),
  /** Nothing is heard of it, and it does not wait behind anything: only that it ends is of interest. */
  playBeside: (name: string, file: string) => api('conference', room(name), 'play', sound(file), 'async'),
  recording: (name: string, action: 'start' | 'stop' | 'pause' | 'resume', file: string) =>
    api('conference', room(name), 'recording', action, sound(file)),
  listRooms: () => api('conference', 'list', 'summary'),
  recordChannel: (channel: string, action: 'start' | 'stop', file: string) =>
    api('uuid_record', uuid(channel), action, sound(file)),
  playToRoom: (name: string, file: string) => api('conference', room(name), 'play', sound(file)),
  playToMember: (name: string, file: string, memberId: number) =>
    api('conference', room(name), 'play', sound(file), member(memberId)),
  listMembers: (name: string) => api('conference', room(name), 'json_list'),
  /** What a channel's own socket is for is over. */
  tellNothing: (): SocketCommand => ({ [SEAL]: 'socket', text: 'noevents' }),
  tellLess: (): SocketCommand => ({ [SEAL]: 'socket', text: `nixevent ${UNHEARD_EVENTS}` }),
  echo: () => execute('echo', ''),
  playback: (file: string) => execute('playback', sound(file)),
  joinConference: (name: string, profile: string, flags: readonly MemberFlag[]) =>
    execute(
      'conference',
      `${room(name)}@${PROFILE.test(profile) ? profile : refuse('profile')}${flags.length === 0 ? '' : `++flags{${flags.join('|')}}`}`,
    ),
} as const;
