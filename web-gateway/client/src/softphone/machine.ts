/**
 * The softphone's states, as a pure function: state and input in, state and effects out. It knows nothing of SIP or of the
 * browser. Every try to be connected is a call with a number of its own; what a call of an earlier number reports is old news.
 *
 *   idle → connecting → ringing → joining-media → in-call ⇄ reconnecting → elsewhere | ended | failed
 *
 * While reconnecting, the call that was heard before is kept until another one is, so that a lost socket is not heard.
 * One person has one line: from `elsewhere` only they come back, or two pages of theirs would take the sound from each other
 * for ever.
 */

/** Where a try to be connected can fail: the page tells people in these words. */
export type FailureStep = 'ticket' | 'socket' | 'call' | 'media';

export interface Failure {
  readonly step: FailureStep;
  /** SIP or HTTP status of a refusal; absent when there was no answer. */
  readonly status?: number;
  /** Code of the error catalogue, when there is one. */
  readonly code?: string;
  /** Nobody will answer differently next time: trying again is of no use. */
  readonly final?: boolean;
}

export type PhoneState =
  | { readonly name: 'idle' }
  | { readonly name: 'connecting'; readonly call: number; readonly step: FailureStep }
  | { readonly name: 'ringing'; readonly call: number }
  | { readonly name: 'joining-media'; readonly call: number }
  | { readonly name: 'in-call'; readonly call: number }
  | {
      readonly name: 'reconnecting';
      /** The try that is under way; null while we wait for the next one. */
      readonly call: number | null;
      readonly lastCall: number;
      /** The call that may still be heard; null when it is gone. */
      readonly heard: number | null;
      /** 1 is the first. */
      readonly attempt: number;
      readonly since: number;
      readonly why: Failure | null;
    }
  /** Another line of the same person has the sound. */
  | { readonly name: 'elsewhere' }
  | { readonly name: 'ended'; readonly reason: EndReason }
  | { readonly name: 'failed'; readonly failure: Failure };

/** `left`: the person hung up. `over`: the conference let them go. */
export type EndReason = 'left' | 'over';

export type PhoneInput =
  | { readonly type: 'start' }
  | { readonly type: 'ticket-came'; readonly call: number }
  | { readonly type: 'socket-opened'; readonly call: number }
  | { readonly type: 'rang'; readonly call: number }
  | { readonly type: 'accepted'; readonly call: number }
  | { readonly type: 'media-came'; readonly call: number }
  /** The try came to nothing, or the call broke. */
  | { readonly type: 'broke'; readonly call: number; readonly failure: Failure }
  /** The other side hung up. */
  | { readonly type: 'hung-up'; readonly call: number }
  /** The other side hung up, because another line of this person has taken over. */
  | { readonly type: 'replaced'; readonly call: number }
  /** The room shows the sound on another line. It may lag behind a call of ours. */
  | { readonly type: 'sound-elsewhere' }
  /** A step took too long. */
  | { readonly type: 'too-late'; readonly call: number }
  | { readonly type: 'retry-due' }
  /** The machine woke up, or has a network again. */
  | { readonly type: 'network-changed' }
  | { readonly type: 'hang-up'; readonly reason: EndReason };

export type PhoneEffect =
  /** Get a ticket and call with it. */
  | { readonly type: 'dial'; readonly call: number }
  /** This one is heard from now on; whatever was heard before is hung up. */
  | { readonly type: 'hear'; readonly call: number }
  | { readonly type: 'drop'; readonly call: number }
  | { readonly type: 'drop-all' }
  /** Report `too-late` for this call after so long; replaces an earlier deadline. */
  | { readonly type: 'set-deadline'; readonly call: number; readonly milliseconds: number }
  | { readonly type: 'clear-deadline' }
  | { readonly type: 'retry-after'; readonly milliseconds: number };

export interface PhoneTimes {
  readonly ticketMs: number;
  readonly socketMs: number;
  readonly answerMs: number;
  readonly mediaMs: number;
  /** Waits before the tries of a reconnection; the last one repeats. */
  readonly retryMs: readonly number[];
  /** A server that hung up tells over the socket why: redialling at once would be rude. */
  readonly afterHangUpMs: number;
  readonly giveUpMs: number;
}

export const PHONE_TIMES: PhoneTimes = {
  ticketMs: 8_000,
  socketMs: 8_000,
  answerMs: 20_000,
  mediaMs: 15_000,
  retryMs: [0, 1_000, 2_000, 4_000, 8_000],
  afterHangUpMs: 1_500,
  giveUpMs: 180_000,
};

export interface Step {
  readonly state: PhoneState;
  readonly effects: readonly PhoneEffect[];
}

export const IDLE: PhoneState = { name: 'idle' };

/** @param now milliseconds of any clock that does not jump */
export function advance(state: PhoneState, input: PhoneInput, now: number, times: PhoneTimes = PHONE_TIMES): Step {
  if (input.type === 'hang-up') return end(state, input.reason);
  switch (state.name) {
    case 'idle':
      if (input.type === 'sound-elsewhere') return stepAside();
      return input.type === 'start' ? firstCall(times) : stay(state);
    case 'elsewhere':
    case 'ended':
    case 'failed':
      return input.type === 'start' ? firstCall(times) : stay(state);
    case 'connecting':
    case 'ringing':
    case 'joining-media':
      return whileConnecting(state, input, times);
    case 'in-call':
      return whileInCall(state, input, now, times);
    case 'reconnecting':
      return whileReconnecting(state, input, now, times);
  }
}

const stay = (state: PhoneState): Step => ({ state, effects: [] });
const deadline = (call: number, milliseconds: number): PhoneEffect => ({ type: 'set-deadline', call, milliseconds });
const fresh = (input: PhoneInput, call: number | null) => 'call' in input && input.call === call;

