/** From meanings to sound files, in the caller's language or the nearest there is. */
import { fileURLToPath } from 'node:url';
import { tones, type Prompt, type Tone } from './prompts.ts';
import { english } from './voice/en/index.ts';
import type { CompleteLanguage, VoiceLanguage } from './voice/language.ts';

export interface ResolvedPrompt {
  /** Relative to the sounds folder, with forward slashes: `en/welcome.wav`. */
  readonly files: readonly string[];
  /** As it is said; empty for a tone. */
  readonly text: string;
  /** The language it is said in; null for a tone. */
  readonly language: string | null;
  /** True when the caller's language has no words for it, and those of the complete language are taken. */
  readonly fellBack: boolean;
}

/** One for the caller's language and its region, `pt-BR` else `pt`; and whatever they lack, in the complete language. */
export function createCatalogue(languages: readonly VoiceLanguage[], complete: CompleteLanguage) {
  const named = (name: string) => languages.filter(({ language }) => language.toLowerCase() === name);

  /** @throws RangeError when a number cannot be said */
  function resolve(prompt: Prompt, language: string): ResolvedPrompt {
    if (isTone(prompt)) return { files: [`tones/${prompt}.wav`], text: '', language: null, fellBack: false };
    const wanted = language.toLowerCase();
    for (const voice of [...named(wanted), ...named(wanted.split('-')[0]!)]) {
      const names = voice.say(prompt);
      if (names !== null) return inVoice(voice, names, false);
    }
    return inVoice(complete, complete.say(prompt), true);
  }

  return {
    resolve,
    /** The sound files of several prompts in order, relative to the sounds folder. */
    files: (prompts: readonly Prompt[], language: string): string[] =>
      prompts.flatMap((prompt) => [...resolve(prompt, language).files]),
  };
}

function inVoice(voice: VoiceLanguage, names: readonly string[], fellBack: boolean): ResolvedPrompt {
  return {
    files: names.map((name) => `${voice.language}/${name}.wav`),
    text: names.map((name) => voice.phrases[name]?.text ?? '').join(' '),
    language: voice.language,
    fellBack,
  };
}

function isTone(prompt: Prompt): prompt is Tone {
  return (tones as readonly Prompt[]).includes(prompt);
}

/** Every language there is a folder for. */
export const voiceLanguages: readonly VoiceLanguage[] = [english];

const catalogue = createCatalogue(voiceLanguages, english);
export const resolvePrompt = catalogue.resolve;
export const promptFiles = catalogue.files;

/** Where the files are on this machine; a media server elsewhere mounts the same folder. */
export function soundsFolder(): string {
  return fileURLToPath(new URL('./voice', import.meta.url));
}
