/** Limits on wrong codes: whoever guesses is slowed, whoever is honest gets in. */
import { expect } from 'chai';
import type { CodeEntry, CodeLookup, Store } from '../../../store/index.ts';
import { onEachRedis } from '../../helpers/store-subjects.ts';

const WRONG = '31415926';
const conference = { tenantId: 'default', title: 'Monday', createdBy: 'p1' };
const caller = { tenantId: 'default', callerNumber: '+4930901820', sourceAddress: '192.0.2.1' };
const browser = { tenantId: 'default', via: 'web', callerNumber: '', sourceAddress: '203.0.113.7' } as const;

/** Small numbers, so that a test reaches every limit. */
const limits = {
  number: { tries: 3, windowSeconds: 600, firstDelaySeconds: 30, longestDelaySeconds: 100 },
  network: { tries: 4, windowSeconds: 600, firstDelaySeconds: 20, longestDelaySeconds: 50 },
  source: { tries: 1_000, windowSeconds: 600 },
  withheld: { tries: 3, windowSeconds: 600 },
  phones: { tries: 1_000, windowSeconds: 600 },
  tenant: { tries: 1_000, windowSeconds: 600 },
  doorSeconds: 30,
};

onEachRedis('store: limits on access codes', (subject) => {
  const outcomeOf = (lookup: CodeLookup) => lookup.outcome;
  const enter = (store: Store, who: Omit<CodeEntry, 'digits'>, digits: string) =>
    store.codes.lookup({ ...who, digits }).then(outcomeOf);
  const wrong = (store: Store, change: Partial<CodeEntry> = {}) => enter(store, { ...caller, ...change }, WRONG);
  const waitOf = (lookup: CodeLookup) => (lookup.outcome === 'limited' ? Math.ceil(lookup.retryAfterMs / 1_000) : 0);
  const times = <T>(count: number, work: (index: number) => T) =>
    Array.from({ length: count }, (_, index) => work(index));
  /** A hundred at a time: a command that waits too long in a queue is given up by the store. */
  async function crowd<T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> {
    const results: T[] = [];
    while (results.length < count) {
      const from = results.length;
      results.push(...(await Promise.all(times(100, (index) => work(from + index)))));
    }
    return results;
  }

  /** As if time had passed: what matches is forgotten. */
  async function forget(pattern: string): Promise<void> {
    const { redis } = subject();
    for (const key of (await redis.command('KEYS', `*:code-limit:${pattern}:*`)) as string[]) {
      await redis.command('DEL', key);
    }
  }

  describe('of telephones', () => {
    it('makes a caller wait after wrong entries, also for the right code, and nobody else', async () => {
      const store = await subject().open({ codeLimits: limits });
      const { guestCode } = await store.conferences.create(conference);
      for (let tried = 0; tried < 3; tried += 1) expect(await wrong(store)).to.equal('unknown');
      const limited = await store.codes.lookup({ ...caller, digits: guestCode });
      expect(waitOf(limited)).to.be.within(29, 30);
      expect(await enter(store, { ...caller, callerNumber: '+4930901821' }, guestCode)).to.equal('found');
      const [last] = await store.journal.read('default');
      expect(last).to.include({ type: 'code.refused', via: 'phone', lastTry: true });
    });

    it('makes the caller wait longer the next time', async () => {
      const store = await subject().open({ codeLimits: limits });
      const waits: number[] = [];
      for (let round = 0; round < 4; round += 1) {
        for (let tried = 0; tried < 3; tried += 1) expect(await wrong(store)).to.equal('unknown');
        waits.push(waitOf(await store.codes.lookup({ ...caller, digits: WRONG })));
        await forget('number-wait');
      }
      expect(waits).to.deep.equal([30, 60, 100, 100]);
    });

    it('holds when a hundred calls of one number try at once, over several processes', async () => {
      const stores = [
        await subject().open({ codeLimits: limits }),
        await subject().open({ codeLimits: limits }),
        await subject().open({ codeLimits: limits }),
      ];
      const outcomes = await Promise.all(times(100, (index) => wrong(stores[index % 3]!)));
      expect(outcomes.filter((each) => each === 'unknown')).to.have.length(3);
    });

    it('lets fifty in at the same moment behind one number, and counts only wrong entries', async () => {
      const stores = [await subject().open({ codeLimits: limits }), await subject().open({ codeLimits: limits })];
      const { guestCode } = await stores[0]!.conferences.create(conference);
      // Two short of the limit, and fifty good ones change nothing about that.
      for (let tried = 0; tried < 2; tried += 1) await wrong(stores[0]!);
      const outcomes = await Promise.all(times(50, (index) => enter(stores[index % 2]!, caller, guestCode)));
      expect(new Set(outcomes)).to.deep.equal(new Set(['found']));
      expect(await wrong(stores[0]!)).to.equal('unknown');
      expect(await wrong(stores[0]!)).to.equal('limited');
    });

    it('mixes good and wrong entries of one number as they come, and evaluates no more wrong ones', async () => {
      const store = await subject().open({ codeLimits: limits });
      const { guestCode } = await store.conferences.create(conference);
      const outcomes = await Promise.all(times(60, (index) => enter(store, caller, index % 2 ? guestCode : WRONG)));
      expect(outcomes.filter((each) => each === 'unknown')).to.have.length(3);
      // The third wrong one is the fifth entry: only the two good ones before it were looked at.
      expect(outcomes.filter((each) => each === 'found')).to.have.length(2);
    });

    it('does not let one blocked phone use up what all share', async () => {
      const phones = { tries: 10, windowSeconds: 600 };
      const store = await subject().open({ codeLimits: { ...limits, phones } });
      const { guestCode } = await store.conferences.create(conference);
      for (let tried = 0; tried < 30; tried += 1) await wrong(store);
      for (let entries = 0; entries < 3; entries += 1) {
        expect(await enter(store, { ...caller, callerNumber: `+49401234${entries}` }, guestCode)).to.equal('found');
      }
    });

    it('does not lock out callers who withhold their number', async () => {
      const store = await subject().open({ codeLimits: limits });
      const { guestCode } = await store.conferences.create(conference);
      const withheld = { ...caller, callerNumber: 'anonymous' };
      const outcomes: string[] = [];
      for (let tried = 0; tried < 10; tried += 1) outcomes.push(await wrong(store, withheld));
      expect(outcomes.slice(0, 5)).to.deep.equal(['unknown', 'unknown', 'unknown', 'unknown', 'limited']);
      expect(await enter(store, { ...caller, callerNumber: '+49401' }, guestCode), 'who shows it').to.equal('found');
      await forget('door');
      // A good entry leaves the door open for the next.
      const good = await Promise.all(times(5, () => enter(store, withheld, guestCode)));
      expect(new Set(good)).to.deep.equal(new Set(['found']));
    });

    it('does the same work for an unknown and a closed code', async () => {
      const store = await subject().open({ codeLimits: limits });
      const { guestCode, conference: made } = await store.conferences.create(conference);
      await store.conferences.setState('default', made.id, 'closed');
      const calls = async () => {
        const info = String(await subject().redis.command('INFO', 'commandstats'));
        return ['evalsha', 'hget', 'get', 'incrby', 'pttl', 'xadd'].map((name) =>
          Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(info)?.[1] ?? 0),
        );
      };
      const work = async (digits: string, callerNumber: string) => {
        const before = await calls();
        await store.codes.lookup({ ...caller, callerNumber, digits });
        return (await calls()).map((count, index) => count - before[index]!);
      };
      await work(WRONG, '+4930111');
      const unknown = await work(WRONG, '+4930112');
      expect(unknown[0]).to.equal(1);
      expect(await work(guestCode, '+4930113')).to.deep.equal(unknown);
    });
  });

  describe('of browsers', () => {
    it('does not lock a network out: after its tries each wrong entry is followed by a wait, and a good one by none', async () => {
      const store = await subject().open({ codeLimits: limits });
      const { guestCode } = await store.conferences.create(conference);
      for (let tried = 0; tried < 4; tried += 1) expect(await enter(store, browser, WRONG)).to.equal('unknown');
      const limited = await store.codes.lookup({ ...browser, digits: guestCode });
      expect(waitOf(limited)).to.be.within(19, 20);
      await forget('network-wait');
      const office = await Promise.all(times(50, () => enter(store, browser, guestCode)));
      expect(new Set(office)).to.deep.equal(new Set(['found']));
      expect(await enter(store, browser, WRONG)).to.equal('unknown');
      expect(await enter(store, browser, guestCode)).to.equal('limited');
      expect(await enter(store, { ...browser, sourceAddress: '203.0.113.8' }, guestCode), 'next door').to.equal(
        'found',
      );
      expect(await enter(store, caller, guestCode), 'on the phone').to.equal('found');
    });

    it('waits longer each time the tries are used up, up to the longest', async () => {
      const store = await subject().open({ codeLimits: limits });
      const waits: number[] = [];
      for (let round = 0; round < 3; round += 1) {
        for (let tried = 0; tried < 4; tried += 1) expect(await enter(store, browser, WRONG)).to.equal('unknown');
        waits.push(waitOf(await store.codes.lookup({ ...browser, digits: WRONG })));
        await forget('network-wait');
        await forget('network-count');
      }
      expect(waits).to.deep.equal([20, 40, 50]);
    });

    it('evaluates no more than the tries when a network tries a thousand at once', async () => {
      const store = await subject().open({ codeLimits: limits });
      const outcomes = await crowd(1_000, () => enter(store, browser, WRONG));
      expect(outcomes.filter((each) => each === 'unknown')).to.have.length(4);
    });

    it('counts an IPv6 network as one, and IPv4 in IPv6 as IPv4', async () => {
      const store = await subject().open({ codeLimits: limits });
      const from = (sourceAddress: string) => enter(store, { ...browser, sourceAddress }, WRONG);
      for (let tried = 0; tried < 4; tried += 1) await from(`2001:db8::${tried + 1}`);
      expect(await from('2001:db8::ffff')).to.equal('limited');
      expect(await from('2001:db8:0:1::1')).to.equal('unknown');
      for (let tried = 0; tried < 4; tried += 1) await from('198.51.100.1');
      expect(await from('::ffff:198.51.100.1')).to.equal('limited');
    });
  });

  describe('under a distributed attack', () => {
    /** As shipped, but a door that a test can wait for at will. */
    const shipped = { doorSeconds: 30 };

    it('of a thousand numbers with one try each: known callers get in at once, newcomers when the door is open', async () => {
      const store = await subject().open({
        codeLimits: { ...shipped, source: { tries: 100_000, windowSeconds: 600 } },
      });
      const { guestCode } = await store.conferences.create(conference);
      const known = { ...caller, callerNumber: '+4930111111' };
      const knownBrowser = { ...browser, sourceAddress: '203.0.113.99' };
      expect(await enter(store, known, guestCode)).to.equal('found');
      expect(await enter(store, knownBrowser, guestCode)).to.equal('found');

      const attack = await crowd(1_000, (index) => wrong(store, { callerNumber: `+1555${10_000 + index}` }));
      expect(
        attack.filter((each) => each === 'unknown'),
        '300, and one through the door',
      ).to.have.length(301);
      expect(attack.filter((each) => each === 'limited')).to.have.length(699);

      // Everybody of yesterday: at once, all of them, as often as they like.
      const regulars = await Promise.all(times(20, () => enter(store, known, guestCode)));
      expect(new Set(regulars)).to.deep.equal(new Set(['found']));
      expect(await enter(store, knownBrowser, guestCode)).to.equal('found');

      const newcomer = { ...caller, callerNumber: '+4940123456' };
      const first = await store.codes.lookup({ ...newcomer, digits: guestCode });
      expect(waitOf(first)).to.be.within(1, 30);
      await forget('door');
      const newcomers = await Promise.all(
        times(20, (index) => enter(store, { ...caller, callerNumber: `+4940${1_000 + index}` }, guestCode)),
      );
      expect(new Set(newcomers), 'a good entry does not shut the door').to.deep.equal(new Set(['found']));
      expect(await enter(store, newcomer, guestCode)).to.equal('found');

      const alarms = (await store.journal.read('default', { count: 500 })).filter(({ type }) => type === 'code.attack');
      expect(
        alarms.map(({ via }) => via),
        'on the phone, and in all',
      ).to.deep.equal(['phone']);
    });

    it('of a thousand networks does not narrow the door for telephones', async () => {
      const store = await subject().open({ codeLimits: shipped });
      const { guestCode } = await store.conferences.create(conference);
      const address = (index: number) => `198.${18 + Math.floor(index / 250)}.100.${index % 250}`;
      const attack = await crowd(1_000, (index) => enter(store, { ...browser, sourceAddress: address(index) }, WRONG));
      expect(attack.filter((each) => each === 'unknown')).to.have.length(301);
      const phones = await Promise.all(
        times(20, (index) => enter(store, { ...caller, callerNumber: `+4940${1_000 + index}` }, guestCode)),
      );
      expect(new Set(phones)).to.deep.equal(new Set(['found']));
      expect(await enter(store, { ...browser, sourceAddress: '203.0.113.50' }, guestCode)).to.equal('limited');
      await forget('door');
      expect(await enter(store, { ...browser, sourceAddress: '203.0.113.50' }, guestCode)).to.equal('found');
    });

    it('over one trunk does not shut the door of another', async () => {
      const source = { tries: 5, windowSeconds: 600 };
      const store = await subject().open({ codeLimits: { ...shipped, source } });
      const { guestCode } = await store.conferences.create(conference);
      const alarms: boolean[] = [];
      store.codes.onEntry(({ attackBegins }) => alarms.push(attackBegins));
      for (let index = 0; index < 7; index += 1) await wrong(store, { callerNumber: `+1555${1_000 + index}` });
      expect(alarms).to.deep.equal([false, false, false, false, true, false, false]);
      const newcomer = { ...caller, callerNumber: '+4940123456' };
      expect(await enter(store, newcomer, guestCode)).to.equal('limited');
      expect(await enter(store, { ...newcomer, sourceAddress: '192.0.2.2' }, guestCode)).to.equal('found');
      expect(await enter(store, newcomer, guestCode), 'known by now').to.equal('found');
    });

    it('tells whoever counts, without a digit', async () => {
      const store = await subject().open({ codeLimits: { ...limits, phones: { tries: 2, windowSeconds: 600 } } });
      const { guestCode } = await store.conferences.create(conference);
      const seen: object[] = [];
      const stop = store.codes.onEntry((event) => seen.push(event));
      await wrong(store);
      await wrong(store);
      await enter(store, browser, guestCode);
      stop();
      await wrong(store);
      expect(seen).to.deep.equal([
        { tenantId: 'default', via: 'phone', outcome: 'unknown', attackBegins: false },
        { tenantId: 'default', via: 'phone', outcome: 'unknown', attackBegins: true },
        { tenantId: 'default', via: 'web', outcome: 'found', attackBegins: false },
      ]);
    });
  });
});
