/** Recording: asked for by hosts or the policy, true only when the media server says so, and told to everybody. */
import type { RoomRecording } from '../../../store/index.ts';
import type { Draft } from './draft.ts';
import type { InputOf, Rejection, ReportedRecording } from './inputs.ts';
import { presentPeople } from './people.ts';

/** The media server confirms within a second; after so long it will not. */
export const CONFIRM_MS = 10_000;
/** What has just been asked for may not be in the media server's list yet. */
const SETTLE_MS = 3_000;

export function startRecording(draft: Draft): Rejection | null {
  const { policy, recording, mediaServer } = draft.room;
  if (policy.recording === 'off') {
    draft.answer('recording-not-allowed');
    return 'not-allowed';
  }
  if (recording.state !== 'off') return null;
  if (mediaServer === null) return 'not-possible';
  begin(draft);
  return null;
}

/** The conference's own wish, once somebody is in. Whoever stopped it has stopped it. */
export function startIfAutomatic(draft: Draft): void {
  const { policy, recording, mediaServer } = draft.room;
  if (policy.recording !== 'automatic' || recording.since !== null || mediaServer === null) return;
  if (presentPeople(draft.room).some(({ leg }) => leg?.memberId !== undefined)) begin(draft);
}

function begin(draft: Draft): void {
  const { conferenceId, startedAt } = draft.room;
  const file = `${conferenceId}/${startedAt}-${draft.at}.wav`;
  change(draft, { state: 'starting', since: draft.at, file });
  draft.effects.push({ type: 'record', action: 'start', file });
}

export function stopRecording(draft: Draft): Rejection | null {
  const { state, file } = draft.room.recording;
  if (state === 'off' || file === undefined) return 'not-possible';
  if (state === 'stopping') return null;
  change(draft, { state: 'stopping', since: draft.at, file });
  draft.effects.push({ type: 'record', action: 'stop', file });
  return null;
}

export function pauseRecording(draft: Draft, pause: boolean): Rejection | null {
  const { state, file } = draft.room.recording;
  if (file === undefined || (state !== 'on' && state !== 'paused')) return 'not-possible';
  if ((state === 'paused') === pause) return null;
  change(draft, { state: pause ? 'paused' : 'on', since: draft.at, file });
  draft.event(pause ? 'recording-paused' : 'recording-resumed', { file });
  // Told while it does not run, so that what runs holds only what was said.
  draft.effects.push({ type: 'record', action: pause ? 'pause' : 'resume', file });
  draft.announce('room', pause ? 'recording-paused' : 'recording-resumed');
  return null;
}

/** What the media server says of it. Of another file than the room's, or for the second time: nothing. */
export function recordingTold(draft: Draft, { phase, file, milliseconds }: InputOf<'recording'>): void {
  const { recording } = draft.room;
  if (recording.file !== file) return;
  if (phase === 'started') {
    if (recording.state !== 'starting') return;
    change(draft, { state: 'on', since: draft.at, file });
    draft.event('recording-started', { file });
    draft.announce('room', 'record-tone', 'recording-started');
  } else if (phase === 'stopped' && recording.state === 'stopping') {
    stopped(draft, milliseconds);
  } else if (recording.state !== 'off') {
    fail(draft, phase);
  }
}

function stopped(draft: Draft, milliseconds: number | undefined): void {
  const { file } = draft.room.recording;
  over(draft);
  draft.event('recording-stopped', { file, ...(milliseconds === undefined ? {} : { milliseconds }) });
  draft.announce('room', 'recording-stopped');
}

function fail(draft: Draft, why: string): void {
  const { file } = draft.room.recording;
  over(draft);
  draft.event('recording-failed', { file, why });
  draft.announce('room', 'recording-failed');
}

/** The last leg has gone, and the mix with it: the file is complete. */
export function recordingCut(draft: Draft): void {
  const { state, file } = draft.room.recording;
  if (state === 'off') return;
  over(draft);
  draft.event('recording-stopped', { file, why: 'everybody-left' });
}

/** The media server never answered. */
export function recordingOverdue(draft: Draft): void {
  const { state, since } = draft.room.recording;
  if ((state !== 'starting' && state !== 'stopping') || (since ?? 0) + CONFIRM_MS > draft.at) return;
  if (state === 'stopping') stopped(draft, undefined);
  else fail(draft, 'no-answer');
}

/** Whether it really runs, and nothing else does. */
export function checkRecordings(draft: Draft, listed: readonly ReportedRecording[], askedAt: number): void {
  const { state, since, file } = draft.room.recording;
  const mine = listed.find((recording) => recording.file === file);
  for (const other of listed) {
    const wanted = other === mine && state !== 'off';
    if (!wanted) draft.effects.push({ type: 'record', action: 'stop', file: other.file });
  }
  if (file === undefined || (state !== 'on' && state !== 'paused') || askedAt < (since ?? 0) + SETTLE_MS) return;
  if (!mine) fail(draft, 'not-running');
  else if (mine.paused !== (state === 'paused')) {
    draft.effects.push({ type: 'record', action: state === 'paused' ? 'pause' : 'resume', file });
  }
}

function over(draft: Draft): void {
  const { file } = draft.room.recording;
  change(draft, { state: 'off', since: draft.at, ...(file === undefined ? {} : { file }) });
}

function change(draft: Draft, recording: RoomRecording): void {
  draft.set({ recording });
}
