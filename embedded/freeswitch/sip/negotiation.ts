/** Offer and answer (RFC 3264) for one G.711 stream: what is taken of a description, and what is said in return. Pure. */
import type { AudioPayloadType, RemoteMedia } from '../../media/index.ts';
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
}

/** The first audio stream over plain RTP with a codec of ours; undefined when there is none. */
export function negotiate(description: SessionDescription): Negotiated | undefined {
  for (const [index, media] of description.media.entries()) {
    if (media.kind !== 'audio' || media.port === 0 || !isPlainRtp(media.protocol)) continue;
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

function choose(media: SdpMedia, index: number, codec: CodecChoice): Negotiated {
  const payloadOf = (name: string): number | undefined =>
    media.codecs.find((offered) => offered.name === name && offered.rate === 8_000)?.payloadType;
  const onHold = media.address === '0.0.0.0'; // RFC 2543's way, still met
  const direction = OPPOSITE[onHold && media.direction === 'sendrecv' ? 'sendonly' : media.direction];
  return {
    codec,
    index,
    address: media.address,
    port: media.port,
    rtcpPort: media.rtcpPort,
    telephoneEvent: payloadOf('TELEPHONE-EVENT'),
    comfortNoise: payloadOf('CN'),
    ptime: PTIMES.includes(media.ptime ?? 0) ? media.ptime! : DEFAULT_PTIME,
    direction: onHold && direction === 'sendrecv' ? 'recvonly' : direction,
  };
}

/** For the media engine. */
export function remoteMedia(negotiated: Negotiated, signallingAddress: string): RemoteMedia {
  const { telephoneEvent, comfortNoise, rtcpPort } = negotiated;
  return {
    address: negotiated.address,
    port: negotiated.port,
    audioPayloadType: negotiated.codec.payloadType,
    ptime: negotiated.ptime,
    direction: negotiated.direction,
    signallingAddress,
    ...(rtcpPort !== undefined && { rtcpPort }),
    ...(telephoneEvent !== undefined && { telephoneEventPayloadType: telephoneEvent }),
    ...(comfortNoise !== undefined && { comfortNoisePayloadType: comfortNoise }),
  };
}

export interface LocalMedia {
  readonly address: string;
  readonly port: number;
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
  return printSdp(origin, local.address, media);
}

function audioLines(local: LocalMedia, negotiated: Negotiated, explicit: boolean): string[] {
  const { codec, telephoneEvent, ptime, direction } = negotiated;
  const formats = [codec.payloadType, ...(telephoneEvent === undefined ? [] : [telephoneEvent])];
  const digits =
    telephoneEvent === undefined
      ? []
      : [`a=rtpmap:${telephoneEvent} telephone-event/8000`, `a=fmtp:${telephoneEvent} 0-15`];
  return [
    `m=audio ${local.port} RTP/AVP ${formats.join(' ')}`,
    `a=rtpmap:${codec.payloadType} ${codec.name}/8000`,
    ...digits,
    `a=ptime:${ptime}`,
    ...(explicit || direction !== 'sendrecv' ? [`a=${direction}`] : []),
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
