/** Festival: a program and voices of Debian. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { FestivalVoice } from '../../ivr/index.ts';

/** @throws Error with a sentence that says what is missing and how to get it */
export function prepareFestival(voices: readonly FestivalVoice[]): void {
  const missing = voices.map((voice) => voice.package).filter((name) => !isInstalled(name));
  if (spawnSync('festival', ['--version']).status === 0 && missing.length === 0) return;
  const wanted = ['festival', ...missing].join(' ');
  throw new Error(`Some voices are spoken by Festival, which is not all here. On Debian: apt-get install ${wanted}`);
}

function isInstalled(name: string): boolean {
  return existsSync(`/var/lib/dpkg/info/${name}.list`);
}

/**
 * Speaks `text` into the file at `path`.
 * @throws Error when Festival could not, or the text has letters the voice cannot be given
 */
export function speakWithFestival(voice: FestivalVoice, path: string, stretch: number, text: string): void {
  const program = [
    `(voice_${voice.voice})`,
    ...Object.entries(voice.stresses ?? {}).map(([word, syllable]) => `(lex.add.entry '("${word}" n (${syllable})))`),
    `(Parameter.set 'Duration_Stretch ${stretch})`,
    `(utt.save.wave (utt.synth (Utterance Text ${quote(text)})) ${quote(path)} 'riff)`,
  ].join('\n');
  const input = Buffer.from(program, voice.charset);
  if (input.toString(voice.charset) !== program) throw new Error(`${voice.voice} has no letters for: ${text}`);
  const { stderr } = spawnSync('festival', ['--pipe'], { input });
  if (!existsSync(path)) throw new Error(`Festival could not say "${text}": ${stderr.toString().trim()}`);
}

/** As a string of Scheme. */
function quote(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
