import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  clippedSamples,
  cut,
  gaps,
  lengthMs,
  level,
  makeSilence,
  makeTone,
  SILENCE_DB,
  toneLevel,
  tonesHeard,
  TONES,
  usualLevel,
} from '../../helpers/tones.ts';
import { readWav, writeWav, type Sound } from '../../helpers/wav.ts';

function mix(...sounds: readonly Sound[]): Sound {
  const samples = Int16Array.from(sounds[0]!.samples, (_, index) =>
    sounds.reduce((sum, sound) => sum + (sound.samples[index] ?? 0), 0),
  );
  return { rate: 8_000, samples };
}

function join2(first: Sound, second: Sound): Sound {
  return { rate: first.rate, samples: Int16Array.from([...first.samples, ...second.samples]) };
}

describe('what tests hear', () => {
  it('measures the level of a tone within a tenth of a decibel', () => {
    for (const frequency of TONES) {
      expect(toneLevel(makeTone(frequency, 500, { db: -12 }), frequency)).to.be.closeTo(-12, 0.1);
    }
  });

  it('tells how loud a tone usually is, whatever got lost on the way', () => {
    const sound = join2(makeTone(440, 310), join2(makeSilence(40), makeTone(440, 310)));
    expect(usualLevel(sound, 440)).to.be.closeTo(-12, 0.2);
    expect(usualLevel(makeTone(440, 500, { db: -14 }), 440)).to.be.closeTo(-14, 0.2);
    expect(usualLevel(makeTone(440, 500), 830)).to.be.lessThan(-60);
    expect(usualLevel(makeSilence(20), 440)).to.equal(SILENCE_DB);
  });

  it('tells every tone from every other in 100 ms', () => {
    for (const frequency of TONES) expect(tonesHeard(makeTone(frequency, 100))).to.deep.equal([frequency]);
  });

  it('hears several tones at once and misses none that is absent', () => {
    const sound = mix(makeTone(440, 300), makeTone(1_070, 300, { db: -30 }), makeTone(1_930, 300));
    expect(tonesHeard(sound)).to.deep.equal([440, 1_070, 1_930]);
  });

  it('hears nothing in silence', () => {
    expect(tonesHeard(makeSilence(300))).to.deep.equal([]);
    expect(level(makeSilence(300))).to.equal(SILENCE_DB);
    expect(level(makeSilence(0))).to.equal(SILENCE_DB);
  });

  it('finds where a tone is missing', () => {
    const sound = join2(join2(makeTone(440, 200), makeSilence(60)), makeTone(440, 200));
    expect(gaps(sound, 440)).to.deep.equal([{ atMs: 200, lengthMs: 60 }]);
  });

  it('counts clipped samples', () => {
    expect(clippedSamples(makeTone(440, 100, { db: -3 }))).to.equal(0);
    expect(clippedSamples(makeTone(440, 100, { db: 6 }))).to.be.greaterThan(100);
  });

  it('cuts from the end when asked', () => {
    expect(lengthMs(cut(makeTone(440, 1_000), -250))).to.equal(250);
    expect(lengthMs(cut(makeTone(440, 1_000), 100, 300))).to.equal(200);
  });

  it('reads back what it wrote', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'partyline-wav-'));
    try {
      const tone = makeTone(440, 100);
      await writeWav(join(folder, 'tone.wav'), tone);
      expect(await readWav(join(folder, 'tone.wav'))).to.deep.equal(tone);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
