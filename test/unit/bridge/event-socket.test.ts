import { expect } from 'chai';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { commands } from '../../../bridge/media/commands.ts';
import { EventSocket } from '../../../bridge/media/event-socket.ts';
import { MediaServer } from '../../../bridge/media/media-server.ts';
import { systemClock } from '../../../bridge/support/clock.ts';
import { PartylineError } from '../../../config/contract/index.ts';
import { recordingLogger, silent, turn } from './fakes.ts';

/** As little of FreeSWITCH's event socket as a test needs; `frames` is everything it was told. */
async function startFake(behave: (frame: string, socket: Socket) => void, greeting = 'Content-Type: auth/request\n\n') {
  const frames: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    if (greeting !== '') socket.write(greeting);
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes.toString();
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const frame = text.slice(0, end);
        text = text.slice(end + 2);
        frames.push(frame);
        behave(frame, socket);
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    frames,
    port,
    sockets,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

const accept = (socket: Socket) => socket.write('Content-Type: command/reply\nReply-Text: +OK accepted\n\n');
const answer = (socket: Socket, body: string) =>
  socket.write(`Content-Type: api/response\nContent-Length: ${Buffer.byteLength(body)}\n\n${body}`);

function polite(body: string) {
  return (frame: string, socket: Socket) => {
    if (frame.startsWith('auth')) accept(socket);
    else if (frame.startsWith('api')) answer(socket, body);
    else if (frame.startsWith('event')) socket.write('Content-Type: command/reply\nReply-Text: +OK\n\n');
  };
}

async function failureOf(work: Promise<unknown>): Promise<Error> {
  try {
    await work;
  } catch (error) {
    return error as Error;
  }
  throw new Error('did not fail');
}

describe('the event socket', () => {
  const at = (port: number, secret = 'pw') => ({ host: '127.0.0.1', port, secret });

  it('authenticates, turns Nagle off, and gets answers', async () => {
    const fake = await startFake(polite('+OK done\n'));
    const socket = await EventSocket.connect(at(fake.port), { deadlineMs: 2_000, logger: silent });
    expect(await socket.send(commands.member('room-1', 'mute', 2))).to.equal('+OK done\n');
    expect(fake.frames).to.deep.equal(['auth pw', 'api conference room-1 mute 2']);
    socket.close();
    socket.close();
    await fake.stop();
  });

  it('fails in time and says why: wrong password, not admitted, silent, closed, nobody there', async () => {
    const wrong = await startFake((_frame, socket) => {
      socket.write('Content-Type: command/reply\nReply-Text: -ERR invalid\n\n');
    });
    expect(
      (await failureOf(EventSocket.connect(at(wrong.port), { deadlineMs: 2_000, logger: silent }))).message,
    ).to.match(/refused the password/);
    await wrong.stop();
    const rude = await startFake(
      () => undefined,
      'Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n',
    );
    expect(
      (await failureOf(EventSocket.connect(at(rude.port), { deadlineMs: 2_000, logger: silent }))).message,
    ).to.match(/does not admit/);
    await rude.stop();
    const silentServer = await startFake(() => undefined, '');
    expect(
      (await failureOf(EventSocket.connect(at(silentServer.port), { deadlineMs: 100, logger: silent }))).name,
    ).to.equal('DeadlineError');
    await silentServer.stop();
    expect(
      (await failureOf(EventSocket.connect(at(silentServer.port), { deadlineMs: 2_000, logger: silent }))).message,
    ).to.match(/ECONNREFUSED/);
  });

  it('is given up at once when asked to', async () => {
    const fake = await startFake(() => undefined, '');
    const given = new AbortController();
    const options = { deadlineMs: 10_000, logger: silent, signal: given.signal };
    const connecting = failureOf(EventSocket.connect(at(fake.port), options));
    given.abort();
    expect((await connecting).message).to.match(/closed the connection/);
    await fake.stop();
  });

  it('does not try a refused port again and again', async () => {
    const fake = await startFake(() => undefined);
    await fake.stop();
    await failureOf(EventSocket.connect(at(fake.port), { deadlineMs: 1_000, logger: silent }));
    const again = createServer();
    let connections = 0;
    again.on('connection', (socket) => {
      connections += 1;
      socket.destroy();
    });
    again.listen(fake.port, '127.0.0.1');
    await once(again, 'listening');
    for (let round = 0; round < 20; round += 1) await turn();
    expect(connections).to.equal(0);
    again.close();
  });

  it('rejects what is pending when the connection goes, and everything after', async () => {
    const fake = await startFake((frame, socket) => {
      if (frame.startsWith('auth')) accept(socket);
      else socket.destroy();
    });
    const socket = await EventSocket.connect(at(fake.port), { deadlineMs: 2_000, logger: silent });
    let ended = 0;
    socket.onEnd(() => (ended += 1));
    const failure = await failureOf(socket.send(commands.status()));
    expect(failure).to.be.instanceOf(PartylineError).with.property('code', 'media/unavailable');
    expect(await failureOf(socket.send(commands.status()))).to.have.property('code', 'media/unavailable');
    expect(socket.open).to.equal(false);
    expect(ended).to.equal(1);
    await fake.stop();
  });
});

describe('a media server', () => {
  it('with a wrong profile is no media server, and costs nobody the process', async () => {
    const fake = await startFake(polite('   other\tprofile\tsip:mod_sofia@127.0.0.1:5080\tRUNNING (0)\n'));
    const { logger, lines } = recordingLogger();
    const server = new MediaServer({
      name: 'm1',
      address: { host: '127.0.0.1', port: fake.port, secret: 'pw' },
      mrf: {},
      sipProfile: 'drachtio_mrf',
      conferenceProfile: 'default',
      listen: { address: '127.0.0.1', port: 0 },
      filesOf: () => [],
      rtpTimeoutSeconds: 60,
      logger,
      clock: systemClock,
    });
    server.start();
    while (!lines.some(({ msg }) => msg === 'no connection to the media server')) await turn();
    expect(server.ready).to.equal(false);
    expect(JSON.stringify(lines)).to.contain('drachtio_mrf');
    await server.stop();
    await server.stop();
    await fake.stop();
  });
});
