/**
 * Requests for rooms, from the web side to whichever bridge is first. A request is a key that expires with its deadline;
 * a channel says that it is there, again and again until it is answered; whoever takes it takes the key away, so that it is
 * done once at most. The answer goes over the asker's own channel, and is kept for a while for when that was away.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { errorCatalogue, PartylineError, roomCommand, type ErrorCode } from '../config/contract/index.ts';
import type { StoreContext } from './context.ts';
import { CorruptValue } from './errors.ts';
import { globalKeys } from './keys.ts';
import { Presence } from './presence.ts';
import { asOptionalText } from './replies.ts';
import { parseStored } from './schemas.ts';
import type { RoomRequests } from './store.ts';
import type { RoomAnswer, RoomRequestEnvelope } from './types.ts';

const DEADLINE_MS = 5_000;
const ANNOUNCE_AGAIN_MS = 700;
/** Waiting for their answers in this process; more are refused. */
const MOST_WAITING = 1_000;
/** Being done in this process; more are left for others, or for the next announcement. */
const MOST_SERVED = 200;
const ANSWER_KEPT_MS = 10_000;

const shortText = z.string().max(1_000);
const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);

const requestSchema = z.object({
  id,
  /** Process that asks. */
  from: id,
  tenantId: id,
  conferenceId: id,
  actor: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('participant'), participantId: id }),
    z.object({ kind: z.literal('person'), personId: id }),
  ]),
  request: z.union([
    roomCommand,
    z.object({
      type: z.literal('connect'),
      participantId: id,
      connectionId: shortText,
      name: shortText,
      role: z.enum(['host', 'guest']),
      identity: shortText.optional(),
      language: z.string().max(35),
    }),
    z.object({ type: z.literal('disconnect'), participantId: id, connectionId: shortText }),
  ]),
});

const answerSchema = z.object({
  id,
  answer: z.object({ version: z.number(), participantId: z.string().optional() }).optional(),
  error: z.object({ code: z.string(), detail: z.string().optional(), retryAfterMs: z.number().optional() }).optional(),
});
type Answer = z.infer<typeof answerSchema>;

type Stop = () => void;

export function createRoomRequests(context: StoreContext): { requests: RoomRequests; close: () => void } {
  const processId = randomUUID();
  const asker = new Asker(context, processId);
  const presence = new Presence(context, processId);
  const servers = new Set<Stop>();
  return {
    requests: {
      submit: (envelope, options) => asker.submit(envelope, options?.deadlineMs ?? DEADLINE_MS),
      serve: (handler) => {
        const stop = serve(context, handler);
        servers.add(stop);
        return () => {
          servers.delete(stop);
          stop();
        };
      },
      newConnectionId: () => presence.newConnectionId(),
      closeConnection: (connectionId) => presence.closeConnection(connectionId),
      living: (connectionIds) => presence.living(connectionIds),
    },
    close: () => {
      for (const stop of servers) stop();
      asker.close();
      presence.close();
    },
  };
}

class Asker {
  readonly #context: StoreContext;
  readonly #processId: string;
  readonly #waiting = new Map<string, (answer: Answer) => void>();
  #stop: Stop | undefined;

  constructor(context: StoreContext, processId: string) {
    this.#context = context;
    this.#processId = processId;
  }

