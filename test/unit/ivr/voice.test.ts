import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { soundsFolder, voiceLanguages } from '../../../ivr/catalogue.ts';
import { tones } from '../../../ivr/prompts.ts';
import { makeHoldMusic } from '../../../scripts/voice/hold-music.ts';
import { promptListing } from '../../../scripts/voice/listing.ts';
import type { Manifest } from '../../../scripts/voice/manifest.ts';
import { decibels, measure, rms } from '../../../scripts/voice/measures.ts';
import { encoding, fingerprint, levels, mostSilence, shortHash } from '../../../scripts/voice/recipe.ts';
import { makeTone } from '../../../scripts/voice/tones.ts';
import { readWav, writeWav, type Sound } from '../../../scripts/voice/wav.ts';
import { everyPrompt } from './voice-samples.ts';

const MOST_BYTES = 8 * 1024 * 1024;
/** −54 dBFS, far below what a telephone's own noise is. */
const MOST_OFFSET = 0.002;
/** Longer than that, and a caller in a dialogue presses something. */
const LONGEST_MS = 7_500;
const LISTING = fileURLToPath(new URL('../../../docs/prompts.html', import.meta.url));
const REMEDY = '(npm run voice makes them anew)';

const folderOf = (language: string) => join(soundsFolder(), language);
const wavsIn = (folder: string) =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.wav'))
    .map((file) => file.slice(0, -'.wav'.length))
    .sort();
const manifestOf = (language: string) =>
  JSON.parse(readFileSync(join(folderOf(language), 'manifest.json'), 'utf8')) as Manifest;

for (const voice of voiceLanguages) {
  const folder = folderOf(voice.language);
  const file = (name: string) => readFileSync(join(folder, `${name}.wav`));
  const names = Object.keys(voice.phrases);

  describe(`the voice in ${voice.language}`, () => {
    it('has a sound for every phrase, and no sound that nobody says', () => {
      expect(wavsIn(folder), REMEDY).to.deep.equal([...names].sort());
    });

    it('has only phrases that some prompt uses', () => {
      const used = new Set(everyPrompt().flatMap((prompt) => voice.say(prompt) ?? []));
      expect([...used].sort()).to.deep.equal([...names].sort());
    });

    it('was spoken from the text as it is now', () => {
      const manifest = manifestOf(voice.language);
      expect(Object.keys(manifest)).to.deep.equal(names);
      for (const [name, phrase] of Object.entries(voice.phrases)) {
        expect(manifest[name]?.fingerprint, `${name} ${REMEDY}`).to.equal(fingerprint(phrase, voice.voice));
        expect(manifest[name]?.sha256, `${name} ${REMEDY}`).to.equal(shortHash(file(name)));
        expect(manifest[name]?.text).to.equal(phrase.text);
      }
    });

    it('is equally loud everywhere, and clips nowhere', () => {
      for (const name of names) {
        const { levelDb, peakDb } = measure(readWav(file(name)));
        expect(levelDb, `level of ${name}`).to.be.closeTo(levels.speechDb, levels.toleranceDb);
        expect(peakDb, `peak of ${name}`).to.be.at.most(levels.highestPeakDb);
      }
    });

    it('has no constant offset', () => {
      for (const name of names) {
        const { samples } = readWav(file(name));
        const mean = samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
        expect(Math.abs(mean), `offset of ${name}`).to.be.below(MOST_OFFSET);
      }
    });

    it('begins and ends without long silence, and without a click', () => {
      for (const name of names) {
        const sound = readWav(file(name));
        const { leadingSilenceMs, trailingSilenceMs } = measure(sound);
        expect(leadingSilenceMs, `before ${name}`).to.be.at.most(mostSilence.beforeMs);
        expect(trailingSilenceMs, `after ${name}`).to.be.at.most(mostSilence.afterMs);
        const edges = [sound.samples.at(0)!, sound.samples.at(-1)!].map(Math.abs);
        expect(Math.max(...edges), `edges of ${name}`).to.be.below(0.005);
      }
    });

    it('is 8 kHz, µ-law, one channel', () => {
      for (const name of names) expect(readWav(file(name)), name).to.include({ rate: 8_000, encoding });
    });

    it('is not large', () => {
      const bytes = names.reduce((sum, name) => sum + file(name).length, 0);
      expect(bytes).to.be.below(MOST_BYTES);
    });

    it('has no sentence that is longer than a caller listens', () => {
      for (const name of names) expect(measure(readWav(file(name))).milliseconds, name).to.be.below(LONGEST_MS);
    });
  });
}

