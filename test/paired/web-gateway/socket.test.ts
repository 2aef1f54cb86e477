import { expect } from 'chai';
import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { request as httpRequest } from 'node:http';
import { Registry } from 'prom-client';
import { WebSocket } from 'ws';
import { PartylineError, SOCKET_PATH, type JoinResponse } from '../../../config/contract/index.ts';
import { loadSettings } from '../../../config/index.ts';
import type { Store } from '../../../store/index.ts';
import { issueLogin, type Gateway, type GatewayOptions } from '../../../web-gateway/server/index.ts';
import { call, startTestGateway } from '../../helpers/gateway.ts';
import { PageSocket, type PageSocketOptions } from '../../helpers/page-socket.ts';
import { openTestStore, startTestRedis, type TestRedis } from '../../helpers/redis.ts';
import { participantRow } from '../../helpers/rooms.ts';
import { serveWebRoom, type WebRoom, type WebRoomOptions } from '../../helpers/web-room.ts';

describe('web gateway: the socket of a room', function () {
  this.timeout(20_000);
  let redis: TestRedis;
  let store: Store;
  let gateway: Gateway;
  const gateways: Gateway[] = [];
  const pages: PageSocket[] = [];
  const rooms: WebRoom[] = [];

  before(async () => {
    redis = await startTestRedis();
    store = await openTestStore(redis);
  });
  after(async () => {
    await store.close();
    await redis.stop();
  });
  beforeEach(async () => {
    gateway = await start();
  });
  afterEach(async () => {
    for (const page of pages.splice(0)) page.close();
    await Promise.all(gateways.splice(0).map((each) => each.stop()));
    for (const room of rooms.splice(0)) room.stop();
    await redis.flush();
  });

  async function start(options: Partial<GatewayOptions> = {}): Promise<Gateway> {
    const started = await startTestGateway(store, options);
    gateways.push(started);
    return started;
  }

  interface Meeting {
    readonly room: WebRoom;
    readonly conferenceId: string;
    join(kind?: 'guest' | 'host'): Promise<JoinResponse>;
  }

  async function meeting(options: Partial<WebRoomOptions> = {}): Promise<Meeting> {
    const made = await store.conferences.create({ tenantId: 'default', title: 'Weekly', createdBy: 'x' });
    const conferenceId = made.conference.id;
    const room = serveWebRoom({ store, conferenceId, ...options });
    rooms.push(room);
    return {
      room,
      conferenceId,
      join: async (kind = 'guest') => {
        const code = kind === 'host' ? made.hostCode : made.guestCode;
        const answer = await call(gateway, 'POST', '/api/v1/join', { body: { code, name: kind } });
        expect(answer.status).to.equal(200);
        return answer.json() as unknown as JoinResponse;
      },
    };
  }

  function open(token: unknown, options: Partial<PageSocketOptions> = {}): PageSocket {
    const page = new PageSocket({ url: `http://127.0.0.1:${gateway.port}`, token, ...options });
    pages.push(page);
    return page;
  }

  it('shows whoever joined the room, and every change of it', async () => {
    const { room, join } = await meeting();
    await room.add(participantRow('phone', { name: 'Konrad' }));
    const me = await join();
    const page = open(me.token);
    await page.seen('view');
    expect(page.participantId).to.equal(me.participantId);
    expect(page.view?.participants.map(({ name, web, audio }) => [name, web, audio])).to.deep.equal([
      ['Konrad', false, 'phone'],
      ['guest', true, null],
    ]);
    await room.row('phone', { talking: true });
    await page.until(() => page.view?.participants[0]?.talking === true);
    expect(page.view).to.deep.equal(((await page.read()) as { value: { view: unknown } }).value.view);
    const other = open((await join()).token);
    await other.seen('view');
    await page.until(() => page.view?.participants.length === 3);
  });

  it('gives the row back to a page that comes again, and says when it goes', async () => {
    const { room, join, conferenceId } = await meeting();
    const me = await join();
    const first = open(me.token);
    await first.seen('view');
    first.close();
    const second = open(me.token);
    await second.until(() => second.view?.participants.some(({ web }) => web) === true);
    second.close();
    const watcher = open((await join('host')).token);
    await watcher.until(() => watcher.view?.participants.find(({ id }) => id === me.participantId)?.web === false);
    expect((await store.rooms.read('default', conferenceId))?.participants).to.have.length(2);
    expect(room.asked).to.deep.equal([]);
  });

  it('passes on what somebody may ask, in their name, and refuses what their role may not', async () => {
    const { room, join } = await meeting();
    const [guest, host] = [await join(), await join('host')];
    const [guestPage, hostPage] = [open(guest.token), open(host.token)];
    await Promise.all([guestPage.seen('view'), hostPage.seen('view')]);
    expect(await guestPage.command({ type: 'raise-hand' })).to.deep.equal({ ok: true, value: null });
    const forbidden = await guestPage.command({ type: 'mute-all' });
    expect(forbidden).to.include({ ok: false, code: 'auth/forbidden' });
    expect(await hostPage.command({ type: 'remove', participantId: guest.participantId })).to.include({ ok: true });
    expect(room.asked.map(({ actor, request }) => ({ actor, request }))).to.deep.equal([
      { actor: { kind: 'participant', participantId: guest.participantId }, request: { type: 'raise-hand' } },
      {
        actor: { kind: 'participant', participantId: host.participantId },
        request: { type: 'remove', participantId: guest.participantId, reason: 'unspecified' },
      },
    ]);
    // Not a moment after the role is gone.
    await room.row(host.participantId, { role: 'guest' });
    await hostPage.until(
      () => hostPage.view?.participants.find(({ id }) => id === host.participantId)?.role === 'guest',
    );
    expect(await hostPage.command({ type: 'lock' })).to.include({ code: 'auth/forbidden' });
  });

  it('lets whoever waits do what those who wait may, and see nobody', async () => {
    const { room, join } = await meeting({
      onConnect: () => ({ state: 'waiting', bits: ['waiting'], admitted: false }),
    });
    await room.add(participantRow('inside', { name: 'Secret' }));
    const page = open((await join()).token);
    await page.seen('view');
    expect(page.view?.participants).to.have.length(1);
    expect(JSON.stringify(page.view)).not.to.contain('Secret');
    expect(await page.command({ type: 'raise-hand' })).to.include({ code: 'auth/forbidden' });
    expect(await page.command({ type: 'ask-for-help' })).to.include({ ok: true });
    await room.row(page.participantId!, { state: 'present', bits: [] });
    await page.until(() => page.view?.participants.length === 2);
  });

  it('tells the room’s refusal with its code', async () => {
    const { join } = await meeting({
      onCommand: () => {
        throw new PartylineError('room/not-possible');
      },
    });
    const page = open((await join()).token);
    await page.seen('view');
    const reply = await page.command({ type: 'raise-hand' });
    expect(reply).to.deep.equal({
      ...{ ok: false, code: 'room/not-possible' },
      message: 'That is not possible in the room as it is now.',
    });
  });

  it('ends with the row: removed, or over', async () => {
    const { room, join } = await meeting();
    const [one, two] = [await join(), await join('host')];
    const [first, second] = [open(one.token), open(two.token)];
    await Promise.all([first.seen('view'), second.seen('view')]);
    await room.remove(one.participantId, 'removed-noise');
    await first.seen('disconnect');
    expect(first.events.slice(-2)).to.deep.equal(['end removed', 'disconnect']);
    await room.end();
    await second.seen('disconnect');
    expect(second.events.slice(-2)).to.deep.equal(['end ended', 'disconnect']);
  });

  it('ends when the token is taken back, in any process', async () => {
    gateway = await start({ socketLimits: { recheckMs: 50 } });
    const { join, conferenceId } = await meeting();
    const me = await join();
    const page = open(me.token);
    await page.seen('view');
    await store.passes.revoke({ tenantId: 'default', conferenceId, participantId: me.participantId });
    await page.seen('disconnect');
    expect(page.events.slice(-2)).to.deep.equal(['end expired', 'disconnect']);
    const again = open(me.token);
    await again.seen('refused auth/required');
  });

  it('refuses whoever has no token, a false one, or one of a login', async () => {
    const person = await store.people.create({
      ...{ tenantId: 'default', email: 'a@b.example', name: 'A', roles: ['root'], password: 'correct horse' },
    });
    const login = await issueLogin(store, person, 60_000);
    for (const token of [undefined, 'x', 'A'.repeat(43), 17, { a: 1 }, 'A'.repeat(5_000), login]) {
      await open(token).seen('refused auth/required');
    }
  });

  it('refuses pages of another origin, and whoever hides theirs', async () => {
    const { join } = await meeting();
    const { token } = await join();
    const attempts = [
      ...['https://evil.example', 'null', null].map((origin) => open(token, { origin })),
      ...['https://evil.example', 'null'].map((origin) => open(token, { origin, transports: ['polling'] })),
    ];
    await Promise.all(attempts.map((page) => page.until(() => page.events.length > 0)));
    for (const { events } of attempts) expect(events[0]).to.match(/^refused /);
    const ours = open(token);
    await ours.seen('view');
  });

  it('works by long polling alone, and sets no cookie', async () => {
    const { room, join } = await meeting();
    const page = open((await join()).token, { transports: ['polling'] });
    await page.seen('view');
    await room.add(participantRow('late'));
    await page.until(() => page.view?.participants.length === 2);
    expect(await page.command({ type: 'raise-hand' })).to.include({ ok: true });
    expect(page.socket.io.engine.transport.name).to.equal('polling');
    const handshake = httpRequest({
      ...{ host: '127.0.0.1', port: gateway.port, path: `${SOCKET_PATH}?EIO=4&transport=polling` },
      headers: { origin: `http://127.0.0.1:${gateway.port}` },
    }).end();
    const [response] = (await once(handshake, 'response')) as [import('node:http').IncomingMessage];
    response.resume();
    expect([response.statusCode, response.headers['set-cookie']]).to.deep.equal([200, undefined]);
  });

  it('cuts off messages of ten megabytes, and whoever sends rubbish or floods; the others notice nothing', async () => {
    const { room, join } = await meeting();
    const honest = open((await join()).token);
    await honest.seen('view');
    const abuses: ((page: PageSocket) => void)[] = [
      (page) => page.emitAnything('room:command', { type: 'rename', name: 'x'.repeat(10_000_000) }),
      (page) => page.emitAnything('room:command', Buffer.alloc(10_000_000)),
      (page) => {
        for (let count = 0; count < 500; count += 1) page.emitAnything('room:command', { type: 'raise-hand' });
      },
      (page) => {
        for (let count = 0; count < 500; count += 1)
          page.emitAnything(`nothing:${count}`, [], null, { deep: { er: 1 } });
      },
      (page) => {
        for (let count = 0; count < 500; count += 1) page.emitAnything('room:command', null, 'no function');
      },
    ];
    for (const abuse of abuses) {
      const page = open((await join()).token);
      await page.seen('view');
      abuse(page);
      await page.seen('disconnect');
    }
    await room.add(participantRow('late'));
    await honest.until(() => honest.view?.participants.some(({ id }) => id === 'late') === true);
    expect(honest.events).not.to.include('disconnect');
  });

  it('answers commands that fit no schema, and does not pass them on', async () => {
    const { room, join } = await meeting();
    const page = open((await join('host')).token);
    await page.seen('view');
    for (const command of [
      { type: 'destroy' },
      { type: 'mute' },
      { type: 'mute', participantId: '../../x' },
      { type: 'rename', participantId: 'a', name: 'a\nb' },
      { type: 'lock', more: true },
      null,
    ]) {
      expect(await page.command(command as never), JSON.stringify(command)).to.include({ code: 'request/invalid' });
    }
    expect(room.asked).to.deep.equal([]);
  });

  it('takes so many sockets of one address and no more, and others all the while', async () => {
    gateway = await start({
      connectionRules: { perAddress: 50, opened: 10_000 },
      settings: loadSettings({
        environment: {},
        overrides: { httpPort: 0, trustProxy: ['127.0.0.1'] },
      }),
    });
    const { join } = await meeting();
    const { token } = await join();
    const url = `ws://127.0.0.1:${gateway.port}${SOCKET_PATH}?EIO=4&transport=websocket`;
    const connect = () =>
      new Promise<WebSocket | null>((resolve) => {
        const headers = { origin: `http://127.0.0.1:${gateway.port}`, 'x-forwarded-for': '198.51.100.1' };
        const socket = new WebSocket(url, { headers });
        socket.once('open', () => resolve(socket));
        socket.once('error', () => resolve(null));
      });
    const sockets = await Promise.all(Array.from({ length: 1_000 }, connect));
    const open_ = sockets.filter((socket) => socket !== null);
    expect(open_).to.have.length(50);
    const other = open(token, { headers: { 'x-forwarded-for': '198.51.100.2' } });
    await other.seen('view');
    for (const socket of open_) socket.terminate();
    // What was given back can be had again.
    let again: WebSocket | null = null;
    while (again === null) again = await connect();
    again.terminate();
  });

  it('gives up on whoever opens a socket and says nothing', async () => {
    gateway = await start({ socketLimits: { handshakeMs: 100 } });
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}${SOCKET_PATH}?EIO=4&transport=websocket`, {
      headers: { origin: `http://127.0.0.1:${gateway.port}` },
    });
    await once(socket, 'close');
  });

  it('tells pages that come while Redis is away to come again, and keeps those that are in', async () => {
    const { join } = await meeting();
    const me = await join();
    const page = open(me.token);
    await page.seen('view');
    redis.freeze();
    try {
      await open(me.token).seen('refused store/unavailable');
      expect(await page.command({ type: 'raise-hand' })).to.include({ code: 'store/unavailable' });
    } finally {
      redis.thaw();
    }
    expect(page.events).not.to.include('disconnect');
  });

  it('stops in bounded time with pages open, and tells the room that they have gone', async () => {
    const { join, conferenceId } = await meeting();
    const page = open((await join()).token);
    await page.seen('view');
    await gateway.stop();
    await page.seen('disconnect');
    const room = await store.rooms.read('default', conferenceId);
    expect(room?.participants[0]?.connections).to.deep.equal([]);
  });

  it('keeps no process up for a page by long polling that goes just when it stops', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const { join } = await meeting();
    const { token } = await join();
    const before = timers();
    const page = open(token, { transports: ['polling'] });
    await page.seen('view');
    expect(await page.command({ type: 'raise-hand' })).to.include({ ok: true });
    // Answered after the poll of the page, which was sent before and waits now.
    await call(gateway, 'GET', '/healthz');
    page.close();
    await gateway.stop();
    while (timers() > before) await nextTurn();
  });

  it('leaves nothing behind when the page goes before the room has answered', async () => {
    const metrics = new Registry();
    gateway = await start({ metrics });
    let answer: () => void = () => undefined;
    const answering = new Promise<void>((resolve) => (answer = resolve));
    const asked: string[] = [];
    const { join, conferenceId } = await meeting({
      beforeConnect: (connectionId) => {
        asked.push(connectionId);
        return answering;
      },
    });
    const sockets = (await Promise.all(Array.from({ length: 8 }, () => join()))).map(({ token }) => open(token));
    while (asked.length < sockets.length) await nextTurn();
    for (const page of sockets) page.close();
    while (!(await metrics.metrics()).includes('partyline_web_pages 0')) await nextTurn();
    // Whoever looks can tell at once that nobody is behind these connections.
    const bridge = await openTestStore(redis);
    while ((await bridge.roomRequests.living(asked)).size > 0) await nextTurn();
    await bridge.close();
    answer();
    await new Promise<void>((resolve) => {
      const stop = store.rooms.watch('default', conferenceId, (document) => {
        const connections = document?.participants.flatMap((row) => row.connections) ?? [];
        if ((document?.participants.length ?? 0) < sockets.length || connections.length > 0) return;
        stop();
        resolve();
      });
    });
  });

  /** A connection of the engine that says what it likes, as one message each. */
  async function rawSocket(messages: readonly string[]): Promise<{ closed: Promise<void>; heard: string[] }> {
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}${SOCKET_PATH}?EIO=4&transport=websocket`, {
      headers: { origin: `http://127.0.0.1:${gateway.port}` },
    });
    const heard: string[] = [];
    socket.on('message', (data: Buffer) => void heard.push(data.toString()));
    const closed = once(socket, 'close').then(() => undefined);
    await once(socket, 'open');
    for (const message of messages) socket.send(message);
    return { closed, heard };
  }

  it('looks up one token for each connection, and cuts it off after a refusal or a second one', async () => {
    const { passes } = store;
    const check = passes.check.bind(passes);
    let checks = 0;
    passes.check = (token) => {
      checks += 1;
      return check(token);
    };
    const refused = await rawSocket(['40{"token":"none"}']);
    await refused.closed;
    expect(refused.heard.at(-1)).to.match(/^44.*auth\/required/);
    expect(checks).to.equal(1);
    const flood = await rawSocket(Array.from({ length: 500 }, () => '40{"token":"none"}'));
    await flood.closed;
    passes.check = check;
    expect(checks).to.equal(2);
    const { join, conferenceId } = await meeting();
    const { token } = await join();
    const many = await rawSocket(Array.from({ length: 50 }, () => `40${JSON.stringify({ token })}`));
    await many.closed;
    const rows = (await store.rooms.read('default', conferenceId))?.participants ?? [];
    expect(rows.flatMap(({ connections }) => connections)).to.have.length.of.at.most(1);
    await open(token).seen('view');
  });

  it('shows one person the room on so many pages and no more, and the next when one is closed', async () => {
    gateway = await start({ socketLimits: { pagesPerPerson: 3 } });
    const { join } = await meeting();
    const { token } = await join();
    const mine = [open(token), open(token), open(token)];
    await Promise.all(mine.map((page) => page.seen('view')));
    await open(token).seen('refused request/rate-limited');
    await open((await join()).token).seen('view');
    mine[0]!.close();
    let page = open(token);
    // The gateway hears of it a moment later.
    for (;;) {
      await page.until(() => page.events.some((event) => event === 'view' || event.startsWith('refused')));
      if (page.events.includes('view')) break;
      page = open(token);
    }
  });

  it('is in its room again when somebody has taken it for gone', async () => {
    const { room, join, conferenceId } = await meeting();
    const me = await join();
    const page = open(me.token);
    await page.until(() => page.view?.participants[0]?.web === true);
    await room.row(me.participantId, { connections: [] });
    const isBack = async () =>
      (await store.rooms.read('default', conferenceId))?.participants[0]?.connections.length === 1;
    while (!(await isBack())) await nextTurn();
    expect(page.events).not.to.include('disconnect');
  });

  it('counts its pages', async () => {
    const metrics = new Registry();
    gateway = await start({ metrics });
    const { join } = await meeting();
    await open((await join()).token).seen('view');
    expect(await metrics.metrics()).to.contain('partyline_web_pages 1');
  });
});
