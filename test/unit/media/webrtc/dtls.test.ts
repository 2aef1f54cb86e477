/** What a handshake must not do to its thread, nor to another one. */
import { expect } from 'chai';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { createDtlsCertificate } from '../../../../embedded/media/webrtc/certificate.ts';
import { DtlsContext, DtlsHandshake, type DtlsState } from '../../../../embedded/media/webrtc/dtls.ts';
import { loadOpenSsl } from '../../../../embedded/media/webrtc/openssl.ts';
import type { DtlsWorkerData } from './dtls-worker.ts';

const PATIENCE_MS = 10_000;
const BIO_CTRL_PENDING = 10;

describe('DTLS', () => {
  const ours = createDtlsCertificate();
  const theirs = createDtlsCertificate();

  for (const role of ['client', 'server'] as const) {
    it(`goes on as ${role} in another thread while the first one stands still`, async () => {
      const release = new Int32Array(new SharedArrayBuffer(4));
      const threads: Worker[] = [];
      const told = async (state?: DtlsState): Promise<unknown> => {
        const data: DtlsWorkerData = { ours, theirs, role, release, ...(state && { state }) };
        const thread = new Worker(new URL('./dtls-worker.mjs', import.meta.url), { execArgv: [], workerData: data });
        threads.push(thread);
        const [message] = (await once(thread, 'message', { signal: AbortSignal.timeout(PATIENCE_MS) })) as [unknown];
        return message;
      };
      try {
        const departed = (await told()) as DtlsState;
        expect(departed.stage).to.equal('handshaking');
        expect(await told(departed)).to.equal('connected');
      } finally {
        // A thread that is held up in native code cannot be ended before.
        Atomics.store(release, 0, 1);
        Atomics.notify(release, 0);
        await Promise.all(threads.map((thread) => thread.terminate()));
      }
    });
  }

  it('keeps nothing of what comes, while connected and after the peer has said goodbye', () => {
    const openssl = loadOpenSsl();
    const [context, peerContext] = [new DtlsContext(openssl, ours), new DtlsContext(openssl, theirs)];
    const queue: (() => void)[] = [];
    const events = (other: () => DtlsHandshake) => ({
      send: (datagram: Buffer) => {
        const bytes = Buffer.from(datagram);
        queue.push(() => other().receive(bytes));
      },
      connected: () => undefined,
      failed: () => undefined,
    });
    const deliver = (): void => {
      for (let next = queue.shift(); next; next = queue.shift()) next();
    };
    const options = { role: 'server', fingerprint: theirs.fingerprint, events: events(() => peer) } as const;
    let we = new DtlsHandshake(context, options);
    const peer: DtlsHandshake = new DtlsHandshake(peerContext, {
      role: 'client',
      fingerprint: ours.fingerprint,
      events: events(() => we),
    });
    const waiting = (): number => {
      for (let sequence = 100; sequence < 200; sequence++) we.receive(forgedRecord(sequence));
      const state = we.depart();
      we = new DtlsHandshake(context, options, state);
      return openssl.call.bioControl(state.incoming, BIO_CTRL_PENDING, 0, 0);
    };
    peer.start();
    deliver();
    expect(we.connected).to.equal(true);
    expect(waiting(), 'while connected').to.equal(0);
    peer.close();
    deliver();
    expect(waiting(), 'afterwards').to.equal(0);
    expect(we.connected).to.equal(false);
    we.close();
    context.free();
    peerContext.free();
  });
});

/** Application data of DTLS 1.2, epoch 1, that nobody has encrypted. */
function forgedRecord(sequence: number): Buffer {
  const record = Buffer.alloc(1200);
  record[0] = 23;
  record.writeUInt16BE(0xfefd, 1);
  record.writeUInt16BE(1, 3);
  record.writeUInt32BE(sequence, 7);
  record.writeUInt16BE(record.length - 13, 11);
  return record;
}
