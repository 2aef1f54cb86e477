/** The door of the ivr room: conversations with a caller. */
export {
  musicFile,
  promptFiles,
  resolvePrompt,
  soundsFolder,
  voiceLanguages,
  type ResolvedPrompt,
} from './catalogue.ts';
export { systemClock, type Clock } from './clock.ts';
export {
  askAccessCode,
  type AccessCodeLookup,
  type AccessCodeResult,
  type AskAccessCodeDeps,
  type AskAccessCodeOptions,
  type RefusalReason,
} from './dialogues/ask-access-code.ts';
export { askName, type AskNameOptions, type RecordableLeg } from './dialogues/ask-name.ts';
export { keyDuring } from './dialogues/key-during.ts';
export { runMenu, type MenuOptions } from './dialogues/menu.ts';
export { askPersonalCode, type AskPersonalCodeOptions } from './dialogues/ask-personal-code.ts';
export type { AskCodeDeps, CodeAnswer, CodeResult } from './dialogues/ask-code.ts';
export { collectDigits, type CollectDigitsOptions } from './dialogues/collect-digits.ts';
export type { Collected } from './dialogues/digit-entry.ts';
export {
  isSpokenReason,
  placeWords,
  roomWelcome,
  sayGoodbye,
  sayLine,
  waitingWords,
  type RoomWelcome,
  type SpokenReason,
  type WaitingFor,
} from './dialogues/say.ts';
export { LegGone, type DialogueLeg, type Digit } from './leg.ts';
export {
  actions,
  countedMeanings,
  plainMeanings,
  tones,
  type Action,
  type CountedMeaning,
  type CountedPrompt,
  type Music,
  type PlainMeaning,
  type Prompt,
  type RecordedPrompt,
  type SpelledPrompt,
  type Tone,
} from './prompts.ts';
export type {
  CompleteLanguage,
  FestivalVoice,
  Phrase,
  SpokenPrompt,
  VoiceLanguage,
  VoiceSettings,
} from './voice/language.ts';
