/** `conference … list`: conferences and members as text, in FreeSWITCH's words. */
import type { Conference } from './conference.ts';
import { RATE } from './conference.ts';
import type { ConferenceMember } from './member.ts';

/** One line for a conference, as in `conference list`. */
export function conferenceLine(conference: Conference): string {
  const { size } = conference;
  const locked = conference.locked ? ' locked' : '';
  const flags = conferenceFlagNames(conference).join('|');
  return `+OK Conference ${conference.name} (${size} member${size === 1 ? '' : 's'} rate: ${RATE}${locked} flags: ${flags})\n`;
}

function conferenceFlagNames(conference: Conference): string[] {
  const flags: [name: string, set: boolean][] = [
    ['locked', conference.locked],
    ['destruct', conference.ending],
    ['wait_mod', conference.waitingForModerator],
    ['audio_always', conference.audioAlways],
    ['running', true],
    ['answered', true],
    ['enforce_min', true],
    ['dynamic', true],
    ['exit_sound', conference.sounds.exit.on],
    ['enter_sound', conference.sounds.enter.on],
    ['recording', conference.recordings.active],
    ['json_status', true],
  ];
  return flags.filter(([, set]) => set).map(([name]) => name);
}

export function memberLines(conference: Conference, delimiter: string): string {
  return conference.members.map((member) => memberLine(conference, member, delimiter)).join('');
}

function memberLine(conference: Conference, member: ConferenceMember, delimiter: string): string {
  const { channel } = member;
  const fields = [
    member.id,
    channel.name,
    channel.uuid,
    channel.profile.callerIdName,
    channel.profile.callerIdNumber,
    memberFlagNames(conference, member).join('|'),
    member.volumeIn,
    member.volumeOut,
    member.energyLevel,
  ];
  return `${fields.join(delimiter)}\n`;
}

function memberFlagNames(conference: Conference, member: ConferenceMember): string[] {
  const flags: [name: string, set: boolean][] = [
    ['hear', !member.held && member.canHear],
    ['speak', !member.held && member.canSpeak],
    ['talking', !member.held && member.talking],
    ['hold', member.held],
    ['floor', conference.floorHolder === member.id],
    ['moderator', member.flags.moderator],
    ['ghost', member.flags.ghost],
  ];
  return flags.filter(([, set]) => set).map(([name]) => name);
}

export function prettyLines(conference: Conference): string {
  return conference.members
    .map(({ id, channel: { profile } }) => `${id}) ${profile.callerIdName} (${profile.callerIdNumber})\n`)
    .join('');
}
