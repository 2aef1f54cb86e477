import { expect } from 'chai';
import fc from 'fast-check';
import { fileVolumeGain, meanLevel, mixInto, scale, volumeStepGain } from '../../../embedded/media/audio.ts';
import { MixBus } from '../../../embedded/media/room/mix-bus.ts';
import { FRAME, level } from './helpers.ts';

const sample = fc.integer({ min: -32_768, max: 32_767 });
const clamp = (value: number): number => Math.max(-32_768, Math.min(32_767, value));

describe('mix bus', () => {
  it('gives each the others, exactly, however many shout', () => {
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 40 }), (voices) => {
        const bus = new MixBus();
        const frames = voices.map((voice) => level(voice));
        bus.clear();
        for (const frame of frames) bus.add(frame);
        const out = new Int16Array(FRAME);
        for (const [index, frame] of frames.entries()) {
          bus.without(frame, out);
          const others = voices.filter((_, other) => other !== index).reduce((sum, voice) => sum + voice, 0);
          expect(out[0]).to.equal(clamp(others));
          expect(out[FRAME - 1]).to.equal(clamp(others));
        }
        bus.withoutAll(frames, out);
        expect(out[0]).to.equal(0);
        bus.full(out);
        expect(out[0]).to.equal(clamp(voices.reduce((sum, voice) => sum + voice, 0)));
      }),
    );
  });

  it('forgets the last tick', () => {
    const bus = new MixBus();
    bus.add(level(500));
    bus.clear();
    const out = level(1);
    bus.full(out);
    expect(meanLevel(out)).to.equal(0);
  });
});

describe('levels', () => {
  it('saturates instead of wrapping round', () => {
    const frame = level(30_000);
    mixInto(frame, level(30_000));
    expect(frame[0]).to.equal(32_767);
    scale(frame, -4);
    expect(frame[0]).to.equal(-32_768);
  });

  it("knows FreeSWITCH's steps: four louder, four quieter, cut beyond", () => {
    expect([-9, -4, -3, -2, -1, 0, 1, 2, 3, 4, 9].map(volumeStepGain)).to.deep.equal([
      0.2, 0.2, 0.4, 0.6, 0.8, 1, 1.3, 2.3, 3.3, 4.3, 4.3,
    ]);
  });

  it('takes file volumes in decibels, −50 for silence', () => {
    expect(fileVolumeGain(0)).to.equal(1);
    expect(fileVolumeGain(6)).to.be.closeTo(1.995, 0.001);
    expect(fileVolumeGain(-20)).to.be.closeTo(0.1, 0.001);
    expect(fileVolumeGain(-50)).to.equal(0);
    expect(fileVolumeGain(500)).to.equal(fileVolumeGain(50));
  });

  it('measures the mean of absolute samples, cut to a whole number', () => {
    expect(meanLevel(Int16Array.of(-3, 4, 0, 0))).to.equal(1);
    expect(meanLevel(Int16Array.of(-32_768))).to.equal(32_768);
  });
});
