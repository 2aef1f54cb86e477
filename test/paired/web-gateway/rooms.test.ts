/** Rooms over HTTP: every command there is, and the keys of a company. */
import { expect } from 'chai';
import {
  DEFAULT_KEYPAD,
  PartylineError,
  roomCommand,
  roomCommandAccess,
  type RoomCommand,
} from '../../../config/contract/index.ts';
import type { Role, RoomRequestEnvelope, Store } from '../../../store/index.ts';
import { issueLogin, type Gateway } from '../../../web-gateway/server/index.ts';
import { call, startTestGateway } from '../../helpers/gateway.ts';
import { openTestStore, startTestRedis, type TestRedis } from '../../helpers/redis.ts';

/** What each command needs besides its type; forgetting one is an error of types. */
const commands: Readonly<Record<RoomCommand['type'], object>> = {
  ...(Object.fromEntries(Object.keys(roomCommandAccess).map((type) => [type, {}])) as Record<
    RoomCommand['type'],
    object
  >),
  'change-volume': { direction: 'louder' },
  'set-mode': { mode: 'qa' },
  'set-announcements': { announce: 'name' },
  rename: { participantId: 'p1', name: 'Anna' },
  remove: { participantId: 'p1', reason: 'noise' },
  ...Object.fromEntries(
    ['mute', 'unmute', 'admit', 'call-on', 'lower-hand-of', 'hold', 'resume', 'make-host', 'hand-over'].map((type) => [
      type,
      { participantId: 'p1' },
    ]),
  ),
};

