import { expect } from 'chai';
import { DEFAULT_POLICY } from '../../../config/contract/index.ts';
import type { CodeLimitRules, CodeLookup, ConferencePage, Store } from '../../../store/index.ts';
import { codeOf, onEachRedis } from '../../helpers/store-subjects.ts';

const WRONG = '31415926';
const conference = { tenantId: 'default', title: 'Monday', createdBy: 'p1' };
const caller = { tenantId: 'default', callerNumber: '+4930901820', sourceAddress: '192.0.2.1' };

/** Small numbers, so that a test reaches every limit. */
const limits: CodeLimitRules = {
  number: { tries: 3, windowSeconds: 600, firstDelaySeconds: 30, longestDelaySeconds: 100 },
  source: { tries: 1_000, windowSeconds: 600 },
  tenant: { tries: 1_000, windowSeconds: 600 },
  newcomers: { tries: 1, windowSeconds: 30 },
};

onEachRedis('store: conferences and access codes', (subject) => {
  it('makes a conference whose codes lead to it, in their roles', async () => {
    const { store } = subject();
    const made = await store.conferences.create({ ...conference, policy: { muteOnEntry: true } });
    expect(made.conference.policy).to.deep.equal({ ...DEFAULT_POLICY, muteOnEntry: true });
    expect(made.guestCode).to.match(/^\d{9}$/);
    const guest = await store.codes.lookup({ ...caller, digits: made.guestCode });
    expect(guest).to.deep.equal({ outcome: 'found', resolved: { kind: 'guest', conference: made.conference } });
    const host = await store.codes.lookup({ ...caller, digits: made.hostCode });
    expect(host).to.have.nested.property('resolved.kind', 'host');
    expect(await store.conferences.get('default', made.conference.id)).to.deep.equal(made.conference);
    expect(await store.conferences.codes('default', made.conference.id)).to.deep.equal({
      guest: made.guestCode,
      host: made.hostCode,
    });
  });

  it('keeps no digit of a code in Redis', async () => {
    const { store, redis } = subject();
    const { guestCode, hostCode } = await store.conferences.create(conference);
    await store.codes.lookup({ ...caller, digits: WRONG });
    await store.codes.lookup({ ...caller, digits: guestCode });
    const readers: Record<string, string[]> = {
      hash: ['HGETALL'],
      set: ['SMEMBERS'],
      stream: ['XRANGE', '-', '+'],
      zset: ['ZRANGE', '0', '-1'],
    };
    const everything: string[] = [];
    for (const key of (await redis.command('KEYS', '*')) as string[]) {
      const [command = 'GET', ...rest] = readers[(await redis.command('TYPE', key)) as string] ?? [];
      everything.push(key, JSON.stringify(await redis.command(command, key, ...rest)));
    }
    for (const secret of [guestCode, hostCode, WRONG]) expect(everything.join('\n')).not.to.contain(secret);
  });

  it('is blind to codes of another company or another secret', async () => {
    const { store, open } = subject();
    const { guestCode, conference: made } = await store.conferences.create(conference);
    const elsewhere = await store.codes.lookup({ ...caller, tenantId: 'acme', digits: guestCode });
    expect(elsewhere.outcome).to.equal('unknown');
    const other = await open({ secret: 'another-server-secret-0123456789-0123456789' });
    expect((await other.codes.lookup({ ...caller, digits: guestCode })).outcome).to.equal('unknown');
    expect(await codeOf(other.conferences.codes('default', made.id))).to.equal('store/corrupt');
    expect(await store.conferences.get('acme', made.id)).to.equal(null);
    expect(await codeOf(store.conferences.codes('acme', made.id))).to.equal('conference/not-found');
  });

  it('keeps all codes apart: none equal, none a beginning, none one digit from another', async () => {
    const { open } = subject();
    const codes: string[] = [];
    for (const codeDigits of [8, 9, 10]) {
      const store = await open({ codeDigits });
      const made = await Promise.all(Array.from({ length: 15 }, () => store.conferences.create(conference)));
      codes.push(...made.flatMap(({ guestCode, hostCode }) => [guestCode, hostCode]));
    }
    for (const [index, one] of codes.entries()) {
      for (const other of codes.slice(index + 1)) {
        expect(one.startsWith(other) || other.startsWith(one)).to.equal(false);
        if (one.length !== other.length) continue;
        const differences = Array.from(one).filter((digit, place) => digit !== other[place]).length;
        expect(differences).to.be.at.least(2);
      }
    }
    expect(codes).to.have.length(90);
  });

  it('closes and opens, exactly once in the journal, and tells apart only for the journal', async () => {
    const { store } = subject();
    const { conference: made, guestCode } = await store.conferences.create(conference);
    await Promise.all(Array.from({ length: 5 }, () => store.conferences.setState('default', made.id, 'closed')));
    expect((await store.codes.lookup({ ...caller, digits: guestCode })).outcome).to.equal('closed');
    await store.conferences.setState('default', made.id, 'open');
    expect((await store.codes.lookup({ ...caller, digits: guestCode })).outcome).to.equal('found');
    const types = (await store.journal.read('default')).map((entry) => entry.type);
    expect(types).to.deep.equal(['conference.opened', 'code.refused', 'conference.closed', 'conference.created']);
    expect(await codeOf(store.conferences.setState('default', 'none', 'open'))).to.equal('conference/not-found');
  });

  it('lists conferences oldest first', async () => {
    let now = 0;
    const store = await subject().open({ now: () => (now += 1_000) });
    for (const title of ['a', 'b', 'c']) await store.conferences.create({ ...conference, title });
    const { conferences, next } = await store.conferences.list('default');
    expect(conferences.map((each) => each.title)).to.deep.equal(['a', 'b', 'c']);
    expect(next).to.equal(null);
    expect(await store.conferences.list('acme')).to.deep.equal({ conferences: [], next: null });
  });

  it('lists conferences page by page, each once, and leaves out what is damaged', async () => {
    const store = await subject().open({ now: () => 1_000 });
    const made = await Promise.all(Array.from({ length: 7 }, () => store.conferences.create(conference)));
    const ids = made.map((each) => each.conference.id).sort();
    await subject().redis.command('HSET', 'partyline:{default}:conferences', ids[2]!, 'junk');
    const seen: string[][] = [];
    let after: string | null = null;
    do {
      const page: ConferencePage = await store.conferences.list('default', { count: 3, ...(after ? { after } : {}) });
      seen.push(page.conferences.map((each) => each.id));
      after = page.next;
    } while (after !== null);
    expect(seen).to.deep.equal([ids.slice(0, 2), ids.slice(3, 6), ids.slice(6)]);
    expect(await codeOf(store.conferences.list('default', { after: 'never' }))).to.equal('conference/not-found');
  });

  it('journals wrong entries without the digits', async () => {
    const { store } = subject();
    await store.codes.lookup({ ...caller, digits: WRONG });
    const [entry] = await store.journal.read('default');
    expect(entry).to.include({ type: 'code.refused', outcome: 'unknown', callerNumber: '+4930901820', lastTry: false });
    expect(JSON.stringify(entry)).not.to.contain(WRONG);
  });

  it('takes anything for an entry, and finds nothing', async () => {
    const { store } = subject();
    await store.conferences.create(conference);
    const junk = ['', '*', '#', 'abc', '1'.repeat(10_000), '１２３４５６７８９', '0\n1', '{x}', '-1', '1e9'];
    for (const [index, digits] of junk.entries()) {
      const lookup = await store.codes.lookup({ ...caller, callerNumber: `+49${1_000 + index}`, digits });
      expect(lookup.outcome, digits.slice(0, 20)).to.equal('unknown');
    }
  });

  describe('limits', () => {
    const wrong = (store: Store, change: object = {}) =>
      store.codes.lookup({ ...caller, ...change, digits: WRONG }).then((lookup) => lookup.outcome);
    const outcome = (lookup: CodeLookup) => lookup.outcome;

    it('makes a caller wait after wrong entries, also for the right code, and nobody else', async () => {
      const store = await subject().open({ codeLimits: limits });
      const { guestCode } = await store.conferences.create(conference);
      for (let tried = 0; tried < 3; tried += 1) expect(await wrong(store)).to.equal('unknown');
      const limited = await store.codes.lookup({ ...caller, digits: guestCode });
      expect(limited.outcome).to.equal('limited');
      if (limited.outcome === 'limited') expect(limited.retryAfterMs).to.be.within(29_000, 30_000);
      const other = await store.codes.lookup({ ...caller, callerNumber: '+4930901821', digits: guestCode });
      expect(other.outcome).to.equal('found');
      const [last] = await store.journal.read('default');
      expect(last).to.include({ type: 'code.refused', lastTry: true });
    });

    it('makes the caller wait longer the next time', async () => {
      const store = await subject().open({ codeLimits: limits });
      const waits: number[] = [];
      for (let round = 0; round < 4; round += 1) {
        for (let tried = 0; tried < 3; tried += 1) expect(await wrong(store)).to.equal('unknown');
        const lookup = await store.codes.lookup({ ...caller, digits: WRONG });
        waits.push(lookup.outcome === 'limited' ? Math.ceil(lookup.retryAfterMs / 1_000) : 0);
        await unblock();
      }
      expect(waits).to.deep.equal([30, 60, 100, 100]);
    });

    it('holds when a hundred calls of one number try at once', async () => {
      const store = await subject().open({ codeLimits: limits });
      const outcomes = await Promise.all(Array.from({ length: 100 }, () => wrong(store)));
      expect(outcomes.filter((each) => each === 'unknown')).to.have.length(3);
    });

    it('counts only wrong entries', async () => {
      const store = await subject().open({ codeLimits: limits });
      const { guestCode } = await store.conferences.create(conference);
      for (let entries = 0; entries < 20; entries += 1) {
        expect(outcome(await store.codes.lookup({ ...caller, digits: guestCode }))).to.equal('found');
      }
    });

    it('lets those in who got in before, and newcomers one by one, while an attack goes on', async () => {
      const store = await subject().open({ codeLimits: { ...limits, tenant: { tries: 20, windowSeconds: 600 } } });
      const { guestCode } = await store.conferences.create(conference);
      const known = { ...caller, digits: guestCode };
      expect(outcome(await store.codes.lookup(known))).to.equal('found');

      const attack = (from: number, to: number) =>
        Promise.all(
          Array.from({ length: to - from }, (_, index) =>
            wrong(store, { callerNumber: `+1555${1_000 + from + index}`, sourceAddress: `198.51.100.${index}` }),
          ),
        );
      expect(await attack(0, 20)).to.deep.equal(Array.from({ length: 20 }, () => 'unknown'));
      const later = await attack(20, 60);
      expect(later.filter((each) => each === 'unknown')).to.have.length(1);
      expect(later.filter((each) => each === 'limited')).to.have.length(39);

      expect(outcome(await store.codes.lookup(known))).to.equal('found');
      const newcomer = { ...known, callerNumber: '+4940123456' };
      const first = await store.codes.lookup(newcomer);
      expect(first.outcome).to.equal('limited');
      await unblock('code-newcomers');
      expect(outcome(await store.codes.lookup(newcomer))).to.equal('found');
      // Now known, so no longer in the lane of newcomers.
      expect(outcome(await store.codes.lookup(newcomer))).to.equal('found');

      const alarms = (await store.journal.read('default')).filter((entry) => entry.type === 'code.attack');
      expect(alarms).to.have.length(1);
    });

    it('does not let one blocked phone use up what all share', async () => {
      const store = await subject().open({ codeLimits: { ...limits, tenant: { tries: 10, windowSeconds: 600 } } });
      const { guestCode } = await store.conferences.create(conference);
      for (let tried = 0; tried < 30; tried += 1) await wrong(store);
      const newcomer = { ...caller, callerNumber: '+4940123456', digits: guestCode };
      for (let entries = 0; entries < 3; entries += 1) {
        expect(outcome(await store.codes.lookup({ ...newcomer, callerNumber: `+49401234${entries}` }))).to.equal(
          'found',
        );
      }
    });

    it('does not lock out callers who withhold their number', async () => {
      const store = await subject().open({ codeLimits: limits });
      const { guestCode } = await store.conferences.create(conference);
      const withheld = { callerNumber: 'anonymous' };
      for (let tried = 0; tried < 10; tried += 1) await wrong(store, withheld);
      await unblock('code-newcomers');
      expect(outcome(await store.codes.lookup({ ...caller, ...withheld, digits: guestCode }))).to.equal('found');
    });

    it('does the same work for an unknown and a closed code', async () => {
      const store = await subject().open({ codeLimits: limits });
      const { guestCode, conference: made } = await store.conferences.create(conference);
      await store.conferences.setState('default', made.id, 'closed');
      const work = async (digits: string, callerNumber: string) => {
        const before = await calls();
        await store.codes.lookup({ ...caller, callerNumber, digits });
        return (await calls()) - before;
      };
      await work(WRONG, '+4930111');
      const unknown = await work(WRONG, '+4930112');
      expect(await work(guestCode, '+4930113')).to.equal(unknown);
    });

    /** As if the wait were over: the counters go, the memory of earlier waits stays. */
    async function unblock(rule = 'code-number'): Promise<void> {
      const { redis } = subject();
      const keys = (await redis.command('KEYS', `*limit:${rule}:*`)) as string[];
      for (const key of keys) if (!key.endsWith(':strikes')) await redis.command('DEL', key);
    }

    async function calls(): Promise<number> {
      const info = String(await subject().redis.command('INFO', 'commandstats'));
      return Number(/cmdstat_evalsha:calls=(\d+)/.exec(info)?.[1] ?? 0);
    }
  });
});
