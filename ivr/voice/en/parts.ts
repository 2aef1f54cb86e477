/** English sentences that end with a number, or with keys. */
import type { Action } from '../../prompts.ts';
import { range, sentencesFor, type NumberedMeaning, type NumberedSentence } from '../grammar.ts';
import { smallNumberInWords as words } from './numbers.ts';

const FEW = range(2, 5);
const MORE = range(2, 12);

export const numbered = {
  'others-in-conference': {
    whole: {
      1: 'There is one other person in the conference.',
      ...sentencesFor(MORE, (count) => `There are ${words(count)} more people in the conference.`),
    },
    lead: 'The number of other people in the conference is',
    form: 'any',
  },
  'people-in-conference': {
    whole: sentencesFor(MORE, (count) => `There are ${words(count)} people in the conference.`),
    lead: 'The number of people in the conference is',
    form: 'any',
  },
  'people-waiting': {
    whole: { 1: 'One person is waiting.', ...sentencesFor(FEW, (count) => `${capital(count)} people are waiting.`) },
    lead: 'The number of people waiting is',
    form: 'any',
  },
  'people-admitted': {
    whole: { 1: 'One person was let in.', ...sentencesFor(FEW, (count) => `${capital(count)} people were let in.`) },
    lead: 'The number of people who were let in is',
    form: 'any',
  },
  'people-joined': {
    whole: sentencesFor(FEW, (count) => `${capital(count)} people have joined.`),
    lead: 'The number of people who have joined is',
    form: 'any',
  },
  'people-left': {
    whole: sentencesFor(FEW, (count) => `${capital(count)} people have left.`),
    lead: 'The number of people who have left is',
    form: 'any',
  },
  'others-without-name': {
    whole: { 1: 'and one more person.', ...sentencesFor(MORE, (count) => `and ${words(count)} more people.`) },
    lead: 'The number of the others is',
    form: 'any',
  },
  'place-in-queue': {
    whole: sentencesFor(range(1, 5), (place) => `You are number ${words(place)} in line.`),
    lead: 'Your place in line is number',
    form: 'any',
  },
  'hand-place': {
    whole: sentencesFor(range(1, 5), (place) => `You are number ${words(place)} in line to speak.`),
    lead: 'Your place in line to speak is number',
    form: 'any',
  },
  'ends-in-minutes': {
    whole: {
      1: 'The conference ends in one minute.',
      ...sentencesFor([2, 3, 5, 10, 15, 30], (minutes) => `The conference ends in ${words(minutes)} minutes.`),
    },
    lead: 'The number of minutes until the conference ends is',
    form: 'any',
  },
  'ends-in-seconds': {
    whole: sentencesFor([10, 15, 20, 30, 45], (seconds) => `The conference ends in ${words(seconds)} seconds.`),
    lead: 'The number of seconds until the conference ends is',
    form: 'any',
  },
  'person-number': { whole: {}, lead: 'Person', form: 'any' },
} as const satisfies Record<NumberedMeaning, NumberedSentence<'any'>>;

export const actions = {
  help: 'For help, press',
  'toggle-mute': 'To mute or unmute yourself, press',
  unmute: 'To be heard, press',
  'toggle-hand': 'To raise or lower your hand, press',
  roll: 'To hear who is in the conference, press',
  louder: 'To hear louder, press',
  quieter: 'To hear quieter, press',
  'ask-for-help': 'To ask the host for help, press',
  'toggle-recording': 'To start or stop the recording, press',
  'admit-next': 'To let the next person in, press',
  'admit-all': 'To let everybody in, press',
  'next-mode': 'To change who may speak, press',
  'toggle-lock': 'To lock or open the conference, press',
  menu: 'For the host menu, press',
  'menu-end': 'To end the conference for everybody, press',
  'menu-leave': 'To leave without ending the conference, press',
  'menu-roll': 'To hear who is in the conference, press',
  'menu-announcements': 'To change how people who come and go are announced, press',
  'menu-people': 'For the people in the conference, one by one, press',
  'menu-mute-all': 'To mute everybody, press',
  'menu-unmute-all': 'To let everybody speak, press',
  'menu-call-on': 'To let the next person with a raised hand speak, press',
  'menu-pause-recording': 'To pause or resume the recording, press',
  'menu-repeat': 'To hear this again, press',
  'menu-back': 'To go back to the conference, press',
  'person-next': 'For the next person, press',
  'person-previous': 'For the person before, press',
  'person-mute': 'To mute or unmute this person, press',
  'person-hold': 'To put this person on hold, or back, press',
  'person-remove': 'To remove this person, press',
  'person-make-host': 'To make this person a host, press',
  'person-hand-over': 'To hand the conference over to this person, press',
  'person-name': 'To record the name of this person, press',
  'person-call-on': 'To let this person speak, press',
  'person-admit': 'To let this person in, press',
} as const satisfies Record<Action, string>;

export const callerEnding = 'the caller whose number ends in';

function capital(count: number): string {
  const word = words(count);
  return word[0]!.toUpperCase() + word.slice(1);
}
