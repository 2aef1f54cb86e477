/** `json_list`, laid out as FreeSWITCH's JSON printer does: tabs, a tab after the colon, objects of a list in a row. */
import type { Conference } from './conference.ts';
import { RATE } from './conference.ts';
import type { ConferenceMember } from './member.ts';

type Json = string | number | boolean | Json[] | { [name: string]: Json };

export function jsonList(conferences: readonly Conference[], compact: boolean): string {
  const list = conferences.map(describeConference);
  return compact ? JSON.stringify(list) : print(list, 0);
}

function print(value: Json, depth: number): string {
  if (Array.isArray(value)) return `[${value.map((item) => print(item, depth + 1)).join(', ')}]`;
  if (typeof value !== 'object') return JSON.stringify(value);
  const indent = '\t'.repeat(depth + 1);
  const lines = Object.entries(value).map(
    ([name, item]) => `${indent}${JSON.stringify(name)}:\t${print(item, depth + 1)}`,
  );
  const inner = lines.length === 0 ? '' : `${lines.join(',\n')}\n`;
  return `{\n${inner}${'\t'.repeat(depth)}}`;
}

function describeConference(conference: Conference): Json {
  return {
    conference_name: conference.name,
    member_count: conference.size,
    ghost_count: conference.ghosts,
    rate: RATE,
    run_time: conference.runTime,
    conference_uuid: conference.uuid,
    canvas_count: 0,
    max_bw_in: 0,
    force_bw_in: 0,
    video_floor_packets: 0,
    locked: conference.locked,
    destruct: conference.ending,
    wait_mod: conference.waitingForModerator,
    audio_always: conference.audioAlways,
    running: true,
    answered: true,
    enforce_min: true,
    bridge_to: false,
    dynamic: true,
    exit_sound: conference.sounds.exit.on,
    enter_sound: conference.sounds.enter.on,
    recording: conference.recordings.active,
    video_bridge: false,
    video_floor_only: false,
    video_rfc4579: false,
    ...(conference.maxMembers > 0 && { max_members: conference.maxMembers }),
    variables: Object.fromEntries(conference.variables),
    members: [...describeRecordings(conference), ...conference.members.map((one) => describeMember(conference, one))],
  };
}

function describeRecordings(conference: Conference): Json[] {
  return conference.recordings.list.map(({ path, paused, startedAt }) => ({
    type: 'recording_node',
    record_path: path,
    ...(paused && { status: 'paused' }),
    join_time: Math.floor(startedAt / 1_000),
  }));
}

function describeMember(conference: Conference, member: ConferenceMember): Json {
  const { channel } = member;
  const seconds = (since: number): number => Math.floor((conference.now - since) / 1_000);
  return {
    type: 'caller',
    id: member.id,
    flags: {
      can_hear: !member.held && member.canHear,
      can_see: !member.held,
      can_speak: !member.held && member.canSpeak,
      hold: member.held,
      mute_detect: member.flags.muteDetect,
      talking: member.talking,
      has_video: false,
      video_bridge: false,
      has_floor: conference.floorHolder === member.id,
      is_moderator: member.flags.moderator,
      end_conference: member.flags.endConference,
      mandatory_member_end_conference: member.flags.mandatoryEndConference,
      pass_digits: member.flags.passDigits,
    },
    uuid: channel.uuid,
    caller_id_name: channel.profile.callerIdName,
    caller_id_number: channel.profile.callerIdNumber,
    join_time: seconds(member.joinedAt),
    last_talking: member.lastTalkingAt === undefined ? 0 : seconds(member.lastTalkingAt),
    energy: member.energyLevel,
    volume_in: member.volumeIn,
    volume_out: member.volumeOut,
    'output-volume': member.volumeOut,
    'input-volume': member.volumeIn,
  };
}