describe('web gateway: rooms', () => {
  let redis: TestRedis;
  let store: Store;
  let gateway: Gateway;
  let stopServing: () => void = () => undefined;
  const asked: RoomRequestEnvelope[] = [];
  let answer: () => { version: number } = () => ({ version: 7 });

  before(async () => {
    redis = await startTestRedis();
    store = await openTestStore(redis);
    gateway = await startTestGateway(store);
    stopServing = store.roomRequests.serve(async (envelope) => {
      asked.push(envelope);
      return answer();
    });
    await store.tenants.ensureDefault();
  });
  beforeEach(() => {
    asked.length = 0;
    answer = () => ({ version: 7 });
  });
  after(async () => {
    stopServing();
    await gateway.stop();
    await store.close();
    await redis.stop();
  });

  let people = 0;
  const tokenOf = async (roles: Role[], tenantId = 'default') => {
    const email = `p${(people += 1)}@example.com`;
    const person = await store.people.create({ tenantId, email, name: 'P', roles, password: 'correct horse battery' });
    return { token: await issueLogin(store, person, 60_000), personId: person.id };
  };
  const meeting = async () =>
    (await store.conferences.create({ tenantId: 'default', title: 'x', createdBy: 'p' })).conference.id;

  it('take every command, with the rights of a host, and say what version it made', async () => {
    const { token, personId } = await tokenOf(['moderator']);
    const id = await meeting();
    const bodies = Object.entries(commands).map(([type, more]) => ({ type, ...more }));
    for (const body of bodies) {
      const { status, text } = await call(gateway, 'POST', `/api/v1/rooms/${id}/commands`, { token, body });
      expect([status, text], body.type).to.deep.equal([200, '{"version":7}']);
    }
    const types = roomCommand.options.flatMap((option) => [...option.shape.type.values]);
    expect(asked.map(({ request }) => request.type)).to.have.members(types);
    expect(asked[0]).to.deep.include({ tenantId: 'default', conferenceId: id, actor: { kind: 'person', personId } });
  });

  it('refuse what is no command, whoever may not, and rooms of other companies', async () => {
    const { token } = await tokenOf(['admin']);
    const id = await meeting();
    const post = (body: unknown, as = token, conference = id) =>
      call(gateway, 'POST', `/api/v1/rooms/${conference}/commands`, { token: as, body });
    for (const body of [
      { type: 'dance' },
      { type: 'mute' },
      { type: 'lock', more: 1 },
      { type: 'rename', participantId: 'p', name: 'a\nb' },
    ]) {
      expect((await post(body)).status, JSON.stringify(body)).to.equal(400);
    }
    expect((await post({ type: 'lock' }, (await tokenOf(['client'])).token)).status).to.equal(403);
    expect((await post({ type: 'lock' }, (await tokenOf(['admin'], 'acme')).token)).status).to.equal(404);
    expect((await post({ type: 'lock' }, token, 'nothing')).status).to.equal(404);
    expect(asked).to.deep.equal([]);
  });

  it('answer with the problem the room has with it', async () => {
    const { token } = await tokenOf(['admin']);
    const id = await meeting();
    for (const [code, status] of [
      ['room/not-live', 404],
      ['room/not-possible', 409],
      ['auth/forbidden', 403],
      ['room/participant-not-found', 404],
    ] as const) {
      answer = () => {
        throw new PartylineError(code);
      };
      const refused = await call(gateway, 'POST', `/api/v1/rooms/${id}/commands`, { token, body: { type: 'lock' } });
      expect([refused.status, refused.json()['code']]).to.deep.equal([status, code]);
    }
  });

  it('have the keys their company has laid, as long as no keys begin with others', async () => {
    const { token } = await tokenOf(['admin']);
    const read = async (as = token) => call(gateway, 'GET', '/api/v1/keypad', { token: as });
    const put = (keypad: object, as = token) => call(gateway, 'PUT', '/api/v1/keypad', { token: as, body: { keypad } });
    expect((await read()).json()).to.deep.equal({ keypad: DEFAULT_KEYPAD });
    const laid = await put({ 'toggle-mute': '5', roll: '77' });
    expect(laid.json()).to.deep.equal({ keypad: { ...DEFAULT_KEYPAD, 'toggle-mute': '5', roll: '77' } });
    expect((await read()).json()).to.deep.equal(laid.json());
    for (const conflict of [{ menu: '*' }, { 'toggle-mute': '*9' }, { help: '12', menu: '12' }]) {
      const refused = await put(conflict);
      expect([refused.status, refused.json()['code']], JSON.stringify(conflict)).to.deep.equal([
        400,
        'keypad/conflict',
      ]);
    }
    expect((await put({ help: '12', menu: '123' })).text, 'which ones').to.contain('help, menu');
    for (const wrong of [{ roll: 'x' }, { roll: '' }, { roll: '123456789' }, { dance: '1' }]) {
      const refused = await put(wrong);
      expect([refused.status, refused.json()['code']], JSON.stringify(wrong)).to.deep.equal([400, 'request/invalid']);
    }
    expect((await read()).json(), 'as it was').to.deep.equal(laid.json());
    const { token: moderator } = await tokenOf(['moderator']);
    expect([(await read(moderator)).status, (await put({}, moderator)).status]).to.deep.equal([200, 403]);
    expect((await put({})).json(), 'as usual again').to.deep.equal({ keypad: DEFAULT_KEYPAD });
  });

  it('tell their keys to whoever is in them by a browser', async () => {
    const { token } = await tokenOf(['admin']);
    await call(gateway, 'PUT', '/api/v1/keypad', { token, body: { keypad: { help: '0' } } });
    const pass = await store.passes.issue(
      { tenantId: 'default', conferenceId: await meeting(), participantId: 'p1', name: 'Bea', role: 'guest' },
      60_000,
    );
    const answer = await call(gateway, 'GET', '/api/v1/keypad', { token: pass.token });
    expect(answer.json()).to.deep.equal({ keypad: { ...DEFAULT_KEYPAD, help: '0' } });
    const put = await call(gateway, 'PUT', '/api/v1/keypad', { token: pass.token, body: { keypad: {} } });
    expect(put.status).to.equal(401);
  });
});
