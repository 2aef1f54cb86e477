/** What is going on now, and what went on. */
import { callList, journalPage, journalQuery, type CallView } from '../../../config/contract/index.ts';
import type { CallRecord, Store } from '../../../store/index.ts';
import { operation, type Operation } from '../operation.ts';

export function liveOperations(store: Store): Operation[] {
  const calls = operation({
    method: 'get',
    path: '/calls',
    summary: 'All calls that are up now',
    access: ['admin'],
    answers: { status: 200, schema: callList, description: 'The calls, oldest first.' },
    handle: async ({ person }) => {
      const live = await store.calls.live(person.tenantId);
      return { calls: live.map(toCallView).sort((one, other) => one.startedAt - other.startedAt) };
    },
  });

  const journal = operation({
    method: 'get',
    path: '/journal',
    summary: 'What happened, newest first',
    access: ['admin'],
    query: journalQuery,
    answers: { status: 200, schema: journalPage, description: 'One page of the journal.' },
    handle: async ({ person, query }) => {
      const { count, before } = query;
      const entries = await store.journal.read(person.tenantId, { count, ...(before === undefined ? {} : { before }) });
      return { entries, next: entries.length < count ? null : (entries.at(-1)?.id ?? null) };
    },
  });

  return [calls, journal];
}

function toCallView(call: CallRecord): CallView {
  const { id, direction, from, to, sourceAddress, startedAt, node } = call;
  const answeredAt = call.answeredAt ?? null;
  return {
    id,
    direction,
    from,
    to,
    sourceAddress,
    startedAt,
    node,
    answeredAt,
    conferenceId: call.conferenceId ?? null,
  };
}
