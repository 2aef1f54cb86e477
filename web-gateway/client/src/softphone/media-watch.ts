/** Whether sound comes: the state of ICE and DTLS, and the packets that really arrive. */

export interface MediaListener {
  /** Once: the first time packets may come. */
  onCame(): void;
  /** Once, afterwards or instead. */
  onLost(): void;
}

/** ICE often comes back by itself from `disconnected`. */
const DISCONNECTED_MS = 4_000;
const LOOK_MS = 1_000;
/** The conference sends all the time: so much silence on the wire is a dead path. */
const SILENT_LOOKS = 5;
/** A machine that slept this long has lost its path, whatever the state says. */
const SLEPT_MS = 15_000;

/** @returns how to stop watching */
export function watchMedia(connection: RTCPeerConnection, listener: MediaListener): () => void {
  let came = false;
  let over = false;
  let disconnected: ReturnType<typeof setTimeout> | undefined;
  let looks: ReturnType<typeof setInterval> | undefined;

  const stop = () => {
    over = true;
    clearTimeout(disconnected);
    clearInterval(looks);
    connection.removeEventListener('connectionstatechange', look);
  };
  const lose = () => {
    if (over) return;
    stop();
    listener.onLost();
  };
  const begin = () => {
    clearTimeout(disconnected);
    disconnected = undefined;
    if (came) return;
    came = true;
    looks = watchPackets(connection, lose);
    listener.onCame();
  };
  function look() {
    switch (connection.connectionState) {
      case 'connected':
        begin();
        return;
      case 'disconnected':
        disconnected ??= setTimeout(lose, DISCONNECTED_MS);
        return;
      case 'failed':
      case 'closed':
        lose();
        return;
      case 'new':
      case 'connecting':
    }
  }
  connection.addEventListener('connectionstatechange', look);
  look();
  return stop;
}

function watchPackets(connection: RTCPeerConnection, lose: () => void): ReturnType<typeof setInterval> {
  let packets = -1;
  let silent = 0;
  let lookedAt = Date.now();
  return setInterval(() => {
    const slept = Date.now() - lookedAt > SLEPT_MS;
    lookedAt = Date.now();
    if (slept) {
      lose();
      return;
    }
    void packetsReceived(connection).then((received) => {
      silent = received > packets ? 0 : silent + 1;
      packets = received;
      if (silent >= SILENT_LOOKS) lose();
    });
  }, LOOK_MS);
}

export async function packetsReceived(connection: RTCPeerConnection): Promise<number> {
  let received = 0;
  for (const report of (await connection.getStats()).values() as Iterable<RTCInboundRtpStreamStats>) {
    if (report.type === 'inbound-rtp') received += report.packetsReceived ?? 0;
  }
  return received;
}
