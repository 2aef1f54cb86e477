/** docs/prompts.html: every sound of every language side by side, to read and to listen to; opens from the disk. */
import { readFileSync } from 'node:fs';
import { resolvePrompt, tones, type Prompt, type VoiceLanguage } from '../../ivr/index.ts';
import type { Manifest, ManifestEntry } from './manifest.ts';
import { toneRecipes } from './tones.ts';

export interface SpokenLanguage {
  readonly voice: VoiceLanguage;
  readonly manifest: Manifest;
}

/** From the page to the sounds. */
const SOUNDS = '../ivr/voice/';

const part = (name: string) => readFileSync(new URL(`./page/${name}`, import.meta.url), 'utf8').trim();

/** Sounds put together, as callers hear them. */
const examples: readonly { readonly what: string; readonly prompts: readonly Prompt[] }[] = [
  { what: 'A few people', prompts: [{ meaning: 'people-in-conference', count: 5 }] },
  { what: 'Many people', prompts: [{ meaning: 'people-in-conference', count: 45 }] },
  { what: 'A large number', prompts: [{ meaning: 'number', value: 21_342 }] },
  { what: 'A place in line', prompts: [{ meaning: 'place-in-queue', position: 3 }] },
  { what: 'The end comes near', prompts: [{ meaning: 'ends-in-minutes', minutes: 22 }] },
  { what: 'Muted, and what to press', prompts: ['you-are-muted', { meaning: 'action', action: 'unmute', keys: '*6' }] },
  {
    what: 'Help for a guest',
    prompts: [
      { meaning: 'action', action: 'toggle-mute', keys: '*6' },
      { meaning: 'action', action: 'toggle-hand', keys: '*9' },
      { meaning: 'action', action: 'roll', keys: '*#' },
    ],
  },
  { what: 'Somebody without a name', prompts: ['a-caller', 'has-joined'] },
  { what: 'A number’s last digits', prompts: [{ meaning: 'caller-ending', digits: '4071' }] },
  { what: 'A person of the list', prompts: [{ meaning: 'person-number', value: 3 }, 'menu-is-muted', 'menu-hand-up'] },
];

const sections: readonly { readonly title: string; readonly has: RegExp }[] = [
  { title: 'Numbers, keys and digits', has: /^(number|key)-/ },
  { title: 'What keys do', has: /^(to-|caller-ending$)/ },
  { title: 'Sentences with a number', has: /-(\d+|many)$/ },
  { title: 'Sentences', has: /./ },
];

/** @throws Error when a sound of the examples is in no manifest */
export function promptListing(languages: readonly SpokenLanguage[]): string {
  const rows = phraseNames(languages);
  const bySection = sections.map((section) => ({
    ...section,
    names: rows.filter((name) => sections.find(({ has }) => has.test(name)) === section),
  }));
  const tables = bySection.reverse().map(({ title, names }) => {
    const body = names.map((name) =>
      row(
        name,
        languages.map((language) => soundCell(language, name)),
      ),
    );
    return table(title, languages, body);
  });
  return page(languages, [exampleTable(languages), ...tables, toneTable()].join('\n'));
}

/** In the order of the first language; what only others have stands behind. */
function phraseNames(languages: readonly SpokenLanguage[]): string[] {
  return [...new Set(languages.flatMap(({ voice }) => Object.keys(voice.phrases)))];
}

function soundCell({ voice, manifest }: SpokenLanguage, name: string): string {
  const entry = manifest[name];
  if (entry === undefined) return '<td class="none">–</td>';
  return cell(voice.language, entry.text, [`${voice.language}/${name}.wav`], figures(entry));
}

function figures({ milliseconds, levelDb, peakDb }: ManifestEntry): string {
  return `${seconds(milliseconds)} · ${decibels(levelDb)} dB · peak ${decibels(peakDb)}`;
}

function cell(language: string, text: string, files: readonly string[], note: string): string {
  const sources = files.map((file) => SOUNDS + file);
  const play = `<a class="play" href="${sources[0]!}" data-files="${sources.join(' ')}" aria-label="Play"></a>`;
  return `<td lang="${language}">${play}<span class="text">${escape(text)}</span> <small>${note}</small></td>`;
}

function row(name: string, cells: readonly string[]): string {
  return `<tr><th scope="row">${escape(name)}</th>${cells.join('')}</tr>`;
}

function table(title: string, languages: readonly SpokenLanguage[], rows: readonly string[]): string {
  const heads = languages.map(({ voice }) => `<th scope="col">${languageName(voice.language)}</th>`).join('');
  return [
    `<section><h2>${title}</h2>`,
    `<table><thead><tr><th scope="col">Sound</th>${heads}</tr></thead><tbody>`,
    ...rows,
    '</tbody></table></section>',
  ].join('\n');
}

function exampleTable(languages: readonly SpokenLanguage[]): string {
  const rows = examples.map(({ what, prompts }) =>
    row(
      what,
      languages.map((language) => exampleCell(language, prompts)),
    ),
  );
  return table('As it is heard', languages, rows);
}

function exampleCell({ voice, manifest }: SpokenLanguage, prompts: readonly Prompt[]): string {
  const resolved = prompts.map((prompt) => resolvePrompt(prompt, voice.language));
  const files = resolved.flatMap((prompt) => prompt.files);
  const total = files.reduce((sum, file) => {
    const entry = manifest[file.replace(/^.*\/|\.wav$/g, '')];
    if (entry === undefined) throw new Error(`${file} is in no manifest.`);
    return sum + entry.milliseconds;
  }, 0);
  const text = resolved.map((prompt) => prompt.text).join(' ');
  return cell(
    voice.language,
    text,
    files,
    `${seconds(total)} · ${files.length === 1 ? 'one sound' : `${files.length} sounds`}`,
  );
}

function toneTable(): string {
  const rows = tones.map((tone) => {
    const { tells, notes, noteMs } = toneRecipes[tone];
    const note = `${seconds(notes.length * noteMs)} · ${notes.join(', ')} Hz`;
    return row(tone, [cell('en', tells, [`tones/${tone}.wav`], note)]);
  });
  const music = row('hold-music', [cell('en', 'for whoever waits; goes round', ['tones/hold-music.wav'], '51.2 s')]);
  return [
    '<section><h2>Tones and music</h2>',
    '<table class="narrow"><thead><tr><th scope="col">Sound</th><th scope="col">Tells</th></tr></thead><tbody>',
    ...rows,
    music,
    '</tbody></table></section>',
  ].join('\n');
}

function page(languages: readonly SpokenLanguage[], content: string): string {
  const summary = languages.map(({ voice, manifest }) => {
    const entries = Object.values(manifest);
    const total = entries.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
    const { engine, voice: name } = voice.voice;
    return `<li><b>${languageName(voice.language)}</b>: ${entries.length} sounds, ${Math.round(total / 60_000)} minutes, voice ${name} of ${engine}</li>`;
  });
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<!-- Made by npm run voice; do not edit. -->',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<title>What callers hear</title>',
    `<style>\n${part('style.css')}\n</style>`,
    '</head>',
    '<body>',
    part('head.html').replace('<!-- languages -->', summary.join('\n')),
    `<main>\n${content}\n</main>`,
    `<script type="module">\n${part('player.mjs')}\n</script>`,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

function languageName(language: string): string {
  return new Intl.DisplayNames('en', { type: 'language' }).of(language) ?? language;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(1)} s`;
}

function decibels(value: number): string {
  return value.toFixed(1).replace('-', '−');
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
