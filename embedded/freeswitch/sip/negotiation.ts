/**
 * Offer and answer (RFC 3264) for one G.711 stream, plain or secured as browsers do it: what is taken of a description, and
 * what is said in return. Pure.
 */
import type { AudioPayloadType, RemoteMedia } from '../../media/index.ts';
import { secureLines, SECURE_SESSION_LINES, type IceCredentials, type LocalSecure } from './secure-description.ts';
import { printSdp, type SdpDirection, type SdpMedia, type SdpOrigin, type SessionDescription } from './sdp.ts';

export interface CodecChoice {
  readonly name: 'PCMU' | 'PCMA';
  readonly payloadType: AudioPayloadType;
}

/** In the order of preference: ours, not the caller's, as FreeSWITCH does it. */
const CODECS: readonly CodecChoice[] = [
  { name: 'PCMU', payloadType: 0 },
  { name: 'PCMA', payloadType: 8 },
];
const OFFERED_TELEPHONE_EVENT = 101;
const DEFAULT_PTIME = 20;
const PTIMES = [10, 20, 30, 40, 60];
const OPPOSITE: Readonly<Record<SdpDirection, SdpDirection>> = {
  sendrecv: 'sendrecv',
  sendonly: 'recvonly',
  recvonly: 'sendonly',
  inactive: 'inactive',
};

export interface Negotiated {
  readonly codec: CodecChoice;
  /** Which m= line was taken. */
  readonly index: number;
  readonly address: string;
  readonly port: number;
  readonly rtcpPort: number | undefined;
  readonly telephoneEvent: number | undefined;
  readonly comfortNoise: number | undefined;
  readonly ptime: number;
  /** Ours. */
  readonly direction: SdpDirection;
  /** The stream is encrypted. */
  readonly secure?: NegotiatedSecure;
}

export interface NegotiatedSecure {
  readonly remoteUfrag: string;
  readonly fingerprint: string;
  /** Ours in the handshake. */
  readonly role: 'client' | 'server';
}

/** @param canSecure whether streams of browsers can be taken. @returns the first audio stream with a codec of ours */
export function negotiate(description: SessionDescription, canSecure = false): Negotiated | undefined {
  for (const [index, media] of description.media.entries()) {
    if (media.kind !== 'audio' || media.port === 0) continue;
    if (!isPlainRtp(media.protocol) && !(canSecure && isSecured(media))) continue;
    const codec = CODECS.find(({ name }) =>
      media.codecs.some((offered) => offered.name === name && offered.rate === 8_000),
    );
    if (codec) return choose(media, index, codec);
  }
  return undefined;
}

function isPlainRtp(protocol: string): boolean {
  return protocol === 'RTP/AVP' || protocol === 'RTP/AVPF';
}

/** RFC 5764 section 8; nothing less than everything that the handshake needs will do. */
function isSecured(media: SdpMedia): boolean {
  return /^UDP\/TLS\/RTP\/SAVPF?$/.test(media.protocol) && media.secure !== undefined;
}

function choose(media: SdpMedia, index: number, codec: CodecChoice): Negotiated {
  const payloadOf = (name: string): number | undefined =>
    media.codecs.find((offered) => offered.name === name && offered.rate === 8_000)?.payloadType;
  const onHold = media.address === '0.0.0.0'; // RFC 2543's way, still met
  const direction = OPPOSITE[onHold && media.direction === 'sendrecv' ? 'sendonly' : media.direction];
  return {
    codec,
    index,
    ...(isSecured(media) ? secured(media) : { address: media.address, port: media.port }),
    rtcpPort: media.rtcpPort,
    telephoneEvent: payloadOf('TELEPHONE-EVENT'),
    comfortNoise: payloadOf('CN'),
    ptime: PTIMES.includes(media.ptime ?? 0) ? media.ptime! : DEFAULT_PTIME,
    direction: onHold && direction === 'sendrecv' ? 'recvonly' : direction,
  };
}

