/** Commands of the `conference` API that act on the conference: lists, settings, lock, sounds, relations. */
import { isPlayable, parseSoundFile } from '../applications/playable.ts';
import type { Conference } from './conference.ts';
import type { ConferenceEvents } from './conference-events.ts';
import { RATE } from './conference.ts';
import { conferenceLine, memberLines, prettyLines } from './listing.ts';
import { jsonList } from './listing-json.ts';
import { xmlList } from './listing-xml.ts';
import { wholeNumber } from './member-commands.ts';

export interface RoomCommandContext {
  readonly conference: Conference;
  readonly events: ConferenceEvents;
  /** All words: conference name, command, arguments. */
  readonly words: readonly string[];
}

/** The answer, or undefined to be told the syntax. */
export type RoomCommand = (context: RoomCommandContext) => string | undefined | Promise<string | undefined>;

/** @param words from `list` on */
export function listCommand(conferences: readonly Conference[], words: readonly string[], one: boolean): string {
  const how = (words[1] ?? '').toLowerCase();
  const delimiter = how === 'delim' && words[2] !== undefined ? unquote(words[2]) : ';';
  const [first] = conferences;
  if (one && first) {
    if (how === 'count') return String(first.size);
    return how === 'pretty' ? prettyLines(first) : memberLines(first, delimiter);
  }
  if (conferences.length === 0) return '+OK No active conferences.\n';
  const members = (conference: Conference): string => {
    if (how === 'summary') return '';
    return how === 'pretty' ? prettyLines(conference) : memberLines(conference, delimiter);
  };
  return conferences.map((conference) => conferenceLine(conference) + members(conference)).join('');
}

function unquote(delimiter: string): string {
  if (!delimiter.startsWith('"')) return delimiter;
  return delimiter.slice(1).split('"', 1)[0] || ';';
}

const lock: RoomCommand = ({ conference, events, words }) => {
  conference.locked = true;
  events.conference(conference, 'lock');
  return `+OK ${words[0]!} locked\n`;
};

const unlock: RoomCommand = ({ conference, events, words }) => {
  conference.locked = false;
  events.conference(conference, 'unlock');
  return `+OK ${words[0]!} unlocked\n`;
};

const PLAY_SYNTAX = '<file_path> [async|<member_id> [nomux]]';

const play: RoomCommand = async ({ conference, words }) => {
  const async = words.length > 3 && words.at(-1)?.toLowerCase() === 'async';
  const [, , file, target, nomux] = async ? words.slice(0, -1) : words;
  if (file === undefined) return undefined;
  const notFound = `-ERR (play) File: ${file} not found.\n`;
  const { uri } = parseSoundFile(file);
  if (target === undefined) {
    if ((await isPlayable(uri)) && (await conference.playback.playToAll(file, async))) {
      return `+OK (play) Playing file ${file}\n`;
    }
    conference.playback.tellFailure(file, async);
    return notFound;
  }
  const member = memberByText(conference, target);
  if (!member) return `-ERR Member: ${target} not found.\nplay ${PLAY_SYNTAX}`;
  const alone = nomux?.toLowerCase() === 'nomux';
  const playing = (await isPlayable(uri)) && (await conference.playback.playToMember(member, file, { alone }));
  return playing ? `+OK (play) Playing file ${file} to member ${member.id}\n` : notFound;
};

const stop: RoomCommand = ({ conference, words }) => {
  const which = (words[2] ?? 'all').toLowerCase();
  if (which !== 'current' && which !== 'all' && which !== 'async') return undefined;
  if (words.length !== 4) return `+OK Stopped ${conference.playback.stop(which)} files.\n`;
  const member = memberByText(conference, words[3]!);
  if (!member) return `-ERR Member: ${words[3]!} not found.\n`;
  return `+OK Stopped ${conference.playback.stop(which, member.id)} files.\n`;
};

function memberByText(conference: Conference, text: string): Conference['members'][number] | undefined {
  if (text.toLowerCase() === 'last') return conference.members.toSorted((a, b) => b.id - a.id)[0];
  return conference.member(wholeNumber(text));
}

const MEMBER_SYNTAX = '[<member_id>]';

/** The member named by the third word; `undefined` when none is named, a complaint when there is none of that number. */
function listener(conference: Conference, word: string | undefined, usage: string): number | string | undefined {
  if (word === undefined) return undefined;
  return memberByText(conference, word)?.id ?? `-ERR Member: ${word} not found.\n${usage}`;
}

