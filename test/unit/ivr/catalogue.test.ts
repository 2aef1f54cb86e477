import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { createCatalogue, promptFiles, resolvePrompt, soundsFolder } from '../../../ivr/catalogue.ts';
import { plainMeanings, tones } from '../../../ivr/prompts.ts';
import { english } from '../../../ivr/voice/en/index.ts';
import type { VoiceLanguage } from '../../../ivr/voice/language.ts';

const number = (value: number) => ({ meaning: 'number', value }) as const;
const others = (count: number) => ({ meaning: 'others-in-conference', count }) as const;
const words = (prompt: Parameters<typeof resolvePrompt>[0]) =>
  resolvePrompt(prompt, 'en').text.replaceAll('.', '').replaceAll('-', ' ');

describe('promptFiles', () => {
  it('gives the files of several prompts in order', () => {
    expect(promptFiles(['welcome', others(3), 'join-tone', number(421)], 'en')).to.deep.equal([
      'en/welcome.wav',
      'en/others-3.wav',
      'tones/join-tone.wav',
      'en/number-400.wav',
      'en/number-20-and.wav',
      'en/number-1.wav',
    ]);
  });

  it('gives files that are there, for every meaning and any number', () => {
    const there = (file: string) => existsSync(join(soundsFolder(), file));
    const missing = promptFiles([...plainMeanings, ...tones], 'en').filter((file) => !there(file));
    expect(missing).to.deep.equal([]);
    for (let value = 0; value <= 2_100; value++) {
      expect(promptFiles([number(value), others(value + 1)], 'en').every(there), `${value}`).to.equal(true);
    }
  });
});

describe('English numbers', () => {
  it('are read as a person would', () => {
    const read: Record<number, string> = {
      0: 'zero',
      7: 'seven',
      13: 'thirteen',
      20: 'twenty',
      21: 'twenty one',
      99: 'ninety nine',
      100: 'one hundred',
      101: 'one hundred one',
      110: 'one hundred ten',
      999: 'nine hundred ninety nine',
      1_000: 'one thousand',
      1_024: 'one thousand twenty four',
      120_300: 'one hundred twenty thousand three hundred',
      999_999: 'nine hundred ninety nine thousand nine hundred ninety nine',
    };
    for (const [value, text] of Object.entries(read)) expect(words(number(Number(value))), value).to.equal(text);
  });

  it('are all different', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999 }), fc.integer({ min: 0, max: 999_999 }), (a, b) => {
        fc.pre(a !== b);
        expect(words(number(a))).not.to.equal(words(number(b)));
      }),
    );
  });

  it('are whole, from 0 to 999,999', () => {
    for (const value of [-1, 1.5, Number.NaN, 1_000_000, Number.POSITIVE_INFINITY]) {
      expect(() => resolvePrompt(number(value), 'en'), String(value)).to.throw(RangeError);
      expect(() => resolvePrompt(others(value), 'en'), String(value)).to.throw(RangeError);
    }
  });
});

describe('how many others there are', () => {
  it('is told in one sentence for few, with the number last for many', () => {
    expect(words(others(1))).to.equal('There is one other person in the conference');
    expect(words(others(2))).to.equal('There are two more people in the conference');
    expect(words(others(12))).to.equal('There are twelve more people in the conference');
    expect(words(others(13))).to.equal('The number of other people in the conference is thirteen');
    expect(words(others(250))).to.equal('The number of other people in the conference is two hundred fifty');
  });

  it('cannot be told when there are none', () => {
    expect(() => resolvePrompt(others(0), 'en')).to.throw(RangeError);
  });
});

describe('languages', () => {
  const voice = english.voice;
  const phrases = { welcome: { text: 'Willkommen.' } };
  const say: VoiceLanguage['say'] = (prompt) => (prompt === 'welcome' ? ['welcome'] : null);
  const german: VoiceLanguage = { language: 'de', voice, phrases, say };
  const austrian: VoiceLanguage = { language: 'de-AT', voice, phrases: {}, say: () => null };
  const catalogue = createCatalogue([english, german, austrian], english);

  it('are taken by name, whatever the case, and by their first part', () => {
    for (const language of ['de', 'DE', 'de-CH', 'de-AT']) {
      const { files, fellBack } = catalogue.resolve('welcome', language);
      expect([files, fellBack], language).to.deep.equal([['de/welcome.wav'], false]);
    }
  });

  it('fall back to English for what they lack, and say so', () => {
    expect(catalogue.resolve('goodbye', 'de')).to.deep.equal({
      files: ['en/goodbye.wav'],
      text: 'Goodbye.',
      language: 'en',
      fellBack: true,
    });
    expect(catalogue.resolve('welcome', 'fr')).to.include({ language: 'en', fellBack: true });
    expect(catalogue.resolve('welcome', '')).to.include({ fellBack: true });
  });

  it('share the tones', () => {
    expect(catalogue.resolve('join-tone', 'fr')).to.include({ language: null, fellBack: false });
  });
});
