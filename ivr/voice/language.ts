/**
 * A language is a folder here: its phrases (text, one sound file each), its grammar (which phrases say a prompt, in what
 * order) and the voice that speaks them. Adding one touches no other.
 */
import type { CountedPrompt, PlainMeaning, SpelledPrompt } from '../prompts.ts';

/** Everything that is speech made by us; tones, music and recordings are the same in every language. */
export type SpokenPrompt = PlainMeaning | CountedPrompt | SpelledPrompt;

/** One sound file. */
export interface Phrase {
  /** As it is read on paper. */
  readonly text: string;
  /** As the synthesiser must be told, where it reads the text wrongly. */
  readonly spoken?: string;
  /** Ends without a pause, because more of the same sentence follows. */
  readonly joins?: boolean;
  /** Times the voice's stretch: a single word is drawn out unless told otherwise. Default 1. */
  readonly stretch?: number;
}

export type Phrases = Readonly<Record<string, Phrase>>;

/** How the phrases are spoken: part of the fingerprint of every sound. */
export type VoiceSettings = FliteVoice | FestivalVoice;

export interface FliteVoice {
  readonly engine: 'flite';
  readonly voice: string;
  /** 1 is the voice's own speed, more is slower. */
  readonly stretch: number;
}

export interface FestivalVoice {
  readonly engine: 'festival';
  readonly voice: string;
  /** The Debian package it is in. */
  readonly package: string;
  readonly charset: 'utf-8' | 'latin1';
  /** 1 is the voice's own speed, more is slower; a voice of recorded pieces does not mind it. */
  readonly stretch: number;
  /** Decibels more above 1,800 Hz, for a voice that was recorded dull. */
  readonly brighterDb?: number;
  /** Words the voice's lexicon lacks or has wrong, with the syllable that is stressed, counted from 1. */
  readonly stresses?: Readonly<Record<string, number>>;
}

export interface VoiceLanguage {
  /** BCP 47; also the name of the folder. */
  readonly language: string;
  readonly voice: VoiceSettings;
  readonly phrases: Phrases;
  /** Names of the phrases that say it, in order; null when this language has no words for it. */
  say(prompt: SpokenPrompt): readonly string[] | null;
}

/** The language that has words for everything: the one others fall back to. */
export interface CompleteLanguage extends VoiceLanguage {
  say(prompt: SpokenPrompt): readonly string[];
}
