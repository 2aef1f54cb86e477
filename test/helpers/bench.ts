/**
 * What a conformance test stands on: two servers (the embedded ones, or real ones named in the environment), unmodified
 * drachtio-srf and drachtio-fsmrf connected to them, and phones. `SUBJECT=real` needs PARTYLINE_DRACHTIO and
 * PARTYLINE_FREESWITCH (`host:port:secret`) on this machine.
 */
import type { Context } from 'mocha';
import { createLogger } from '../../config/index.ts';
import { musicFile } from '../../ivr/index.ts';
import { startEmbedded, type ControlAddress, type EmbeddedServers } from '../../embedded/index.ts';
import { connectMrf, type MediaServer } from './fsmrf-client.ts';
import { skipBecause } from './skip.ts';
import { connectSrf, type Srf, type SrfRequest, type SrfResponse } from './srf-client.ts';
import { Telephone } from './telephone.ts';

export interface Bench {
  readonly subject: 'embedded' | 'real';
  readonly srf: Srf;
  readonly mediaServer: MediaServer;
  readonly drachtio: ControlAddress;
  readonly freeswitch: ControlAddress;
  /** Where phones dial. */
  readonly sipPort: number;
  /** Where browsers dial; undefined when the real server does not listen for WebSockets. */
  readonly webSocketPort: number | undefined;
  /** The embedded servers, for counts. */
  readonly embedded: EmbeddedServers | undefined;
  /** Who takes the next calls. */
  onInvite: (request: SrfRequest, response: SrfResponse) => void;
  phone(): Promise<Telephone>;
  close(): Promise<void>;
}

interface SubjectServers {
  readonly drachtio: ControlAddress;
  readonly freeswitch: ControlAddress;
  readonly embedded?: EmbeddedServers;
}

const logger = createLogger({ logLevel: process.env['TEST_LOG_LEVEL'] ?? 'silent' });

export function subjectName(): 'embedded' | 'real' {
  return process.env['SUBJECT'] === 'real' ? 'real' : 'embedded';
}

/** @param context of a `before` hook: skipped, with the reason, when the real servers are not named */
export async function openBench(context: Context): Promise<Bench> {
  const servers = subjectName() === 'real' ? realServers(context) : await embeddedServers();
  const { drachtio, freeswitch } = servers;
  const phones: Telephone[] = [];
  const hostPorts: string[] = [];
  const srf = await connectSrf(drachtio.port, drachtio.secret, (fresh) => {
    fresh.invite((request, response) => bench.onInvite(request, response));
    fresh.on('connect', (_error: unknown, hostPort: string) => hostPorts.push(...hostPort.split(',')));
  });
  const mediaServer = await connectMrf(srf, freeswitch);
  const bench: Bench = {
    subject: subjectName(),
    srf,
    mediaServer,
    drachtio,
    freeswitch,
    sipPort: servers.embedded?.sipPort ?? udpPortOf(hostPorts),
    webSocketPort: servers.embedded?.webSocketPort ?? portOf(hostPorts, 'ws'),
    embedded: servers.embedded,
    onInvite: (_request, response) => response.send(480),
    phone: async () => {
      const phone = await Telephone.open();
      phones.push(phone);
      return phone;
    },
    close: async () => {
      for (const phone of phones) await phone.close();
      mediaServer.disconnect();
      srf.disconnect();
      await servers.embedded?.stop();
    },
  };
  return bench;
}

function portOf(hostPorts: readonly string[], protocol: 'udp' | 'ws'): number | undefined {
  const parts = hostPorts.map((hostPort) => /^(\w+)\/[^:]+:(\d+)/.exec(hostPort));
  const found = parts.find((match) => match?.[1] === protocol);
  return found ? Number(found[2]) : undefined;
}

function udpPortOf(hostPorts: readonly string[]): number {
  const port = portOf(hostPorts, 'udp');
  if (port === undefined) throw new Error('the SIP server tells no UDP port');
  return port;
}

async function embeddedServers(): Promise<SubjectServers> {
  const embedded = await startEmbedded({ bind: '127.0.0.1', sipPort: 0, rtpPorts: [0, 0], music: musicFile(), logger });
  return { drachtio: embedded.drachtio, freeswitch: embedded.freeswitch, embedded };
}

function realServers(context: Context): SubjectServers {
  const drachtio = addressIn('PARTYLINE_DRACHTIO');
  const freeswitch = addressIn('PARTYLINE_FREESWITCH');
  if (!drachtio || !freeswitch) {
    skipBecause(context, 'SUBJECT=real needs PARTYLINE_DRACHTIO and PARTYLINE_FREESWITCH (host:port:secret)');
  }
  return { drachtio, freeswitch };
}

function addressIn(name: string): ControlAddress | undefined {
  const [host, port, secret] = (process.env[name] ?? '').split(':');
  return host !== undefined && port !== undefined && secret !== undefined
    ? { host, port: Number(port), secret }
    : undefined;
}

export const pause = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));

/** Asks until the answer satisfies, five seconds at most. */
export async function until<T>(what: string, ask: () => T | Promise<T>, satisfied: (answer: T) => boolean): Promise<T> {
  const end = performance.now() + 5_000;
  for (;;) {
    const answer = await ask();
    if (satisfied(answer)) return answer;
    if (performance.now() > end) throw new Error(`${what}: still ${JSON.stringify(answer)} after 5 s`);
    await pause(25);
  }
}