describe('the tones', () => {
  const folder = folderOf('tones');

  it('are all there, as the recipe makes them', () => {
    expect(wavsIn(folder)).to.deep.equal([...tones, 'hold-music'].sort());
    for (const tone of tones) {
      const found = readFileSync(join(folder, `${tone}.wav`));
      expect(found.equals(writeWav(makeTone(tone), 'pcm16')), `${tone} ${REMEDY}`).to.equal(true);
    }
  });

  it('are equally loud, softer than speech, and short', () => {
    for (const tone of tones) {
      const { levelDb, peakDb, milliseconds } = measure(makeTone(tone));
      expect(levelDb).to.be.within(levels.toneDb, levels.speechDb);
      expect(peakDb).to.be.at.most(levels.highestPeakDb);
      expect(milliseconds).to.be.below(500);
    }
    const loudness = tones.map((tone) => measure(makeTone(tone)).levelDb);
    expect(Math.max(...loudness) - Math.min(...loudness)).to.be.below(levels.toleranceDb);
  });
});

describe('the hold music', () => {
  const file = readFileSync(join(folderOf('tones'), 'hold-music.wav'));
  const { rate, samples } = readWav(file);
  const level = (from: number, to: number) => decibels(rms(samples.subarray(from, to)));

  it('is what the recipe makes, byte for byte', () => {
    expect(file.equals(writeWav(makeHoldMusic(), 'pcm16')), REMEDY).to.equal(true);
  });

  it('is softer than speech, clips nowhere, and has no bar much louder than another', () => {
    expect(level(0, samples.length)).to.be.closeTo(levels.musicDb, 0.1);
    expect(measure({ rate, samples }).peakDb).to.be.below(levels.highestPeakDb);
    expect(samples.reduce((sum, sample) => sum + sample, 0) / samples.length).to.be.closeTo(0, 1e-4);
    const bar = samples.length / 16;
    const bars = Array.from({ length: 16 }, (_, index) => level(index * bar, (index + 1) * bar));
    expect(Math.max(...bars) - Math.min(...bars)).to.be.below(4);
  });

  it('goes round for most of a minute without a seam', () => {
    expect(samples.length / rate).to.be.within(30, 60);
    const step = (index: number) => Math.abs(samples[index]! - samples[(index + 1) % samples.length]!);
    const largest = samples.reduce(
      (most, _, index) => Math.max(most, index === samples.length - 1 ? 0 : step(index)),
      0,
    );
    expect(step(samples.length - 1)).to.be.below(largest / 2);
    // Neither a gap nor a fade at the seam: what sounds at the end sounds on.
    expect(level(samples.length - rate / 10, samples.length)).to.be.above(levels.musicDb - 15);
    expect(level(0, rate / 10)).to.be.above(levels.musicDb - 15);
  });
});

describe('the page of what callers hear', () => {
  const page = readFileSync(LISTING, 'utf8');
  const linked = [...page.matchAll(/data-files="([^"]*)"/g)].flatMap(([, files]) => files!.split(' '));

  it('is that of the sounds as they are', () => {
    const languages = voiceLanguages.map((voice) => ({ voice, manifest: manifestOf(voice.language) }));
    expect(page === promptListing(languages), REMEDY).to.equal(true);
  });

  it('has every sound, and none that is not there', () => {
    const folders = [...voiceLanguages.map(({ language }) => language), 'tones'];
    const there = folders.flatMap((folder) => wavsIn(folderOf(folder)).map((name) => `${folder}/${name}.wav`));
    const onPage = new Set(linked.map((file) => file.replace('../ivr/voice/', '')));
    expect([...onPage].sort()).to.deep.equal(there.sort());
  });

  it('needs nothing from elsewhere', () => {
    expect(page).not.to.match(/https?:|src=/);
  });
});

