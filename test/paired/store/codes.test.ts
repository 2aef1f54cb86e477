import { expect } from 'chai';
import { DEFAULT_POLICY } from '../../../config/contract/index.ts';
import type { ConferencePage, Store } from '../../../store/index.ts';
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

  it('keeps all codes apart: none equal, none a beginning, none one digit from another, none used again', async () => {
    const { open } = subject();
    // Three digits only, and mostly two of them: nearly every draw collides with something.
    let state = 7;
    const draw = () => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return [0, 0, 0, 1, 1, 1, 2][Math.floor(state / 65_536) % 7]!;
    };
    const codes: string[] = [];
    const keep = (...made: string[]) => codes.push(...made);
    for (const codeDigits of [8, 9, 10]) {
      const store = await open({ codeDigits, draw });
      for (let round = 0; round < 4; round += 1) {
        const { conference: made, guestCode, hostCode } = await store.conferences.create(conference);
        keep(guestCode, hostCode);
        const holder = { tenantId: 'default', conferenceId: made.id };
        const { invitee, personalCode } = await store.invitees.create({ ...holder, name: 'x', role: 'guest', by: 'p' });
        keep(personalCode, (await store.decoys.create({ tenantId: 'default', note: 'x', by: 'p' })).code);
        const replaced = await store.conferences.replaceCodes('default', made.id, 'p');
        keep(replaced.guest, replaced.host, await store.invitees.replaceCode({ ...holder, id: invitee.id, by: 'p' }));
      }
    }
    expect(codes).to.have.length(84);
    for (const [index, one] of codes.entries()) {
      for (const other of codes.slice(index + 1)) {
        expect(one).not.to.equal(other);
        if (one.length !== other.length) continue;
        const differences = Array.from(one).filter((digit, place) => digit !== other[place]).length;
        expect(differences, `${one} ${other}`).to.be.at.least(2);
      }
    }
  });

  it('never makes a code that begins with another, whichever came first, nor one a digit apart', async () => {
    const draws: number[] = [];
    const draw = () => draws.shift() ?? 0;
    const [short, long] = [
      await subject().open({ codeDigits: 8, draw }),
      await subject().open({ codeDigits: 10, draw }),
    ];
    const digits = (code: string) => Array.from(code, Number);
    /** A decoy (a draw of 0 says: as long as a conference's code), which is made of the last of the codes drawn. */
    const expectMade = async (store: Store, ...drawn: readonly string[]) => {
      draws.push(...drawn.flatMap((code) => [0, ...digits(code)]));
      const { code } = await store.decoys.create({ tenantId: 'default', note: 'x', by: 'p' });
      expect(code).to.equal(drawn.at(-1));
      expect(draws).to.deep.equal([]);
    };
    await expectMade(short, '31415926');
    await expectMade(long, '3141592653', '2718281828');
    await expectMade(short, '27182818', '16180339');
    const others = ['57721566', '14142135', '17320508', '69314718', '23025850', '26457513', '33166247', '36055512'];
    for (const [place, other] of others.entries()) {
      const near = digits('31415926');
      near[place] = (near[place]! + 1) % 10;
      await expectMade(short, '31415926', near.join(''), other);
    }
  });

  it('replaces both codes at once: the old ones lead nowhere', async () => {
    const { store } = subject();
    const made = await store.conferences.create(conference);
    const { id } = made.conference;
    const replaced = await store.conferences.replaceCodes('default', id, 'p1');
    expect(await store.conferences.codes('default', id)).to.deep.equal(replaced);
    const outcomes = [made.guestCode, made.hostCode, replaced.guest, replaced.host].map(async (digits, index) => {
      const lookup = await store.codes.lookup({ ...caller, callerNumber: `+49301${index}`, digits });
      return lookup.outcome === 'found' ? lookup.resolved.kind : lookup.outcome;
    });
    expect(await Promise.all(outcomes)).to.deep.equal(['unknown', 'unknown', 'guest', 'host']);
    const [entry] = (await store.journal.read('default')).filter(({ type }) => type === 'conference.codes-replaced');
    expect(entry).to.include({ conferenceId: id, by: 'p1' });
    expect(await codeOf(store.conferences.replaceCodes('default', 'gone', 'p1'))).to.equal('conference/not-found');
    // Of many at once, one pair is left, whole.
    const told = await Promise.all(
      Array.from({ length: 8 }, () => store.conferences.replaceCodes('default', id, 'p1').catch(() => null)),
    );
    expect(told).to.deep.include(await store.conferences.codes('default', id));
  });

  it('changes title and policy, and nothing that is not named', async () => {
    const { store } = subject();
    const made = await store.conferences.create({ ...conference, policy: { muteOnEntry: true } });
    const { id } = made.conference;
    const changed = await store.conferences.change('default', id, { policy: { personalCodes: 'required' }, by: 'p1' });
    expect(changed).to.deep.equal({
      ...made.conference,
      policy: { ...made.conference.policy, personalCodes: 'required' },
    });
    await Promise.all([
      store.conferences.change('default', id, { title: 'Tuesday', by: 'p1' }),
      store.conferences.change('default', id, { policy: { maxParticipants: 7 }, by: 'p1' }),
      store.conferences.setState('default', id, 'closed'),
    ]);
    const after = await store.conferences.get('default', id);
    expect(after).to.include({ title: 'Tuesday', state: 'closed' });
    expect(after?.policy).to.include({ maxParticipants: 7, personalCodes: 'required', muteOnEntry: true });
    const fields = (await store.journal.read('default')).flatMap((entry) =>
      entry.type === 'conference.changed' ? [entry['fields']] : [],
    );
    expect(fields).to.deep.include.members([['title'], ['maxParticipants'], ['personalCodes']]);
    expect(await codeOf(store.conferences.change('default', 'gone', { by: 'p1' }))).to.equal('conference/not-found');
  });

  it('archives: everything that led into the conference is gone, and what it was is kept apart', async () => {
    const { store, redis } = subject();
    const made = await store.conferences.create(conference);
    const other = await store.conferences.create(conference);
    const { id } = made.conference;
    const holder = { tenantId: 'default', conferenceId: id };
    const { invitee, personalCode } = await store.invitees.create({ ...holder, name: 'Ada', role: 'guest', by: 'p' });
    const { invitation } = await store.invitees.invite({ ...holder, id: invitee.id, by: 'p' }, 60_000);
    const pass = await store.passes.issue({ ...holder, participantId: 'x', name: 'x', role: 'guest' }, 60_000);

    await store.conferences.archive('default', id, 'p1');
    expect(await store.conferences.get('default', id)).to.equal(null);
    expect((await store.conferences.list('default')).conferences).to.deep.equal([other.conference]);
    for (const [index, digits] of [made.guestCode, made.hostCode, personalCode].entries()) {
      const lookup = await store.codes.lookup({ ...caller, callerNumber: `+49301${index}`, digits });
      expect(lookup.outcome).to.equal('unknown');
    }
    expect(await store.invitees.byInvitation(invitation)).to.equal(null);
    expect(await store.invitees.list(holder)).to.deep.equal([]);
    expect(await store.passes.check(pass.token)).to.equal(null);
    expect((await store.codes.lookup({ ...caller, digits: other.guestCode })).outcome).to.equal('found');
    expect(JSON.parse(String(await redis.command('HGET', 'partyline:{default}:archive', id)))).to.deep.equal(
      made.conference,
    );
    expect(await codeOf(store.conferences.archive('default', id, 'p1'))).to.equal('conference/not-found');
  });

  it('archives no conference that somebody is in', async () => {
    const { store, redis } = subject();
    const { conference: made } = await store.conferences.create(conference);
    await redis.command('HSET', 'partyline:{default}:rooms', made.id, 'a live room');
    expect(await codeOf(store.conferences.archive('default', made.id, 'p1'))).to.equal('conference/live');
    expect(await store.conferences.get('default', made.id)).to.deep.equal(made);
    await redis.command('HDEL', 'partyline:{default}:rooms', made.id);
    expect(await codeOf(store.conferences.archive('default', made.id, 'p1'))).to.equal('none');
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
