import { expect } from 'chai';
import type { CodeLookup, Store } from '../../../store/index.ts';
import { codeOf, onEachRedis } from '../../helpers/store-subjects.ts';

const DAY_MS = 86_400_000;
const caller = { tenantId: 'default', callerNumber: '+4930901820', sourceAddress: '192.0.2.1' };
const by = 'admin-1';

onEachRedis('store: invitees, personal codes and invitations', (subject) => {
  async function meeting(store: Store = subject().store) {
    const made = await store.conferences.create({ tenantId: 'default', title: 'x', createdBy: 'p' });
    const holder = { tenantId: 'default', conferenceId: made.conference.id };
    const expectSomebody = (name: string, more: object = {}) =>
      store.invitees.create({ ...holder, name, role: 'guest', by, ...more });
    return { ...made, store, holder, expectSomebody };
  }
  const lookUp = (digits: string, more: object = {}): Promise<CodeLookup> =>
    subject().store.codes.lookup({ ...caller, digits, ...more });

  it('leads by one code to conference and person', async () => {
    const { store, conference, holder, expectSomebody } = await meeting();
    const made = await expectSomebody('Ada', { role: 'host', language: 'de', email: 'ada@example.org' });
    expect(made.personalCode, 'one digit more').to.match(/^\d{10}$/);
    expect(made.invitee).to.include({ name: 'Ada', role: 'host', language: 'de', email: 'ada@example.org' });
    expect(made.invitee.invitedUntil).to.equal(null);
    const { invitedUntil: _none, ...invitee } = made.invitee;
    expect(await lookUp(made.personalCode)).to.deep.equal({
      outcome: 'found',
      resolved: { kind: 'personal', conference, invitee },
    });
    expect(await store.invitees.get({ ...holder, id: invitee.id })).to.deep.equal(made.invitee);
    expect(await store.invitees.list(holder)).to.deep.equal([made.invitee]);
    const [entry] = await store.journal.read('default');
    expect(entry).to.include({ type: 'invitee.created', inviteeId: invitee.id, conferenceId: conference.id, by });
  });

  it('keeps neither the code nor the link in Redis, and shows neither again', async () => {
    const { store, holder, expectSomebody } = await meeting();
    const { invitee, personalCode } = await expectSomebody('Ada');
    const { invitation } = await store.invitees.invite({ ...holder, id: invitee.id, by }, DAY_MS);
    const shown = JSON.stringify([await store.invitees.list(holder), await lookUp(personalCode)]);
    expect(shown).not.to.match(/codeFingerprint|invitation/);
    const { redis } = subject();
    const everything: string[] = [];
    const readers: Record<string, string[]> = {
      ...{ hash: ['HGETALL'], set: ['SMEMBERS'], stream: ['XRANGE', '-', '+'], zset: ['ZRANGE', '0', '-1'] },
    };
    for (const key of (await redis.command('KEYS', '*')) as string[]) {
      const [command = 'GET', ...rest] = readers[(await redis.command('TYPE', key)) as string] ?? [];
      everything.push(key, JSON.stringify(await redis.command(command, key, ...rest)));
    }
    for (const secret of [personalCode, invitation]) expect(everything.join('\n')).not.to.contain(secret);
  });

  it('takes a personal code of this conference only, where one is asked for', async () => {
    const [one, two] = [await meeting(), await meeting()];
    const { personalCode } = await one.expectSomebody('Ada');
    const own = { conferenceId: one.conference.id };
    const other = { conferenceId: two.conference.id };
    expect((await lookUp(personalCode, own)).outcome).to.equal('found');
    for (const [digits, where] of [
      [personalCode, other],
      [one.guestCode, own],
      [one.hostCode, own],
      ['314159265', own],
    ] as const) {
      expect((await lookUp(digits, where)).outcome).to.equal('unknown');
    }
    const [entry] = (await one.store.journal.read('default')).filter(({ outcome }) => outcome === 'elsewhere');
    expect(entry).to.include({ type: 'code.refused' });
  });

  it('counts a personal code of another conference as a wrong entry', async () => {
    const [one, two] = [await meeting(), await meeting()];
    const { personalCode } = await one.expectSomebody('Ada');
    const outcomes: string[] = [];
    for (let tried = 0; tried < 7; tried += 1) {
      outcomes.push((await lookUp(personalCode, { conferenceId: two.conference.id })).outcome);
    }
    expect(outcomes).to.deep.equal([...Array<string>(6).fill('unknown'), 'limited']);
  });

  it('closes with its conference, in the words of an unknown one', async () => {
    const { store, conference, expectSomebody } = await meeting();
    const { personalCode } = await expectSomebody('Ada');
    await store.conferences.setState('default', conference.id, 'closed');
    expect((await lookUp(personalCode)).outcome).to.equal('closed');
  });

  it('replaces a code: the old one leads nowhere, at once and for good', async () => {
    const { store, holder, expectSomebody } = await meeting();
    const { invitee, personalCode } = await expectSomebody('Ada');
    const ref = { ...holder, id: invitee.id, by };
    const replaced = await store.invitees.replaceCode(ref);
    expect((await lookUp(personalCode)).outcome).to.equal('unknown');
    expect(await lookUp(replaced)).to.have.nested.property('resolved.invitee.id', invitee.id);
    // Of many at once, one code is left, and it is one of those that were told.
    const told = await Promise.all(Array.from({ length: 8 }, () => store.invitees.replaceCode(ref).catch(() => '')));
    const good = await Promise.all(
      told.map(async (digits, index) => (await lookUp(digits, { callerNumber: `+49301${index}` })).outcome),
    );
    expect(good.filter((outcome) => outcome === 'found')).to.have.length(1);
  });

  it('forgets somebody with code, link and pass', async () => {
    const { store, holder, expectSomebody } = await meeting();
    const { invitee, personalCode } = await expectSomebody('Ada');
    const ref = { ...holder, id: invitee.id, by };
    const { invitation } = await store.invitees.invite(ref, DAY_MS);
    const pass = { ...holder, participantId: invitee.id, identity: invitee.id, name: 'Ada', role: 'guest' as const };
    const { token } = await store.passes.issue(pass, DAY_MS);
    await store.invitees.remove(ref);
    expect((await lookUp(personalCode)).outcome).to.equal('unknown');
    expect(await store.invitees.byInvitation(invitation)).to.equal(null);
    expect(await store.passes.check(token)).to.equal(null);
    expect(await store.invitees.list(holder)).to.deep.equal([]);
    expect(await codeOf(store.invitees.remove(ref))).to.equal('invitee/not-found');
    expect(await codeOf(store.invitees.replaceCode(ref))).to.equal('invitee/not-found');
    expect(await codeOf(store.invitees.invite(ref, DAY_MS))).to.equal('invitee/not-found');
  });

  it('invites by a link that can be used again, until it is over, withdrawn or replaced', async () => {
    let now = Date.now();
    const store = await subject().open({ now: () => now });
    const { holder, conference, expectSomebody } = await meeting(store);
    const { invitee } = await expectSomebody('Ada', { role: 'host' });
    const ref = { ...holder, id: invitee.id, by };
    const first = await store.invitees.invite(ref, DAY_MS);
    expect(first.invitation, '128 bits').to.match(/^[\w-]{22}$/);
    for (let opened = 0; opened < 2; opened += 1) {
      const found = await store.invitees.byInvitation(first.invitation);
      expect(found).to.have.nested.property('invitee.id', invitee.id);
      expect(found?.conference).to.deep.equal(conference);
    }
    expect((await store.invitees.get(ref))?.invitedUntil).to.equal(first.expiresAt);

    const second = await store.invitees.invite(ref, DAY_MS);
    expect(await store.invitees.byInvitation(first.invitation), 'replaced').to.equal(null);
    await store.invitees.withdraw(ref);
    expect(await store.invitees.byInvitation(second.invitation), 'withdrawn').to.equal(null);
    expect((await store.invitees.get(ref))?.invitedUntil).to.equal(null);

    const third = await store.invitees.invite(ref, DAY_MS);
    now += DAY_MS;
    expect(await store.invitees.byInvitation(third.invitation), 'over').to.equal(null);
    expect((await store.invitees.get(ref))?.invitedUntil).to.equal(null);
    for (const junk of ['', 'A'.repeat(22), `${third.invitation}x`, '../x']) {
      expect(await store.invitees.byInvitation(junk)).to.equal(null);
    }
  });

  it('keeps companies and conferences apart', async () => {
    const [one, two] = [await meeting(), await meeting()];
    const { invitee } = await one.expectSomebody('Ada');
    for (const ref of [
      { ...two.holder, id: invitee.id, by },
      { ...one.holder, tenantId: 'acme', id: invitee.id, by },
      { ...one.holder, id: 'a b', by },
    ]) {
      expect(await one.store.invitees.get(ref)).to.equal(null);
      expect(await codeOf(one.store.invitees.remove(ref))).to.equal('invitee/not-found');
    }
    expect(await one.store.invitees.list(two.holder)).to.deep.equal([]);
    const elsewhere = { ...one.holder, conferenceId: 'gone' };
    expect(await codeOf(one.store.invitees.create({ ...elsewhere, name: 'x', role: 'guest', by }))).to.equal(
      'conference/not-found',
    );
  });

  it('expects so many, and not more', async () => {
    const { store, holder, expectSomebody } = await meeting();
    const order = `partyline:{default}:invitee-order:${holder.conferenceId}`;
    const others = Array.from({ length: 999 }, (_, index) => ['1', `x${index}`]).flat();
    await subject().redis.command('ZADD', order, ...others);
    expect(await codeOf(expectSomebody('Ada'))).to.equal('none');
    expect(await codeOf(expectSomebody('Bea'))).to.equal('invitee/too-many');
    expect(await store.invitees.list(holder)).to.have.length(1);
  });

  it('leaves out whom it cannot read', async () => {
    const { store, holder, expectSomebody } = await meeting();
    const [ada, bea] = [await expectSomebody('Ada'), await expectSomebody('Bea')];
    await subject().redis.command('HSET', 'partyline:{default}:invitees', ada.invitee.id, 'junk');
    expect((await store.invitees.list(holder)).map(({ id }) => id)).to.deep.equal([bea.invitee.id]);
    expect(await codeOf(lookUp(ada.personalCode))).to.equal('store/corrupt');
  });
});
