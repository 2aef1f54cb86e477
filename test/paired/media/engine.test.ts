import { expect } from 'chai';
import { spawn, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../../../config/index.ts';
import { MediaError, startMediaEngine, type EngineOptions, type MediaEngine } from '../../../embedded/media/index.ts';
import { TONES, toneLevel } from '../../helpers/tones.ts';
import { readWav } from '../../helpers/wav.ts';
import { MEMBER, next, onBothNetworks } from './bench.ts';

/** What may not have been told in the header yet: a recorder writes twice a second. */
const LAST_CHUNK_MS = 500;

const code = (work: Promise<unknown>): Promise<string | undefined> =>
  work.then(
    () => undefined,
    (error: unknown) => (error instanceof MediaError ? error.code : String(error)),
  );

onBothNetworks('media engine', (udp) => {
  const logger = createLogger({ logLevel: 'silent' });
  const engines: MediaEngine[] = [];
  const start = async (options: Partial<EngineOptions> = {}): Promise<MediaEngine> => {
    const engine = await startMediaEngine({ rtpPorts: [0, 0], logger, udp, ...options });
    engines.push(engine);
    return engine;
  };
  afterEach(() => Promise.all(engines.splice(0).map((engine) => engine.stop())));

  const isFree = async (port: number): Promise<boolean> => {
    const socket = createSocket('udp4').bind(port, '127.0.0.1');
    const free = await once(socket, 'listening').then(
      () => true,
      () => false,
    );
    if (free) socket.close();
    return free;
  };

  /** Five numbers in a row that nobody has just now, after an even one. */
  const freeRange = async (): Promise<number> => {
    for (;;) {
      const engine = await start();
      const port = await engine.openPort({ address: '127.0.0.1' });
      const low = port.localPort;
      await port.close();
      const free = await Promise.all([2, 3, 4, 5].map((offset) => isFree(low + offset)));
      if (free.every(Boolean)) return low;
    }
  };

  it('leaves nothing behind of twenty ports and a room', async () => {
    const engine = await start();
    const ports = await Promise.all(Array.from({ length: 20 }, () => engine.openPort({ address: '127.0.0.1' })));
    const room = await engine.openRoom('room');
    for (const [index, port] of ports.entries()) await room.addMember(index + 1, port, MEMBER);
    const plays = ports.map((port) => port.play('silence_stream://-1'));
    expect(engine.load()).to.include({ ports: 20, rooms: 1 });
    expect(new Set(ports.map(({ localPort }) => localPort)).size).to.equal(20);
    expect(ports.every(({ localPort }) => localPort % 2 === 0)).to.equal(true);
    let closed = 0;
    for (const port of ports) port.on('closed', () => closed++);
    await Promise.all(ports.map((port) => port.close()));
    await Promise.all(ports.map((port) => port.close()));
    expect(closed).to.equal(20);
    expect(await room.members()).to.deep.equal([]);
    await room.close();
    expect(
      (await Promise.all(plays.map(({ result }) => result))).every(({ outcome }) => outcome === 'stopped'),
    ).to.equal(true);
    expect(engine.load()).to.deep.include({ ports: 0, rooms: 0 });
    for (const { localPort } of ports) {
      expect(await isFree(localPort), `${localPort}`).to.equal(true);
      expect(await isFree(localPort + 1), `${localPort + 1}`).to.equal(true);
    }
  });

  it('stops with ports, rooms, plays and recordings open: all end, nothing hangs', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'media-'));
    const engine = await start();
    const port = await engine.openPort({ address: '127.0.0.1' });
    const room = await engine.openRoom('room');
    await room.addMember(1, port, MEMBER);
    await room.startRecording(join(folder, 'room.wav'));
    const [portClosed, roomClosed] = [next(port, 'closed'), next(room, 'closed')];
    const plays = [
      port.play('tone_stream://%(1000,0,440);loops=-1'),
      room.play('silence_stream://-1', { memberId: 1 }),
    ];
    const opening = engine.openPort({ address: '127.0.0.1' }).catch((error: unknown) => error);
    await Promise.all([engine.stop(), engine.stop()]);
    await Promise.all([portClosed, roomClosed, opening]);
    for (const { result } of plays) expect((await result).outcome).to.equal('stopped');
    expect(engine.load()).to.include({ ports: 0, rooms: 0 });
    expect((await readWav(join(folder, 'room.wav'))).rate).to.equal(8000);
    expect(await code(engine.openPort({ address: '127.0.0.1' }))).to.equal('media/engine-stopped');
    expect(await code(engine.openRoom('late'))).to.equal('media/engine-stopped');
    expect(await code(port.statistics())).to.equal('media/engine-stopped');
    expect((await port.play('silence_stream://10').result).outcome).to.equal('stopped');
    await port.close();
    await room.close();
    await rm(folder, { recursive: true });
  });

  it('takes ports from its range, at random, and lets them rest after use', async () => {
    const low = await freeRange();
    const engine = await start({ rtpPorts: [low + 1, low + 6], portQuarantineMs: 60_000 });
    const first = await engine.openPort({ address: '127.0.0.1' });
    const second = await engine.openPort({ address: '127.0.0.1' });
    expect([first.localPort, second.localPort].sort()).to.deep.equal([low + 2, low + 4]);
    expect(await code(engine.openPort({ address: '127.0.0.1' }))).to.equal('media/no-free-port');
    await first.close();
    expect(await code(engine.openPort({ address: '127.0.0.1' })), 'it rests').to.equal('media/no-free-port');
    expect(engine.load().ports).to.equal(1);
  });

  it('says so when the address is not ours', async () => {
    const engine = await start();
    expect(await code(engine.openPort({ address: '203.0.113.1' }))).to.equal('media/no-free-port');
  });

  it('does nothing while nobody is there', async () => {
    const engine = await start();
    await (await engine.openPort({ address: '127.0.0.1' })).close();
    // With the clock at rest no load is reported any more: the figures stay those of the end.
    expect(engine.load()).to.deep.include({ ports: 0, latenessP95Ms: 0 });
  });

  describe('in a process of its own', () => {
    let folder: string;
    const children: ChildProcess[] = [];
    beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'media-'))));
    afterEach(async () => {
      for (const child of children.splice(0)) child.kill('SIGKILL');
      await rm(folder, { recursive: true });
    });

    /** Runs an engine that records a tone into `path` and does what `then` says after a while. */
    const script = (path: string, then: string): string => `
      import { createLogger } from '${join(process.cwd(), 'config/index.ts')}';
      import { startMediaEngine } from '${join(process.cwd(), 'embedded/media/index.ts')}';
      const engine = await startMediaEngine({ rtpPorts: [0, 0], udp: '${udp}', logger: createLogger({ logLevel: 'silent' }) });
      const port = await engine.openPort({ address: '127.0.0.1' });
      const room = await engine.openRoom('r');
      room.play('tone_stream://%(1000,0,${TONES[0]});loops=-1');
      await room.addMember(1, port, ${JSON.stringify(MEMBER)});
      ${path === '' ? '' : `await room.startRecording('${path}'); await port.startRecording('${path}.leg.wav');`}
      ${then}`;

    const run = (source: string): ChildProcess => {
      const loader = join(process.cwd(), 'node_modules/tsx/dist/loader.mjs');
      const child = spawn(process.execPath, ['--import', loader, '--input-type=module', '-e', source], {
        cwd: tmpdir(),
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      children.push(child);
      return child;
    };

    it('leaves recordings of a room and of a leg that can be read when it is killed', async () => {
      const path = join(folder, 'killed.wav');
      const child = run(script(path, ''));
      const files = [path, `${path}.leg.wav`];
      await Promise.all(files.map((file) => grown(file, 1000)));
      child.kill('SIGKILL');
      await once(child, 'exit');
      for (const file of files) {
        const recorded = await readWav(file);
        expect(recorded.samples.length / 8, 'milliseconds').to.be.at.least(1000 - LAST_CHUNK_MS);
        expect(toneLevel(recorded, TONES[0])).to.be.greaterThan(-30);
      }
    });

    it('ends by itself after stop, whatever folder it was started from', async () => {
      const child = run(script('', 'await engine.stop();'));
      expect((await once(child, 'exit'))[0]).to.equal(0);
    });
  });
});

/** Until so much sound is in a file that is being written. */
async function grown(path: string, milliseconds: number): Promise<void> {
  for (;;) {
    const bytes = await stat(path).then(
      ({ size }) => size,
      () => 0,
    );
    if (bytes > 44 + 16 * milliseconds) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
