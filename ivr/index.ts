/** The door of the ivr room: conversations with a caller. */
export { LegGone, type DialogueLeg, type Digit } from './leg.ts';
export type { CountedPrompt, Meaning, PlainMeaning, Prompt, Tone } from './prompts.ts';
