/** Plays one file, or several with a delimiter, to a channel, with the events and variables of switch_ivr_play_file. */
import type { PlayResult } from '../../media/index.ts';
import { channelData } from '../channel/channel-data.ts';
import type { ApplicationContext, Waited } from '../channel/application-runner.ts';
import type { Digit } from '../channel/digit-queue.ts';
import type { EventHeaders, EventOrigin } from '../core/event.ts';
import { parseOffset, parseSoundFile } from './playable.ts';
import type { ApplicationServices } from './services.ts';

export type PlayOutcome = 'done' | 'break' | 'timeout' | 'not-found' | 'hangup';

export interface PlayFileOptions {
  /** Returns true to end the playback. Without it digits wait for the next application. */
  readonly onDigit?: (digit: Digit) => boolean;
}

const START: EventOrigin = ['switch_ivr_play_say.c', 'switch_ivr_play_file', 1649];
const STOP: EventOrigin = ['switch_ivr_play_say.c', 'switch_ivr_play_file', 2023];
const DEFAULT_PAUSE_MS = 250;
const SAMPLES_PER_MS = 8;
const FINISHED: PlayResult = { outcome: 'stopped', playedMilliseconds: 0, lastOffset: 0 };

/** Samples since the first of several files: FreeSWITCH counts on over all of them. */
interface Progress {
  offset: number;
  remainingMs: number;
}

export async function playFile(
  context: ApplicationContext,
  services: ApplicationServices,
  path: string,
  options: PlayFileOptions = {},
): Promise<PlayOutcome> {
  const { variables } = context.channel;
  const delimiter = variables.get('playback_delimiter')?.[0];
  const files = delimiter === undefined ? [path] : path.split(delimiter).filter((file) => file !== '');
  const timeoutSeconds = Number(variables.get('playback_timeout_sec') ?? 0);
  const progress: Progress = { offset: 0, remainingMs: timeoutSeconds > 1 ? timeoutSeconds * 1_000 : Infinity };
  let outcome: PlayOutcome = 'not-found';
  for (const [index, file] of files.entries()) {
    if (index > 0 && !(await pauseBetween(context, services, options))) return 'break';
    outcome = await playOne(context, services, file, progress, options);
    if (outcome !== 'done' && outcome !== 'not-found') return outcome;
  }
  return outcome;
}

/** @returns false when a digit or somebody else ended it */
async function pauseBetween(
  context: ApplicationContext,
  services: ApplicationServices,
  options: PlayFileOptions,
): Promise<boolean> {
  const asked = Number(context.channel.variables.get('playback_sleep_val') ?? DEFAULT_PAUSE_MS);
  const milliseconds = Number.isFinite(asked) && asked >= 0 ? asked : DEFAULT_PAUSE_MS;
  const waited = await waitWithDigits<'over'>(context, options, (finish) => {
    const timer = services.clock.startTimer('pause between files', milliseconds, () => finish('over'));
    return () => timer.cancel();
  });
  return 'value' in waited && waited.value === 'over';
}

async function playOne(
  context: ApplicationContext,
  services: ApplicationServices,
  file: string,
  progress: Progress,
  options: PlayFileOptions,
): Promise<PlayOutcome> {
  const { channel } = context;
  const { uri, offset } = parseOffset(parseSoundFile(inSoundFolder(channel.variables.get('sound_prefix'), file)).uri);
  if (!channel.port || !(await services.playable(uri))) return 'not-found';
  if (channel.gone.aborted) return 'hangup';
  channel.fire('PLAYBACK_START', START, () => [...channelData(channel), ...fileHeaders(file)]);
  const handle = channel.port.play(uri, { offset });
  const waited = await waitWithDigits<'played' | 'timeout'>(context, options, (finish) => {
    const stopTimer = startPlaybackTimer(services, progress.remainingMs, () => finish('timeout'));
    void handle.result.then(() => finish('played')).catch(() => finish('played'));
    return stopTimer;
  });
  if (!('value' in waited && waited.value === 'played')) handle.stop();
  const result = await handle.result.catch(() => FINISHED);
  const outcome = outcomeOf(waited, result);
  tellProgress(context, result, progress);
  channel.fire('PLAYBACK_STOP', STOP, () => [
    ...channelData(channel),
    ...fileHeaders(file),
    ['Playback-Status', outcome === 'break' ? 'break' : 'done'],
  ]);
  return outcome;
}

/** Waits until `finish`, a digit that ends it ('digit'), or an interruption. */
function waitWithDigits<T>(
  context: ApplicationContext,
  { onDigit }: PlayFileOptions,
  begin: (finish: (value: T | 'digit') => void) => () => void,
): Promise<Waited<T | 'digit'>> {
  let end: (value: 'digit') => void = () => undefined;
  return context.wait<T | 'digit'>({
    begin: (finish) => {
      end = finish;
      return begin(finish);
    },
    ...(onDigit && {
      onDigit: (digit: Digit) => {
        if (onDigit(digit)) end('digit');
      },
    }),
  });
}

function startPlaybackTimer(services: ApplicationServices, milliseconds: number, run: () => void): () => void {
  if (milliseconds === Infinity) return () => undefined;
  const timer = services.clock.startTimer('playback timeout', milliseconds, run);
  return () => timer.cancel();
}

function outcomeOf(waited: Waited<'played' | 'timeout' | 'digit'>, result: PlayResult): PlayOutcome {
  if ('interrupted' in waited) return waited.interrupted === 'hangup' ? 'hangup' : 'break';
  if (waited.value === 'timeout') return 'timeout';
  if (waited.value === 'digit') return 'break';
  return result.outcome === 'not-found' ? 'not-found' : 'done';
}

function tellProgress(context: ApplicationContext, result: PlayResult, progress: Progress): void {
  progress.offset += result.lastOffset;
  progress.remainingMs -= result.playedMilliseconds;
  context.channel.variables.setAll([
    ['playback_last_offset_pos', String(progress.offset)],
    ['playback_seconds', String(Math.floor(result.playedMilliseconds / 1_000))],
    ['playback_ms', String(Math.round(result.playedMilliseconds))],
    ['playback_samples', String(Math.round(result.playedMilliseconds * SAMPLES_PER_MS))],
  ]);
}

function fileHeaders(file: string): EventHeaders & [string, string][] {
  const scheme = /^(tone_stream|local_stream):/i.exec(file)?.[1]?.toLowerCase();
  const type: [string, string][] = scheme === undefined ? [] : [['Playback-File-Type', scheme]];
  return [...type, ['Playback-File-Path', file]];
}

function inSoundFolder(prefix: string | undefined, file: string): string {
  if (prefix === undefined || file.startsWith('/') || file.includes('://') || file.startsWith('{')) return file;
  return `${prefix}/${file}`;
}
