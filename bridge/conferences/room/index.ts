/**
 * The one truth of a live room, as a pure function: no clock, no random, no sockets. Whoever commits its result to the
 * store changes the room; effects run after the commit.
 *
 * What holds after any sequence of inputs is stated in test/unit/bridge/room.property.test.ts: nobody is muted without a
 * way out, heard while muted, invisible, or in two places; hands keep their order; roles change only by right.
 */
import type { RoomDocument } from '../../../store/index.ts';
import { audioEffects, silenceMuted, whyMuted } from './audio.ts';
import { obey } from './commands.ts';
import { Draft } from './draft.ts';
import { connect, enter, joined, newRoom } from './entering.ts';
import { welcomeHost } from './hosts.ts';
import type { InputOf, Reduction, Rejection, RoomEffect, RoomIdentity, RoomInput } from './inputs.ts';
import { press } from './keys.ts';
import { disconnect, legGone } from './leaving.ts';
import { isThere } from './people.ts';
import { recordingCut, recordingTold } from './recording.ts';
import { compare, strangers } from './report.ts';
import { tick } from './ticking.ts';

export { canUnmute, hearsMusic, mayHear, maySpeak, whyMuted } from './audio.ts';
export type * from './inputs.ts';
export { handsUp, isThere, presentHosts, presentPeople, queue } from './people.ts';
export { nextDue } from './ticking.ts';
export { whatToKnow } from './waiting.ts';

export function reduce(identity: RoomIdentity, room: RoomDocument | null, input: RoomInput): Reduction {
  if (!room) return inNoRoom(identity, input);
  const draft = new Draft(room, input.at);
  return finish(room, draft, work(draft, input));
}

/** Only those who come make a room. */
function inNoRoom(identity: RoomIdentity, input: RoomInput): Reduction {
  switch (input.type) {
    case 'enter':
    case 'connect': {
      const draft = new Draft(newRoom(identity, input.plan, input.at), input.at);
      draft.event('room-started');
      return finish(null, draft, work(draft, input));
    }
    case 'media-report':
      return { outcome: 'unchanged', effects: strangers(null, input) };
    case 'command':
    case 'key':
    case 'name-recorded':
      return { outcome: 'rejected', why: 'not-live', effects: [] };
    case 'joined':
      return { outcome: 'rejected', why: 'not-in-room', effects: [] };
    default:
      return { outcome: 'unchanged', effects: [] };
  }
}

interface Outcome {
  readonly why?: Rejection;
  readonly participantId?: string;
}

const DONE: Outcome = {};
const verdict = (why: Rejection | null): Outcome => (why ? { why } : DONE);

function work(draft: Draft, input: RoomInput): Outcome {
  switch (input.type) {
    case 'enter':
      return enter(draft, input);
    case 'joined':
      return joined(draft, input) ?? DONE;
    case 'leg-gone':
      legGone(draft, input);
      return DONE;
    case 'connect':
      return connect(draft, input);
    case 'disconnect':
      disconnect(draft, input);
      return DONE;
    case 'talking':
      talk(draft, input);
      return DONE;
    case 'spoke-muted':
      explain(draft, input);
      return DONE;
    case 'command':
      if (input.actor.kind === 'participant' && input.quiet !== true) draft.asker = { ...input.actor, byKey: false };
      return verdict(obey(draft, input.actor, input.command));
    case 'key':
      draft.asker = { participantId: input.participantId, byKey: true };
      return verdict(press(draft, input));
    case 'name-recorded':
      return verdict(keepName(draft, input));
    case 'recording':
      recordingTold(draft, input);
      return DONE;
    case 'media-report':
      compare(draft, input);
      return DONE;
    case 'tick':
      tick(draft);
      return DONE;
  }
}

function talk(draft: Draft, { callId, on }: InputOf<'talking'>): void {
  const row = draft.byCall(callId);
  // The media server may tell of the last words of somebody who is muted by now.
  const talking = on && row !== undefined && row.state === 'present' && row.bits.length === 0;
  if (!row || row.talking === talking) return;
  draft.update(row, { talking });
  draft.event(talking ? 'talking-started' : 'talking-stopped', { participantId: row.id });
}

