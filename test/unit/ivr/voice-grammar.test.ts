/** How the other languages say numbers, and make the rest of the sentence agree with them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { promptFiles, resolvePrompt, soundsFolder, voiceLanguages } from '../../../ivr/catalogue.ts';
import { actions, plainMeanings, type Prompt } from '../../../ivr/prompts.ts';
import { everyPrompt } from './voice-samples.ts';

const read = (language: string) => (prompt: Prompt) => {
  const { text, language: spoken, fellBack } = resolvePrompt(prompt, language);
  expect([spoken, fellBack], JSON.stringify(prompt)).to.deep.equal([language, false]);
  return text.replaceAll('.', '');
};

type Readings = readonly (readonly [Prompt, string])[];

function saysEach(language: string, readings: Readings): void {
  for (const [prompt, text] of readings) expect(read(language)(prompt), JSON.stringify(prompt)).to.equal(text);
}

const numbers = (words: Readonly<Record<number, string>>): Readings =>
  Object.entries(words).map(([value, text]) => [{ meaning: 'number', value: Number(value) }, text]);

for (const { language } of voiceLanguages) {
  describe(`the grammar of ${language}`, () => {
    it('has words of its own, and a sound, for everything', () => {
      const say = read(language);
      for (const prompt of everyPrompt()) expect(say(prompt)).not.to.equal('');
      const files = new Set(promptFiles(everyPrompt(), language));
      expect([...files].filter((file) => !existsSync(join(soundsFolder(), file)))).to.deep.equal([]);
    });

    it('says no two numbers alike', () => {
      const say = read(language);
      const any = fc.integer({ min: 0, max: 999_999 });
      fc.assert(
        fc.property(any, any, (a, b) => {
          fc.pre(a !== b);
          expect(say({ meaning: 'number', value: a })).not.to.equal(say({ meaning: 'number', value: b }));
        }),
      );
    });

    it('ends whatever ends with a number or a key with a falling voice', () => {
      const voice = voiceLanguages.find((one) => one.language === language)!;
      const last = (prompt: Prompt) => voice.phrases[promptFiles([prompt], language).at(-1)!.slice(3, -4)]!;
      for (const keys of ['*', '#', '*1', '**', '*#', '90']) {
        expect(last({ meaning: 'keys', keys }).joins, keys).to.equal(undefined);
        expect(last({ meaning: 'action', action: 'help', keys }).joins, keys).to.equal(undefined);
      }
      for (const position of [7, 13, 20, 21, 80, 99]) {
        expect(last({ meaning: 'hand-place', position }).joins, `${position}`).to.equal(undefined);
      }
    });

    it('tells nobody a key in a sentence, except where a dialogue fixes it', () => {
      // By their words for star and pound.
      const keyWords = /\b(star|pound|asterisco|cancelletto)\b|звёздоч|решёт/i;
      const fixed = plainMeanings.filter((meaning) => keyWords.test(read(language)(meaning)));
      expect(fixed).to.deep.equal([
        'enter-access-code',
        'enter-host-pin',
        'enter-personal-code',
        'enter-personal-code-or-pound',
        'say-your-name',
        'keep-name-or-again',
        'say-name-of-person',
      ]);
    });
  });
}

describe('Italian', () => {
  it('melts tens and ones together, and counts thousands by mille and mila', () => {
    saysEach(
      'it',
      numbers({
        0: 'zero',
        3: 'tre',
        17: 'diciassette',
        21: 'ventuno',
        23: 'ventitré',
        28: 'ventotto',
        30: 'trenta',
        33: 'trentatré',
        38: 'trentotto',
        81: 'ottantuno',
        88: 'ottantotto',
        90: 'novanta',
        99: 'novantanove',
        100: 'cento',
        101: 'cento uno',
        200: 'duecento',
        642: 'seicento quarantadue',
        1_000: 'mille',
        1_999: 'mille novecento novantanove',
        2_000: 'due mila',
        100_000: 'cento mila',
        999_999: 'novecento novantanove mila novecento novantanove',
      }),
    );
  });

  it('says one person as one person', () => {
    saysEach('it', [
      [{ meaning: 'others-in-conference', count: 1 }, "C'è un'altra persona in conferenza"],
      [{ meaning: 'others-in-conference', count: 2 }, 'Ci sono altre due persone in conferenza'],
      [{ meaning: 'people-in-conference', count: 1 }, "Lei è l'unica persona in conferenza"],
      [{ meaning: 'people-in-conference', count: 31 }, 'Il numero delle persone in conferenza è trentuno'],
      [{ meaning: 'people-waiting', count: 0 }, 'Nessuno è in attesa'],
      [{ meaning: 'people-waiting', count: 1 }, "C'è una persona in attesa"],
      [{ meaning: 'people-admitted', count: 1 }, 'È stata ammessa una persona'],
      [{ meaning: 'people-admitted', count: 4 }, 'Sono state ammesse quattro persone'],
      [{ meaning: 'people-joined', count: 1 }, 'Una persona è entrata in conferenza'],
      [{ meaning: 'people-left', count: 3 }, 'Sono uscite tre persone'],
      [{ meaning: 'others-without-name', count: 1 }, "e un'altra persona"],
      [{ meaning: 'ends-in-minutes', minutes: 1 }, 'La conferenza terminerà tra un minuto'],
      [{ meaning: 'ends-in-minutes', minutes: 5 }, 'La conferenza terminerà tra cinque minuti'],
      [{ meaning: 'ends-in-seconds', seconds: 30 }, 'La conferenza terminerà tra trenta secondi'],
    ]);
  });

  it('uses ordinals for places, in the feminine of posizione', () => {
    saysEach('it', [
      [{ meaning: 'place-in-queue', position: 1 }, 'Lei è in prima posizione nella coda'],
      [{ meaning: 'place-in-queue', position: 10 }, 'Lei è in decima posizione nella coda'],
      [{ meaning: 'place-in-queue', position: 11 }, 'La sua posizione nella coda è la numero undici'],
      [{ meaning: 'hand-place', position: 3 }, 'Lei è in terza posizione per parlare'],
    ]);
  });

  it('has its own keys', () => {
    saysEach('it', [
      [{ meaning: 'keys', keys: '*#' }, 'asterisco cancelletto'],
      [
        { meaning: 'action', action: 'toggle-mute', keys: '*6' },
        'Per disattivare o attivare il suo microfono, prema asterisco sei',
      ],
      [{ meaning: 'caller-ending', digits: '402' }, 'la persona il cui numero termina con quattro zero due'],
    ]);
    for (const action of actions) {
      expect(read('it')({ meaning: 'action', action, keys: '1' })).to.match(/^Per .*, prema uno$/);
    }
  });
});

describe('Russian', () => {
  it('makes one and two agree, and thousand with its number', () => {
    saysEach(
      'ru',
      numbers({
        0: 'ноль',
        1: 'один',
        2: 'два',
        11: 'одиннадцать',
        21: 'двадцать один',
        40: 'сорок',
        90: 'девяносто',
        100: 'сто',
        212: 'двести двенадцать',
        999: 'девятьсот девяносто девять',
        1_000: 'одна тысяча',
        2_002: 'две тысячи два',
        5_000: 'пять тысяч',
        11_000: 'одиннадцать тысяч',
        21_001: 'двадцать одна тысяча один',
        42_000: 'сорок две тысячи',
        112_000: 'сто двенадцать тысяч',
        300_000: 'триста тысяч',
        999_999: 'девятьсот девяносто девять тысяч девятьсот девяносто девять',
      }),
    );
    saysEach('ru', [
      [{ meaning: 'ends-in-minutes', minutes: 22 }, 'Минут до конца конференции: двадцать две'],
      [{ meaning: 'ends-in-minutes', minutes: 41 }, 'Минут до конца конференции: сорок одна'],
      [{ meaning: 'people-waiting', count: 22 }, 'Число ожидающих: двадцать два'],
    ]);
  });

  it('counts in three forms, and the verb goes with them', () => {
    saysEach('ru', [
      [{ meaning: 'others-in-conference', count: 1 }, 'Кроме вас, в конференции один человек'],
      [{ meaning: 'people-in-conference', count: 1 }, 'В конференции только вы'],
      [{ meaning: 'people-in-conference', count: 2 }, 'В конференции два человека'],
      [{ meaning: 'people-in-conference', count: 4 }, 'В конференции четыре человека'],
      [{ meaning: 'people-in-conference', count: 5 }, 'В конференции пять человек'],
      [{ meaning: 'people-in-conference', count: 12 }, 'В конференции двенадцать человек'],
      [{ meaning: 'people-waiting', count: 1 }, 'Ждёт один человек'],
      [{ meaning: 'people-waiting', count: 3 }, 'Ждут три человека'],
      [{ meaning: 'people-admitted', count: 1 }, 'Допущен один человек'],
      [{ meaning: 'people-admitted', count: 2 }, 'Допущены два человека'],
      [{ meaning: 'people-admitted', count: 5 }, 'Допущено пять человек'],
      [{ meaning: 'ends-in-minutes', minutes: 1 }, 'Конференция закончится через одну минуту'],
      [{ meaning: 'ends-in-minutes', minutes: 2 }, 'Конференция закончится через две минуты'],
      [{ meaning: 'ends-in-minutes', minutes: 15 }, 'Конференция закончится через пятнадцать минут'],
      [{ meaning: 'ends-in-seconds', seconds: 30 }, 'Конференция закончится через тридцать секунд'],
      [{ meaning: 'people-left', count: 4 }, 'Вышли четыре человека'],
    ]);
  });

  it('uses ordinals for places, in the neuter of место', () => {
    saysEach('ru', [
      [{ meaning: 'place-in-queue', position: 3 }, 'Ваше место в очереди третье'],
      [{ meaning: 'place-in-queue', position: 33 }, 'Ваш номер в очереди: тридцать три'],
      [{ meaning: 'hand-place', position: 2 }, 'Ваше место в очереди на выступление второе'],
    ]);
  });

  it('has its own keys, as one presses them', () => {
    saysEach('ru', [
      [{ meaning: 'action', action: 'unmute', keys: '*6' }, 'Чтобы вас слышали, нажмите звёздочку шесть'],
      [{ meaning: 'keys', keys: '#' }, 'решётку'],
      [{ meaning: 'caller-ending', digits: '10' }, 'абонент, номер которого кончается на один ноль'],
    ]);
    for (const action of actions) {
      expect(read('ru')({ meaning: 'action', action, keys: '1' })).to.match(/^Чтобы .*, нажмите один$/);
    }
  });
});