const pausePlay: RoomCommand = ({ conference, words }) => {
  const member = listener(conference, words[2], `pause ${MEMBER_SYNTAX}`);
  if (typeof member === 'string') return member;
  const paused = conference.playback.togglePause(member);
  if (paused === undefined) return '';
  return paused ? '+OK Pause\n' : '+OK Resume\n';
};

/** The real server has been seen to tell no other position. */
const playStatus: RoomCommand = ({ conference, words }) => {
  const member = listener(conference, words[2], `play_status ${MEMBER_SYNTAX}`);
  if (typeof member === 'string') return member;
  const name = conference.playback.current(member);
  return name === undefined ? '-ERR Nothing is playing\n' : `+OK 0/0 ${name}\n`;
};

const SEEK_SYNTAX = '[+-]<val> [<member_id>]';

const fileSeek: RoomCommand = async ({ conference, words }) => {
  if (words[2] === undefined) return undefined;
  const member = listener(conference, words[3], `file_seek ${SEEK_SYNTAX}`);
  if (typeof member === 'string') return member;
  const from = /^[+-]/.test(words[2]) ? 'here' : 'start';
  const position = await conference.playback.seek(wholeNumber(words[2]), from, member);
  return position === undefined ? '' : `+OK seek to position ${position}\n`;
};

const fileVolume: RoomCommand = ({ conference, words }) => {
  if (words[2] === undefined) return '-ERR missing args\nfile-vol <vol#>';
  const changed = conference.playback.setVolume(wholeNumber(words[2]));
  return changed ? '+OK volume changed\n' : '-ERR File not playing\nfile-vol <vol#>';
};

const get: RoomCommand = ({ conference, words }) => {
  if (words.length !== 3) return undefined;
  const values: Readonly<Record<string, string | number>> = {
    run_time: conference.runTime,
    count: conference.size,
    count_ghosts: conference.ghosts,
    max_members: conference.maxMembers,
    rate: RATE,
    profile_name: conference.profile,
    ...conference.settings,
    is_locked: conference.locked ? 'locked' : '',
    endconference_grace_time: conference.endGraceSeconds,
    uuid: conference.uuid,
    wait_mod: conference.waitingForModerator ? 'true' : '',
  };
  const name = words[2]!.toLowerCase();
  return Object.hasOwn(values, name) ? String(values[name]) : undefined;
};

/** Answers with the old value. */
const set: RoomCommand = ({ conference, words }) => {
  if (words.length !== 4) return undefined;
  const name = words[2]!.toLowerCase();
  if (name === 'sound_prefix' || name === 'caller_id_name' || name === 'caller_id_number') {
    const old = conference.settings[name];
    conference.settings[name] = words[3]!;
    return old;
  }
  const value = wholeNumber(words[3]!);
  if (value < 0) return undefined;
  if (name === 'max_members') {
    const old = conference.maxMembers;
    conference.maxMembers = value;
    return String(old);
  }
  if (name !== 'endconference_grace_time') return undefined;
  const old = conference.endGraceSeconds;
  conference.endGraceSeconds = value;
  return String(old);
};

const getVariable: RoomCommand = ({ conference, words }) =>
  words[2] === undefined ? '' : (conference.variables.get(words[2]) ?? '');

const MAX_VARIABLES = 100;
const setVariable: RoomCommand = ({ conference, words }) => {
  const [, , name, value] = words;
  if (name === undefined) return '+OK\n';
  if (value === undefined) conference.variables.delete(name);
  else if (conference.variables.size < MAX_VARIABLES || conference.variables.has(name))
    conference.variables.set(name, value);
  return '+OK\n';
};

const relate: RoomCommand = ({ conference, words }) => {
  const [, , from, to, action] = words;
  if (to === undefined) return showRelations(conference, from);
  if (action === undefined) return undefined;
  const nospeak = action.includes('nospeak');
  const nohear = action.includes('nohear');
  const clear = action.toLowerCase() === 'clear';
  if (!clear && !nospeak && !nohear && !action.includes('sendvideo')) return undefined;
  const pairs = from!.split(',').flatMap((a) => to.split(',').map((b) => [wholeNumber(a), wholeNumber(b)] as const));
  return pairs
    .map(([a, b]) => (clear ? clearRelation(conference, a, b) : setRelation(conference, a, b, action, nospeak, nohear)))
    .join('');
};

function setRelation(c: Conference, a: number, b: number, action: string, nospeak: boolean, nohear: boolean): string {
  const member = c.member(a);
  if (!member || !c.member(b)) return `-ERR relationship ${a}->${b} not found.\n`;
  member.relationships.set(b, { canSpeak: !nospeak, canHear: !nohear });
  void c.room.then((room) => room.setRelation(a, b, { nospeak, nohear })).catch(() => undefined);
  return `+OK ${a}->${b} ${action} set\n`;
}

