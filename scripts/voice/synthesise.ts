/** From a phrase to a sound: the synthesiser, then sox, then the level and the pauses by our own measures. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Phrase, VoiceSettings } from '../../ivr/index.ts';
import { measure } from './measures.ts';
import { flite, levels, pauses, soxEffects, stretchOf } from './recipe.ts';
import { readWav, type Sound } from './wav.ts';

const RUNNER = fileURLToPath(new URL('./flite-runner.ts', import.meta.url));
/** Edges are faded, or a cut would click. */
const FADE_MS = 4;

export interface Tools {
  readonly wasm: string;
  readonly workFolder: string;
}

/**
 * Finds sox, and fetches the synthesiser into `folder` the first time.
 * @throws Error with a sentence that says what is missing and how to get it
 */
export function prepareTools(folder: string): Tools {
  if (spawnSync('sox', ['--version']).status !== 0) {
    throw new Error('The voice is levelled with sox, which is not here. On Debian: apt-get install sox');
  }
  mkdirSync(folder, { recursive: true });
  const wasm = join(folder, 'node_modules', flite.package, 'flite.wasm');
  if (!existsSync(wasm)) {
    const wanted = `${flite.package}@${flite.version}`;
    const quiet = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    execFileSync('npm', ['install', '--prefix', folder, ...quiet, wanted], { stdio: 'inherit' });
  }
  const found = createHash('sha256').update(readFileSync(wasm)).digest('hex');
  if (found !== flite.sha256) throw new Error(`${wasm} is not the synthesiser this voice was made with; remove it.`);
  return { wasm, workFolder: folder };
}

export function synthesise(phrase: Phrase, voice: VoiceSettings, tools: Tools): Sound {
  const raw = join(tools.workFolder, 'raw.wav');
  const shaped = join(tools.workFolder, 'shaped.wav');
  try {
    const text = phrase.spoken ?? phrase.text;
    const speak = [tools.wasm, tools.workFolder, 'raw.wav', voice.voice, String(stretchOf(phrase, voice)), text];
    execFileSync(process.execPath, ['--no-warnings', '--import', 'tsx', RUNNER, ...speak]);
    // -R and -D: the same bytes every time. The headroom is taken back when the level is set.
    execFileSync('sox', ['-R', '-D', raw, '-b', '16', '-c', '1', shaped, 'gain', '-3', ...soxEffects.flat()]);
    return finish(readWav(readFileSync(shaped)), phrase);
  } finally {
    rmSync(raw, { force: true });
    rmSync(shaped, { force: true });
  }
}

function finish(sound: Sound, phrase: Phrase): Sound {
  const perMs = sound.rate / 1_000;
  const { beforeMs, afterMs } = phrase.joins === true ? pauses.joined : pauses.sentence;
  const { leadingSilenceMs, trailingSilenceMs, levelDb } = measure(sound);
  const from = Math.round((leadingSilenceMs - beforeMs) * perMs);
  const to = sound.samples.length - Math.round((trailingSilenceMs - afterMs) * perMs);
  const gain = 10 ** ((levels.speechDb - levelDb) / 20);
  const fade = FADE_MS * perMs;
  const samples = Float64Array.from({ length: to - from }, (_, index) => {
    const edge = Math.min(1, index / fade, (to - from - 1 - index) / fade);
    return (sound.samples[from + index] ?? 0) * gain * edge;
  });
  return { rate: sound.rate, samples };
}