/** The tests above are only as good as their measures. */
describe('the measures of a sound', () => {
  const tone = (milliseconds: number, amplitude: number): number[] =>
    Array.from({ length: milliseconds * 8 }, (_, index) => amplitude * Math.sin((2 * Math.PI * 500 * index) / 8_000));
  const silence = (milliseconds: number): number[] => Array<number>(milliseconds * 8).fill(0);
  const sound = (...parts: number[][]): Sound => ({ rate: 8_000, samples: Float64Array.from(parts.flat()) });

  it('find level and peak of a sine', () => {
    const { levelDb, peakDb, milliseconds } = measure(sound(tone(1_000, 0.5)));
    expect(levelDb).to.be.closeTo(-9.03, 0.1);
    expect(peakDb).to.be.closeTo(-6.02, 0.05);
    expect(milliseconds).to.equal(1_000);
  });

  it('leave pauses out of the level', () => {
    const { levelDb } = measure(sound(silence(300), tone(400, 0.5), silence(800), tone(400, 0.5), silence(500)));
    expect(levelDb).to.be.closeTo(-9.03, 0.4);
  });

  it('find the silence at both ends', () => {
    const { leadingSilenceMs, trailingSilenceMs } = measure(sound(silence(150), tone(500, 0.3), silence(240)));
    expect(leadingSilenceMs).to.be.closeTo(150, 6);
    expect(trailingSilenceMs).to.be.closeTo(240, 6);
  });

  it('survive silence and nothing', () => {
    expect(measure(sound(silence(100))).levelDb).to.be.below(-100);
    expect(measure(sound()).milliseconds).to.equal(0);
  });

  it('read back what was written', () => {
    const { rate, samples } = readWav(writeWav(sound(tone(50, 0.7)), 'pcm16'));
    expect(rate).to.equal(8_000);
    expect(samples).to.have.length(400);
    expect(samples[37]).to.be.closeTo(tone(50, 0.7)[37]!, 1 / 32_768);
  });

  it('read back µ-law as exactly as it can be, and unchanged the second time', () => {
    const ramp = Array.from({ length: 401 }, (_, index) => (index - 200) / 200);
    const file = writeWav(sound(ramp), 'mulaw');
    const { samples, encoding: found } = readWav(file);
    expect(found).to.equal('mulaw');
    samples.forEach((sample, index) => {
      const wanted = Math.max(-0.98, Math.min(0.98, ramp[index]!));
      expect(Math.abs(sample - wanted), `${wanted}`).to.be.at.most(Math.abs(wanted) / 16 + 0.001);
    });
    expect(writeWav({ rate: 8_000, samples }, 'mulaw').equals(file)).to.equal(true);
  });

  it('refuse what is neither of the two, or has two channels', () => {
    const file = writeWav(sound(tone(10, 0.1)), 'pcm16');
    const stereo = Buffer.from(file);
    stereo.writeUInt16LE(2, 22);
    expect(() => readWav(stereo)).to.throw('2 channels');
    expect(() => readWav(Buffer.from('RIFF'))).to.throw('Not a WAV');
    expect(() => readWav(file.subarray(0, 36))).to.throw('no sound');
  });

  it('change the fingerprint with the text, the voice and the way it is joined', () => {
    const voice = { engine: 'flite', voice: 'rms', stretch: 1 } as const;
    const prints = [
      fingerprint({ text: 'One.' }, voice),
      fingerprint({ text: 'Two.' }, voice),
      fingerprint({ text: 'One.', spoken: 'Won.' }, voice),
      fingerprint({ text: 'One.', joins: true }, voice),
      fingerprint({ text: 'One.', stretch: 0.9 }, voice),
      fingerprint({ text: 'One.' }, { ...voice, voice: 'slt' }),
    ];
    expect(new Set(prints).size).to.equal(prints.length);
  });
});