function secured({ address, port, secure }: SdpMedia): Pick<Negotiated, 'address' | 'port' | 'secure'> {
  const { candidate, ufrag, fingerprint, setup } = secure!;
  return {
    ...(candidate ?? { address, port }),
    secure: {
      remoteUfrag: ufrag,
      fingerprint,
      // As FreeSWITCH: the active part when we may choose.
      role: setup === 'active' ? 'server' : 'client',
    },
  };
}

/** For the media engine. @param signallingAddress the caller's, if known. @param ice ours, for a secured stream */
export function remoteMedia(
  negotiated: Negotiated,
  signallingAddress: string | undefined,
  ice?: IceCredentials,
): RemoteMedia {
  const { telephoneEvent, comfortNoise, rtcpPort, secure } = negotiated;
  return {
    address: negotiated.address,
    port: negotiated.port,
    audioPayloadType: negotiated.codec.payloadType,
    ptime: negotiated.ptime,
    direction: negotiated.direction,
    ...(signallingAddress !== undefined && { signallingAddress }),
    ...(rtcpPort !== undefined && { rtcpPort }),
    ...(telephoneEvent !== undefined && { telephoneEventPayloadType: telephoneEvent }),
    ...(comfortNoise !== undefined && { comfortNoisePayloadType: comfortNoise }),
    ...(secure &&
      ice && {
        secure: {
          local: ice,
          remote: { ufrag: secure.remoteUfrag },
          fingerprint: secure.fingerprint,
          role: secure.role,
        },
      }),
  };
}

export interface LocalMedia {
  readonly address: string;
  readonly port: number;
  /** For a secured stream. */
  readonly secure?: LocalSecure;
}

/** @param explicit says `a=sendrecv` in full, as rtp_local_sdp_str does and the wire does not */
export function answerSdp(
  origin: SdpOrigin,
  local: LocalMedia,
  offer: SessionDescription,
  negotiated: Negotiated,
  explicit = false,
): string {
  const media = offer.media.map((offered, index) =>
    index === negotiated.index ? audioLines(local, negotiated, explicit) : [refusedLine(offered)],
  );
  return printSdp(origin, local.address, media, negotiated.secure ? SECURE_SESSION_LINES : []);
}

function audioLines(local: LocalMedia, negotiated: Negotiated, explicit: boolean): string[] {
  const { codec, telephoneEvent, ptime, direction, secure } = negotiated;
  const formats = [codec.payloadType, ...(telephoneEvent === undefined ? [] : [telephoneEvent])];
  const digits =
    telephoneEvent === undefined
      ? []
      : [`a=rtpmap:${telephoneEvent} telephone-event/8000`, `a=fmtp:${telephoneEvent} 0-15`];
  return [
    `m=audio ${local.port} ${secure ? 'UDP/TLS/RTP/SAVPF' : 'RTP/AVP'} ${formats.join(' ')}`,
    `a=rtpmap:${codec.payloadType} ${codec.name}/8000`,
    ...digits,
    `a=ptime:${ptime}`,
    ...(explicit || direction !== 'sendrecv' ? [`a=${direction}`] : []),
    ...(secure && local.secure ? secureLines({ ...local, ...secure, local: local.secure }) : []),
  ];
}

/** A stream that is not taken stays in its place with port 0 (RFC 3264 section 6). */
function refusedLine(offered: SdpMedia): string {
  return `m=${offered.kind} 0 ${offered.protocol} ${offered.formats.join(' ')}`;
}

/** For an INVITE without a description. One plain stream: encrypted audio is not spoken here. */
export function offerSdp(origin: SdpOrigin, local: LocalMedia, explicit = false): string {
  const formats = [...CODECS.map(({ payloadType }) => payloadType), OFFERED_TELEPHONE_EVENT];
  const lines = [
    `m=audio ${local.port} RTP/AVP ${formats.join(' ')}`,
    ...CODECS.map(({ name, payloadType }) => `a=rtpmap:${payloadType} ${name}/8000`),
    `a=rtpmap:${OFFERED_TELEPHONE_EVENT} telephone-event/8000`,
    `a=fmtp:${OFFERED_TELEPHONE_EVENT} 0-15`,
    `a=ptime:${DEFAULT_PTIME}`,
    ...(explicit ? ['a=sendrecv'] : []),
  ];
  return printSdp(origin, local.address, [lines]);
}
