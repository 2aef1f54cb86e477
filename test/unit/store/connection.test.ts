import { expect } from 'chai';
import { pino } from 'pino';
import { openConnection, type Connection } from '../../../store/connection.ts';
import { isStoreUnavailable, translateRedisError } from '../../../store/errors.ts';
import { reconnectDelay, type Link, type LinkEvents } from '../../../store/links.ts';
import { defineScript } from '../../../store/script.ts';

/** A Redis that does what the test says. */
class FakeRedis {
  readonly links: FakeLink[] = [];
  answer: (args: readonly string[]) => Promise<unknown> = () => Promise.resolve('OK');
  createLink = (_options: unknown, events: LinkEvents): Link => {
    const link = new FakeLink(this, events);
    this.links.push(link);
    return link;
  };
}

class FakeLink implements Link {
  readonly #redis: FakeRedis;
  readonly events: LinkEvents;
  destroyed = 0;

  constructor(redis: FakeRedis, events: LinkEvents) {
    this.#redis = redis;
    this.events = events;
  }
  connect(): Promise<void> {
    return this.#redis.answer(['CONNECT']).then(() => undefined);
  }
  send(_key: string, args: readonly string[]): Promise<unknown> {
    return this.#redis.answer(args);
  }
  ping(): Promise<void> {
    return this.#redis.answer(['PING']).then(() => undefined);
  }
  destroy(): void {
    this.destroyed += 1;
  }
}

const never = () => new Promise<never>(() => undefined);

describe('store: the connection to Redis', () => {
  let redis: FakeRedis;
  let connection: Connection;

  beforeEach(async () => {
    redis = new FakeRedis();
    connection = await open();
  });
  afterEach(() => connection.close());

  const open = () =>
    openConnection({
      url: 'redis://fake',
      cluster: false,
      logger: pino({ level: 'silent' }),
      times: { commandMs: 20, heartbeatMs: 5, openMs: 50 },
      createLink: redis.createLink,
    });

  async function rejection(work: Promise<unknown>): Promise<unknown> {
    try {
      await work;
    } catch (error) {
      return error;
    }
    throw new Error('it was expected to fail');
  }
  const becomes = (available: boolean) =>
    new Promise<void>((resolve) => {
      const stop = connection.onAvailability((state) => {
        if (state !== available) return;
        stop();
        resolve();
      });
    });

  it('rejects in time when there is no answer', async () => {
    redis.answer = never;
    expect(isStoreUnavailable(await rejection(connection.send('k', ['GET', 'k'])))).to.equal(true);
  });

  it('notices a Redis that hangs, makes a new connection, and notices that it is back', async () => {
    const away = becomes(false);
    redis.answer = never;
    await away;
    expect(connection.available).to.equal(false);
    while (redis.links.length < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(redis.links[0]!.destroyed).to.equal(1);
    const back = becomes(true);
    redis.answer = () => Promise.resolve('OK');
    redis.links.at(-1)!.events.onChange();
    await back;
    expect(connection.available).to.equal(true);
  });

  it('keeps its connection while that one reconnects by itself', async () => {
    const away = becomes(false);
    redis.answer = () => Promise.reject(new Error('The client is offline'));
    redis.links[0]!.events.onError(new Error('ECONNREFUSED'));
    await away;
    for (let rounds = 0; rounds < 5; rounds += 1) {
      redis.links[0]!.events.onChange();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(redis.links).to.have.length(1);
  });

  it('sends a script by its hash, and its text when Redis has forgotten it', async () => {
    const sent: string[][] = [];
    redis.answer = (args) => {
      if (args[0]!.startsWith('EVAL')) sent.push([...args]);
      return args[0] === 'EVALSHA' ? Promise.reject(new Error('NOSCRIPT No matching script.')) : Promise.resolve(1);
    };
    const script = defineScript('s', 'return 1');
    expect(await connection.run(script, ['a', 'b'], ['x'])).to.equal(1);
    expect(sent).to.deep.equal([
      ['EVALSHA', 'e0e1f9fabfc9d4800c877a703b823ac0578ff8db', '2', 'a', 'b', 'x'],
      ['EVAL', 'return 1', '2', 'a', 'b', 'x'],
    ]);
  });

  it('does not run a script again that failed', async () => {
    let runs = 0;
    redis.answer = (args) => {
      if (!args[0]!.startsWith('EVAL')) return Promise.resolve('OK');
      runs += 1;
      return Promise.reject(new Error('The socket closed unexpectedly'));
    };
    expect(isStoreUnavailable(await rejection(connection.run(defineScript('s', 'x'), ['a'], [])))).to.equal(true);
    expect(runs).to.equal(1);
  });

  it('leaves nobody waiting when it is closed, and closes twice', async () => {
    redis.answer = never;
    const pending = rejection(connection.send('k', ['GET', 'k']));
    await Promise.all([connection.close(), connection.close()]);
    expect(isStoreUnavailable(await pending)).to.equal(true);
    expect(isStoreUnavailable(await rejection(connection.ping()))).to.equal(true);
    expect(redis.links[0]!.destroyed).to.equal(1);
  });

  it('lives on when a listener throws', async () => {
    connection.onAvailability(() => {
      throw new Error('a listener');
    });
    const away = becomes(false);
    redis.answer = () => Promise.reject(new Error('gone'));
    await away;
  });

  it('does not open on a Redis that never answers, and leaves no link behind', async () => {
    redis.answer = never;
    expect(isStoreUnavailable(await rejection(open()))).to.equal(true);
    expect(redis.links.at(-1)!.destroyed).to.equal(1);
  });

  it('waits longer and longer, up to two seconds and a bit', () => {
    const delays = [0, 1, 2, 3, 10, 1_000].map((retries) => reconnectDelay(retries, () => 0));
    expect(delays).to.deep.equal([50, 100, 200, 400, 2_000, 2_000]);
    expect(reconnectDelay(1_000, () => 0.999)).to.be.below(2_100);
  });

  it('tells "not now" from "wrong"', () => {
    class SimpleError extends Error {}
    const code = (message: string) => translateRedisError(new SimpleError(message)).code;
    for (const now of ['LOADING Redis is loading', 'READONLY replica', 'CLUSTERDOWN x', 'OOM x', 'MISCONF x']) {
      expect(code(now), now).to.equal('store/unavailable');
    }
    expect(code('WRONGTYPE Operation against a key')).to.equal('store/corrupt');
    expect(code('ERR unknown command')).to.equal('internal/unexpected');
    expect(translateRedisError(new Error('connect ECONNREFUSED')).code).to.equal('store/unavailable');
    expect(translateRedisError('text').code).to.equal('store/unavailable');
  });
});
