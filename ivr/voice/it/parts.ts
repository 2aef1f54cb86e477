/** Italian sentences that end with a number, or with keys. One thing is feminine or elided: una persona, un'altra persona. */
import type { Action } from '../../prompts.ts';
import { range, sentencesFor, type NumberedMeaning, type NumberedSentence } from '../grammar.ts';
import { smallNumberInWords as words } from './numbers.ts';

const FEW = range(2, 5);
const MORE = range(2, 12);
/** Of "posizione", which is feminine. */
const ORDINALS = ['prima', 'seconda', 'terza', 'quarta', 'quinta', 'sesta', 'settima', 'ottava', 'nona', 'decima'];

export const numbered = {
  'others-in-conference': {
    whole: {
      1: "C'è un'altra persona in conferenza.",
      ...sentencesFor(MORE, (count) => `Ci sono altre ${words(count)} persone in conferenza.`),
    },
    lead: 'Il numero delle altre persone in conferenza è',
    form: 'any',
  },
  'people-in-conference': {
    whole: sentencesFor(MORE, (count) => `Ci sono ${words(count)} persone in conferenza.`),
    lead: 'Il numero delle persone in conferenza è',
    form: 'any',
  },
  'people-waiting': {
    whole: {
      1: "C'è una persona in attesa.",
      ...sentencesFor(FEW, (count) => `Ci sono ${words(count)} persone in attesa.`),
    },
    lead: 'Il numero delle persone in attesa è',
    form: 'any',
  },
  'people-admitted': {
    whole: {
      1: 'È stata ammessa una persona.',
      ...sentencesFor(FEW, (count) => `Sono state ammesse ${words(count)} persone.`),
    },
    lead: 'Il numero delle persone ammesse è',
    form: 'any',
  },
  'people-joined': {
    whole: sentencesFor(FEW, (count) => `Sono entrate ${words(count)} persone.`),
    lead: 'Il numero delle persone entrate è',
    form: 'any',
  },
  'people-left': {
    whole: sentencesFor(FEW, (count) => `Sono uscite ${words(count)} persone.`),
    lead: 'Il numero delle persone uscite è',
    form: 'any',
  },
  'others-without-name': {
    whole: { 1: "e un'altra persona.", ...sentencesFor(MORE, (count) => `e altre ${words(count)} persone.`) },
    lead: 'Il numero delle altre persone è',
    form: 'any',
  },
  'place-in-queue': {
    whole: sentencesFor(range(1, 10), (place) => `Lei è in ${ORDINALS[place - 1]!} posizione nella coda.`),
    lead: 'La sua posizione nella coda è la numero',
    form: 'any',
  },
  'hand-place': {
    whole: sentencesFor(range(1, 5), (place) => `Lei è in ${ORDINALS[place - 1]!} posizione per parlare.`),
    lead: 'La sua posizione per parlare è la numero',
    form: 'any',
  },
  'ends-in-minutes': {
    whole: {
      1: 'La conferenza terminerà tra un minuto.',
      ...sentencesFor([2, 3, 5, 10, 15, 30], (minutes) => `La conferenza terminerà tra ${words(minutes)} minuti.`),
    },
    lead: 'Il numero dei minuti che restano è',
    form: 'any',
  },
  'ends-in-seconds': {
    whole: sentencesFor([10, 15, 20, 30, 45], (seconds) => `La conferenza terminerà tra ${words(seconds)} secondi.`),
    lead: 'Il numero dei secondi che restano è',
    form: 'any',
  },
  'person-number': { whole: {}, lead: 'Persona numero', form: 'any' },
} as const satisfies Record<NumberedMeaning, NumberedSentence<'any'>>;

export const actions = {
  help: "Per ascoltare l'aiuto, prema",
  'toggle-mute': 'Per disattivare o attivare il suo microfono, prema',
  unmute: 'Per parlare, prema',
  'toggle-hand': 'Per alzare o abbassare la mano, prema',
  roll: 'Per sapere chi è in conferenza, prema',
  louder: 'Per alzare il volume, prema',
  quieter: 'Per abbassare il volume, prema',
  'ask-for-help': 'Per chiedere aiuto al moderatore, prema',
  'toggle-recording': 'Per avviare o fermare la registrazione, prema',
  'admit-next': 'Per far entrare la prossima persona, prema',
  'admit-all': 'Per far entrare tutti, prema',
  'next-mode': 'Per cambiare chi può parlare, prema',
  'toggle-lock': 'Per chiudere o aprire la conferenza, prema',
  menu: 'Per il menu del moderatore, prema',
  'menu-end': 'Per terminare la conferenza per tutti, prema',
  'menu-leave': 'Per uscire senza terminare la conferenza, prema',
  'menu-roll': 'Per sapere chi è in conferenza, prema',
  'menu-announcements': 'Per cambiare come viene annunciato chi entra e chi esce, prema',
  'menu-people': 'Per le persone in conferenza, una alla volta, prema',
  'menu-mute-all': 'Per disattivare tutti i microfoni, prema',
  'menu-unmute-all': 'Per far parlare tutti, prema',
  'menu-call-on': 'Per dare la parola alla prossima persona con la mano alzata, prema',
  'menu-pause-recording': 'Per sospendere o riprendere la registrazione, prema',
  'menu-repeat': 'Per ascoltare di nuovo, prema',
  'menu-back': 'Per tornare alla conferenza, prema',
  'person-next': 'Per la persona successiva, prema',
  'person-previous': 'Per la persona precedente, prema',
  'person-mute': 'Per disattivare o attivare il microfono di questa persona, prema',
  'person-hold': 'Per mettere in attesa o riprendere questa persona, prema',
  'person-remove': 'Per escludere questa persona, prema',
  'person-make-host': 'Per nominare moderatore questa persona, prema',
  'person-hand-over': 'Per cedere la conferenza a questa persona, prema',
  'person-name': 'Per registrare il nome di questa persona, prema',
  'person-call-on': 'Per dare la parola a questa persona, prema',
  'person-admit': 'Per far entrare questa persona, prema',
} as const satisfies Record<Action, string>;

export const callerEnding = 'la persona il cui numero termina con';
