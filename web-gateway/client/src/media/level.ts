/** How loud a microphone is, many times a second. */
import { useEffect, useRef, type RefObject } from 'react';

/** Below this it is breath and fans; above the other it is shouting. */
const FLOOR_DB = -60;
const CEILING_DB = -12;
/** Falls more slowly than it rises, so that the eye can follow. */
const DECAY = 0.85;
const VOICE = 0.25;

/**
 * Calls `onLevel` with 0 to 1 for every frame that is drawn.
 * @returns how to stop
 */
export function watchLevel(track: MediaStreamTrack, onLevel: (level: number) => void): () => void {
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 1_024 });
  const source = context.createMediaStreamSource(new MediaStream([track]));
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let level = 0;
  let frame = requestAnimationFrame(function look() {
    analyser.getFloatTimeDomainData(samples);
    level = Math.max(levelOf(samples), level * DECAY);
    onLevel(level);
    frame = requestAnimationFrame(look);
  });
  return () => {
    cancelAnimationFrame(frame);
    source.disconnect();
    void context.close();
  };
}

/** @param samples -1 to 1 */
export function levelOf(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const decibels = 10 * Math.log10(sum / samples.length + 1e-12);
  return Math.min(1, Math.max(0, (decibels - FLOOR_DB) / (CEILING_DB - FLOOR_DB)));
}

export const isVoice = (level: number): boolean => level > VOICE;

/** Draws the level into an element as `--level`, without rendering anything again. */
export function useLevel(track: MediaStreamTrack | null, onVoice?: () => void): RefObject<HTMLDivElement | null> {
  const element = useRef<HTMLDivElement>(null);
  const notify = useRef(onVoice);
  useEffect(() => {
    notify.current = onVoice;
  });
  useEffect(() => {
    if (track === null) return undefined;
    return watchLevel(track, (level) => {
      element.current?.style.setProperty('--level', level.toFixed(3));
      if (isVoice(level)) notify.current?.();
    });
  }, [track]);
  return element;
}
