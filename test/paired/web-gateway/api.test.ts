import { expect } from 'chai';
import { DEFAULT_POLICY } from '../../../config/contract/index.ts';
import { createLogger, loadSettings } from '../../../config/index.ts';
import type { Role, RoomDocument, Store } from '../../../store/index.ts';
import { createAdminLink, issueLogin, type Gateway } from '../../../web-gateway/server/index.ts';
import { call, startTestGateway, type Answer } from '../../helpers/gateway.ts';
import { openTestStore, startTestRedis, type TestRedis } from '../../helpers/redis.ts';
import { participantRow, roomDocument } from '../../helpers/rooms.ts';

const PASSWORD = 'correct horse battery staple';

describe('web gateway: the API over HTTP', () => {
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

  const person = (roles: Role[], tenantId = 'default', email = `${roles.join('-')}@${tenantId}.example`) =>
    store.people.create({ tenantId, email, name: email, roles, password: PASSWORD });

  /** A token without the cost of a login. */
  async function tokenOf(roles: Role[], tenantId = 'default'): Promise<string> {
    return issueLogin(store, await person(roles, tenantId), 60_000);
  }

  function expectProblem(answer: Answer, status: number, code: string): void {
    expect(answer.status, answer.text).to.equal(status);
    expect(answer.headers['content-type']).to.match(/^application\/problem\+json/);
    expect(answer.json()).to.include({ status, code, type: `urn:partyline:error:${code}` });
  }

  describe('login', () => {
    it('gives a token for the right password, which works until logout', async () => {
      await person(['admin'], 'default', 'Ada@Example.org');
      const login = await call(gateway, 'POST', '/api/v1/login', {
        body: { email: 'ada@example.ORG', password: PASSWORD },
      });
      expect(login.status).to.equal(200);
      expect(login.headers['set-cookie']).to.equal(undefined);
      expect(login.headers['cache-control']).to.equal('no-store');
      const { token, expiresAt } = login.json() as { token: string; expiresAt: number };
      expect(expiresAt).to.be.greaterThan(Date.now() + 11 * 3_600_000);

      const me = await call(gateway, 'GET', '/api/v1/me', { token });
      expect(me.json()).to.include({ email: 'ada@example.org', tenantId: 'default' });
      expect(me.text).not.to.contain('argon2');
      expect((await call(gateway, 'POST', '/api/v1/logout', { token })).status).to.equal(204);
      expectProblem(await call(gateway, 'GET', '/api/v1/me', { token }), 401, 'auth/required');
    });

    it('answers a wrong password and an unknown address with the same problem', async () => {
      await person(['admin'], 'default', 'ada@example.org');
      const wrong = await call(gateway, 'POST', '/api/v1/login', {
        body: { email: 'ada@example.org', password: 'no' },
      });
      const nobody = await call(gateway, 'POST', '/api/v1/login', {
        body: { email: 'eve@example.org', password: 'no' },
      });
      expectProblem(wrong, 401, 'auth/wrong-credentials');
      expect(nobody.text).to.equal(wrong.text);
      const types = (await store.journal.read('default')).map((entry) => entry.type);
      expect(types.filter((type) => type === 'login.refused')).to.have.length(2);
    });

    it('makes whoever guesses wait, and lets others in meanwhile', async () => {
      await person(['admin'], 'default', 'ada@example.org');
      await person(['admin'], 'default', 'bob@example.org');
      const guess = () =>
        call(gateway, 'POST', '/api/v1/login', { body: { email: 'ada@example.org', password: 'no' } });
      for (let tried = 0; tried < 8; tried += 1) expectProblem(await guess(), 401, 'auth/wrong-credentials');
      const limited = await guess();
      expectProblem(limited, 429, 'request/rate-limited');
      expect(Number(limited.headers['retry-after'])).to.be.within(1, 30);
      const bob = await call(gateway, 'POST', '/api/v1/login', {
        body: { email: 'bob@example.org', password: PASSWORD },
      });
      expect(bob.status).to.equal(200);
    });

    it('forgets wrong tries after a right one', async () => {
      await person(['admin'], 'default', 'ada@example.org');
      const login = (password: string) =>
        call(gateway, 'POST', '/api/v1/login', { body: { email: 'ada@example.org', password } });
      for (let round = 0; round < 2; round += 1) {
        for (let tried = 0; tried < 6; tried += 1) expect((await login('no')).status).to.equal(401);
        expect((await login(PASSWORD)).status).to.equal(200);
      }
    });

    it('counts only wrong tries against the address of an office', async () => {
      await person(['admin'], 'default', 'ada@example.org');
      const rule = { tries: 3, windowSeconds: 60, firstDelaySeconds: 30, longestDelaySeconds: 60 };
      const strict = await openTestStore(redis, { limits: { 'login-address': rule } });
      const office = await startTestGateway(strict);
      try {
        const login = async (password: string) =>
          (await call(office, 'POST', '/api/v1/login', { body: { email: 'ada@example.org', password } })).status;
        for (let people = 0; people < 5; people += 1) expect(await login(PASSWORD)).to.equal(200);
        for (let tried = 0; tried < 3; tried += 1) expect(await login('no')).to.equal(401);
        expect(await login(PASSWORD)).to.equal(429);
      } finally {
        await office.stop();
        await strict.close();
      }
    });

    it('does not let others keep somebody out by trying in their name', async () => {
      await person(['admin'], 'default', 'ada@example.org');
      const rules = { 'login-email': { tries: 20, windowSeconds: 60 } };
      const strict = await openTestStore(redis, { limits: rules });
      const proxied = await startTestGateway(strict, {
        settings: loadSettings({ environment: {}, overrides: { httpPort: 0, trustProxy: ['127.0.0.1/32'] } }),
      });
      try {
        const login = async (from: string, password: string) =>
          (
            await call(proxied, 'POST', '/api/v1/login', {
              body: { email: 'ada@example.org', password },
              headers: { 'x-forwarded-for': from },
            })
          ).status;
        expect(await login('203.0.113.1', PASSWORD)).to.equal(200);
        for (let tried = 0; tried < 8; tried += 1) expect(await login('198.51.100.1', 'no')).to.equal(401);
        expect(await login('198.51.100.1', PASSWORD), 'from where all tries are used up').to.equal(429);
        expect(await login('203.0.113.2', PASSWORD), 'from a network that is new').to.equal(200);
        for (let tried = 0; tried < 12; tried += 1) await login(`192.0.2.${tried}`, 'no');
        expect(await login('192.0.2.99', PASSWORD), 'when many networks have guessed').to.equal(429);
        expect(await login('203.0.113.1', PASSWORD), 'from where she has logged in before').to.equal(200);
      } finally {
        await proxied.stop();
        await strict.close();
      }
    });

    it('ends every login of a person whose password is changed, and nobody else’s', async () => {
      const ada = await person(['admin'], 'default', 'ada@example.org');
      await person(['admin'], 'default', 'bob@example.org');
      const login = async (email: string, password = PASSWORD) =>
        (await call(gateway, 'POST', '/api/v1/login', { body: { email, password } })).json()['token'] as string;
      const statusOf = async (token: string) => (await call(gateway, 'GET', '/api/v1/me', { token })).status;
      const [first, second, bobs] = [
        await login('ada@example.org'),
        await login('ada@example.org'),
        await login('bob@example.org'),
      ];
      expect([await statusOf(first), await statusOf(second)]).to.deep.equal([200, 200]);
      await store.people.setPassword(ada.id, 'another long password');
      expect([await statusOf(first), await statusOf(second), await statusOf(bobs)]).to.deep.equal([401, 401, 200]);
      expect(await statusOf(await login('ada@example.org', 'another long password'))).to.equal(200);
    });

    it('takes tokens from the Authorization header only', async () => {
      const token = await tokenOf(['admin']);
      const attempts: { path: string; headers?: Record<string, string> }[] = [
        { path: `/api/v1/me?access_token=${token}` },
        { path: '/api/v1/me', headers: { cookie: `token=${token}` } },
        { path: '/api/v1/me', headers: { authorization: `Basic ${token}` } },
        { path: '/api/v1/me', headers: { authorization: `Bearer ${token}x` } },
        { path: '/api/v1/me', headers: { authorization: 'Bearer' } },
      ];
      for (const { path, headers = {} } of attempts) {
        const answer = await call(gateway, 'GET', path, { headers });
        expectProblem(answer, 401, 'auth/required');
        expect(answer.headers['www-authenticate']).to.equal('Bearer');
      }
    });
  });

  describe('conferences', () => {
    it('makes one with codes, shows it, closes and opens it', async () => {
      const token = await tokenOf(['moderator']);
      const made = await call(gateway, 'POST', '/api/v1/conferences', {
        token,
        body: { title: '  Monday  ', policy: { muteOnEntry: true } },
      });
      expect(made.status).to.equal(201);
      const conference = made.json() as Record<string, string>;
      expect(conference).to.deep.include({
        title: 'Monday',
        state: 'open',
        policy: { ...DEFAULT_POLICY, muteOnEntry: true },
      });
      expect(conference['guestCode']).to.match(/^\d{9}$/);
      expect(conference['hostCode']).to.match(/^\d{9}$/);
      expect(conference).not.to.have.property('tenantId');

      const path = `/api/v1/conferences/${conference['id']}`;
      expect((await call(gateway, 'GET', path, { token })).json()).to.deep.equal(conference);
      const list = await call(gateway, 'GET', '/api/v1/conferences', { token });
      expect(list.text).to.contain(conference['id']).and.not.to.contain(conference['guestCode']);

      expect((await call(gateway, 'POST', `${path}/close`, { token })).json()['state']).to.equal('closed');
      expect((await store.conferences.get('default', conference['id']!))?.state).to.equal('closed');
      expect((await call(gateway, 'POST', `${path}/open`, { token })).json()['state']).to.equal('open');
    });

    it('shows codes only to those who may make conferences', async () => {
      const { conference, guestCode } = await store.conferences.create({
        tenantId: 'default',
        title: 'x',
        createdBy: 'somebody',
      });
      const path = `/api/v1/conferences/${conference.id}`;
      const seen = async (roles: Role[]) => call(gateway, 'GET', path, { token: await tokenOf(roles) });
      expect((await seen(['admin'])).json()['guestCode']).to.equal(guestCode);
      expect((await seen(['root'])).json()['guestCode']).to.equal(guestCode);
      expect((await seen(['presenter'])).json()).not.to.have.any.keys('guestCode', 'hostCode');
      expectProblem(await seen(['client']), 403, 'auth/forbidden');
    });

    it('keeps companies apart: another’s ids are unknown', async () => {
      const mine = await store.conferences.create({ tenantId: 'acme', title: 'secret', createdBy: 'a' });
      const token = await tokenOf(['admin'], 'default');
      for (const [method, path] of [
        ['GET', `/api/v1/conferences/${mine.conference.id}`],
        ['POST', `/api/v1/conferences/${mine.conference.id}/close`],
        ['GET', `/api/v1/rooms/${mine.conference.id}`],
      ] as const) {
        expectProblem(await call(gateway, method, path, { token }), 404, 'conference/not-found');
      }
      expect((await call(gateway, 'GET', '/api/v1/conferences', { token })).json()).to.deep.equal({
        conferences: [],
        next: null,
      });
      expect((await store.conferences.get('acme', mine.conference.id))?.state).to.equal('open');
    });

    it('refuses what does not fit, and names the fields', async () => {
      const token = await tokenOf(['admin']);
      const post = (body: unknown) => call(gateway, 'POST', '/api/v1/conferences', { token, body });
      for (const [body, path] of [
        [{}, 'title'],
        [{ title: '' }, 'title'],
        [{ title: 'a\nb' }, 'title'],
        [{ title: 'a\u202eb' }, 'title'],
        [{ title: 'x', policy: { maxParticipants: 1 } }, 'policy.maxParticipants'],
        [{ title: 'x', tenantId: 'acme' }, ''],
        ['{"title":"x","__proto__":{"polluted":true}}', ''],
        [[1], ''],
      ] as const) {
        const answer = await post(body);
        expectProblem(answer, 400, 'request/invalid');
        const fields = answer.json()['fields'] as { path: string }[];
        expect(
          fields.map((field) => field.path),
          JSON.stringify(body),
        ).to.include(path);
      }
      expect(({} as Record<string, unknown>)['polluted']).to.equal(undefined);
      expectProblem(await call(gateway, 'POST', '/api/v1/conferences', { body: { title: 'x' } }), 401, 'auth/required');
      const guest = await tokenOf(['presenter']);
      expectProblem(
        await call(gateway, 'POST', '/api/v1/conferences', { token: guest, body: { title: 'x' } }),
        403,
        'auth/forbidden',
      );
    });
  });

  describe('what is going on', () => {
    const room = (conferenceId: string): RoomDocument =>
      roomDocument({
        conferenceId,
        participants: [
          participantRow('p1', { name: '+4930901820', number: '+4930901820', role: 'host', bits: ['self'] }),
        ],
      });

    it('shows the roster with masked numbers, and an empty one when nobody is in', async () => {
      const token = await tokenOf(['moderator']);
      const { conference } = await store.conferences.create({ tenantId: 'default', title: 'x', createdBy: 'a' });
      const path = `/api/v1/rooms/${conference.id}`;
      const empty = await call(gateway, 'GET', path, { token });
      expect(empty.status).to.equal(200);
      expect(empty.json()).to.deep.equal({
        conferenceId: conference.id,
        title: 'x',
        live: false,
        version: 0,
        mode: 'conversation',
        locked: false,
        announce: 'tone',
        recording: { state: 'off', since: null },
        waitingForHost: false,
        hostGone: null,
        startedAt: null,
        participants: [],
      });

      await store.rooms.commit({
        tenantId: 'default',
        conferenceId: conference.id,
        expectedVersion: 0,
        document: room(conference.id),
        events: [],
      });
      const live = await call(gateway, 'GET', path, { token });
      expect(live.json()).to.deep.include({ live: true, version: 1 });
      expect((live.json()['participants'] as unknown[])[0]).to.deep.equal({
        id: 'p1',
        name: '•••••••820',
        number: '•••••••820',
        role: 'host',
        state: 'present',
        audio: 'phone',
        web: false,
        muted: true,
        mutedBy: ['self'],
        canUnmute: true,
        talking: false,
        handPosition: null,
        waitingPosition: null,
        asksForHelp: false,
        volume: 0,
        joinedAt: 1_000,
      });
      expect(live.text).not.to.contain('30901820').and.not.to.contain('u1');
      expectProblem(await call(gateway, 'GET', '/api/v1/rooms/nothing', { token }), 404, 'conference/not-found');
    });

    it('shows live calls to admins only', async () => {
      await store.calls.put({
        id: 'call-1',
        tenantId: 'default',
        direction: 'inbound',
        node: 'n1',
        from: '+4930901820',
        to: '100',
        sourceAddress: '127.0.0.1',
        sipCallId: 'abc@host',
        startedAt: 5,
      });
      const calls = await call(gateway, 'GET', '/api/v1/calls', { token: await tokenOf(['admin']) });
      expect((calls.json()['calls'] as unknown[])[0]).to.include({
        id: 'call-1',
        answeredAt: null,
        conferenceId: null,
      });
      const answer = await call(gateway, 'GET', '/api/v1/calls', { token: await tokenOf(['moderator']) });
      expectProblem(answer, 403, 'auth/forbidden');
    });

    it('pages through the conferences, oldest first, without gap or repetition', async () => {
      const token = await tokenOf(['tsr']);
      for (let made = 0; made < 5; made += 1) {
        await store.conferences.create({ tenantId: 'default', title: `c${made}`, createdBy: 'a' });
      }
      const titles: string[] = [];
      let after = '';
      for (let pages = 0; pages < 3; pages += 1) {
        const answer = await call(gateway, 'GET', `/api/v1/conferences?count=2${after}`, { token });
        const body = answer.json() as { conferences: { title: string }[]; next: string | null };
        titles.push(...body.conferences.map((each) => each.title));
        if (body.next === null) break;
        after = `&after=${body.next}`;
      }
      expect(titles.sort()).to.deep.equal(['c0', 'c1', 'c2', 'c3', 'c4']);
      for (const query of ['count=0', 'count=501', 'after=a:b', 'before=x']) {
        expectProblem(await call(gateway, 'GET', `/api/v1/conferences?${query}`, { token }), 400, 'request/invalid');
      }
    });

    it('pages through the journal, newest first, without gap or repetition', async () => {
      const token = await tokenOf(['admin']);
      for (let at = 1; at <= 25; at += 1) await store.journal.append('default', { type: 'test', at });
      const seen: number[] = [];
      let before = '';
      for (let pages = 0; pages < 4; pages += 1) {
        const answer = await call(gateway, 'GET', `/api/v1/journal?count=10${before}`, { token });
        const body = answer.json() as { entries: { at: number }[]; next: string | null };
        seen.push(...body.entries.map((entry) => entry.at));
        if (body.next === null) break;
        before = `&before=${body.next}`;
      }
      expect(seen).to.deep.equal(Array.from({ length: 25 }, (_, index) => 25 - index));
      for (const query of ['count=0', 'count=x', 'before=x', 'count=1&count=2', 'other=1']) {
        expectProblem(await call(gateway, 'GET', `/api/v1/journal?${query}`, { token }), 400, 'request/invalid');
      }
    });
  });

  describe('the first admin', () => {
    const form = (path: string, fields: Record<string, string>) =>
      call(gateway, 'POST', path, {
        body: new URLSearchParams(fields).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
    const pathOf = async () => new URL((await createAdminLink(store, gateway.url))!).pathname;

    it('is made by a link that works without JavaScript and once', async () => {
      const path = await pathOf();
      const page = await call(gateway, 'GET', path);
      expect(page.status).to.equal(200);
      expect(page.text)
        .to.contain('method="post"')
        .and.not.to.match(/<script|style=|onclick/i);
      expect(page.headers['content-security-policy']).to.contain("default-src 'none'").and.not.to.contain('unsafe');
      expect(page.headers['referrer-policy']).to.equal('no-referrer');

      const admin = { email: 'ada@example.org', password: PASSWORD };
      expect((await form(path, admin)).status).to.equal(201);
      expect((await form(path, admin)).status).to.equal(410);
      expect((await call(gateway, 'GET', path)).status).to.equal(410);
      const login = await call(gateway, 'POST', '/api/v1/login', { body: admin });
      expect(login.status).to.equal(200);
      expect(await createAdminLink(store, gateway.url)).to.equal(undefined);
    });

    it('is made once when many come with the same link at once', async () => {
      const path = await pathOf();
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) => form(path, { email: `a${index}@example.org`, password: PASSWORD })),
      );
      const statuses = answers.map((answer) => answer.status).sort();
      expect(statuses).to.deep.equal([201, ...Array.from({ length: 19 }, () => 410)]);
      expect(await store.people.count()).to.equal(1);
    });

    it('may correct a mistake in the form, which is shown without markup of theirs', async () => {
      const path = await pathOf();
      const wrong = await form(path, { email: '"><script>alert(1)</script>', password: 'short' });
      expect(wrong.status).to.equal(400);
      expect(wrong.text).to.contain('at least 10 characters').and.not.to.contain('<script>');
      // Each complaint stands at its field, and a screen reader says it there.
      for (const field of ['email', 'password']) {
        expect(wrong.text).to.match(
          new RegExp(`name="${field}"[^>]*aria-invalid="true"[^>]*aria-describedby="${field}-error"`),
        );
        expect(wrong.text).to.contain(`id="${field}-error"`);
      }
      expect((await form(path, { email: 'ada@example.org', password: PASSWORD })).status).to.equal(201);
    });

    it('cannot be made by a link that was never given out, nor once there is somebody', async () => {
      expect((await call(gateway, 'GET', `/setup/${'A'.repeat(43)}`)).status).to.equal(410);
      expect((await call(gateway, 'GET', '/setup/x')).status).to.equal(410);
      const path = await pathOf();
      await person(['admin']);
      expect((await call(gateway, 'GET', path)).status).to.equal(410);
      expect((await form(path, { email: 'eve@example.org', password: PASSWORD })).status).to.equal(410);
    });
  });

  it('writes no secret to its log, whatever is asked', async () => {
    const lines: string[] = [];
    const logger = createLogger({ logLevel: 'trace', logFormat: 'json' }, { write: (line) => void lines.push(line) });
    const logged = await startTestGateway(store, { logger });
    try {
      const admin = { email: 'ada@example.org', password: 'the-secret-password' };
      const link = new URL((await createAdminLink(store, logged.url))!).pathname;
      await call(logged, 'POST', link, {
        body: new URLSearchParams(admin).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
      await call(logged, 'GET', link);
      const { token } = (await call(logged, 'POST', '/api/v1/login', { body: admin })).json() as { token: string };
      const made = await call(logged, 'POST', '/api/v1/conferences', { token, body: { title: 'x' } });
      const { id, guestCode, hostCode } = made.json() as Record<'id' | 'guestCode' | 'hostCode', string>;
      await call(logged, 'GET', `/api/v1/conferences/${id}`, { token });
      await call(logged, 'POST', '/api/v1/login', { body: `{"password":"the-secret-password"` });
      await call(logged, 'GET', `/api/v1/journal?token=${token}`, { token });
      const log = lines.join('');
      expect(lines.length).to.be.greaterThan(6);
      for (const secret of [admin.password, token, link.split('/')[2]!, guestCode, hostCode]) {
        expect(log).not.to.contain(secret);
      }
    } finally {
      await logged.stop();
    }
  });

  describe('bad requests', () => {
    it('answers malformed JSON, other types, too much and too deep with problems', async () => {
      const post = (body: string, headers = {}) => call(gateway, 'POST', '/api/v1/login', { body, headers });
      expectProblem(await post('{"email":'), 400, 'request/invalid');
      expectProblem(await post('"text"'), 400, 'request/invalid');
      expectProblem(await post('email=a', { 'content-type': 'text/plain' }), 415, 'request/unsupported-type');
      expectProblem(
        await post('{}', { 'content-type': 'application/json; charset=x' }),
        415,
        'request/unsupported-type',
      );
      expectProblem(await post('{}', { 'content-encoding': 'compress' }), 415, 'request/unsupported-type');
      expectProblem(await post(JSON.stringify({ email: 'x'.repeat(110_000) })), 413, 'request/too-large');
      expectProblem(await post(`${'['.repeat(40_000)}${']'.repeat(40_000)}`), 400, 'request/invalid');
      expectProblem(await post(`{"email":${'['.repeat(17)}${']'.repeat(17)}}`), 400, 'request/invalid');
    });

    it('answers unknown paths, bad paths and wrong methods with problems', async () => {
      for (const path of ['/nothing', '/api/v1/nothing', '/api/v1/login/', '/API/V1/login', '/api/v2/login']) {
        expectProblem(await call(gateway, 'GET', path), 404, 'request/not-found');
      }
      expectProblem(await call(gateway, 'GET', '/api/v1/conferences/%zz'), 400, 'request/invalid');
      const wrong = await call(gateway, 'DELETE', '/api/v1/conferences');
      expectProblem(wrong, 405, 'request/method-not-allowed');
      expect(wrong.headers.allow).to.equal('POST, GET, HEAD, OPTIONS');
      expectProblem(await call(gateway, 'POST', '/healthz'), 405, 'request/method-not-allowed');
    });

    it('answers HEAD like GET without a body, and OPTIONS with what is allowed', async () => {
      const head = await call(gateway, 'HEAD', '/healthz');
      expect([head.status, head.text]).to.deep.equal([200, '']);
      const options = await call(gateway, 'OPTIONS', '/api/v1/login');
      expect([options.status, options.headers.allow]).to.deep.equal([204, 'POST, OPTIONS']);
      expect(options.headers['access-control-allow-origin']).to.equal(undefined);
    });
  });
});