function clearRelation(conference: Conference, a: number, b: number): string {
  const member = conference.member(a);
  if (!member || !conference.member(b)) return `-ERR relationship ${a}->${b} not found.\n`;
  member.relationships.delete(b);
  const open = { nospeak: false, nohear: false };
  void conference.room.then((room) => room.setRelation(a, b, open)).catch(() => undefined);
  return `+OK relationship ${a}->${b} cleared.\n`;
}

function showRelations(conference: Conference, members: string | undefined): string {
  if (!conference.members.some((member) => member.relationships.size > 0)) return '+OK No relationships\n';
  const wanted = new Set((members ?? '').split(',').map(wholeNumber));
  return conference.members
    .filter((member) => wanted.has(member.id))
    .flatMap((member) =>
      [...member.relationships].map(
        ([other, { canSpeak, canHear }]) =>
          `${member.id} -> ${other} ${canSpeak ? 'SPEAK' : 'NOSPEAK'} ${canHear ? 'HEAR' : 'NOHEAR'} NOSENDVIDEO \n`,
      ),
    )
    .join('');
}

const SOUND_SYNTAX = 'on|off|none|file <filename>';

const sound =
  (which: 'enter' | 'exit'): RoomCommand =>
  ({ conference, events, words }) => {
    const setting = words[2]?.toLowerCase();
    const sounds = conference.sounds[which];
    if (setting === undefined) return `-ERR Not enough args\n${which}_sound ${SOUND_SYNTAX}`;
    if (setting === 'file') return setSoundFile(which, { conference, events, words });
    const on = setting === 'on';
    if (!on && setting !== 'off' && setting !== 'none') return `-ERR Bad args\n${which}_sound ${SOUND_SYNTAX}`;
    sounds.on = on;
    const word = on ? 'on' : 'off';
    events.conference(conference, `${which}-sounds-${word}`);
    return `+OK ${words[0]!} ${which} sounds ${word} (${sounds.file})\n`;
  };

function setSoundFile(which: 'enter' | 'exit', { conference, events, words }: RoomCommandContext): string {
  const file = words[3];
  if (file === undefined) return '-ERR No filename specified\n';
  conference.sounds[which].file = file;
  events.conference(conference, `${which}-sound-file-changed`);
  return `+OK ${words[0]!} ${which} sound file set to ${file}\n`;
}

export interface RoomCommandEntry {
  readonly run: RoomCommand;
  readonly syntax: string;
}

export const roomCommands: ReadonlyMap<string, RoomCommandEntry> = new Map([
  ['count', { run: ({ conference }) => String(conference.size), syntax: '' }],
  [
    'list',
    {
      run: ({ conference, words }) => listCommand([conference], words.slice(1), true),
      syntax: '[delim <string>]|[count]',
    },
  ],
  ['xml_list', { run: ({ conference }) => xmlList([conference]), syntax: '' }],
  [
    'json_list',
    { run: ({ conference, words }) => jsonList([conference], words[2] === 'compact'), syntax: '[compact]' },
  ],
  ['play', { run: play, syntax: PLAY_SYNTAX }],
  ['stop', { run: stop, syntax: '<[current|all|async|last]> [<member_id>]' }],
  ['pause_play', { run: pausePlay, syntax: MEMBER_SYNTAX }],
  ['play_status', { run: playStatus, syntax: MEMBER_SYNTAX }],
  ['file_seek', { run: fileSeek, syntax: SEEK_SYNTAX }],
  ['file-vol', { run: fileVolume, syntax: '<vol#>' }],
  ['lock', { run: lock, syntax: '' }],
  ['unlock', { run: unlock, syntax: '' }],
  [
    'relate',
    { run: relate, syntax: '<member_id>[,<member_id>] <other_member_id>[,<other_member_id>] [nospeak|nohear|clear]' },
  ],
  ['get', { run: get, syntax: '<parameter-name>' }],
  [
    'set',
    { run: set, syntax: '<max_members|sound_prefix|caller_id_name|caller_id_number|endconference_grace_time> <value>' },
  ],
  ['getvar', { run: getVariable, syntax: '<varname>' }],
  ['setvar', { run: setVariable, syntax: '<varname> <value>' }],
  ['enter_sound', { run: sound('enter'), syntax: SOUND_SYNTAX }],
  ['exit_sound', { run: sound('exit'), syntax: SOUND_SYNTAX }],
]);
