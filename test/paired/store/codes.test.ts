import { expect } from 'chai';
import { DEFAULT_POLICY } from '../../../config/contract/index.ts';
import type { ConferencePage } from '../../../store/index.ts';
import { codeOf, onEachRedis } from '../../helpers/store-subjects.ts';

const WRONG = '31415926';
const conference = { tenantId: 'default', title: 'Monday', createdBy: 'p1' };
const caller = { tenantId: 'default', callerNumber: '+4930901820', sourceAddress: '192.0.2.1' };

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
});
