/** The door of the media engine. */
import type { Logger } from '../../config/index.ts';
import { Engine } from './engine.ts';
import type { EngineOptions, MediaEngine } from './types.ts';

export { COMFORT_NOISE_LEVEL } from './comfort-noise.ts';
export { MediaError, type MediaErrorCode } from './errors.ts';
export type * from './types.ts';

/** Starts the worker threads. Rejects when one cannot be started: then none is left. */
export async function startMediaEngine(options: EngineOptions & { logger: Logger }): Promise<MediaEngine> {
  const engine = new Engine(options);
  try {
    await engine.ready();
  } catch (error) {
    await engine.stop();
    throw error;
  }
  return engine;
}