function explain(draft: Draft, { callId, quiet = false }: InputOf<'spoke-muted'>): void {
  const row = draft.byCall(callId);
  const memberId = row?.leg?.memberId;
  if (!row || memberId === undefined || row.state !== 'present') return;
  const words = whyMuted(row, draft.room.mode);
  if (words.length === 0) return;
  if (!quiet) draft.tell(row, ...words);
  // FreeSWITCH tells of a muted talker once, until the next mute.
  draft.effects.push({ type: 'set-speak', memberId, speak: false });
}

function keepName(draft: Draft, { participantId, file, by }: InputOf<'name-recorded'>): Rejection | null {
  const row = draft.find(participantId);
  if (!row) return 'no-such-participant';
  const asker = by.kind === 'participant' ? draft.find(by.participantId) : undefined;
  if (by.kind === 'participant' && by.participantId !== participantId && asker?.role !== 'host') return 'not-allowed';
  draft.update(row, { nameSound: file });
  draft.event('name-recorded', { participantId });
  return null;
}

function finish(before: RoomDocument | null, draft: Draft, { why, participantId }: Outcome): Reduction {
  if (why)
    return {
      outcome: 'rejected',
      why,
      effects: [...draft.effects.filter(({ type }) => type === 'tell'), ...excuse(draft, why)],
    };
  welcomeHost(draft);
  silenceMuted(draft);
  if (draft.end === undefined && draft.people.some(isThere)) return live(before, draft, participantId);
  return over(before, draft);
}

/** A key that could not be obeyed is answered; a page shows the error. */
function excuse(draft: Draft, why: Rejection): RoomEffect[] {
  const { asker, effects } = draft;
  if (!asker?.byKey || effects.some(({ type }) => type === 'tell') || !draft.find(asker.participantId)) return [];
  const words = ['error-tone', why === 'not-allowed' ? 'not-for-you' : 'not-possible-now'] as const;
  return [{ type: 'tell', participantId: asker.participantId, words }];
}

function live(before: RoomDocument | null, draft: Draft, participantId: string | undefined): Reduction {
  // FreeSWITCH's mix ends with its last member; the next leg may be anywhere.
  if (draft.room.mediaServer !== null && !draft.people.some(({ leg }) => leg)) {
    recordingCut(draft);
    draft.set({ mediaServer: null });
  }
  const effects = [...audioEffects(before, draft), ...draft.effects];
  const who = participantId === undefined ? {} : { participantId };
  // What has happened is written, even where nothing is different after it.
  if (draft.room === before && draft.events.length === 0) return { outcome: 'unchanged', effects, ...who };
  return {
    outcome: 'changed',
    room: { ...draft.room, version: (before?.version ?? 0) + 1 },
    events: draft.events,
    effects,
    ...who,
  };
}

/** Everybody has left, or has to: whoever still has a leg finds out by being put out of the mix. */
function over(before: RoomDocument | null, draft: Draft): Reduction {
  recordingCut(draft);
  const ended = draft.end ?? 'everybody-left';
  draft.event('room-ended', { reason: ended });
  const kicks = draft.people.flatMap(({ leg }): RoomEffect[] =>
    leg?.memberId === undefined ? [] : [{ type: 'kick', memberId: leg.memberId }],
  );
  const kept = draft.effects.filter(({ type }) => type !== 'tell' && type !== 'announce');
  const shutOut: readonly RoomEffect[] = draft.end === undefined ? [] : [{ type: 'shut-out' }];
  if (!before) return { outcome: 'unchanged', effects: [] };
  const effects = [...kept, ...kicks, ...shutOut];
  // Whoever was let go last is told why, and not that the conference has ended.
  const farewell = draft.room.farewells.findLast((each) => !before.farewells.includes(each));
  return {
    outcome: 'changed',
    room: null,
    events: draft.events,
    effects,
    ended: draft.end ?? farewell?.reason ?? ended,
  };
}
