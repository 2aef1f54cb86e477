/**
 * What the SIP half of the conformance suite stands on: a drachtio-server (the embedded one, or with `SUBJECT=real` the
 * one named by PARTYLINE_DRACHTIO on this machine), unmodified drachtio-srf connected to it, and phones.
 */
import type { Context } from 'mocha';
import { createLogger } from '../../config/index.ts';
import { startDrachtio, type DrachtioServer } from '../../embedded/drachtio/index.ts';
import type { TransportProtocol } from '../../embedded/sip/index.ts';
import { subjectName } from './bench.ts';
import { startPhone, type SipPhone } from './sip-phone.ts';
import { skipBecause } from './skip.ts';
import { connectSrf, killSrf, type Srf, type SrfRequest, type SrfResponse } from './srf-client.ts';

export type Handler = (request: SrfRequest, response: SrfResponse) => void;

/** What applications are asked about outside of dialogs. */
const METHODS = ['invite', 'options', 'message', 'info', 'notify', 'subscribe', 'publish', 'register'] as const;
export type RoutedMethod = (typeof METHODS)[number];

export interface SipBench {
  readonly subject: 'embedded' | 'real';
  readonly srf: Srf;
  readonly sipPort: number;
  readonly control: { readonly port: number; readonly secret: string };
  /** The application's answer to requests that begin something; 480 until it is set. */
  readonly on: Map<RoutedMethod, Handler>;
  phone(protocol?: TransportProtocol): Promise<SipPhone>;
  /** Another application on the same server. */
  application(prepare?: (srf: Srf) => void): Promise<Srf>;
  close(): Promise<void>;
}

interface Subject {
  readonly port: number;
  readonly secret: string;
  readonly server?: DrachtioServer;
}

/** @param context of a `before` hook: skipped, with the reason, when the real server is not named */
export async function openSipBench(context: Context): Promise<SipBench> {
  const subject = subjectName() === 'real' ? realServer(context) : await embeddedServer();
  const on = new Map<RoutedMethod, Handler>();
  const listening: string[] = [];
  const applications: Srf[] = [];
  const phones: SipPhone[] = [];
  const application = async (prepare: (srf: Srf) => void = () => {}) => {
    const connected = await connectSrf(subject.port, subject.secret, prepare);
    applications.push(connected);
    return connected;
  };
  const srf = await application((fresh) => {
    fresh.on('connect', (_error: unknown, hostPorts: string) => listening.push(...hostPorts.split(',')));
    for (const method of METHODS) {
      route(fresh, method, (request, response) => (on.get(method) ?? refuse)(request, response));
    }
  });
  return {
    subject: subjectName(),
    srf,
    sipPort: portOf(listening),
    control: { port: subject.port, secret: subject.secret },
    on,
    application,
    phone: async (protocol = 'udp') => {
      const made = await startPhone(protocol);
      phones.push(made);
      return made;
    },
    close: async () => {
      for (const each of applications) killSrf(each);
      await Promise.all(phones.map((each) => each.layer.stop()));
      await subject.server?.stop();
    },
  };
}

const refuse: Handler = (_request, response) => response.send(480);

export function route(srf: Srf, method: RoutedMethod, handler: Handler): void {
  (srf as unknown as Record<RoutedMethod, (handler: Handler) => void>)[method](handler);
}

function portOf(hostPorts: readonly string[]): number {
  const udp = hostPorts.map((hostPort) => /^udp\/[^:]+:(\d+)/.exec(hostPort)?.[1]).find((port) => port !== undefined);
  if (udp === undefined) throw new Error('the SIP server tells no UDP port');
  return Number(udp);
}

async function embeddedServer(): Promise<Subject> {
  const secret = 'cymru';
  const server = await startDrachtio({
    sip: (['udp', 'tcp'] as const).map((protocol) => ({ protocol, address: '127.0.0.1', port: 0 })),
    client: { address: '127.0.0.1', port: 0 },
    secret,
    logger: createLogger({ logLevel: process.env['TEST_LOG_LEVEL'] ?? 'silent' }),
  });
  return { port: server.clientPort, secret, server };
}

function realServer(context: Context): Subject {
  const [, port, secret] = (process.env['PARTYLINE_DRACHTIO'] ?? '').split(':');
  if (port === undefined || secret === undefined) {
    skipBecause(context, 'SUBJECT=real needs PARTYLINE_DRACHTIO (127.0.0.1:port:secret)');
  }
  return { port: Number(port), secret };
}
