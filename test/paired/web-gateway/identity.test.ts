/** Conferences changed and taken away, invitees, decoys, the company and its people, over HTTP. */
import { expect } from 'chai';
import type { JoinResponse } from '../../../config/contract/index.ts';
import type { Role, Store } from '../../../store/index.ts';
import { issueLogin, type Gateway } from '../../../web-gateway/server/index.ts';
import { call, startTestGateway, type Answer } from '../../helpers/gateway.ts';
import { openTestStore, startTestRedis, type TestRedis } from '../../helpers/redis.ts';

const PASSWORD = 'correct horse battery staple';
const DAY_MS = 86_400_000;

describe('web gateway: who is who', () => {
  let redis: TestRedis;
  let store: Store;
  let gateway: Gateway;
  before(async () => {
    redis = await startTestRedis();
    store = await openTestStore(redis);
    gateway = await startTestGateway(store);
  });
  after(async () => {
    await gateway.stop();
    await store.close();
    await redis.stop();
  });
  beforeEach(() => redis.flush());

  const person = (roles: Role[], tenantId = 'default') =>
    store.people.create({
      tenantId,
      email: `${roles.join('-')}@${tenantId}.example`,
      name: roles.join(),
      roles,
      password: PASSWORD,
    });
  const tokenOf = async (roles: Role[], tenantId = 'default') =>
    issueLogin(store, await person(roles, tenantId), 60_000);
  const meeting = (policy: object = {}, tenantId = 'default') =>
    store.conferences.create({ tenantId, title: 'Monday', policy, createdBy: 'p' });

  async function ask(method: string, path: string, token: string, body?: unknown): Promise<Answer> {
    return call(gateway, method, `/api/v1${path}`, { token, ...(body === undefined ? {} : { body }) });
  }
  async function good<T = Record<string, unknown>>(...args: Parameters<typeof ask>): Promise<T> {
    const answer = await ask(...args);
    expect(answer.status, answer.text).to.be.within(200, 201);
    return answer.json() as T;
  }
  function expectProblem(answer: Answer, status: number, code: string): void {
    expect(answer.status, answer.text).to.equal(status);
    expect(answer.json()).to.include({ status, code });
  }
  const join = (body: object) => call(gateway, 'POST', '/api/v1/join', { body });

  describe('conferences', () => {
    it('are changed field by field', async () => {
      const token = await tokenOf(['moderator']);
      const { conference } = await meeting({ muteOnEntry: true });
      const path = `/conferences/${conference.id}`;
      const changed = await good('PATCH', path, token, { policy: { personalCodes: 'required', announce: 'silent' } });
      expect(changed).to.deep.include({
        title: 'Monday',
        policy: { ...conference.policy, personalCodes: 'required', announce: 'silent' },
      });
      expect(await good('PATCH', path, token, { title: ' Tuesday ' })).to.include({ title: 'Tuesday' });
      expect(await good('PATCH', path, token, {})).to.include({ title: 'Tuesday' });
      for (const body of [
        { title: '' },
        { policy: { maxParticipants: 1 } },
        { state: 'closed' },
        { policy: { x: 1 } },
      ]) {
        expectProblem(await ask('PATCH', path, token, body), 400, 'request/invalid');
      }
    });

    it('get new codes, and are taken away', async () => {
      const token = await tokenOf(['moderator']);
      const { conference, guestCode } = await meeting();
      const path = `/conferences/${conference.id}`;
      const { token: participant } = (await join({ code: guestCode, name: 'x' })).json() as JoinResponse;
      const codes = await good<{ guestCode: string; hostCode: string }>('POST', `${path}/codes`, token);
      expectProblem(await ask('POST', '/join/ticket', participant), 401, 'auth/required');
      expectProblem(await join({ code: guestCode, name: 'x' }), 403, 'join/refused');
      expect((await join({ code: codes.guestCode, name: 'x' })).status).to.equal(200);
      expect((await good('GET', path, token))['hostCode']).to.equal(codes.hostCode);
      expect((await ask('DELETE', path, token)).status).to.equal(204);
      expectProblem(await ask('GET', path, token), 404, 'conference/not-found');
      expectProblem(await ask('DELETE', path, token), 404, 'conference/not-found');
      expectProblem(await join({ code: codes.guestCode, name: 'x' }), 403, 'join/refused');
    });

    it('are out of reach of readers, and of other companies', async () => {
      const { conference } = await meeting();
      const [reader, stranger] = [await tokenOf(['presenter']), await tokenOf(['admin'], 'acme')];
      const path = `/conferences/${conference.id}`;
      for (const [method, where, body] of [
        ['PATCH', path, { title: 'x' }],
        ['DELETE', path, undefined],
        ['POST', `${path}/codes`, undefined],
        ['GET', `${path}/invitees`, undefined],
        ['POST', `${path}/invitees`, { name: 'x' }],
        ['DELETE', `${path}/invitees/x`, undefined],
        ['POST', `${path}/invitees/x/code`, undefined],
        ['POST', `${path}/invitees/x/invitation`, {}],
        ['DELETE', `${path}/invitees/x/invitation`, undefined],
      ] as const) {
        expectProblem(await ask(method, where, reader, body), 403, 'auth/forbidden');
        expectProblem(await ask(method, where, stranger, body), 404, 'conference/not-found');
        expectProblem(await call(gateway, method, `/api/v1${where}`), 401, 'auth/required');
      }
      expect(await store.conferences.get('default', conference.id)).to.deep.equal(conference);
    });

    it('say which methods an address knows', async () => {
      const answer = await call(gateway, 'PUT', '/api/v1/conferences/x');
      expectProblem(answer, 405, 'request/method-not-allowed');
      expect(answer.headers['allow']).to.equal('GET, HEAD, PATCH, DELETE, OPTIONS');
    });
  });

  describe('invitees', () => {
    interface Made {
      readonly id: string;
      readonly personalCode: string;
    }

    it('come in by their code alone, as the same participant each time', async () => {
      const token = await tokenOf(['moderator']);
      const { conference } = await meeting();
      const path = `/conferences/${conference.id}/invitees`;
      const made = await good<Made>('POST', path, token, { name: ' Ada ', role: 'host', language: 'de' });
      expect(made).to.deep.include({ name: 'Ada', role: 'host', language: 'de', email: null, invitedUntil: null });
      expect(made.personalCode, 'one digit more').to.match(/^\d{10}$/);
      const listed = await ask('GET', path, token);
      expect(listed.text).to.contain(made.id).and.not.to.contain(made.personalCode);

      const [one, two] = [
        (await join({ code: made.personalCode, name: 'Countess' })).json() as JoinResponse,
        (await join({ code: made.personalCode, name: 'Ada L.' })).json() as JoinResponse,
      ];
      expect(one).to.include({ conferenceId: conference.id, participantId: made.id, name: 'Countess', role: 'host' });
      expect(two.participantId).to.equal(made.id);
      expect(await store.passes.check(one.token)).to.include({ identity: made.id, language: 'de', name: 'Ada L.' });
    });

    it('are asked for their code after the guest code, where it is required', async () => {
      const token = await tokenOf(['moderator']);
      const { conference, guestCode, hostCode } = await meeting({ personalCodes: 'required' });
      const other = await meeting();
      const invite = (id: string) => good<Made>('POST', `/conferences/${id}/invitees`, token, { name: 'Ada' });
      const [ada, stranger] = [await invite(conference.id), await invite(other.conference.id)];
      expectProblem(await join({ code: guestCode, name: 'x' }), 403, 'join/personal-code-needed');
      for (const personalCode of [stranger.personalCode, hostCode, guestCode, '314159265']) {
        expectProblem(await join({ code: guestCode, name: 'x', personalCode }), 403, 'join/refused');
      }
      const joined = await join({ code: guestCode, name: 'x', personalCode: ada.personalCode });
      expect(joined.json()).to.include({ participantId: ada.id, role: 'guest' });
      expect((await join({ code: hostCode, name: 'x' })).json()).to.include({ role: 'host' });
    });

    it('follow a link, until it is over, replaced or withdrawn', async () => {
      const token = await tokenOf(['moderator']);
      const { conference } = await meeting({ personalCodes: 'required' });
      const path = `/conferences/${conference.id}/invitees`;
      const ada = await good<Made>('POST', path, token, { name: 'Ada', role: 'host' });
      const link = () =>
        good<{ invitation: string; path: string; expiresAt: number }>('POST', `${path}/${ada.id}/invitation`, token, {
          days: 7,
        });
      const first = await link();
      expect(first.path).to.equal(`/j/${first.invitation}`);
      expect(first.expiresAt).to.be.within(Date.now() + 6.9 * DAY_MS, Date.now() + 7 * DAY_MS);
      const { invitation } = first;
      expect((await join({ invitation })).json()).to.include({ participantId: ada.id, name: 'Ada', role: 'host' });
      expect((await join({ invitation, name: 'Countess' })).json()).to.include({ name: 'Countess' });

      const second = await link();
      expectProblem(await join({ invitation }), 403, 'join/refused');
      await store.conferences.setState('default', conference.id, 'closed');
      expectProblem(await join({ invitation: second.invitation }), 403, 'join/refused');
      await store.conferences.setState('default', conference.id, 'open');
      expect((await join({ invitation: second.invitation })).status).to.equal(200);
      expect((await ask('DELETE', `${path}/${ada.id}/invitation`, token)).status).to.equal(204);
      expectProblem(await join({ invitation: second.invitation }), 403, 'join/refused');
      expectProblem(await ask('POST', `${path}/${ada.id}/invitation`, token, { days: 1_000 }), 400, 'request/invalid');
    });

    it('get another code, and are expected no more', async () => {
      const token = await tokenOf(['moderator']);
      const { conference } = await meeting();
      const path = `/conferences/${conference.id}/invitees`;
      const ada = await good<Made>('POST', path, token, { name: 'Ada' });
      const { token: participant } = (await join({ code: ada.personalCode, name: 'Ada' })).json() as JoinResponse;
      const replaced = await good<Made>('POST', `${path}/${ada.id}/code`, token);
      expectProblem(await join({ code: ada.personalCode, name: 'x' }), 403, 'join/refused');
      expect((await ask('DELETE', `${path}/${ada.id}`, token)).status).to.equal(204);
      expectProblem(await join({ code: replaced.personalCode, name: 'x' }), 403, 'join/refused');
      expectProblem(await ask('POST', '/join/ticket', participant), 401, 'auth/required');
      expectProblem(await ask('DELETE', `${path}/${ada.id}`, token), 404, 'invitee/not-found');
      expect(await good('GET', path, token)).to.deep.equal({ invitees: [] });
    });

    it('have names, roles and languages that fit', async () => {
      const token = await tokenOf(['moderator']);
      const path = `/conferences/${(await meeting()).conference.id}/invitees`;
      for (const body of [
        ...[{}, { name: '' }, { name: 'a\nb' }, { name: 'x', role: 'admin' }, { name: 'x', language: 'English' }],
        ...[
          { name: 'x', email: 'nobody' },
          { name: 'x', personalCode: '123456789' },
          { name: 'x', id: 'p1' },
        ],
      ]) {
        expectProblem(await ask('POST', path, token, body), 400, 'request/invalid');
      }
    });
  });

  describe('decoys', () => {
    it('are made, told once, counted when somebody keys them, and taken away', async () => {
      const token = await tokenOf(['admin']);
      const made = await good<{ decoys: { id: string; code: string }[] }>('POST', '/decoys', token, {
        ...{ count: 3, note: 'intranet' },
      });
      expect(made.decoys).to.have.length(3);
      const [decoy] = made.decoys;
      expectProblem(await join({ code: decoy!.code, name: 'x' }), 403, 'join/refused');
      const listed = await ask('GET', '/decoys', token);
      expect(listed.text).not.to.contain(decoy!.code);
      const { decoys } = listed.json() as { decoys: { id: string; hits: number; note: string }[] };
      expect(decoys.find(({ id }) => id === decoy!.id)).to.include({ hits: 1, note: 'intranet' });
      expect((await ask('DELETE', `/decoys/${decoy!.id}`, token)).status).to.equal(204);
      expectProblem(await ask('DELETE', `/decoys/${decoy!.id}`, token), 404, 'decoy/not-found');
      expect((await good<{ decoys: object[] }>('GET', '/decoys', token)).decoys).to.have.length(2);
      const moderator = await tokenOf(['moderator']);
      expectProblem(await ask('GET', '/decoys', moderator), 403, 'auth/forbidden');
      expectProblem(await ask('POST', '/decoys', token, { count: 101, note: 'x' }), 400, 'request/invalid');
    });
  });

  describe('the company', () => {
    it('is shown and changed by its admins', async () => {
      await store.tenants.ensureDefault();
      const token = await tokenOf(['admin']);
      expect(await good('GET', '/tenant', token)).to.deep.equal({ id: 'default', name: 'Default', language: 'en' });
      expect(await good('PATCH', '/tenant', token, { language: 'de' })).to.include({ name: 'Default', language: 'de' });
      expect(await good('PATCH', '/tenant', token, { name: 'ACME' })).to.include({ name: 'ACME', language: 'de' });
      expect(await store.tenants.get('default')).to.include({ name: 'ACME', language: 'de' });
      expectProblem(await ask('PATCH', '/tenant', token, { id: 'acme' }), 400, 'request/invalid');
      expectProblem(await ask('PATCH', '/tenant', await tokenOf(['moderator']), { name: 'x' }), 403, 'auth/forbidden');
      expectProblem(await ask('GET', '/tenant', await tokenOf(['admin'], 'nowhere')), 404, 'request/not-found');
    });
  });

  describe('people', () => {
    const bob = { email: 'Bob@example.org', name: 'Bob', roles: ['moderator'], password: PASSWORD };

    it('are added by admins, to their own company, and log in', async () => {
      const token = await tokenOf(['admin']);
      await person(['admin'], 'acme');
      const made = await good('POST', '/people', token, bob);
      expect(made).to.deep.include({
        email: 'bob@example.org',
        name: 'Bob',
        roles: ['moderator'],
        tenantId: 'default',
      });
      const { people } = await good<{ people: { email: string }[] }>('GET', '/people', token);
      expect(people.map(({ email }) => email)).to.deep.equal(['admin@default.example', 'bob@example.org']);
      const login = await call(gateway, 'POST', '/api/v1/login', { body: { email: bob.email, password: PASSWORD } });
      expect(login.status).to.equal(200);
      expectProblem(await ask('POST', '/people', token, bob), 409, 'person/email-taken');
      const [entry] = await store.journal.read('default');
      expect(JSON.stringify(await store.journal.read('default'))).not.to.contain(PASSWORD);
      expect(entry).to.have.property('type', 'login.accepted');
    });

    it('do not rise by themselves', async () => {
      const [admin, moderator] = [await tokenOf(['admin']), await tokenOf(['moderator'])];
      expectProblem(await ask('POST', '/people', moderator, bob), 403, 'auth/forbidden');
      expectProblem(await ask('GET', '/people', moderator), 403, 'auth/forbidden');
      expectProblem(await ask('POST', '/people', admin, { ...bob, roles: ['root'] }), 403, 'auth/forbidden');
      expectProblem(await ask('POST', '/people', admin, { ...bob, tenantId: 'acme' }), 400, 'request/invalid');
      expectProblem(await ask('POST', '/people', admin, { ...bob, roles: [] }), 400, 'request/invalid');
      expectProblem(await ask('POST', '/people', admin, { ...bob, password: 'short' }), 400, 'request/invalid');
      expect(
        (await good('POST', '/people', await tokenOf(['root']), { ...bob, roles: ['root'] }))['roles'],
      ).to.deep.equal(['root']);
    });

    it('change their own password with the old one; all other logins end', async () => {
      const ada = await person(['presenter']);
      const [one, two] = [await issueLogin(store, ada, 60_000), await issueLogin(store, ada, 60_000)];
      const change = (token: string, password: string) =>
        ask('POST', '/me/password', token, { password, newPassword: 'another long password' });
      expectProblem(await change(one, 'wrong'), 401, 'auth/wrong-credentials');
      const changed = await change(one, PASSWORD);
      expect(changed.status).to.equal(200);
      const { token } = changed.json() as { token: string };
      const status = async (each: string) => (await ask('GET', '/me', each)).status;
      expect([await status(one), await status(two), await status(token)]).to.deep.equal([401, 401, 200]);
      const login = (password: string) =>
        call(gateway, 'POST', '/api/v1/login', { body: { email: ada.email, password } });
      expect((await login(PASSWORD)).status).to.equal(401);
      expect((await login('another long password')).status).to.equal(200);
    });

    it('cannot guess the old password behind a stolen token', async () => {
      const token = await tokenOf(['presenter']);
      const statuses: number[] = [];
      for (let tried = 0; tried < 9; tried += 1) {
        const body = { password: `guess ${tried}`, newPassword: 'another long password' };
        statuses.push((await ask('POST', '/me/password', token, body)).status);
      }
      expect(statuses).to.deep.equal([...Array<number>(8).fill(401), 429]);
    });
  });
});
