import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { createCatalogue, promptFiles, resolvePrompt, soundsFolder } from '../../../ivr/catalogue.ts';
import { actions, tones } from '../../../ivr/prompts.ts';
import { english } from '../../../ivr/voice/en/index.ts';
import type { VoiceLanguage } from '../../../ivr/voice/language.ts';
import { everyPrompt } from './voice-samples.ts';

const number = (value: number) => ({ meaning: 'number', value }) as const;
const others = (count: number) => ({ meaning: 'others-in-conference', count }) as const;
const words = (prompt: Parameters<typeof resolvePrompt>[0]) =>
  resolvePrompt(prompt, 'en').text.replaceAll('.', '').replaceAll('-', ' ');

describe('promptFiles', () => {
  it('gives the files of several prompts in order', () => {
    expect(promptFiles(['welcome', others(3), 'join-tone', number(421)], 'en')).to.deep.equal([
      'en/welcome.wav',
      'en/others-in-conference-3.wav',
      'tones/join-tone.wav',
      'en/number-400.wav',
      'en/number-20-and.wav',
      'en/number-1.wav',
    ]);
  });

  it('gives files that are there, for every meaning and any number', () => {
    const there = (file: string) => existsSync(join(soundsFolder(), file));
    const files = new Set(promptFiles([...everyPrompt(), ...tones], 'en'));
    expect([...files].filter((file) => !there(file))).to.deep.equal([]);
  });

  it('passes a recording through, in any language', () => {
    const recorded = { meaning: 'recorded', file: '/var/lib/names/anna.wav' } as const;
    for (const [language, folder] of [
      ['en', 'en'],
      ['it', 'it'],
      ['xx', 'en'],
    ] as const) {
      const files = promptFiles([recorded, 'has-joined'], language);
      expect(files).to.deep.equal([recorded.file, `${folder}/has-joined.wav`]);
    }
    expect(() => promptFiles([{ meaning: 'recorded', file: 'anna.wav' }], 'en')).to.throw(RangeError);
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
      21_000: 'twenty one thousand',
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

describe('English sentences with numbers', () => {
  const said: [Parameters<typeof resolvePrompt>[0], string][] = [
    [{ meaning: 'people-in-conference', count: 1 }, 'You are the only person in the conference'],
    [{ meaning: 'people-in-conference', count: 5 }, 'There are five people in the conference'],
    [{ meaning: 'people-in-conference', count: 45 }, 'The number of people in the conference is forty five'],
    [{ meaning: 'people-waiting', count: 0 }, 'Nobody is waiting'],
    [{ meaning: 'people-waiting', count: 1 }, 'One person is waiting'],
    [{ meaning: 'people-waiting', count: 3 }, 'Three people are waiting'],
    [{ meaning: 'people-admitted', count: 3 }, 'Three people were let in'],
    [{ meaning: 'people-joined', count: 1 }, 'Somebody has joined'],
    [{ meaning: 'people-joined', count: 12 }, 'The number of people who have joined is twelve'],
    [{ meaning: 'people-left', count: 2 }, 'Two people have left'],
    [{ meaning: 'others-without-name', count: 1 }, 'and one more person'],
    [{ meaning: 'others-without-name', count: 3 }, 'and three more people'],
    [{ meaning: 'place-in-queue', position: 3 }, 'You are number three in line'],
    [{ meaning: 'place-in-queue', position: 30 }, 'Your place in line is number thirty'],
    [{ meaning: 'hand-place', position: 1 }, 'You are number one in line to speak'],
    [{ meaning: 'ends-in-minutes', minutes: 1 }, 'The conference ends in one minute'],
    [{ meaning: 'ends-in-minutes', minutes: 2 }, 'The conference ends in two minutes'],
    [{ meaning: 'ends-in-seconds', seconds: 30 }, 'The conference ends in thirty seconds'],
    [{ meaning: 'person-number', value: 3 }, 'Person three'],
  ];

  it('are said as a person would', () => {
    for (const [prompt, text] of said) expect(words(prompt)).to.equal(text);
  });

  it('cannot be said with numbers that make no sense', () => {
    for (const meaning of ['people-in-conference', 'people-joined', 'others-without-name'] as const) {
      for (const count of [0, -1, 2.5, Number.NaN]) {
        expect(() => resolvePrompt({ meaning, count }, 'en'), `${meaning} ${count}`).to.throw(RangeError);
      }
    }
    expect(() => resolvePrompt({ meaning: 'place-in-queue', position: 0 }, 'en')).to.throw(RangeError);
  });
});

describe('keys and digits', () => {
  it('are spoken one by one, the last with a falling voice', () => {
    expect(words({ meaning: 'keys', keys: '*6' })).to.equal('star six');
    expect(words({ meaning: 'keys', keys: '#' })).to.equal('pound');
    expect(promptFiles([{ meaning: 'keys', keys: '**' }], 'en')).to.deep.equal([
      'en/key-star.wav',
      'en/key-star-last.wav',
    ]);
    expect(words({ meaning: 'caller-ending', digits: '113' })).to.equal(
      'the caller whose number ends in one one three',
    );
  });

  it('end the sentence that tells what they do', () => {
    expect(words({ meaning: 'action', action: 'toggle-mute', keys: '*6' })).to.equal(
      'To mute or unmute yourself, press star six',
    );
    const sentences = actions.map((action) => words({ meaning: 'action', action, keys: '1' }));
    for (const sentence of sentences) expect(sentence).to.match(/^(To|For) .*, press one$/);
  });

  it('are only those of a telephone, and not endless', () => {
    for (const keys of ['', 'A', '*a', '123456789', ' 1']) {
      expect(() => resolvePrompt({ meaning: 'keys', keys }, 'en'), keys).to.throw(RangeError);
      expect(() => resolvePrompt({ meaning: 'action', action: 'help', keys }, 'en'), keys).to.throw(RangeError);
    }
    expect(() => resolvePrompt({ meaning: 'caller-ending', digits: '1*' }, 'en')).to.throw(RangeError);
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
