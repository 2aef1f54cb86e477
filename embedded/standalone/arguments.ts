/** The command line of the servers on their own: text in, options or one sentence out. Pure. */
import { isIP } from 'node:net';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { ListenOptions, TransportProtocol } from '../sip/index.ts';

/** `message` is a sentence for whoever typed the arguments. */
export class ArgumentError extends Error {
  override readonly name = 'ArgumentError';
}

export interface ControlPoint {
  readonly address: string;
  readonly port: number;
  readonly secret: string;
}

export interface StandaloneOptions {
  /** Empty without drachtio-server. */
  readonly sip: readonly ListenOptions[];
  readonly drachtio?: ControlPoint;
  readonly freeswitch?: ControlPoint;
  /** Where RTP ports are bound. */
  readonly mediaAddress: string;
  /** Told in Contact and SDP instead of what is bound. */
  readonly advertisedAddress?: string;
  readonly rtpPorts: readonly [number, number];
  /** PEM files; without them a certificate is made where one is needed. */
  readonly tls?: { readonly certificateFile: string; readonly keyFile: string };
  /** The .wav file that `local_stream://` plays. */
  readonly music?: string;
  readonly logLevel: string;
}

export const USAGE = `npm run embedded -- [options]

  --sip [protocol:]address:port       where SIP is listened to; may be given more than once. Without a protocol UDP and
                                      TCP; otherwise udp, tcp, tls, ws or wss. Default 127.0.0.1:5060
  --drachtio address:port:secret      where drachtio applications connect. Default 127.0.0.1:9022:cymru
  --freeswitch address:port:password  the event socket. Default 127.0.0.1:8021:ClueCon
  --media address                     where RTP is bound. Default: the address of the first --sip, or of --freeswitch
  --advertise address                 told to phones instead of the addresses that are bound (NAT, 0.0.0.0)
  --rtp low-high                      RTP ports. Default 20000-29999
  --tls-certificate file --tls-key file
                                      for tls and wss, PEM. Without them a certificate is made at the start
  --music file                        WAV that local_stream:// plays, round and round. Default: Partyline's own
  --log-level level                   trace, debug, info, warn, error or silent. Default warn

Port 0 lets the operating system choose. Without any server named both are started; --drachtio or --freeswitch alone
starts that one alone.
`;

const OPTIONS = {
  sip: { type: 'string', multiple: true },
  drachtio: { type: 'string' },
  freeswitch: { type: 'string' },
  media: { type: 'string' },
  advertise: { type: 'string' },
  rtp: { type: 'string' },
  'tls-certificate': { type: 'string' },
  'tls-key': { type: 'string' },
  music: { type: 'string' },
  'log-level': { type: 'string' },
  help: { type: 'boolean' },
} as const satisfies ParseArgsConfig['options'];

const PROTOCOLS: readonly TransportProtocol[] = ['udp', 'tcp', 'tls', 'ws', 'wss'];
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];
/** Everybody knows them, so they keep nobody out. */
const WELL_KNOWN = new Set(['cymru', 'ClueCon']);
const USUAL = { sip: '127.0.0.1:5060', drachtio: '127.0.0.1:9022:cymru', freeswitch: '127.0.0.1:8021:ClueCon' };
const ANY_ADDRESS = new Set(['0.0.0.0', '::']);

/**
 * @returns `help` when it was asked for
 * @throws ArgumentError
 */
export function parseArguments(args: readonly string[]): StandaloneOptions | 'help' {
  const given = read(args);
  if (given.help === true) return 'help';
  const named = given.drachtio !== undefined || given.sip !== undefined || given.freeswitch !== undefined;
  const wantsDrachtio = !named || given.drachtio !== undefined || given.sip !== undefined;
  const drachtio = wantsDrachtio ? controlPoint('drachtio', given.drachtio ?? USUAL.drachtio) : undefined;
  const wantsFreeswitch = !named || given.freeswitch !== undefined;
  const freeswitch = wantsFreeswitch ? controlPoint('freeswitch', given.freeswitch ?? USUAL.freeswitch) : undefined;
  const sip = drachtio ? (given.sip ?? [USUAL.sip]).flatMap(listeningPoints) : [];
  const media = given.media === undefined ? undefined : address('media', given.media);
  const mediaAddress = media ?? sip[0]?.address ?? freeswitch?.address ?? '127.0.0.1';
  const tls = tlsFiles(given['tls-certificate'], given['tls-key']);
  return {
    sip,
    mediaAddress,
    rtpPorts: portRange(given.rtp ?? '20000-29999'),
    logLevel: oneOf('log-level', LOG_LEVELS, given['log-level'] ?? 'warn'),
    ...(drachtio && { drachtio }),
    ...(freeswitch && { freeswitch }),
    ...(tls && { tls }),
    ...(given.music !== undefined && { music: given.music }),
    ...advertised(given.advertise, [...sip.map((point) => point.address), mediaAddress]),
  };
}

