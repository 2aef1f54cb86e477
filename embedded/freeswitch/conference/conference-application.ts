/** The `conference` application: one caller's stay in a conference. */
import type { Logger } from '../../../config/index.ts';
import type { Application, ApplicationContext } from '../channel/application-runner.ts';
import type { Channel, Codec } from '../channel/channel.ts';
import { isFalse } from '../channel/channel-variables.ts';
import type { Conference } from './conference.ts';
import { DEFAULT_ENERGY_LEVEL } from './conference.ts';
import type { ConferenceRegistry } from './conference-registry.ts';
import { parseConferenceTarget, parseMemberFlags, type ConferenceTarget } from './flags.ts';
import { ConferenceMember } from './member.ts';

export const CONFERENCE = 'conference';
const LINEAR: Codec = { name: 'L16', rate: 8_000, bitRate: 128_000 };
const HIGHEST_ENERGY = 1_800;

/** @param play plays a file to a channel that has left */
export function conferenceApplication(
  conferences: ConferenceRegistry,
  play: (context: ApplicationContext, file: string) => Promise<unknown>,
  logger: Logger,
): Application {
  return async (context, argument) => {
    const target = parseConferenceTarget(argument);
    if (!target) return;
    const { channel } = context;
    const flags = withVariableFlags(channel, target.flags);
    if (parseMemberFlags(flags).joinOnly && !conferences.find(target.name)) {
      refuseJoinOnly(channel);
      return;
    }
    const conference = conferences.open({ ...target, flags }, channel.port);
    channel.variables.setAll([
      ['conference_name', conference.name],
      ['app_session_uuid', conference.uuid],
    ]);
    if (isRefused(conference)) return;
    const member = createMember(conferences, conference, channel, flags);
    try {
      await stay(context, conference, member);
      if (member.kickedSound !== undefined) await play(context, member.kickedSound);
    } catch (error) {
      logger.warn({ err: error, conference: conference.name }, 'a caller could not join a conference');
    }
  };
}

function withVariableFlags(channel: Channel, flags: string): string {
  const fromVariables = [channel.variables.get('conference_member_flags'), channel.variables.get('conference_flags')];
  return [flags, ...fromVariables].filter((part) => part !== undefined && part !== '').join('|');
}

function refuseJoinOnly(channel: Channel): void {
  if (!isFalse(channel.variables.get('hangup_after_conference'))) channel.hangup('NORMAL_CLEARING');
}

/** Locked or full: the application returns at once, and the caller goes on with whatever comes next. */
function isRefused(conference: Conference): boolean {
  const full = conference.maxMembers > 0 && conference.size >= conference.maxMembers;
  return conference.locked || full;
}

function createMember(
  conferences: ConferenceRegistry,
  conference: Conference,
  channel: Channel,
  flags: string,
): ConferenceMember {
  const id = conferences.memberIdFor(channel);
  const member = new ConferenceMember(id, channel, parseMemberFlags(flags), conference.now, DEFAULT_ENERGY_LEVEL);
  const wanted = (name: string): number => Number.parseInt(channel.variables.get(name) ?? '', 10);
  const energy = wanted('conference_join_energy_level');
  if (energy >= -1 && energy <= HIGHEST_ENERGY) member.energyLevel = energy;
  const volumeIn = wanted('conference_join_volume_in');
  if (Math.abs(volumeIn) < 5) member.setVolumeIn(volumeIn);
  const volumeOut = wanted('conference_join_volume_out');
  if (Math.abs(volumeOut) < 5) member.setVolumeOut(volumeOut);
  return member;
}

async function stay(context: ApplicationContext, conference: Conference, member: ConferenceMember): Promise<void> {
  const { channel } = context;
  const codec = channel.readCodec;
  tellVariables(channel, conference, member);
  let left = false;
  member.leave = () => (left = true);
  channel.readCodec = LINEAR;
  try {
    await conference.add(member);
    await context.wait<true>({
      begin: (finish) => {
        if (left) finish(true);
        member.leave = () => finish(true);
        return undefined;
      },
      onDigit: () => undefined,
      breakable: false,
    });
  } finally {
    await conference.remove(member);
    channel.readCodec = codec;
    channel.variables.setAll([
      ['conference_call_key', undefined],
      ['read_codec', codec?.name],
      ['read_rate', codec && String(codec.rate)],
    ]);
  }
}

function tellVariables(channel: Channel, conference: Conference, member: ConferenceMember): void {
  const number = channel.profile.callerIdNumber;
  channel.variables.setAll([
    ['read_codec', LINEAR.name],
    ['conference_member_id', String(member.id)],
    ['conference_moderator', String(member.flags.moderator)],
    ['conference_ghost', String(member.flags.ghost)],
    ['conference_uuid', conference.uuid],
    ['conference_call_key', `conference_${conference.name}_${conference.domain}_${number}`],
  ]);
}

export type { ConferenceTarget };