function firstCall(times: PhoneTimes): Step {
  const call = 1;
  return {
    state: { name: 'connecting', call, step: 'ticket' },
    effects: [{ type: 'dial', call }, deadline(call, times.ticketMs)],
  };
}

function end(state: PhoneState, reason: EndReason): Step {
  if (state.name === 'idle' || state.name === 'ended' || state.name === 'failed') return stay(state);
  return { state: { name: 'ended', reason }, effects: [{ type: 'clear-deadline' }, { type: 'drop-all' }] };
}

function fail(failure: Failure): Step {
  return { state: { name: 'failed', failure }, effects: [{ type: 'clear-deadline' }, { type: 'drop-all' }] };
}

function stepAside(): Step {
  return { state: { name: 'elsewhere' }, effects: [{ type: 'clear-deadline' }, { type: 'drop-all' }] };
}

type Connecting = Extract<PhoneState, { name: 'connecting' | 'ringing' | 'joining-media' }>;

/** The first call: whatever goes wrong is told, and the person decides. */
function whileConnecting(state: Connecting, input: PhoneInput, times: PhoneTimes): Step {
  if (!fresh(input, state.call)) return stay(state);
  const { call } = state;
  switch (input.type) {
    case 'ticket-came':
      return { state: { name: 'connecting', call, step: 'socket' }, effects: [deadline(call, times.socketMs)] };
    case 'socket-opened':
      return { state: { name: 'connecting', call, step: 'call' }, effects: [deadline(call, times.answerMs)] };
    case 'rang':
      return stay({ name: 'ringing', call });
    case 'accepted':
      return { state: { name: 'joining-media', call }, effects: [deadline(call, times.mediaMs)] };
    case 'media-came':
      return inCall(call);
    case 'broke':
      return fail(input.failure);
    case 'replaced':
      return stepAside();
    // A call that was answered is hung up on when no sound of ours gets through.
    case 'too-late':
    case 'hung-up':
      return fail({ step: stepOf(state) });
    default:
      return stay(state);
  }
}

const stepOf = (state: Connecting): FailureStep =>
  state.name === 'connecting' ? state.step : state.name === 'ringing' ? 'call' : 'media';

function inCall(call: number): Step {
  return { state: { name: 'in-call', call }, effects: [{ type: 'clear-deadline' }, { type: 'hear', call }] };
}

type InCall = Extract<PhoneState, { name: 'in-call' }>;
type Reconnecting = Extract<PhoneState, { name: 'reconnecting' }>;

function whileInCall(state: InCall, input: PhoneInput, now: number, times: PhoneTimes): Step {
  const { call } = state;
  if (input.type === 'network-changed') return redial(lost(state, now, call, null), times);
  if (!fresh(input, call)) return stay(state);
  if (input.type === 'broke') return redial(lost(state, now, call, input.failure), times);
  if (input.type === 'replaced') return stepAside();
  if (input.type !== 'hung-up') return stay(state);
  return {
    state: lost(state, now, null, null),
    effects: [
      { type: 'drop', call },
      { type: 'retry-after', milliseconds: times.afterHangUpMs },
    ],
  };
}

function lost({ call }: InCall, now: number, heard: number | null, why: Failure | null): Reconnecting {
  return { name: 'reconnecting', call: null, lastCall: call, heard, attempt: 1, since: now, why };
}

function redial(state: Reconnecting, times: PhoneTimes): Step {
  const call = state.lastCall + 1;
  return {
    state: { ...state, call, lastCall: call },
    // The deadline is for the whole try: what counts now is to be back.
    effects: [{ type: 'dial', call }, deadline(call, times.mediaMs)],
  };
}

function whileReconnecting(state: Reconnecting, input: PhoneInput, now: number, times: PhoneTimes): Step {
  if (input.type === 'sound-elsewhere') return stepAside();
  if (input.type === 'retry-due') return state.call === null ? redial(state, times) : stay(state);
  // The wait was for a network: here it is. A try that is under way has a deadline.
  if (input.type === 'network-changed')
    return state.call === null ? redial({ ...state, attempt: 1 }, times) : stay(state);
  if (fresh(input, state.heard)) return whileOldIsHeard(state, input);
  if (!fresh(input, state.call) || state.call === null) return stay(state);
  switch (input.type) {
    case 'media-came':
      return inCall(state.call);
    case 'broke':
      return tryAgain(state, state.call, input.failure, now, times);
    case 'too-late':
      return tryAgain(state, state.call, { step: 'media' }, now, times);
    case 'replaced':
      return stepAside();
    case 'hung-up':
      return tryAgain(state, state.call, { step: 'call' }, now, times);
    default:
      return stay(state);
  }
}

/** The new leg replaces the old one, so the old one is hung up on some time before the new one is heard. */
function whileOldIsHeard(state: Reconnecting, input: PhoneInput): Step {
  if ((input.type !== 'hung-up' && input.type !== 'replaced') || state.heard === null) return stay(state);
  return { state: { ...state, heard: null }, effects: [{ type: 'drop', call: state.heard }] };
}

function tryAgain(state: Reconnecting, call: number, why: Failure, now: number, times: PhoneTimes): Step {
  // Whoever gets no ticket any more is not in the conference any more.
  if (why.final === true && why.step === 'ticket') return end(state, 'over');
  if (why.final === true || now - state.since >= times.giveUpMs) return fail(why);
  const milliseconds = times.retryMs[Math.min(state.attempt, times.retryMs.length - 1)] ?? 0;
  return {
    state: { ...state, call: null, attempt: state.attempt + 1, why },
    effects: [{ type: 'drop', call }, { type: 'clear-deadline' }, { type: 'retry-after', milliseconds }],
  };
}
