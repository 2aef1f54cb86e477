/** The door of the ivr room: conversations with a caller. */
export { promptFiles, resolvePrompt, soundsFolder, voiceLanguages, type ResolvedPrompt } from './catalogue.ts';
export { systemClock, type Clock } from './clock.ts';
export {
  askAccessCode,
  type AccessCodeLookup,
  type AccessCodeResult,
  type AskAccessCodeDeps,
  type AskAccessCodeOptions,
  type RefusalReason,
} from './dialogues/ask-access-code.ts';
export { collectDigits, type CollectDigitsOptions } from './dialogues/collect-digits.ts';
export type { Collected } from './dialogues/digit-entry.ts';
export {
  isSpokenReason,
  sayGoodbye,
  sayLine,
  welcomeIntoRoom,
  type MutedHow,
  type RoomWelcome,
  type SpokenReason,
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
