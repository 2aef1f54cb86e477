import { expect } from 'chai';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import type { FromWorker, ToWorker } from '../../../embedded/media/messages.ts';
import { commands } from '../../../embedded/media/worker/commands.ts';
import { MediaCore } from '../../../embedded/media/worker/media-core.ts';
import { createDtlsCertificate } from '../../../embedded/media/webrtc/certificate.ts';
import type { UdpChoice } from '../../../embedded/media/types.ts';
import { remote } from './helpers.ts';

const CERTIFICATE = createDtlsCertificate();

/** The worker's side without the thread: messages in, messages out. */
class Bench {
  readonly posted: FromWorker[] = [];
  readonly #post = (message: FromWorker): void => void this.posted.push(message);
  readonly core: MediaCore;
  readonly #obey: (message: ToWorker) => Promise<void>;
  #nextId = 1;

  constructor(udp: UdpChoice = 'auto') {
    this.core = new MediaCore({ udp, certificate: CERTIFICATE }, this.#post);
    this.#obey = commands(this.core, this.#post);
  }

  async ask(name: string, ask: object): Promise<unknown> {
    const id = this.#nextId++;
    await this.#obey({ kind: 'request', id, name, ask } as unknown as ToWorker);
    const reply = this.posted.find((message) => 'id' in message && message.id === id);
    if (reply?.kind === 'failure') return reply.code;
    return reply?.kind === 'answer' ? reply.answer : 'nothing';
  }

  order(name: string, order: object): void {
    void this.#obey({ kind: 'order', name, order } as unknown as ToWorker);
  }

  openPort(portId: string): Promise<unknown> {
    return this.ask('open-port', {
      portId,
      address: '127.0.0.1',
      port: 0,
      inactivityTimeoutSeconds: 0,
      remote: undefined,
    });
  }
}

/** After a turn of the event loop: handles that were closed go with it, and mocha's own timer has come. */
const resources = async (): Promise<string[]> => {
  await nextTurn();
  return process.getActiveResourcesInfo().filter((kind) => /UDP|Timeout/.test(kind));
};

describe('media core', () => {
  it('has no socket and no timer before the first port and after the last', async () => {
    const before = await resources();
    const bench = new Bench();
    expect(await resources()).to.deep.equal(before);
    await bench.openPort('a');
    await bench.ask('open-room', { roomId: 'r' });
    expect((await resources()).length).to.be.greaterThan(before.length);
    await bench.ask('close-port', { portId: 'a' });
    await bench.ask('close-room', { roomId: 'r' });
    expect(await resources()).to.deep.equal(before);
    expect(bench.posted.at(-2)).to.have.nested.property('load.ports', 0);
  });

  it('closes a leg that fails, tells of it once, and goes on with the others and with the room', async () => {
    const bench = new Bench();
    for (const portId of ['a', 'b', 'c']) await bench.openPort(portId);
    await bench.ask('open-room', { roomId: 'r' });
    for (const [index, portId] of ['a', 'b'].entries()) {
      await bench.ask('add-member', { roomId: 'r', memberId: index + 1, portId, audio: {} });
    }
    for (const portId of ['a', 'c']) {
      bench.core.leg(portId).pull = () => {
        throw new Error(`${portId} failed`);
      };
    }
    const failures = (): string[] =>
      bench.posted.flatMap((message) => (message.kind === 'port-failed' ? [message.portId] : []));
    while (failures().length < 2) await delay(5);
    await delay(60);
    expect(failures().sort()).to.deep.equal(['a', 'c']);
    expect(await bench.ask('statistics', { portId: 'a' })).to.equal('media/unknown-port');
    expect(await bench.ask('statistics', { portId: 'b' })).to.include({ packetsReceived: 0 });
    expect(await bench.ask('members', { roomId: 'r' })).to.have.length(1);
    await bench.ask('stop', {});
  });

  it('closes a room that fails; its legs live on', async () => {
    const bench = new Bench();
    await bench.openPort('a');
    for (const roomId of ['r', 's']) await bench.ask('open-room', { roomId });
    await bench.ask('add-member', { roomId: 'r', memberId: 1, portId: 'a', audio: {} });
    bench.core.room('r').tick = () => {
      throw new Error('room failed');
    };
    while (!bench.posted.some(({ kind }) => kind === 'room-failed')) await delay(5);
    expect(await bench.ask('members', { roomId: 'r' })).to.equal('media/unknown-room');
    expect(await bench.ask('members', { roomId: 's' })).to.deep.equal([]);
    expect(bench.core.leg('a').inRoom).to.equal(false);
    await bench.ask('stop', {});
  });

  it('answers for ports, rooms and members that are not there', async () => {
    const bench = new Bench();
    expect(await bench.ask('statistics', { portId: 'a' })).to.equal('media/unknown-port');
    expect(await bench.ask('members', { roomId: 'r' })).to.equal('media/unknown-room');
    await bench.ask('open-room', { roomId: 'r' });
    expect(await bench.ask('add-member', { roomId: 'r', memberId: 1, portId: 'a', audio: {} })).to.equal(
      'media/unknown-port',
    );
    expect(await bench.ask('remove-member', { roomId: 'r', memberId: 1 })).to.equal('media/unknown-member');
    expect(await bench.ask('stop-room-recording', { roomId: 'r', path: '/x.wav' })).to.equal('media/not-recording');
    expect(await bench.ask('close-port', { portId: 'a' })).to.equal(undefined);
    await bench.ask('stop', {});
  });

  it('ignores orders for those who are gone, and settles their plays', () => {
    const bench = new Bench();
    bench.order('set-remote', { portId: 'a', remote: remote() });
    bench.order('send-digits', { portId: 'a', digits: '1', durationMs: 100 });
    bench.order('inject-digit', { portId: 'a', digit: '1', durationMs: 100 });
    bench.order('set-echo', { portId: 'a', on: true });
    bench.order('stop-port-play', { portId: 'a', playId: 1 });
    bench.order('set-audio', { roomId: 'r', memberId: 1, audio: {} });
    bench.order('set-relation', { roomId: 'r', a: 1, b: 2, nospeak: true, nohear: false });
    bench.order('stop-room-play', { roomId: 'r', playId: 1 });
    bench.order('play-to-port', { portId: 'a', playId: 7, uri: 'silence_stream://1' });
    bench.order('play-to-room', { roomId: 'r', playId: 8, uri: 'silence_stream://1', async: false });
    const result = { outcome: 'stopped', playedMilliseconds: 0, lastOffset: 0 };
    expect(bench.posted).to.deep.equal([
      { kind: 'play-ended', playId: 7, result },
      { kind: 'play-ended', playId: 8, result },
    ]);
  });

  it('survives an order that makes no sense, and tells of it', async () => {
    const bench = new Bench();
    await bench.openPort('a');
    bench.order('set-remote', { portId: 'a', remote: null });
    expect(bench.posted.filter(({ kind }) => kind === 'fault')).to.have.length(1);
    expect(await bench.ask('statistics', { portId: 'a' })).to.include({ packetsSent: 0 });
    await bench.ask('stop', {});
  });

  it('gives a port back that was being opened while all stopped', async () => {
    const bench = new Bench();
    const opening = bench.openPort('a');
    await bench.ask('stop', {});
    expect(await opening).to.equal('media/engine-stopped');
    expect((await resources()).filter((kind) => kind.includes('UDP'))).to.deep.equal([]);
  });
});