function read(args: readonly string[]) {
  const { values, tokens } = parseArgs({ args: [...args], options: OPTIONS, strict: false, tokens: true });
  const seen = new Set<string>();
  for (const token of tokens) {
    if (token.kind === 'positional') throw new ArgumentError(`“${token.value}” does not belong to any option.`);
    if (token.kind !== 'option') continue;
    const known = Object.entries(OPTIONS).find(([name]) => name === token.name)?.[1];
    if (!known) throw new ArgumentError(`There is no option ${token.rawName}; --help lists them all.`);
    if (known.type === 'string' && !token.value) throw new ArgumentError(`--${token.name} needs a value.`);
    if (token.name !== 'sip' && seen.has(token.name)) throw new ArgumentError(`--${token.name} is given twice.`);
    seen.add(token.name);
  }
  // Checked above: strings where strings are wanted.
  return values as Partial<Record<Exclude<keyof typeof OPTIONS, 'sip' | 'help'>, string>> & {
    readonly sip?: string[];
    readonly help?: boolean;
  };
}

/** `127.0.0.1:5060`, `tls:[::1]:5061`. */
function listeningPoints(text: string): ListenOptions[] {
  const protocol = PROTOCOLS.find((known) => text.startsWith(`${known}:`));
  const place = hostAndPort(protocol === undefined ? text : text.slice(protocol.length + 1));
  if (!place || place.rest !== '') {
    const example = 'for instance 127.0.0.1:5060, udp:0.0.0.0:5060 or tls:[::1]:5061';
    throw new ArgumentError(`--sip must be [protocol:]address:port, ${example}, not “${text}”.`);
  }
  const { address, port } = place;
  return protocol === undefined
    ? (['udp', 'tcp'] as const).map((each) => ({ protocol: each, address, port }))
    : [{ protocol, address, port }];
}

function controlPoint(option: 'drachtio' | 'freeswitch', text: string): ControlPoint {
  const place = hostAndPort(text);
  const secret = place?.rest.slice(1) ?? '';
  if (!place || secret === '') {
    const what = option === 'drachtio' ? 'secret' : 'password';
    // What was typed is not quoted: it may hold the secret.
    throw new ArgumentError(`--${option} must be address:port:${what}, for instance ${USUAL[option]}.`);
  }
  if (/[\x00-\x1f\x7f|]/.test(secret)) {
    throw new ArgumentError(`The secret of --${option} must hold neither control characters nor “|”.`);
  }
  if (WELL_KNOWN.has(secret) && !isLoopback(place.address)) {
    throw new ArgumentError(
      `Everybody knows the secret “${secret}”: --${option} needs another one where other machines can reach it.`,
    );
  }
  return { address: place.address, port: place.port, secret };
}

/** What is behind the port is in `rest`, its colon included. */
function hostAndPort(text: string): { address: string; port: number; rest: string } | undefined {
  const match = /^(?:\[([^\]]{2,45})\]|([^:[\]]{1,45})):([0-9]{1,5})(:.*)?$/s.exec(text);
  const host = match?.[1] ?? match?.[2] ?? '';
  const address = host === 'localhost' ? '127.0.0.1' : host;
  const port = Number(match?.[3]);
  if (!match || isIP(address) === 0 || port > 65_535) return undefined;
  return { address, port, rest: match[4] ?? '' };
}

function address(option: string, text: string): string {
  const plain = text === 'localhost' ? '127.0.0.1' : text.replace(/^\[|\]$/g, '');
  if (isIP(plain) === 0) throw new ArgumentError(`--${option} must be an IP address, not “${text}”.`);
  return plain;
}

function advertised(text: string | undefined, bound: readonly string[]): { advertisedAddress?: string } {
  if (text !== undefined) {
    const told = address('advertise', text);
    if (ANY_ADDRESS.has(told)) throw new ArgumentError('--advertise must be an address that phones can reach.');
    return { advertisedAddress: told };
  }
  const any = bound.find((each) => ANY_ADDRESS.has(each));
  if (any !== undefined) {
    throw new ArgumentError(`${any} is no address that phones could be told: name one of this machine by --advertise.`);
  }
  return {};
}

function portRange(text: string): [number, number] {
  const match = /^([0-9]{1,5})-([0-9]{1,5})$/.exec(text);
  const [low, high] = [Number(match?.[1]), Number(match?.[2])];
  if (!match || low > high || high > 65_535) {
    throw new ArgumentError(`--rtp must be a range of ports such as 20000-29999, not “${text}”.`);
  }
  return [low, high];
}

function tlsFiles(certificateFile: string | undefined, keyFile: string | undefined): StandaloneOptions['tls'] {
  if (certificateFile === undefined && keyFile === undefined) return undefined;
  if (certificateFile === undefined || keyFile === undefined) {
    throw new ArgumentError('--tls-certificate and --tls-key go together.');
  }
  return { certificateFile, keyFile };
}

function oneOf(option: string, values: readonly string[], text: string): string {
  if (values.includes(text)) return text;
  throw new ArgumentError(`--${option} must be one of ${values.join(', ')}, not “${text}”.`);
}

export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}
