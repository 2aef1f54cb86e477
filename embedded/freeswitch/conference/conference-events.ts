/** conference::maintenance events with FreeSWITCH's headers. */
import { basicChannelData } from '../channel/channel-data.ts';
import type { EventBus } from '../core/event-bus.ts';
import type { EventHeader, EventHeaders, EventOrigin } from '../core/event.ts';
import type { ConferenceMember } from './member.ts';
import type { Conference } from './conference.ts';

type Header = readonly [string, string | undefined];

const SUBCLASS = 'conference::maintenance';
const API = 'conference_api.c';

/** Where the real server makes the event of an action; others are told without a line. */
const ORIGINS: Readonly<Record<string, EventOrigin>> = {
  'conference-create': ['mod_conference.c', 'conference_new', 3848],
  'conference-destroy': ['mod_conference.c', 'conference_thread_run', 863],
  'add-member': ['conference_member.c', 'conference_member_add', 962],
  'del-member': ['conference_member.c', 'conference_member_del', 1355],
  'floor-change': ['conference_member.c', 'conference_member_set_floor_holder', 1158],
  'start-talking': ['conference_loop.c', 'conference_loop_input', 1154],
  'stop-talking': ['conference_loop.c', 'conference_loop_input', 1210],
  'mute-detect': ['conference_loop.c', 'conference_loop_input', 1105],
  'energy-level-member': [API, 'conference_api_sub_energy', 1228],
  'mute-member': [API, 'conference_api_sub_mute', 339],
  'unmute-member': [API, 'conference_api_sub_unmute', 492],
  'deaf-member': [API, 'conference_api_sub_deaf', 797],
  'undeaf-member': [API, 'conference_api_sub_undeaf', 839],
  'hold-member': [API, 'conference_api_sub_hold', 440],
  'unhold-member': [API, 'conference_api_sub_unhold', 389],
  'kick-member': [API, 'conference_api_sub_kick', 902],
  'hup-member': [API, 'conference_api_sub_hup', 871],
  'agc-level-member': [API, 'conference_api_sub_agc', 1326],
  'vmute-member': [API, 'conference_api_sub_vmute', 655],
  'unvmute-member': [API, 'conference_api_sub_unvmute', 720],
  'dtmf-member': [API, 'conference_api_sub_dtmf', 1050],
  'volume-in-member': [API, 'conference_api_sub_volume_in', 1574],
  'volume-out-member': [API, 'conference_api_sub_volume_out', 1609],
  'play-file': [API, 'conference_api_sub_play', 2817],
  'play-file-member': [API, 'conference_api_sub_play', 2846],
  'play-file-done': ['conference_file.c', 'conference_file_close', 52],
  'play-file-member-done': ['conference_file.c', 'conference_file_close', 52],
  lock: [API, 'conference_api_sub_lock', 3474],
  unlock: [API, 'conference_api_sub_unlock', 3496],
  transfer: [API, 'conference_api_sub_transfer', 3706],
  'start-recording': ['conference_record.c', 'conference_record_thread_run', 319],
  'stop-recording': ['conference_record.c', 'conference_record_thread_run', 427],
  'pause-recording': [API, 'conference_api_sub_pauserec', 3860],
  'resume-recording': [API, 'conference_api_sub_pauserec', 3860],
};

export class ConferenceEvents {
  readonly #bus: EventBus;

  constructor(bus: EventBus) {
    this.#bus = bus;
  }

  /** About the conference as a whole. @param first headers before the action, for once */
  conference(
    conference: Conference,
    action: string,
    more: readonly Header[] = [],
    first: readonly Header[] = [],
  ): void {
    this.#fire(action, null, () => [...conferenceHeaders(conference), ...first, ['Action', action], ...more]);
  }

  /** About one member. */
  member(
    conference: Conference,
    member: ConferenceMember,
    action: string,
    more: readonly Header[] = [],
    first: readonly Header[] = [],
  ): void {
    const headers = (): EventHeaders => [...memberHeaders(conference, member), ...first, ['Action', action], ...more];
    this.#fire(action, member.channel.uuid, headers);
  }

  /** A member's headers after the action, as some events have them. */
  memberAfter(conference: Conference, member: ConferenceMember | undefined, action: string, parts: EventParts): void {
    this.#fire(action, member?.channel.uuid ?? null, () => [
      ...conferenceHeaders(conference),
      ...(parts.before ?? []),
      ['Action', action],
      ...(parts.between ?? []),
      ...(member ? memberHeaders(conference, member) : []),
      ...(parts.after ?? []),
    ]);
  }

  #fire(action: string, channel: string | null, headers: () => EventHeaders): void {
    const origin = ORIGINS[action] ?? ([API, 'conference_api_dispatch', 0] as const);
    this.#bus.fire({ name: 'CUSTOM', subclass: SUBCLASS, origin, channel, headers });
  }
}

export interface EventParts {
  readonly before?: readonly Header[];
  readonly between?: readonly Header[];
  readonly after?: readonly Header[];
}

function conferenceHeaders(conference: Conference): Header[] {
  return [
    ['Conference-Name', conference.name],
    ['Conference-Domain', conference.domain],
    ['Conference-Size', String(conference.size)],
    ['Conference-Ghosts', String(conference.ghosts)],
    ['Conference-Profile-Name', conference.profile],
    ['Conference-Unique-ID', conference.uuid],
    ...conference.variables,
  ];
}

function memberHeaders(conference: Conference, member: ConferenceMember): EventHeader[] {
  return [
    ...conferenceHeaders(conference),
    ['Floor', String(member.id === conference.floorHolder)],
    ...basicChannelData(member.channel),
    ['Video', 'false'],
    ['Hear', String(member.canHear)],
    ['See', String(member.canBeSeen)],
    ['Speak', String(member.canSpeak)],
    ['Talking', String(member.talking)],
    ['Mute-Detect', String(member.flags.muteDetect)],
    ['Hold', String(member.held)],
    ['Member-ID', String(member.id)],
    ['Member-Type', member.flags.moderator ? 'moderator' : 'member'],
    ['Member-Ghost', String(member.flags.ghost)],
    ['Energy-Level', String(member.energyLevel)],
    ['Current-Energy', String(member.currentEnergy)],
  ];
}
