/** The network between a browser and the gateway, as it is on bad days: cut, dead, or without WebSockets. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface BadNetwork {
  /** Where the browser goes instead. */
  readonly url: string;
  /** Bytes that came from the gateway. */
  readonly received: number;
  /** Cuts every connection there is. New ones work. */
  cut(): void;
  /** Cuts everything, and lets nothing through until `restore`. */
  lose(): void;
  restore(): void;
  /** As some firewalls do: HTTP passes, an upgrade is answered 400. */
  blockWebSockets(): void;
  close(): Promise<void>;
}

export async function badNetwork(to: { port: number }): Promise<BadNetwork> {
  const sockets = new Set<Socket>();
  let lost = false;
  let blocksUpgrades = false;
  let received = 0;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
  };
  const server = createServer((browser) => {
    keep(browser);
    if (lost) {
      browser.destroy();
      return;
    }
    const gateway = connect(to.port, '127.0.0.1');
    keep(gateway);
    browser.once('close', () => gateway.destroy());
    gateway.once('close', () => browser.destroy());
    gateway.on('data', (data) => (received += data.length));
    gateway.pipe(browser);
    browser.on('data', (data) => {
      if (blocksUpgrades && /^upgrade: websocket/im.test(data.toString('latin1'))) {
        browser.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      } else gateway.write(data);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get received() {
      return received;
    },
    cut,
    lose: () => {
      lost = true;
      cut();
    },
    restore: () => {
      lost = false;
      blocksUpgrades = false;
    },
    blockWebSockets: () => {
      blocksUpgrades = true;
      cut();
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
    },
  };
}
