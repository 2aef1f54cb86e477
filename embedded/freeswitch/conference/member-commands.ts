/** Commands of the `conference` API that act on one member, on all, on the last one, or on all but moderators. */
import { sendDigits } from '../applications/media.ts';
import type { Conference } from './conference.ts';
import type { ConferenceEvents } from './conference-events.ts';
import type { ConferenceMember } from './member.ts';

export interface MemberCommandContext {
  readonly conference: Conference;
  readonly events: ConferenceEvents;
}

/** @returns the answer's text. `argument` is the one word after the member. */
export type MemberCommand = (
  context: MemberCommandContext,
  member: ConferenceMember,
  argument: string | undefined,
) => string;

const mute: MemberCommand = ({ conference, events }, member) => {
  member.canSpeak = false;
  member.talking = false;
  conference.applyAudio(member);
  events.member(conference, member, 'mute-member');
  return `+OK mute ${member.id}\n`;
};

const unmute: MemberCommand = ({ conference, events }, member) => {
  member.canSpeak = true;
  conference.applyAudio(member);
  events.member(conference, member, 'unmute-member');
  return `+OK unmute ${member.id}\n`;
};

const toggleMute: MemberCommand = (context, member, argument) =>
  (member.canSpeak ? mute : unmute)(context, member, argument);

const deaf: MemberCommand = ({ conference, events }, member) => {
  member.canHear = false;
  conference.applyAudio(member);
  events.member(conference, member, 'deaf-member');
  return `+OK deaf ${member.id}\n`;
};

const undeaf: MemberCommand = ({ conference, events }, member) => {
  member.canHear = true;
  conference.applyAudio(member);
  events.member(conference, member, 'undeaf-member');
  return `+OK undeaf ${member.id}\n`;
};

const hold: MemberCommand = ({ conference, events }, member, file) => {
  member.held = true;
  member.talking = false;
  conference.applyAudio(member);
  if (file !== undefined) void conference.playback.playToMember(member, file, { told: false }).catch(() => undefined);
  events.member(conference, member, 'hold-member');
  return `+OK hold ${member.id}\n`;
};

const unhold: MemberCommand = ({ conference, events }, member) => {
  member.held = false;
  conference.playback.stop('all', member.id);
  conference.applyAudio(member);
  events.member(conference, member, 'unhold-member');
  return `+OK unhold ${member.id}\n`;
};

/** There is no picture; whoever asks is told all the same who may not be seen. */
const setVideoMute =
  (muted: boolean): MemberCommand =>
  ({ conference, events }, member) => {
    const command = muted ? 'vmute' : 'unvmute';
    member.canBeSeen = !muted;
    events.member(conference, member, `${command}-member`);
    return `+OK ${command} ${member.id}\n`;
  };

const toggleVideoMute: MemberCommand = (context, member, argument) =>
  setVideoMute(member.canBeSeen)(context, member, argument);

/** The member leaves; the channel lives on with what comes next: the sound, for once. */
const kick: MemberCommand = ({ conference, events }, member, sound) => {
  member.kickedSound = sound;
  events.member(conference, member, 'kick-member');
  member.leave?.();
  return `+OK kicked ${member.id}\n`;
};

const hup: MemberCommand = ({ conference, events }, member) => {
  events.member(conference, member, 'hup-member');
  member.leave?.();
  return `+OK hup ${member.id}\n`;
};

const energy: MemberCommand = ({ conference, events }, member, argument) => {
  if (argument !== undefined) {
    member.energyLevel = changedEnergy(member.energyLevel, argument);
    conference.applyAudio(member);
    const level = String(member.energyLevel);
    events.member(conference, member, 'energy-level-member', [['Energy-Level', level]]);
  }
  return `Energy ${member.id} = ${member.energyLevel}\n`;
};

function changedEnergy(level: number, argument: string): number {
  if (argument.toLowerCase() === 'up') return Math.min(level + 200, 1_800);
  if (argument.toLowerCase() === 'down') return Math.max(level - 200, 0);
  return wholeNumber(argument);
}

