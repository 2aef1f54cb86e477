/** Arrays in, arrays out: small things that the media tests share. */
import { MULAW, encodeG711 } from '../../../embedded/wire/g711.ts';
import type { RtpPacket } from '../../../embedded/wire/rtp.ts';
import type { RemoteMedia } from '../../../embedded/media/types.ts';
import type { Arrival } from '../../../embedded/media/stages/arrival.ts';

export const FRAME = 160;

export function sine(frequency: number, samples: number, amplitude = 8000, from = 0): Int16Array {
  return Int16Array.from({ length: samples }, (_, index) =>
    Math.round(amplitude * Math.sin((2 * Math.PI * frequency * (from + index)) / 8000)),
  );
}

/** A frame of one value. */
export function level(value: number, samples = FRAME): Int16Array {
  return new Int16Array(samples).fill(value);
}

export function codes(samples: Int16Array): Uint8Array {
  const out = new Uint8Array(samples.length);
  encodeG711(MULAW, samples, out);
  return out;
}

export function rtp(fields: Partial<RtpPacket> = {}): RtpPacket {
  const payload = fields.payload ?? new Uint8Array(FRAME).fill(MULAW.silence);
  return {
    marker: false,
    payloadType: 0,
    sequence: 1,
    timestamp: 0,
    ssrc: 1,
    csrcs: [],
    paddingLength: 0,
    payload,
    ...fields,
  };
}

export const PHONE = { address: '192.0.2.1', port: 4000 };

export function arrival(fields: Partial<RtpPacket> = {}, from: Partial<Arrival> = {}): Arrival {
  return { ...PHONE, atMs: 0, packet: rtp(fields), ...from };
}

export function remote(fields: Partial<RemoteMedia> = {}): RemoteMedia {
  return { ...PHONE, audioPayloadType: 0, telephoneEventPayloadType: 101, ptime: 20, direction: 'sendrecv', ...fields };
}

/** Amplitude of one frequency by a plain Fourier sum. */
export function amplitudeOf(samples: Int16Array, frequency: number): number {
  let [real, imaginary] = [0, 0];
  samples.forEach((sample, index) => {
    const angle = (2 * Math.PI * frequency * index) / 8000;
    real += sample * Math.cos(angle);
    imaginary += sample * Math.sin(angle);
  });
  return (2 * Math.hypot(real, imaginary)) / samples.length;
}

export function peak(samples: Int16Array): number {
  return samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
}
