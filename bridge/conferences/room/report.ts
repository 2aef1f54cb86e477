/** The media server's own list against the document: whichever is wrong is put right. */
import type { RoomDocument } from '../../../store/index.ts';
import { mayHear, maySpeak } from './audio.ts';
import type { Draft } from './draft.ts';
import type { InputOf, ReportedMember, RoomEffect } from './inputs.ts';
import { legGone } from './leaving.ts';
import { checkRecordings } from './recording.ts';

/** Who joined so shortly before the list was asked for need not be in it: clocks of two machines differ. */
const JUST_JOINED_MS = 3_000;

export function compare(draft: Draft, report: InputOf<'media-report'>): void {
  if (draft.room.mediaServer !== report.mediaServer) {
    draft.effects.push(...strangers(draft.room, report));
    return;
  }
  draft.effects.push(...strangers(draft.room, report));
  for (const member of report.members) agree(draft, member);
  loseMissing(draft, report);
  checkRecordings(draft, report.recordings, report.askedAt);
}

/** Channels in the mix that are nobody's: heard by people who do not know of them. */
export function strangers(room: RoomDocument | null, report: InputOf<'media-report'>): RoomEffect[] {
  const here = room?.mediaServer === report.mediaServer ? room.participants : [];
  const known = new Set(here.flatMap(({ leg }) => leg?.channelUuid ?? []));
  return report.members
    .filter(({ channelUuid }) => !known.has(channelUuid))
    .map(({ channelUuid }) => ({ type: 'kill', channelUuid }));
}

function agree(draft: Draft, { channelUuid, memberId, speak, hear }: ReportedMember): void {
  const row = draft.people.find(({ leg }) => leg?.channelUuid === channelUuid);
  // Not confirmed yet: its own process is about to.
  if (row?.leg?.memberId === undefined) return;
  if (row.leg.memberId !== memberId) {
    // FreeSWITCH has put the caller back by itself, under another number.
    draft.update(row, { leg: { ...row.leg, memberId } });
    draft.event('member-changed', { participantId: row.id });
  }
  if (speak !== maySpeak(row) || hear !== mayHear(row) || row.leg.memberId !== memberId) {
    draft.put.set(memberId, { speak, hear });
    if (row.leg.memberId === memberId) draft.event('audio-put-right', { participantId: row.id });
  }
}

function loseMissing(draft: Draft, { members, askedAt }: InputOf<'media-report'>): void {
  const listed = new Set(members.map(({ channelUuid }) => channelUuid));
  for (const { leg } of draft.people) {
    if (leg?.memberId === undefined || listed.has(leg.channelUuid)) continue;
    if ((leg.joinedAt ?? 0) > askedAt - JUST_JOINED_MS) continue;
    // Should the channel still be there, it hears nobody: its call is to end.
    draft.effects.push({ type: 'kill', channelUuid: leg.channelUuid });
    legGone(draft, { type: 'leg-gone', at: draft.at, callId: leg.callId, how: 'lost' });
  }
}
