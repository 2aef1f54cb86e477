/** A WAVE file's bytes to 8 kHz mono samples, in slices so that the 20 ms clock is not held up. */
import { ALAW, MULAW } from '../../wire/g711.ts';
import { bytesPerSample, parseWavHeader, type WavHeader } from '../../wire/wav.ts';
import { Resampler } from './resampler.ts';

const SLICE_FRAMES = 96_000;
const SLICE_OUTPUT = 8000;

/** @param breathe awaited between slices. @throws WavError when this cannot be played */
export async function decodeWav(file: Uint8Array, breathe: () => Promise<void>): Promise<Int16Array> {
  const header = parseWavHeader(file);
  const mono = new Int16Array(header.dataBytes / (bytesPerSample(header.encoding) * header.channels));
  for (let from = 0; from < mono.length; from += SLICE_FRAMES) {
    toMono(file, header, mono, from, Math.min(mono.length, from + SLICE_FRAMES));
    await breathe();
  }
  const resampler = new Resampler(mono, header.sampleRate);
  const output = new Int16Array(resampler.length);
  while (resampler.produce(output, SLICE_OUTPUT)) await breathe();
  return output;
}

function toMono(file: Uint8Array, header: WavHeader, mono: Int16Array, from: number, to: number): void {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const read = sampleReader(view, header);
  const { channels } = header;
  for (let frame = from; frame < to; frame++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) sum += read(frame * channels + channel);
    mono[frame] = Math.trunc(sum / channels);
  }
}

function sampleReader(view: DataView, { encoding, dataOffset }: WavHeader): (index: number) => number {
  switch (encoding) {
    case 'pcm16':
      return (index) => view.getInt16(dataOffset + 2 * index, true);
    case 'pcm8':
      return (index) => (view.getUint8(dataOffset + index) - 128) << 8;
    case 'mulaw':
      return (index) => MULAW.toLinear[view.getUint8(dataOffset + index)]!;
    case 'alaw':
      return (index) => ALAW.toLinear[view.getUint8(dataOffset + index)]!;
  }
}
