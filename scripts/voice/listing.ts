/** docs/prompts.md: every sound with its text, to read aloud and to listen to. */
import { format, resolveConfig } from 'prettier';
import { tones, type VoiceLanguage } from '../../ivr/index.ts';
import { toneRecipes } from './tones.ts';
import type { Manifest } from './manifest.ts';

export interface SpokenLanguage {
  readonly voice: VoiceLanguage;
  readonly manifest: Manifest;
}

/** @param path where it will be written: decides the formatter's settings */
export async function promptListing(languages: readonly SpokenLanguage[], path: string): Promise<string> {
  const text = [
    '# What callers hear',
    '',
    '<!-- Made by `npm run voice`; do not edit. -->',
    '',
    'Every sound of the service: follow a link to listen. Level is that of the speech without its pauses, peak the highest',
    'sample, both in dB relative to full scale. The words are in the folders `ivr/voice/<language>`; `npm run voice` speaks them',
    'anew. Why this voice: [decision 006](decisions/006-voice.md).',
    ...languages.flatMap(languageSection),
    '',
    '## Tones',
    '',
    '| Sound | Tells | Notes in Hz |',
    '| --- | --- | --- |',
    ...tones.map((tone) => {
      const { tells, notes } = toneRecipes[tone];
      return `| [${tone}](../ivr/voice/tones/${tone}.wav) | ${tells} | ${notes.join(', ')} |`;
    }),
    '',
  ].join('\n');
  return format(text, { ...(await resolveConfig(path)), parser: 'markdown' });
}

function languageSection({ voice, manifest }: SpokenLanguage): string[] {
  const entries = Object.entries(manifest);
  const seconds = entries.reduce((sum, [, { milliseconds }]) => sum + milliseconds, 0) / 1_000;
  const rows = entries.map(([name, entry]) => {
    const link = `[${name}](../ivr/voice/${voice.language}/${name}.wav)`;
    return `| ${link} | ${entry.text} | ${(entry.milliseconds / 1_000).toFixed(2)} s | ${entry.levelDb} | ${entry.peakDb} |`;
  });
  return [
    '',
    `## ${voice.language}`,
    '',
    `Voice ${voice.voice.voice} of ${voice.voice.engine}, ${entries.length} sounds, ${Math.round(seconds)} seconds.`,
    '',
    '| Sound | Text | Length | Level | Peak |',
    '| --- | --- | ---: | ---: | ---: |',
    ...rows,
  ];
}
