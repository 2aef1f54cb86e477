/** The intervals of a call's summary line, in whole milliseconds; absent where the call did not get so far. */
import type { CallMachine } from './call-machine.ts';

export interface CallIntervals {
  readonly inviteToAnswerMs?: number;
  /** From the answer to a valid access code. */
  readonly answerToCodeMs?: number;
  readonly codeToJoinedMs?: number;
  readonly totalMs: number;
}

export function measure(
  machine: Pick<CallMachine, 'enteredAt'>,
  times: { readonly codeAt: number | undefined; readonly joinedAt: number | undefined },
): CallIntervals {
  const invitedAt = machine.enteredAt('received') ?? 0;
  const answeredAt = machine.enteredAt('answered');
  const endedAt = machine.enteredAt('ended') ?? invitedAt;
  return {
    ...interval('inviteToAnswerMs', invitedAt, answeredAt),
    ...interval('answerToCodeMs', answeredAt, times.codeAt),
    ...interval('codeToJoinedMs', times.codeAt, times.joinedAt),
    totalMs: Math.round(endedAt - invitedAt),
  };
}

function interval<N extends string>(
  name: N,
  from: number | undefined,
  to: number | undefined,
): Partial<Record<N, number>> {
  if (from === undefined || to === undefined) return {};
  return { [name]: Math.round(to - from) } as Record<N, number>;
}
