import { expect } from 'chai';
import { Writable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { createLogger } from '../../../config/index.ts';
import { Engine } from '../../../embedded/media/engine.ts';
import { MediaError } from '../../../embedded/media/errors.ts';

/** A worker that answers whatever is asked, until asked for statistics: then it does what `then` says. */
const worker = (then: string): Worker =>
  new Worker(
    `const { parentPort } = require('node:worker_threads');
     parentPort.on('message', ({ kind, id, name }) => {
       if (name === 'statistics') { ${then} }
       else if (kind === 'request') parentPort.postMessage({ kind: 'answer', id, answer: { localAddress: '', localPort: 2 } });
     });`,
    { eval: true, execArgv: [] },
  );

describe('media engine whose worker fails', () => {
  const lines: string[] = [];
  const destination = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString());
      done();
    },
  });
  const logger = createLogger({ logLevel: 'info' }, destination);
  const engine = (then: string): Engine => new Engine({ rtpPorts: [0, 0], workers: 1, logger }, () => worker(then));
  const code = (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => (error as MediaError).code);

  beforeEach(() => (lines.length = 0));

  for (const [how, then] of [
    ['throws', `throw new Error('worker down')`],
    ['ends', `process.exit(3)`],
  ] as const) {
    it(`closes every port and room, settles everything and logs when it ${how}`, async () => {
      const failing = engine(then);
      await failing.ready();
      const [port, room] = [await failing.openPort({ address: '' }), await failing.openRoom('room')];
      const plays = [port.play('a'), room.play('b')];
      const closed: string[] = [];
      port.on('closed', () => closed.push('port'));
      room.on('closed', () => closed.push('room'));
      expect(await code(port.statistics())).to.equal('media/engine-failed');
      expect(closed).to.have.members(['port', 'room']);
      for (const { result } of plays) expect((await result).outcome).to.equal('stopped');
      expect(failing.load()).to.include({ ports: 0, rooms: 0 });
      expect(lines.filter((line) => line.includes('a media worker died'))).to.have.length(1);
      expect(failing.load().overloaded, 'until another one runs').to.equal(true);
      expect(await code(failing.openPort({ address: '' }))).to.equal('media/engine-failed');
      expect((await port.play('a').result).outcome).to.equal('stopped');
      await Promise.all([port.close(), room.close(), failing.stop()]);
      expect(closed).to.have.length(2);
      expect(await code(failing.openPort({ address: '' }))).to.equal('media/engine-stopped');
    });
  }

  it('puts another worker in the place of one that died, and leaves the others alone', async () => {
    const three = new Engine({ rtpPorts: [0, 0], workers: 3, logger }, () => worker('process.exit(3)'));
    await three.ready();
    const ports = [];
    for (let n = 0; n < 6; n++) ports.push(await three.openPort({ address: '' }));
    const closed: string[] = [];
    for (const port of ports) port.on('closed', () => closed.push(port.id));
    expect(await code(ports[1]!.statistics())).to.equal('media/engine-failed');
    expect(closed).to.deep.equal([ports[1]!.id, ports[4]!.id]);
    const running = (): number[] => three.load().workers.map(({ ports: count }) => count);
    expect(running()).to.deep.equal([2, 0, 2]);
    for (const end = performance.now() + 3000; three.load().overloaded;) {
      if (performance.now() > end) throw new Error('no other worker came');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await three.openPort({ address: '' });
    expect(running()).to.deep.equal([2, 1, 2]);
    await three.stop();
  });

  it('survives listeners that throw, and tells the others', async () => {
    const sound =
      engine(`parentPort.postMessage({ kind: 'port-event', portId: 'port-1', event: { name: 'media-started' } });
      parentPort.postMessage({ kind: 'answer', id, answer: {} });`);
    const port = await sound.openPort({ address: '' });
    let told = 0;
    port.on('media-started', () => {
      throw new Error('listener down');
    });
    port.on('media-started', () => told++);
    await port.statistics();
    expect(told).to.equal(1);
    expect(lines.filter((line) => line.includes('listener down'))).to.have.length(1);
    await sound.stop();
  });
});

describe('admission by the clock', () => {
  const logger = createLogger({ logLevel: 'silent' });
  const engines: Engine[] = [];
  afterEach(() => Promise.all(engines.splice(0).map((engine) => engine.stop())));

  /** Its workers report these medians of how late their ticks were done, one each time when asked for statistics. */
  async function reporting(doneP50Ms: readonly number[], options: { workers?: number; latenessLimitMs?: number } = {}) {
    const started = new Engine({ rtpPorts: [0, 0], workers: 1, logger, ...options }, () =>
      worker(`
        globalThis.reports ??= ${JSON.stringify(doneP50Ms)};
        const load = { ports: 0, rooms: 0, latenessP50Ms: 0, latenessP95Ms: 0, doneP50Ms: globalThis.reports.shift(), ticksLate: 0 };
        parentPort.postMessage({ kind: 'load', load });
        parentPort.postMessage({ kind: 'answer', id, answer: {} });`),
    );
    engines.push(started);
    await started.ready();
    return started;
  }

  async function overloadedAfterEach(engine: Engine, reports: readonly number[]): Promise<boolean[]> {
    const port = await engine.openPort({ address: '' });
    const told: boolean[] = [];
    for (let report = 0; report < reports.length; report++) {
      await port.statistics();
      told.push(engine.load().overloaded);
    }
    return told;
  }

  it('is overloaded after two seconds in a row in which the median tick was done too late, until one in time', async () => {
    const reports = [17, 15, 17, 17, 40, 16, 17];
    const engine = await reporting(reports);
    expect(engine.load().overloaded).to.equal(false);
    expect(await overloadedAfterEach(engine, reports)).to.deep.equal([false, false, false, true, true, false, false]);
  });

  it('takes the limit it is given, and none at all when that is 0', async () => {
    const reports = [9, 9, 7];
    const low = await reporting(reports, { latenessLimitMs: 8 });
    expect(await overloadedAfterEach(low, reports)).to.deep.equal([false, true, false]);
    const none = await reporting([1000, 1000, 1000], { latenessLimitMs: 0 });
    expect(await overloadedAfterEach(none, reports)).to.deep.equal([false, false, false]);
  });

  it('is overloaded when one worker is; new ports go to the others meanwhile', async () => {
    const engine = await reporting([17, 17], { workers: 2 });
    expect(await overloadedAfterEach(engine, [17, 17])).to.deep.equal([false, true]);
    for (let n = 0; n < 3; n++) await engine.openPort({ address: '' });
    expect(engine.load().workers.map(({ ports }) => ports)).to.deep.equal([1, 3]);
  });
});
