/** What a handshake must not do to its thread, nor to another one. */
import { expect } from 'chai';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { createDtlsCertificate } from '../../../../embedded/media/webrtc/certificate.ts';
import type { DtlsState } from '../../../../embedded/media/webrtc/dtls.ts';
import type { DtlsWorkerData } from './dtls-worker.ts';

const PATIENCE_MS = 10_000;

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
});
