/**
 * `npm run voice`: speaks every phrase of every language that is new or changed, and writes the listing.
 * `npm run voice -- --all` speaks all of them anew. Needs sox, Festival and voices of it
 * (Debian packages, named when they are missing) and, the first time, the npm registry;
 * nothing of this is needed to run the service: the sounds are part of the repository.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { soundsFolder, tones, voiceLanguages, type Phrase, type VoiceLanguage } from '../ivr/index.ts';
import { makeHoldMusic } from './voice/hold-music.ts';
import { promptListing } from './voice/listing.ts';
import type { Manifest, ManifestEntry } from './voice/manifest.ts';
import { measure } from './voice/measures.ts';
import { encoding, fingerprint, shortHash } from './voice/recipe.ts';
import { prepareTools, synthesise, type Tools } from './voice/synthesise.ts';
import { makeTone } from './voice/tones.ts';
import { readWav, writeWav } from './voice/wav.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const LISTING = join(ROOT, 'docs', 'prompts.html');
const TOOLS = join(ROOT, 'var', 'voice-tools');

/** Speaks what is new, keeps what is unchanged, removes what nobody says any more. */
function makeLanguage(voice: VoiceLanguage, tools: Tools, all: boolean): Manifest {
  const folder = join(soundsFolder(), voice.language);
  const manifestPath = join(folder, 'manifest.json');
  const before = existsSync(manifestPath) ? (JSON.parse(readFileSync(manifestPath, 'utf8')) as Manifest) : {};
  const manifest: Record<string, ManifestEntry> = {};
  for (const [name, phrase] of Object.entries(voice.phrases)) {
    const path = join(folder, `${name}.wav`);
    const known = all ? undefined : before[name];
    if (!isCurrent(known, phrase, voice, path)) {
      console.log(`${voice.language}/${name}: ${phrase.text}`);
      writeFileSync(path, writeWav(synthesise(phrase, voice.voice, tools), encoding));
    }
    manifest[name] = describe(phrase, voice, readFileSync(path));
  }
  removeOrphans(folder, manifest);
  writeFileSync(manifestPath, `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

function isCurrent(known: ManifestEntry | undefined, phrase: Phrase, voice: VoiceLanguage, path: string): boolean {
  if (known?.fingerprint !== fingerprint(phrase, voice.voice) || !existsSync(path)) return false;
  return known.sha256 === shortHash(readFileSync(path));
}

function describe(phrase: Phrase, voice: VoiceLanguage, file: Buffer): ManifestEntry {
  const { milliseconds, levelDb, peakDb } = measure(readWav(file));
  return {
    text: phrase.text,
    fingerprint: fingerprint(phrase, voice.voice),
    sha256: shortHash(file),
    milliseconds: Math.round(milliseconds),
    levelDb: Number(levelDb.toFixed(1)),
    peakDb: Number(peakDb.toFixed(1)),
  };
}

function removeOrphans(folder: string, manifest: Manifest): void {
  for (const file of readdirSync(folder)) {
    if (file.endsWith('.wav') && !Object.hasOwn(manifest, file.slice(0, -'.wav'.length))) rmSync(join(folder, file));
  }
}

function makeTones(): void {
  const folder = join(soundsFolder(), 'tones');
  mkdirSync(folder, { recursive: true });
  for (const tone of tones) writeFileSync(join(folder, `${tone}.wav`), writeWav(makeTone(tone), 'pcm16'));
  writeFileSync(join(folder, 'hold-music.wav'), writeWav(makeHoldMusic(), 'pcm16'));
}

function main(): void {
  const tools = prepareTools(
    TOOLS,
    voiceLanguages.map(({ voice }) => voice),
  );
  const all = process.argv.includes('--all');
  const languages = voiceLanguages.map((voice) => ({ voice, manifest: makeLanguage(voice, tools, all) }));
  makeTones();
  writeFileSync(LISTING, promptListing(languages));
}

try {
  main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
