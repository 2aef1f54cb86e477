/** From a phrase to a sound: the synthesiser, then sox, then the level and the pauses by our own measures. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { FestivalVoice, Phrase, VoiceSettings } from '../../ivr/index.ts';
import { prepareFestival, speakWithFestival } from './festival.ts';
import { prepareFlite, speakWithFlite } from './flite.ts';
import { measure } from './measures.ts';
import { headroom, levels, pauses, soxEffects, stretchOf } from './recipe.ts';
import { readWav, type Sound } from './wav.ts';

/** Edges are faded, or a cut would click. */
const FADE_MS = 4;
/** Silence longer than wanted by this much is cut again. */
const EDGE_MS = 30;
const LIMIT_REACH_MS = 4;
/** µ-law rounds, upwards too. */
const LIMIT_MARGIN_DB = 0.3;

export interface Tools {
  readonly wasm: string;
  readonly workFolder: string;
}

/**
 * Finds sox and the synthesisers; Flite is fetched into `folder` the first time.
 * @throws Error with a sentence that says what is missing and how to get it
 */
export function prepareTools(folder: string, voices: readonly VoiceSettings[]): Tools {
  if (spawnSync('sox', ['--version']).status !== 0) {
    throw new Error('The voice is levelled with sox, which is not here. On Debian: apt-get install sox');
  }
  mkdirSync(folder, { recursive: true });
  prepareFestival(voices.filter((voice): voice is FestivalVoice => voice.engine === 'festival'));
  return { wasm: prepareFlite(folder), workFolder: folder };
}

export function synthesise(phrase: Phrase, voice: VoiceSettings, tools: Tools): Sound {
  const raw = join(tools.workFolder, 'raw.wav');
  const shaped = join(tools.workFolder, 'shaped.wav');
  try {
    speak(phrase, voice, tools, raw);
    // -R and -D: the same bytes every time. The headroom is taken back when the level is set.
    const effects = [...headroom[voice.engine], ...soxEffects(voice).flat()];
    execFileSync('sox', ['-R', '-D', raw, '-b', '16', '-c', '1', shaped, ...effects]);
    return finish(readWav(readFileSync(shaped)), phrase);
  } finally {
    rmSync(raw, { force: true });
    rmSync(shaped, { force: true });
  }
}

function speak(phrase: Phrase, voice: VoiceSettings, { wasm, workFolder }: Tools, raw: string): void {
  const text = phrase.spoken ?? phrase.text;
  const stretch = stretchOf(phrase, voice);
  if (voice.engine === 'festival') speakWithFestival(voice, raw, stretch, text);
  else speakWithFlite(wasm, { folder: workFolder, file: 'raw.wav', voice: voice.voice, stretch, text });
}

/** Level and pauses as the recipe wants them. */
function finish(sound: Sound, phrase: Phrase): Sound {
  const wanted = phrase.joins === true ? pauses.joined : pauses.sentence;
  const levelled = limit(trim(amplify(sound, levels.speechDb), wanted));
  // A crackle at the very edge hides the silence behind it from the first cut, and does not survive it.
  const { leadingSilenceMs, trailingSilenceMs } = measure(levelled);
  const long = leadingSilenceMs > wanted.beforeMs + EDGE_MS || trailingSilenceMs > wanted.afterMs + EDGE_MS;
  return long ? trim(levelled, wanted) : levelled;
}

function amplify(sound: Sound, levelDb: number): Sound {
  const gain = 10 ** ((levelDb - measure(sound).levelDb) / 20);
  return { rate: sound.rate, samples: sound.samples.map((sample) => sample * gain) };
}

function trim(sound: Sound, { beforeMs, afterMs }: { beforeMs: number; afterMs: number }): Sound {
  const perMs = sound.rate / 1_000;
  const { leadingSilenceMs, trailingSilenceMs } = measure(sound);
  const from = Math.round((leadingSilenceMs - beforeMs) * perMs);
  const to = sound.samples.length - Math.round((trailingSilenceMs - afterMs) * perMs);
  const fade = FADE_MS * perMs;
  const samples = Float64Array.from({ length: to - from }, (_, index) => {
    const edge = Math.min(1, index / fade, (to - from - 1 - index) / fade);
    return (sound.samples[from + index] ?? 0) * edge;
  });
  return { rate: sound.rate, samples };
}

/** Turns down what stands out above the highest peak, for a few milliseconds around it: bursts of a p or t, nothing else. */
function limit(sound: Sound): Sound {
  if (measure(sound).peakDb <= levels.highestPeakDb) return sound;
  const ceiling = 10 ** ((levels.highestPeakDb - LIMIT_MARGIN_DB) / 20);
  const reach = (sound.rate * LIMIT_REACH_MS) / 1_000;
  const gains = new Float64Array(sound.samples.length).fill(1);
  for (const [at, sample] of sound.samples.entries()) {
    const excess = 1 - ceiling / Math.abs(sample);
    if (excess <= 0) continue;
    for (let near = Math.max(0, at - reach); near <= Math.min(gains.length - 1, at + reach); near++) {
      const nearness = Math.cos((Math.PI / 2) * ((near - at) / reach)) ** 2;
      gains[near] = Math.min(gains[near]!, 1 - excess * nearness);
    }
  }
  return { rate: sound.rate, samples: sound.samples.map((sample, at) => sample * gains[at]!) };
}
