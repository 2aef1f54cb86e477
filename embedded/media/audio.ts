/** The one format inside the engine: 16-bit linear, one channel, 8,000 samples a second, frames of 20 ms. */

export const SAMPLE_RATE = 8000;
export const FRAME_MS = 20;
export const FRAME_SAMPLES = 160;
export const SAMPLES_PER_MS = 8;

/** Told from other frames by identity: who gets this very frame need not look at its samples. Never written to. */
export const SILENT_FRAME: Int16Array = new Int16Array(FRAME_SAMPLES);

/** Saturates instead of wrapping round. */
export function clampSample(value: number): number {
  return value > 32_767 ? 32_767 : value < -32_768 ? -32_768 : value;
}

/** Mean of the absolute samples: FreeSWITCH's energy score. */
export function meanLevel(frame: Int16Array): number {
  let sum = 0;
  for (let index = 0; index < frame.length; index++) sum += Math.abs(frame[index]!);
  return Math.trunc(sum / frame.length);
}

/** Adds `addend` to `frame` in place, saturated. */
export function mixInto(frame: Int16Array, addend: Int16Array, length: number = frame.length): void {
  for (let index = 0; index < length; index++) frame[index] = clampSample(frame[index]! + addend[index]!);
}

/** Multiplies in place, saturated and cut towards zero as FreeSWITCH does. */
export function scale(frame: Int16Array, gain: number): void {
  if (gain === 1) return;
  for (let index = 0; index < frame.length; index++) frame[index] = clampSample(Math.trunc(frame[index]! * gain));
}

const LOUDER = [1, 1.3, 2.3, 3.3, 4.3];
const QUIETER = [1, 0.8, 0.6, 0.4, 0.2];

/** Gain of a conference volume step −4…4 (FreeSWITCH's own steps); beyond is cut. */
export function volumeStepGain(step: number): number {
  const index = Math.min(4, Math.abs(Math.trunc(step)));
  return (step < 0 ? QUIETER : LOUDER)[index]!;
}

/** Gain of a file volume −50…50 in decibels; −50 is silence (FreeSWITCH's granular volume). */
export function fileVolumeGain(decibels: number): number {
  if (decibels <= -50) return 0;
  return 10 ** (Math.min(50, decibels) / 20);
}
