/** Starts what the command line asks for: drachtio-server, FreeSWITCH, or both, without the rest of Partyline. */
import { networkInterfaces } from 'node:os';
import type { Logger } from '../../config/index.ts';
import { startDrachtio, type DrachtioServer } from '../drachtio/index.ts';
import { startFreeswitch, type FreeswitchServer } from '../freeswitch/index.ts';
import { readTlsFiles, selfSignedTls, type SourceFilter, type TlsOptions } from '../sip/index.ts';
import { isLoopback, type StandaloneOptions } from './arguments.ts';

export interface StandaloneServers {
  readonly drachtio: DrachtioServer | undefined;
  readonly freeswitch: FreeswitchServer | undefined;
  /** Where it listens, for people: `SIP         udp 127.0.0.1:5060`. */
  readonly lines: readonly string[];
  /** Idempotent. */
  stop(): Promise<void>;
}

/** @throws the operating system's error when a port cannot be bound or a file not read; nothing stays open then */
export async function startStandalone(options: StandaloneOptions, logger: Logger): Promise<StandaloneServers> {
  const freeswitch = options.freeswitch && (await startMediaServer(options, options.freeswitch, logger));
  try {
    const drachtio = options.drachtio && (await startSipServer(options, options.drachtio, logger));
    return {
      drachtio,
      freeswitch,
      lines: describe(options, drachtio, freeswitch),
      stop: async () => {
        await drachtio?.stop();
        await freeswitch?.stop();
      },
    };
  } catch (error) {
    await freeswitch?.stop();
    throw error;
  }
}

type Control = NonNullable<StandaloneOptions['drachtio']>;

function startMediaServer(options: StandaloneOptions, control: Control, logger: Logger): Promise<FreeswitchServer> {
  const { address, port, secret } = control;
  const { advertisedAddress, mediaAddress, rtpPorts, music } = options;
  return startFreeswitch({
    sip: { address, port: 0 },
    mediaAddress,
    ...(advertisedAddress !== undefined && { advertisedMediaAddress: advertisedAddress }),
    eventSocket: { address, port },
    password: secret,
    rtpPorts,
    ...(music !== undefined && { music }),
    // Whoever opens it to other machines wants them let in.
    ...(isLoopback(address) ? { sipFilter: fromThisMachine() } : { sipFilter: anybody, eventSocketFilter: anybody }),
    logger,
  });
}

async function startSipServer(options: StandaloneOptions, control: Control, logger: Logger): Promise<DrachtioServer> {
  const { address, port, secret } = control;
  const { sip, advertisedAddress } = options;
  return startDrachtio({
    sip,
    advertisedAddress,
    client: { address, port },
    secret,
    logger,
    tls: await certificateFor(options),
  });
}

async function certificateFor({ sip, tls, advertisedAddress }: StandaloneOptions): Promise<TlsOptions | undefined> {
  if (tls) return readTlsFiles(tls.certificateFile, tls.keyFile);
  const secure = sip.filter(({ protocol }) => protocol === 'tls' || protocol === 'wss');
  if (secure.length === 0) return undefined;
  const names = new Set(['localhost', ...secure.map((point) => advertisedAddress ?? point.address)]);
  return selfSignedTls([...names]);
}

const anybody = () => true;

/** drachtio-server sends from the address it is bound to, which need not be a loopback one. */
function fromThisMachine(): SourceFilter {
  const own = new Set(Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address)));
  return ({ address }) => isLoopback(address) || own.has(address);
}

function describe(options: StandaloneOptions, drachtio?: DrachtioServer, freeswitch?: FreeswitchServer): string[] {
  const lines: string[] = [];
  const line = (what: string, where: string) => lines.push(`${what.padEnd(11)} ${where}`);
  for (const { protocol, address, port } of drachtio?.listeningPoints ?? []) {
    line('SIP', `${protocol} ${hostPort(address, port)}`);
  }
  if (drachtio) line('drachtio', hostPort(options.drachtio?.address ?? '', drachtio.clientPort));
  if (freeswitch) line('FreeSWITCH', hostPort(options.freeswitch?.address ?? '', freeswitch.eventSocketPort));
  return lines;
}

function hostPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
