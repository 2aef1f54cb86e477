import { expect } from 'chai';
import type { Pass } from '../../../store/index.ts';
import { codeOf, onEachRedis } from '../../helpers/store-subjects.ts';

const HOUR_MS = 3_600_000;

onEachRedis('store: passes, participant tokens and tickets', (subject) => {
  async function meeting() {
    const { store } = subject();
    const { conference } = await store.conferences.create({ tenantId: 'default', title: 'x', createdBy: 'p' });
    const { tenantId, id: conferenceId } = conference;
    const who = (participantId: string, change: Partial<Pass> = {}) => ({
      ...{ tenantId, conferenceId, participantId, name: 'Bea', role: 'guest' as const },
      ...change,
    });
    return { store, conferenceId, holder: { tenantId, conferenceId }, who };
  }
  const ticketOf = async (token: string) => (await subject().store.passes.issueTicket(token, HOUR_MS)) ?? 'none';

  it('gives out a token that leads to the pass, and a ticket that does once', async () => {
    const { store, who } = await meeting();
    const { pass, token } = await store.passes.issue(who('p1', { identity: 'i1', language: 'de' }), HOUR_MS);
    expect(pass).to.include({ participantId: 'p1', name: 'Bea', role: 'guest', identity: 'i1', language: 'de' });
    expect(pass.expiresAt - pass.issuedAt).to.equal(HOUR_MS);
    expect(token).to.match(/^[\w-]{43}$/);
    expect(await store.passes.check(token)).to.deep.equal(pass);
    const ticket = await ticketOf(token);
    expect(ticket, '128 bits').to.match(/^[\w-]{22}$/);
    expect(await store.passes.redeemTicket(ticket)).to.deep.equal(pass);
    expect(await store.passes.redeemTicket(ticket)).to.equal(null);
    expect(await store.passes.check(token), 'the token lives on').to.deep.equal(pass);
  });

  it('redeems a ticket once of a hundred times at once, over several processes', async () => {
    const { store, who } = await meeting();
    const stores = [store, await subject().open(), await subject().open()];
    const { token } = await store.passes.issue(who('p1'), HOUR_MS);
    const ticket = await ticketOf(token);
    const tries = Array.from({ length: 100 }, (_, index) => stores[index % 3]!.passes.redeemTicket(ticket));
    expect((await Promise.all(tries)).filter((pass) => pass !== null)).to.have.length(1);
  });

  it('takes a token for nothing else than it is, and junk for nothing', async () => {
    const { store, who } = await meeting();
    const { token } = await store.passes.issue(who('p1'), HOUR_MS);
    const ticket = await ticketOf(token);
    for (const wrong of [ticket, '', 'x', `${token}x`, token.slice(1), 'A'.repeat(43), `${token}\n`]) {
      expect(await store.passes.check(wrong)).to.equal(null);
    }
    for (const wrong of [token, '', 'A'.repeat(22), `${ticket}A`, ` ${ticket.slice(1)}`]) {
      expect(await store.passes.redeemTicket(wrong)).to.equal(null);
    }
    expect(await store.passes.issueTicket(ticket, HOUR_MS)).to.equal(null);
    expect(await store.tokens.check('login', token)).to.equal(null);
  });

  it('is over after its time', async () => {
    let now = Date.now();
    const { who } = await meeting();
    const store = await subject().open({ now: () => now });
    const { token } = await store.passes.issue(who('p1'), HOUR_MS);
    const ticket = (await store.passes.issueTicket(token, HOUR_MS)) ?? '';
    now += HOUR_MS;
    expect(await store.passes.check(token)).to.equal(null);
    expect(await store.passes.issueTicket(token, HOUR_MS)).to.equal(null);
    expect(await store.passes.redeemTicket(ticket)).to.equal(null);
  });

  it('lets Redis forget what is over', async () => {
    const { store, redis } = subject();
    const { who } = await meeting();
    const { token } = await store.passes.issue(who('p1'), HOUR_MS);
    await ticketOf(token);
    for (const pattern of ['*token:participant*', '*token:ticket*', '*:passes:*', '*:pass-order:*']) {
      const [key] = (await redis.command('KEYS', pattern)) as string[];
      expect(await redis.command('PTTL', key!), pattern).to.be.within(HOUR_MS - 60_000, HOUR_MS + 60_000);
    }
  });

  it('keeps neither tokens nor tickets in Redis', async () => {
    const { store, redis } = subject();
    const { who } = await meeting();
    const { token } = await store.passes.issue(who('p1'), HOUR_MS);
    const ticket = await ticketOf(token);
    const keys = (await redis.command('KEYS', '*')) as string[];
    const texts = await Promise.all(
      keys.map(async (key) => ((await redis.command('TYPE', key)) === 'string' ? redis.command('GET', key) : '')),
    );
    for (const secret of [token, ticket]) expect([...keys, ...texts].join('\n')).not.to.contain(secret);
  });

  it('makes everything of a removed participant void, for good, and of nobody else', async () => {
    const { store, holder, who } = await meeting();
    const removed = await store.passes.issue(who('p1'), HOUR_MS);
    const other = await store.passes.issue(who('p2'), HOUR_MS);
    const ticket = await ticketOf(removed.token);
    await store.passes.revoke({ ...holder, participantId: 'p1' });
    expect(await store.passes.check(removed.token)).to.equal(null);
    expect(await store.passes.redeemTicket(ticket)).to.equal(null);
    expect(await store.passes.check(other.token)).to.deep.equal(other.pass);

    // Let in again, as the same participant: what was void stays void.
    const again = await store.passes.issue(who('p1'), HOUR_MS);
    expect(await store.passes.check(removed.token)).to.equal(null);
    expect(await store.passes.check(again.token)).to.deep.equal(again.pass);
  });

  it('lets two browsers of one person share a pass', async () => {
    const { store, who } = await meeting();
    const first = await store.passes.issue(who('p1'), HOUR_MS);
    const second = await store.passes.issue(who('p1', { name: 'Beatrice' }), HOUR_MS);
    expect((await store.passes.check(first.token))?.name).to.equal('Beatrice');
    expect((await store.passes.check(second.token))?.name).to.equal('Beatrice');
  });

  it('makes everybody’s void at the end of a conference, or all but some', async () => {
    const { store, holder, who } = await meeting();
    const issued = await Promise.all(['p1', 'p2', 'p3'].map((id) => store.passes.issue(who(id), HOUR_MS)));
    const alive = async () =>
      (await Promise.all(issued.map(({ token }) => store.passes.check(token)))).flatMap((pass) => pass?.participantId);
    await store.passes.revokeAll(holder, ['p2', 'never-heard-of']);
    expect(await alive()).to.deep.equal([undefined, 'p2', undefined]);
    await store.passes.revokeAll(holder);
    expect(await alive()).to.deep.equal([undefined, undefined, undefined]);
  });

  it('gives none for a conference that is closed, gone, or of another company', async () => {
    const { store, conferenceId, who } = await meeting();
    await store.conferences.setState('default', conferenceId, 'closed');
    expect(await codeOf(store.passes.issue(who('p1'), HOUR_MS))).to.equal('conference/not-open');
    expect(await codeOf(store.passes.issue(who('p1', { conferenceId: 'gone' }), HOUR_MS))).to.equal(
      'conference/not-open',
    );
    await store.conferences.setState('default', conferenceId, 'open');
    expect(await codeOf(store.passes.issue(who('p1', { tenantId: 'acme' }), HOUR_MS))).to.equal('conference/not-open');
    for (const participantId of ['', 'a b', '{x}']) {
      expect(await codeOf(store.passes.issue(who(participantId), HOUR_MS))).to.equal('request/invalid');
    }
  });

  it('gives out so many for a conference, and forgets those that are over to make room', async () => {
    let now = Date.now();
    const { holder, who } = await meeting();
    const store = await subject().open({ now: () => now });
    const key = `partyline:{default}:passes:${holder.conferenceId}`;
    await store.passes.issue(who('p1'), HOUR_MS);
    const others = Array.from({ length: 9_999 }, (_, index) => `x${index}`);
    await subject().redis.command('HSET', key, ...others.flatMap((id) => [id, 'serial {}']));
    const order = key.replace(':passes:', ':pass-order:');
    await subject().redis.command('ZADD', order, ...others.flatMap((id) => [String(now + HOUR_MS), id]));
    expect(await codeOf(store.passes.issue(who('p2'), HOUR_MS))).to.equal('room/full');
    expect(await codeOf(store.passes.issue(who('p1'), HOUR_MS)), 'has one').to.equal('none');
    now += 2 * HOUR_MS;
    expect(await codeOf(store.passes.issue(who('p2'), HOUR_MS))).to.equal('none');
    expect(await subject().redis.command('HKEYS', key)).to.deep.equal(['p2']);
  });
});
