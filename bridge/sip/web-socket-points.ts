/**
 * Which requests came through the web gateway. It passes browsers on to the SIP server's plain WebSocket, where all of them
 * have its own address, so that no address can be trusted there. drachtio-server shows WebSocket as `tcp`, and a Via says
 * what its sender likes; the listening point is what can be relied on.
 */
export class WebSocketPoints {
  readonly #points: ReadonlySet<string>;

  /** @param listeningPoints as drachtio-server tells them: `ws/127.0.0.1:5062,udp/…` */
  constructor(listeningPoints: string) {
    const plain = listeningPoints.split(',').flatMap((point) => /^ws\/(.+)$/.exec(point.trim())?.[1] ?? []);
    this.#points = new Set(plain.map(withoutBrackets));
  }

  /** @param receivedOn `address:port` of the listening point; absent for requests inside of dialogs */
  has(receivedOn: string | undefined): boolean {
    return receivedOn !== undefined && this.#points.has(withoutBrackets(receivedOn));
  }
}

function withoutBrackets(hostPort: string): string {
  return hostPort.replace(/[[\]]/g, '');
}
