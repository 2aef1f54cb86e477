/**
 * Russian sentences that end with a number, or with keys. What is counted has three forms (один человек, два человека, пять
 * человек), and the verb goes with it; a number at the end needs neither.
 */
import type { Action } from '../../prompts.ts';
import { range, sentencesFor, type NumberedMeaning, type NumberedSentence } from '../grammar.ts';
import { agreeing, smallNumberInWords, type Counted, type Gender } from './numbers.ts';

const FEW = range(1, 5);
const FROM_TWO = range(2, 5);
const MORE = range(2, 12);
/** Of "место", which is neuter. */
const ORDINALS = [
  'первое',
  'второе',
  'третье',
  'четвёртое',
  'пятое',
  'шестое',
  'седьмое',
  'восьмое',
  'девятое',
  'десятое',
];

const PEOPLE: Counted = ['человек', 'человека', 'человек'];
const MINUTES: Counted = ['минуту', 'минуты', 'минут'];
const SECONDS: Counted = ['секунду', 'секунды', 'секунд'];

const people = (count: number) => `${smallNumberInWords(count, 'masculine')} ${agreeing(count, PEOPLE)}`;

export const numbered = {
  'others-in-conference': {
    whole: sentencesFor([1, ...MORE], (count) => `Кроме вас, в конференции ${people(count)}.`),
    lead: 'Число других участников конференции:',
    form: 'masculine',
  },
  'people-in-conference': {
    whole: sentencesFor(MORE, (count) => `В конференции ${people(count)}.`),
    lead: 'Число участников конференции:',
    form: 'masculine',
  },
  'people-waiting': {
    whole: sentencesFor(FEW, (count) => `${agreeing(count, ['Ждёт', 'Ждут', 'Ждут'])} ${people(count)}.`),
    lead: 'Число ожидающих:',
    form: 'masculine',
  },
  'people-admitted': {
    whole: sentencesFor(FEW, (count) => `${agreeing(count, ['Допущен', 'Допущены', 'Допущено'])} ${people(count)}.`),
    lead: 'Число допущенных участников:',
    form: 'masculine',
  },
  'people-joined': {
    whole: sentencesFor(FROM_TWO, (count) => `Вошли ${people(count)}.`),
    lead: 'Число вошедших:',
    form: 'masculine',
  },
  'people-left': {
    whole: sentencesFor(FROM_TWO, (count) => `Вышли ${people(count)}.`),
    lead: 'Число вышедших:',
    form: 'masculine',
  },
  'others-without-name': {
    whole: sentencesFor([1, ...MORE], (count) => `и ещё ${people(count)}.`),
    lead: 'Число остальных участников:',
    form: 'masculine',
  },
  'place-in-queue': {
    whole: sentencesFor(range(1, 10), (place) => `Ваше место в очереди ${ORDINALS[place - 1]!}.`),
    lead: 'Ваш номер в очереди:',
    form: 'masculine',
  },
  'hand-place': {
    whole: sentencesFor(range(1, 5), (place) => `Ваше место в очереди на выступление ${ORDINALS[place - 1]!}.`),
    lead: 'Ваш номер в очереди на выступление:',
    form: 'masculine',
  },
  'ends-in-minutes': {
    whole: {
      // The accusative, as after "через" everywhere; only one shows it.
      1: 'Конференция закончится через одну минуту.',
      ...sentencesFor([2, 3, 5, 10, 15, 30], (count) => `Конференция закончится через ${until(count, MINUTES)}.`),
    },
    lead: 'Минут до конца конференции:',
    form: 'feminine',
  },
  'ends-in-seconds': {
    whole: sentencesFor([10, 15, 20, 30, 45], (count) => `Конференция закончится через ${until(count, SECONDS)}.`),
    lead: 'Секунд до конца конференции:',
    form: 'feminine',
  },
  'person-number': { whole: {}, lead: 'Участник номер', form: 'masculine' },
} as const satisfies Record<NumberedMeaning, NumberedSentence<Gender>>;

function until(count: number, noun: Counted): string {
  return `${smallNumberInWords(count, 'feminine')} ${agreeing(count, noun)}`;
}

export const actions = {
  help: 'Чтобы услышать подсказку, нажмите',
  'toggle-mute': 'Чтобы выключить или включить микрофон, нажмите',
  unmute: 'Чтобы вас слышали, нажмите',
  'toggle-hand': 'Чтобы поднять или опустить руку, нажмите',
  roll: 'Чтобы узнать, кто в конференции, нажмите',
  louder: 'Чтобы слышать громче, нажмите',
  quieter: 'Чтобы слышать тише, нажмите',
  'ask-for-help': 'Чтобы попросить ведущего о помощи, нажмите',
  'toggle-recording': 'Чтобы начать или закончить запись, нажмите',
  'admit-next': 'Чтобы впустить следующего, нажмите',
  'admit-all': 'Чтобы впустить всех, нажмите',
  'next-mode': 'Чтобы изменить, кто может говорить, нажмите',
  'toggle-lock': 'Чтобы закрыть или открыть конференцию, нажмите',
  menu: 'Чтобы открыть меню ведущего, нажмите',
  'menu-end': 'Чтобы завершить конференцию для всех, нажмите',
  'menu-leave': 'Чтобы выйти, не завершая конференцию, нажмите',
  'menu-roll': 'Чтобы узнать, кто в конференции, нажмите',
  'menu-announcements': 'Чтобы изменить, как сообщают о входе и выходе, нажмите',
  'menu-people': 'Чтобы перейти к участникам, по одному, нажмите',
  'menu-mute-all': 'Чтобы выключить все микрофоны, нажмите',
  'menu-unmute-all': 'Чтобы все могли говорить, нажмите',
  'menu-call-on': 'Чтобы дать слово следующему с поднятой рукой, нажмите',
  'menu-pause-recording': 'Чтобы приостановить или продолжить запись, нажмите',
  'menu-repeat': 'Чтобы прослушать ещё раз, нажмите',
  'menu-back': 'Чтобы вернуться в конференцию, нажмите',
  'person-next': 'Чтобы перейти к следующему участнику, нажмите',
  'person-previous': 'Чтобы перейти к предыдущему участнику, нажмите',
  'person-mute': 'Чтобы выключить или включить микрофон этого участника, нажмите',
  'person-hold': 'Чтобы поставить этого участника на удержание или вернуть, нажмите',
  'person-remove': 'Чтобы удалить этого участника, нажмите',
  'person-make-host': 'Чтобы сделать этого участника ведущим, нажмите',
  'person-hand-over': 'Чтобы передать конференцию этому участнику, нажмите',
  'person-name': 'Чтобы записать имя этого участника, нажмите',
  'person-call-on': 'Чтобы дать слово этому участнику, нажмите',
  'person-admit': 'Чтобы впустить этого участника, нажмите',
} as const satisfies Record<Action, string>;

export const callerEnding = 'абонент, номер которого кончается на';
