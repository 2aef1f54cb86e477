/** Session descriptions (RFC 8866) as far as one audio stream needs them. Pure. */
import { readSecure, type SecureDescription } from './secure-description.ts';

export type SdpDirection = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

export interface SdpCodec {
  readonly payloadType: number;
  /** In upper case. */
  readonly name: string;
  readonly rate: number;
}

export interface SdpMedia {
  readonly kind: string;
  readonly port: number;
  readonly protocol: string;
  /** As written. */
  readonly formats: readonly string[];
  readonly address: string;
  readonly codecs: readonly SdpCodec[];
  readonly direction: SdpDirection;
  readonly ptime?: number;
  readonly rtcpPort?: number;
  /** Everything DTLS-SRTP needs; absent when something is missing. */
  readonly secure?: SecureDescription;
}

export interface SessionDescription {
  readonly media: readonly SdpMedia[];
}

export class SdpError extends Error {
  override readonly name = 'SdpError';
}

const MAX_LENGTH = 65_536;
const MAX_MEDIA = 16;
const MAX_FORMATS = 64;
const STATIC_CODECS: Readonly<Record<number, SdpCodec>> = {
  0: { payloadType: 0, name: 'PCMU', rate: 8_000 },
  8: { payloadType: 8, name: 'PCMA', rate: 8_000 },
  13: { payloadType: 13, name: 'CN', rate: 8_000 },
};
const ADDRESS = /^[0-9A-Fa-f.:]{2,45}$|^[A-Za-z0-9.-]{1,253}$/;

interface Level {
  address: string | undefined;
  direction: SdpDirection | undefined;
}

/** @throws SdpError */
export function parseSdp(text: string): SessionDescription {
  if (text.length > MAX_LENGTH) throw new SdpError('the session description is too long');
  const lines = text.split(/\r?\n|\r/).filter((line) => line !== '');
  if (lines[0] !== 'v=0') throw new SdpError('a session description begins with v=0');
  const starts = lines.flatMap((line, index) => (line.startsWith('m=') ? [index] : []));
  if (starts.length > MAX_MEDIA) throw new SdpError('the session description has too many streams');
  const sessionLines = lines.slice(0, starts[0] ?? lines.length);
  const session = parseLevel(sessionLines);
  const media = starts.map((start, index) => parseMedia(lines.slice(start, starts[index + 1]), session, sessionLines));
  return { media };
}

function parseLevel(lines: readonly string[]): Level {
  const connection = lines.find((line) => line.startsWith('c='));
  const direction = lines.find((line) => /^a=(sendrecv|sendonly|recvonly|inactive)\s*$/.test(line));
  return {
    address: connection === undefined ? undefined : parseConnection(connection),
    direction: direction?.slice(2).trim() as SdpDirection | undefined,
  };
}

function parseConnection(line: string): string {
  const [network, family, address] = line.slice(2).trim().split(/\s+/);
  const host = address?.split('/')[0] ?? '';
  if (network !== 'IN' || !/^IP[46]$/.test(family ?? '') || !ADDRESS.test(host)) {
    throw new SdpError('a c= line is malformed');
  }
  return host;
}

function parseMedia(lines: readonly string[], session: Level, sessionLines: readonly string[]): SdpMedia {
  const [kind = '', portText = '', protocol = '', ...formats] = (lines[0] ?? '').slice(2).trim().split(/\s+/);
  const port = Number(/^(\d{1,5})(?:\/\d+)?$/.exec(portText)?.[1] ?? Number.NaN);
  if (!(port <= 65_535) || formats.length === 0 || formats.length > MAX_FORMATS) {
    throw new SdpError('an m= line is malformed');
  }
  const level = parseLevel(lines);
  const address = level.address ?? session.address;
  if (address === undefined && port !== 0) throw new SdpError('a stream has no c= line');
  const ptime = numberOf(lines, /^a=ptime:(\d{1,3})/);
  const rtcpPort = numberOf(lines, /^a=rtcp:(\d{1,5})/);
  const secure = readSecure([lines, sessionLines]);
  return {
    kind,
    port,
    protocol,
    formats,
    address: address ?? '',
    codecs: parseCodecs(lines, formats),
    direction: level.direction ?? session.direction ?? 'sendrecv',
    ...(ptime !== undefined && { ptime }),
    ...(rtcpPort !== undefined && { rtcpPort }),
    ...(secure && { secure }),
  };
}

function numberOf(lines: readonly string[], pattern: RegExp): number | undefined {
  for (const line of lines) {
    const match = pattern.exec(line);
    if (match) return Number(match[1]);
  }
  return undefined;
}

/** In the order of the m= line. */
function parseCodecs(lines: readonly string[], formats: readonly string[]): SdpCodec[] {
  const mapped = new Map<number, SdpCodec>();
  for (const line of lines) {
    const match = /^a=rtpmap:(\d{1,3})\s+([A-Za-z0-9._-]{1,40})\/(\d{1,6})/.exec(line);
    if (!match) continue;
    const payloadType = Number(match[1]);
    mapped.set(payloadType, { payloadType, name: match[2]!.toUpperCase(), rate: Number(match[3]) });
  }
  return formats.flatMap((format) => {
    const number = /^\d{1,3}$/.test(format) ? Number(format) : -1;
    const codec = mapped.get(number) ?? STATIC_CODECS[number];
    return codec ? [codec] : [];
  });
}

export interface SdpOrigin {
  readonly id: string;
  readonly version: string;
  readonly address: string;
}

/** @param media m= lines with what belongs to them. @param session attributes of the whole */
export function printSdp(
  origin: SdpOrigin,
  mediaAddress: string,
  media: readonly (readonly string[])[],
  session: readonly string[] = [],
): string {
  const family = (address: string): string => (address.includes(':') ? 'IP6' : 'IP4');
  const lines = [
    'v=0',
    `o=mrf ${origin.id} ${origin.version} IN ${family(origin.address)} ${origin.address}`,
    's=mrf',
    `c=IN ${family(mediaAddress)} ${mediaAddress}`,
    't=0 0',
    ...session,
    ...media.flat(),
  ];
  return `${lines.join('\r\n')}\r\n`;
}
