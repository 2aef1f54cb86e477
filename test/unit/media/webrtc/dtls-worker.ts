/** A thread with a handshake: opens one and stands still, or goes on with one that comes from elsewhere. */
import { parentPort, workerData } from 'node:worker_threads';
import type { DtlsCertificate } from '../../../../embedded/media/webrtc/certificate.ts';
import { DtlsContext, DtlsHandshake, type DtlsState } from '../../../../embedded/media/webrtc/dtls.ts';
import { loadOpenSsl } from '../../../../embedded/media/webrtc/openssl.ts';

export interface DtlsWorkerData {
  readonly ours: DtlsCertificate;
  readonly theirs: DtlsCertificate;
  readonly role: 'client' | 'server';
  /** Of a handshake to go on with; without it one is opened, told, and the thread stands still until `release` is 1. */
  readonly state?: DtlsState;
  readonly release: Int32Array;
}

const { ours, theirs, role, state, release } = workerData as DtlsWorkerData;
const openssl = loadOpenSsl();
const context = new DtlsContext(openssl, ours);
const fingerprint = theirs.fingerprint;

if (state) parentPort!.postMessage(handshakeWithPeer(state));
else {
  const events = { send: () => undefined, connected: () => undefined, failed: () => undefined };
  parentPort!.postMessage(new DtlsHandshake(context, { role, fingerprint, events }).depart());
  Atomics.wait(release, 0, 0);
}

/** @returns what became of our side */
function handshakeWithPeer(from: DtlsState): string {
  let outcome = 'nothing';
  const queue: (() => void)[] = [];
  const later = (to: () => DtlsHandshake, datagram: Buffer): void => {
    const bytes = Buffer.from(datagram);
    queue.push(() => to().receive(bytes));
  };
  const we = new DtlsHandshake(
    context,
    {
      role,
      fingerprint,
      events: {
        send: (datagram) => later(() => peer, datagram),
        connected: () => (outcome = 'connected'),
        failed: (reason) => (outcome = reason),
      },
    },
    from,
  );
  const peer: DtlsHandshake = new DtlsHandshake(new DtlsContext(openssl, theirs), {
    role: role === 'client' ? 'server' : 'client',
    fingerprint: ours.fingerprint,
    events: {
      send: (datagram) => later(() => we, datagram),
      connected: () => undefined,
      failed: () => undefined,
    },
  });
  (role === 'client' ? we : peer).start();
  for (let next = queue.shift(); next; next = queue.shift()) next();
  return outcome;
}