  async submit(envelope: RoomRequestEnvelope, deadlineMs: number): Promise<RoomAnswer> {
    if (this.#waiting.size >= MOST_WAITING) throw new PartylineError('request/rate-limited', { retryAfterMs: 1_000 });
    this.#listen();
    const requestId = randomUUID();
    const payload = JSON.stringify({ id: requestId, from: this.#processId, ...envelope });
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(requestId, resolve));
    try {
      const key = globalKeys.roomRequest(requestId);
      await this.#context.connection.send(key, ['SET', key, payload, 'PX', String(deadlineMs)]);
      return open(await this.#await(requestId, answered, deadlineMs));
    } finally {
      this.#waiting.delete(requestId);
    }
  }

  close(): void {
    for (const [requestId, resolve] of this.#waiting) resolve({ id: requestId, error: { code: 'store/unavailable' } });
    this.#waiting.clear();
    this.#stop?.();
  }

  #listen(): void {
    if (this.#stop) return;
    const { subscriber } = this.#context;
    const stopListening = subscriber.listen(globalKeys.roomAnswers(this.#processId), (text) => this.#hear(text));
    const stopGap = subscriber.onGap(() => void this.#fetchMissed());
    this.#stop = () => {
      stopListening();
      stopGap();
    };
  }

  /** Announces until there is an answer, or no time left. */
  async #await(requestId: string, answered: Promise<Answer>, deadlineMs: number): Promise<Answer> {
    let over: Stop = () => undefined;
    const late = new Promise<'late'>((resolve) => {
      const announce = () => void this.#announce(requestId);
      const again = setInterval(announce, ANNOUNCE_AGAIN_MS);
      const deadline = setTimeout(() => resolve('late'), deadlineMs);
      over = () => {
        clearInterval(again);
        clearTimeout(deadline);
      };
      announce();
    });
    try {
      const first = await Promise.race([answered, late]);
      if (first !== 'late') return first;
      const missed = await this.#stored(requestId);
      if (missed) return missed;
      throw new PartylineError('room/no-answer');
    } finally {
      over();
    }
  }

  async #announce(requestId: string): Promise<void> {
    const key = globalKeys.roomRequest(requestId);
    try {
      await this.#context.connection.send(key, ['PUBLISH', globalKeys.roomRequests, requestId]);
    } catch (error) {
      this.#context.logger.debug({ err: error }, 'a request could not be announced');
    }
  }

  #hear(text: string): void {
    try {
      const answer = parseStored('answer', answerSchema, text);
      this.#waiting.get(answer.id)?.(answer);
    } catch (error) {
      if (!(error instanceof CorruptValue)) throw error;
      this.#context.logger.error({ err: error }, 'an answer cannot be read');
    }
  }

  async #fetchMissed(): Promise<void> {
    for (const [requestId, resolve] of [...this.#waiting]) {
      const answer = await this.#stored(requestId).catch(() => null);
      if (answer) resolve(answer);
    }
  }

  async #stored(requestId: string): Promise<Answer | null> {
    const key = globalKeys.roomAnswer(requestId);
    const text = asOptionalText(await this.#context.connection.send(key, ['GET', key]));
    return text === null ? null : parseStored('answer', answerSchema, text);
  }
}

function open({ answer, error }: Answer): RoomAnswer {
  if (answer) return answer;
  const code = error && Object.hasOwn(errorCatalogue, error.code) ? (error.code as ErrorCode) : 'internal/unexpected';
  throw new PartylineError(code, {
    ...(error?.detail === undefined ? {} : { detail: error.detail }),
    ...(error?.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  });
}

function serve(context: StoreContext, handler: Parameters<RoomRequests['serve']>[0]): Stop {
  let served = 0;
  const take = async (requestId: string): Promise<void> => {
    const key = globalKeys.roomRequest(requestId);
    const text = asOptionalText(await context.connection.send(key, ['GETDEL', key]));
    if (text === null) return;
    const { id: ownId, from, ...envelope } = parseStored('request', requestSchema, text);
    await tell(context, from, { id: ownId, ...(await outcomeOf(context, () => handler(envelope))) });
  };
  return context.subscriber.listen(globalKeys.roomRequests, (requestId) => {
    if (served >= MOST_SERVED) return;
    served += 1;
    take(requestId)
      .catch((error: unknown) => context.logger.error({ err: error }, 'a request could not be taken'))
      .finally(() => (served -= 1));
  });
}

async function outcomeOf(context: StoreContext, work: () => Promise<RoomAnswer>): Promise<Omit<Answer, 'id'>> {
  try {
    return { answer: await work() };
  } catch (error) {
    if (error instanceof PartylineError) {
      const { code, detail, retryAfterMs } = error;
      return {
        error: {
          code,
          ...(detail === undefined ? {} : { detail }),
          ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
        },
      };
    }
    context.logger.error({ err: error }, 'a request for a room failed');
    return { error: { code: 'internal/unexpected' } };
  }
}

async function tell({ connection }: StoreContext, processId: string, answer: Answer): Promise<void> {
  const key = globalKeys.roomAnswer(answer.id);
  const text = JSON.stringify(answer);
  await connection.send(key, ['SET', key, text, 'PX', String(ANSWER_KEPT_MS)]);
  await connection.send(key, ['PUBLISH', globalKeys.roomAnswers(processId), text]);
}
