/** ITU-T G.711 by tables: 65,536 entries to encode, 256 to decode, made once when the file is loaded. */

/** RTP payload types of the two laws (RFC 3551 table 4). */
export type G711PayloadType = 0 | 8;

export interface G711Law {
  readonly name: 'PCMU' | 'PCMA';
  readonly payloadType: G711PayloadType;
  /** Code to 16-bit linear. */
  readonly toLinear: Int16Array;
  /** 16-bit linear, taken as unsigned index (`sample & 0xffff`), to code. */
  readonly toCode: Uint8Array;
  /** The code of silence. */
  readonly silence: number;
}

const MULAW_BIAS = 0x84;
const MULAW_CLIP = 32_635;

function mulawToLinear(code: number): number {
  const inverted = ~code & 0xff;
  const segment = (inverted >> 4) & 7;
  const magnitude = ((((inverted & 0x0f) << 3) + MULAW_BIAS) << segment) - MULAW_BIAS;
  return (inverted & 0x80) !== 0 ? -magnitude : magnitude;
}

function linearToMulaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), MULAW_CLIP) + MULAW_BIAS;
  const segment = 31 - Math.clz32(magnitude) - 7;
  const step = (magnitude >> (segment + 3)) & 0x0f;
  return ~(sign | (segment << 4) | step) & 0xff;
}

function alawToLinear(code: number): number {
  const toggled = code ^ 0x55;
  const segment = (toggled >> 4) & 7;
  const step = (toggled & 0x0f) << 4;
  const magnitude = segment === 0 ? step + 8 : (step + 0x108) << (segment - 1);
  return (toggled & 0x80) !== 0 ? magnitude : -magnitude;
}

/** G.711 works on 13 bits; negative values are one's complemented first, so −1…−8 belong to the first negative step. */
function linearToAlaw(sample: number): number {
  const sign = sample < 0 ? 0 : 0x80;
  const magnitude = (sample < 0 ? ~sample : sample) >> 3;
  const segment = Math.max(0, 31 - Math.clz32(Math.max(1, magnitude)) - 4);
  const step = segment <= 1 ? (magnitude >> 1) & 0x0f : (magnitude >> segment) & 0x0f;
  return (sign | (segment << 4) | step) ^ 0x55;
}

function makeLaw(
  name: G711Law['name'],
  payloadType: G711PayloadType,
  toLinear: (code: number) => number,
  toCode: (sample: number) => number,
): G711Law {
  return {
    name,
    payloadType,
    toLinear: Int16Array.from({ length: 256 }, (_, code) => toLinear(code)),
    toCode: Uint8Array.from({ length: 65_536 }, (_, index) => toCode((index << 16) >> 16)),
    silence: toCode(0),
  };
}

export const MULAW: G711Law = makeLaw('PCMU', 0, mulawToLinear, linearToMulaw);
export const ALAW: G711Law = makeLaw('PCMA', 8, alawToLinear, linearToAlaw);

export function g711Law(payloadType: G711PayloadType): G711Law {
  return payloadType === 0 ? MULAW : ALAW;
}

/** Decodes every byte of `codes` into `samples` from `at` on; `samples` must be long enough. */
export function decodeG711(law: G711Law, codes: Uint8Array, samples: Int16Array, at = 0): void {
  const table = law.toLinear;
  for (let index = 0; index < codes.length; index++) samples[at + index] = table[codes[index]!]!;
}

/** Encodes every sample into `codes` from `at` on; `codes` must be long enough. */
export function encodeG711(law: G711Law, samples: Int16Array, codes: Uint8Array, at = 0): void {
  const table = law.toCode;
  for (let index = 0; index < samples.length; index++) codes[at + index] = table[samples[index]! & 0xffff]!;
}
