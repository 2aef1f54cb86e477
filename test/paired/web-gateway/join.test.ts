/** How browsers come in, over HTTP. */
import { expect } from 'chai';
import type { JoinResponse, TicketResponse } from '../../../config/contract/index.ts';
import { createLogger, loadSettings, type SettingsInput } from '../../../config/index.ts';
import type { Store, StoreOptions } from '../../../store/index.ts';
import { issueLogin, type Gateway } from '../../../web-gateway/server/index.ts';
import { call, startTestGateway, type Answer } from '../../helpers/gateway.ts';
import { participantRow, roomDocument } from '../../helpers/rooms.ts';
import { openTestStore, startTestRedis, type TestRedis } from '../../helpers/redis.ts';

const WRONG = '314159265';
const SLOWEST_STEP_MS = 250;

describe('web gateway: joining', () => {
  let redis: TestRedis;
  let store: Store;
  let gateway: Gateway;
  const opened: { stop(): Promise<void> }[] = [];

  before(async () => {
    redis = await startTestRedis();
    store = await openTestStore(redis);
    gateway = await startTestGateway(store, { dial: 'sip:1000@127.0.0.1' });
  });
  after(async () => {
    await gateway.stop();
    await store.close();
    await redis.stop();
  });
  beforeEach(() => redis.flush());
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.stop();
  });

  const meeting = (policy: object = {}) =>
    store.conferences.create({ tenantId: 'default', title: 'Monday', policy, createdBy: 'p' });
  const post = (body: unknown, options: { headers?: Record<string, string>; at?: Gateway } = {}) =>
    call(options.at ?? gateway, 'POST', '/api/v1/join', {
      body,
      ...(options.headers ? { headers: options.headers } : {}),
    });
  const joined = async (code: string, name = 'Bea'): Promise<JoinResponse> => {
    const answer = await post({ code, name });
    expect(answer.status, answer.text).to.equal(200);
    return answer.json() as JoinResponse;
  };

  async function anotherGateway(settings: SettingsInput, options: Partial<StoreOptions> = {}): Promise<Gateway> {
    const own = await openTestStore(redis, options);
    const started = await startTestGateway(own, {
      settings: loadSettings({ environment: {}, overrides: { httpPort: 0, ...settings } }),
    });
    opened.push({ stop: () => started.stop().then(() => own.close()) });
    return started;
  }

  function expectProblem(answer: Answer, status: number, code: string): void {
    expect(answer.status, answer.text).to.equal(status);
    expect(answer.json()).to.include({ status, code });
  }

  it('lets in by either code, in its role, with a token and a ticket', async () => {
    const { conference, guestCode, hostCode } = await meeting();
    const answer = await post({ code: guestCode, name: '  Bea  ' });
    expect(answer.status).to.equal(200);
    expect(answer.headers['set-cookie']).to.equal(undefined);
    expect(answer.headers['cache-control']).to.equal('no-store');
    const guest = answer.json() as JoinResponse;
    expect(guest).to.deep.include({
      ...{ conferenceId: conference.id, title: 'Monday', name: 'Bea', role: 'guest' },
      ...{ sipUri: `sip:${conference.id}@partyline.invalid`, iceServers: [] },
      dialIn: [{ number: 'sip:1000@127.0.0.1' }],
    });
    expect(guest.ticketExpiresAt).to.be.within(Date.now() + 55_000, Date.now() + 60_000);
    expect(await store.passes.check(guest.token)).to.include({ participantId: guest.participantId, role: 'guest' });
    expect(await store.passes.redeemTicket(guest.ticket)).to.include({ participantId: guest.participantId });
    const host = await joined(hostCode);
    expect(host.role).to.equal('host');
    expect(host.participantId).not.to.equal(guest.participantId);
    const entries = (await store.journal.read('default')).filter(({ type }) => type === 'join.accepted');
    expect(entries[1]).to.include({ conferenceId: conference.id, participantId: guest.participantId, role: 'guest' });
  });

  it('says which numbers to dial, of the tenant only', async () => {
    const { guestCode } = await meeting();
    const at = await anotherGateway({ dids: [{ number: '+18005550100' }, { number: '+49301', tenant: 'acme' }] });
    expect((await post({ code: guestCode, name: 'x' }, { at })).json()['dialIn']).to.deep.equal([
      { number: '+18005550100' },
    ]);
  });

  it('knows the codes of its own tenant only', async () => {
    const { guestCode } = await meeting();
    const at = await anotherGateway({ webTenant: 'acme' });
    expectProblem(await post({ code: guestCode, name: 'x' }, { at }), 403, 'join/refused');
  });

  it('gives another ticket for the token, and none without', async () => {
    const { guestCode } = await meeting();
    const { token, ticket } = await joined(guestCode);
    const ask = (bearer: string) => call(gateway, 'POST', '/api/v1/join/ticket', { token: bearer });
    const another = await ask(token);
    expect(another.status).to.equal(200);
    expect((another.json() as TicketResponse).ticket).to.match(/^[\w-]{22}$/);
    expect(another.json()['ticket']).not.to.equal(ticket);
    for (const wrong of ['A'.repeat(43), ticket]) expectProblem(await ask(wrong), 401, 'auth/required');
    expectProblem(await call(gateway, 'POST', '/api/v1/join/ticket'), 401, 'auth/required');
  });

  it('gives a participant so many tickets a minute', async () => {
    const { guestCode } = await meeting();
    const at = await anotherGateway({}, { limits: { ticket: { tries: 2, windowSeconds: 60 } } });
    const { token } = await joined(guestCode);
    const ask = () => call(at, 'POST', '/api/v1/join/ticket', { token });
    expect([(await ask()).status, (await ask()).status]).to.deep.equal([200, 200]);
    const limited = await ask();
    expectProblem(limited, 429, 'request/rate-limited');
    expect(Number(limited.headers['retry-after'])).to.be.within(1, 60);
  });

  it('is no login: a participant’s token opens nothing else, nor a login’s token the door for participants', async () => {
    const { guestCode } = await meeting();
    const { token, conferenceId } = await joined(guestCode);
    for (const path of ['/me', '/conferences', `/conferences/${conferenceId}`, '/journal', '/calls']) {
      expectProblem(await call(gateway, 'GET', `/api/v1${path}`, { token }), 401, 'auth/required');
    }
  });

  it('ends with the participant’s removal, and with the end of the conference', async () => {
    const { conference, guestCode } = await meeting();
    const [one, two] = [await joined(guestCode), await joined(guestCode)];
    const holder = { tenantId: 'default', conferenceId: conference.id };
    const status = async ({ token }: JoinResponse) =>
      (await call(gateway, 'POST', '/api/v1/join/ticket', { token })).status;
    await store.passes.revoke({ ...holder, participantId: one.participantId });
    expect([await status(one), await status(two)]).to.deep.equal([401, 200]);
    await store.passes.revokeAll(holder);
    expect(await status(two)).to.equal(401);
  });

  const room = (conferenceId: string, participantIds: readonly string[]) =>
    roomDocument({ conferenceId, participants: participantIds.map((id) => participantRow(id)) });
  const fill = (conferenceId: string, participantIds: readonly string[]) =>
    store.rooms.commit({
      ...{ tenantId: 'default', conferenceId, expectedVersion: 0, events: [] },
      document: room(conferenceId, participantIds),
    });

  it('stays with those in the room when the conference is closed, and with nobody else', async () => {
    const { conference, guestCode } = await meeting();
    const [inside, outside] = [await joined(guestCode), await joined(guestCode)];
    await fill(conference.id, [inside.participantId]);
    const admin = await store.people.create({
      ...{ tenantId: 'default', email: 'a@b.example', name: 'A', roles: ['admin'], password: 'correct horse' },
    });
    const closed = await call(gateway, 'POST', `/api/v1/conferences/${conference.id}/close`, {
      token: await issueLogin(store, admin, 60_000),
    });
    expect(closed.status).to.equal(200);
    const statusOf = async ({ token }: JoinResponse) =>
      (await call(gateway, 'POST', '/api/v1/join/ticket', { token })).status;
    expect([await statusOf(inside), await statusOf(outside)]).to.deep.equal([200, 401]);
  });

  describe('refusals', () => {
    it('are the same for unknown, closed and full: in words, and in time', async () => {
      const [closed, full] = [await meeting(), await meeting({ maxParticipants: 2 })];
      await store.conferences.setState('default', closed.conference.id, 'closed');
      await fill(full.conference.id, ['p1', 'p2']);
      const seen: string[] = [];
      for (const body of [
        { code: WRONG, name: 'x' },
        { code: closed.guestCode, name: 'x' },
        { code: full.guestCode, name: 'x' },
        { invitation: 'A'.repeat(22) },
      ]) {
        const startedAt = performance.now();
        const answer = await post(body);
        expect(performance.now() - startedAt, JSON.stringify(body)).to.be.greaterThan(SLOWEST_STEP_MS);
        expectProblem(answer, 403, 'join/refused');
        seen.push(answer.text);
      }
      expect(new Set(seen).size).to.equal(1);
    });

    it('come with 429 and Retry-After to whoever goes on guessing', async () => {
      const { guestCode } = await meeting();
      const statuses: number[] = [];
      let last: Answer;
      do {
        last = await post({ code: WRONG, name: 'x' });
        statuses.push(last.status);
      } while (last.status === 403 && statuses.length < 100);
      expectProblem(last, 429, 'request/rate-limited');
      expect(Number(last.headers['retry-after'])).to.be.greaterThan(0);
      expect((await post({ code: guestCode, name: 'x' })).status, 'the right one waits as well').to.equal(429);
    }).timeout(60_000);

    it('cannot be had by another address in a header', async () => {
      const network = { tries: 4, windowSeconds: 600, firstDelaySeconds: 60, longestDelaySeconds: 60 };
      const at = await anotherGateway({}, { codeLimits: { network } });
      const statuses: number[] = [];
      for (let tried = 0; tried < 6; tried += 1) {
        const headers = {
          'x-forwarded-for': `198.51.100.${tried}`,
          forwarded: `for=198.51.100.${tried}`,
          'x-real-ip': '1.1.1.1',
        };
        statuses.push((await post({ code: WRONG, name: 'x' }, { at, headers })).status);
      }
      expect(statuses).to.deep.equal([403, 403, 403, 403, 429, 429]);
      const behindProxy = await anotherGateway({ trustProxy: ['127.0.0.1'] });
      const viaProxy = await post(
        { code: WRONG, name: 'x' },
        { at: behindProxy, headers: { 'x-forwarded-for': '198.51.100.9' } },
      );
      expect(viaProxy.status, 'a proxy of ours is believed').to.equal(403);
    });

    it('keep the digits out of journal and log', async () => {
      const lines: string[] = [];
      const logger = createLogger({ logLevel: 'trace' }, { write: (line: string) => void lines.push(line) });
      const own = await openTestStore(redis, { logger });
      const at = await startTestGateway(own, { logger });
      opened.push({ stop: () => at.stop().then(() => own.close()) });
      await post({ code: WRONG, name: 'x' }, { at });
      const [entry] = await store.journal.read('default');
      expect(entry).to.include({ type: 'code.refused', sourceAddress: '127.0.0.1' });
      expect(lines.length).to.be.greaterThan(0);
      expect([JSON.stringify(entry), ...lines].join()).not.to.contain(WRONG);
    });

    it('are clear about what does not fit', async () => {
      const { guestCode, conference } = await meeting();
      for (const body of [
        {},
        { code: guestCode },
        { code: guestCode, name: '' },
        { code: guestCode, name: 'a\u202eb' },
        { code: guestCode, name: 'a\u0000b' },
        { code: guestCode, name: 'a\r\nb' },
        { code: guestCode, name: '\u200b\u200b' },
        { code: guestCode, name: 'x'.repeat(101) },
        { code: guestCode, name: 'x', role: 'host' },
        { code: guestCode, name: 'x', participantId: 'p1', conferenceId: conference.id },
        { code: `${guestCode.slice(0, 3)} ${guestCode.slice(3)}`, name: 'x' },
        { code: '１２３４５６７８９', name: 'x' },
        { code: '1'.repeat(33), name: 'x' },
        { code: Number(guestCode), name: 'x' },
        { code: guestCode, name: 'x', invitation: 'A'.repeat(22) },
        { invitation: '../../etc/passwd-and-more-of-it' },
        [guestCode],
      ]) {
        expectProblem(await post(body), 400, 'request/invalid');
      }
      expectProblem(await post(`{"code":"${'1'.repeat(10_000_000)}"}`), 413, 'request/too-large');
    });
  });
});