/** `1100:…`: what comes after the level tunes the real server's rule; ours has one tuning. */
const automaticGain: MemberCommand = ({ conference, events }, member, argument) => {
  if (argument !== undefined) {
    const level = wholeNumber(argument);
    if (argument.toLowerCase() === 'up') member.gainTarget = Math.min(member.gainTarget + 200, 1_800);
    else if (argument.toLowerCase() === 'down') member.gainTarget = Math.max(member.gainTarget - 200, 0);
    else if (level > 0) member.gainTarget = level;
    conference.applyAudio(member);
    events.member(conference, member, 'agc-level-member', [['Agc-Level', String(member.gainTarget)]]);
  }
  return `Agc ${member.id} = ${member.gainTarget}\n`;
};

const volumeIn: MemberCommand = ({ conference, events }, member, argument) => {
  if (argument !== undefined) {
    member.setVolumeIn(changedVolume(member.volumeIn, argument));
    conference.applyAudio(member);
    events.member(conference, member, 'volume-in-member', [['Volume-Level', String(member.volumeIn)]]);
  }
  return `+OK Volume IN ${member.id} = ${member.volumeIn}\n`;
};

const volumeOut: MemberCommand = ({ conference, events }, member, argument) => {
  if (argument !== undefined) {
    member.setVolumeOut(changedVolume(member.volumeOut, argument));
    conference.applyAudio(member);
    events.member(conference, member, 'volume-out-member', [['Volume-Level', String(member.volumeOut)]]);
  }
  return `+OK Volume OUT ${member.id} = ${member.volumeOut}\n`;
};

function changedVolume(level: number, argument: string): number {
  if (argument.toLowerCase() === 'up') return level + 1;
  if (argument.toLowerCase() === 'down') return level - 1;
  return wholeNumber(argument);
}

const dtmf: MemberCommand = ({ conference, events }, member, argument) => {
  if (argument === undefined) return '-ERR Invalid input!\n';
  sendDigits(member.channel, argument);
  events.member(conference, member, 'dtmf-member', [['Digits', argument]]);
  return `+OK sent ${argument} to ${member.id}\n`;
};

const floor: MemberCommand = ({ conference }, member) => {
  if (conference.floorHolder === member.id) {
    conference.setFloor(undefined);
    return '+OK floor none\n';
  }
  if (conference.floorHolder !== undefined) return `-ERR floor is held by ${conference.floorHolder}\n`;
  conference.setFloor(member.id);
  return `+OK floor ${member.id}\n`;
};

const getUuid: MemberCommand = (_context, member) => member.channel.uuid;

export interface MemberCommandEntry {
  readonly run: MemberCommand;
  /** Told, after the name, to whoever forgets the member. */
  readonly syntax: string;
}

const ANY = '<[member_id|all]|last|non_moderator>';
const LEVEL = '<member_id|all|last|non_moderator> [<newval>]';

export const memberCommands: ReadonlyMap<string, MemberCommandEntry> = new Map([
  ['energy', { run: energy, syntax: LEVEL }],
  ['agc', { run: automaticGain, syntax: LEVEL }],
  ['volume_in', { run: volumeIn, syntax: LEVEL }],
  ['volume_out', { run: volumeOut, syntax: LEVEL }],
  ['dtmf', { run: dtmf, syntax: '<[member_id|all|last|non_moderator]> <digits>' }],
  ['kick', { run: kick, syntax: '<[member_id|all|last|non_moderator]> [<optional sound file>]' }],
  ['hup', { run: hup, syntax: '<[member_id|all|last|non_moderator]>' }],
  ['hold', { run: hold, syntax: `${ANY} [file]` }],
  ['unhold', { run: unhold, syntax: ANY }],
  ['mute', { run: mute, syntax: `${ANY} [<quiet>]` }],
  ['tmute', { run: toggleMute, syntax: `${ANY} [<quiet>]` }],
  ['unmute', { run: unmute, syntax: `${ANY} [<quiet>]` }],
  ['vmute', { run: setVideoMute(true), syntax: `${ANY} [<quiet>]` }],
  ['tvmute', { run: toggleVideoMute, syntax: `${ANY} [<quiet>]` }],
  ['unvmute', { run: setVideoMute(false), syntax: `${ANY} [<quiet>]` }],
  ['deaf', { run: deaf, syntax: ANY }],
  ['undeaf', { run: undeaf, syntax: ANY }],
  ['floor', { run: floor, syntax: '<member_id|last>' }],
  ['get-uuid', { run: getUuid, syntax: '<member_id|last>' }],
]);

/** Like atoi: what is no number is 0. */
export function wholeNumber(text: string): number {
  return Number.parseInt(text, 10) || 0;
}
