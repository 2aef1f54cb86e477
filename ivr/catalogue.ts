/** From meanings to sound files, in the caller's language or the nearest there is. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tones, type Music, type Prompt, type RecordedPrompt, type Tone } from './prompts.ts';
import { english } from './voice/en/index.ts';
import { italian } from './voice/it/index.ts';
import type { CompleteLanguage, VoiceLanguage } from './voice/language.ts';
import { russian } from './voice/ru/index.ts';

export interface ResolvedPrompt {
  /** Relative to the sounds folder, with forward slashes: `en/welcome.wav`. A recording is an absolute path. */
  readonly files: readonly string[];
  /** As it is said; empty for a tone, music or a recording. */
  readonly text: string;
  /** The language it is said in; null where there is none. */
  readonly language: string | null;
  /** True when the caller's language has no words for it, and those of the complete language are taken. */
  readonly fellBack: boolean;
}

/** One for the caller's language and its region, `pt-BR` else `pt`; and whatever they lack, in the complete language. */
export function createCatalogue(languages: readonly VoiceLanguage[], complete: CompleteLanguage) {
  const named = (name: string) => languages.filter(({ language }) => language.toLowerCase() === name);

  /** @throws RangeError when a number, keys or digits cannot be said, or a recording is no absolute path */
  function resolve(prompt: Prompt, language: string): ResolvedPrompt {
    if (isTone(prompt)) return withoutWords(`tones/${prompt}.wav`);
    if (isRecorded(prompt)) return withoutWords(absolute(prompt.file));
    const wanted = language.toLowerCase();
    for (const voice of [...named(wanted), ...named(wanted.split('-')[0]!)]) {
      const names = voice.say(prompt);
      if (names !== null) return inVoice(voice, names, false);
    }
    return inVoice(complete, complete.say(prompt), true);
  }

  return {
    resolve,
    /** The sound files of several prompts in order, relative to the sounds folder; recordings are absolute paths. */
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

function withoutWords(file: string): ResolvedPrompt {
  return { files: [file], text: '', language: null, fellBack: false };
}

function isTone(prompt: Prompt): prompt is Tone | Music {
  return prompt === 'hold-music' || (tones as readonly Prompt[]).includes(prompt);
}

function isRecorded(prompt: Prompt): prompt is RecordedPrompt {
  return typeof prompt === 'object' && prompt.meaning === 'recorded';
}

/** A relative path would be looked for among the sounds of the voice. */
function absolute(file: string): string {
  if (!file.startsWith('/')) throw new RangeError(`A recording is an absolute path, not ${file}.`);
  return file;
}

/** Every language there is a folder for. */
export const voiceLanguages: readonly VoiceLanguage[] = [english, italian, russian];

const catalogue = createCatalogue(voiceLanguages, english);
export const resolvePrompt = catalogue.resolve;
export const promptFiles = catalogue.files;

/** The music on hold, for media servers that play it by themselves (`local_stream://moh`). An absolute path. */
export function musicFile(): string {
  return join(soundsFolder(), 'tones', 'hold-music.wav');
}

/** Where the files are on this machine; a media server elsewhere mounts the same folder. */
export function soundsFolder(): string {
  return fileURLToPath(new URL('./voice', import.meta.url));
}
