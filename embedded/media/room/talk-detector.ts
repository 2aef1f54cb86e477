/**
 * Who is talking, with FreeSWITCH's rules: a frame's score is the mean of its absolute samples; one frame far above the
 * level, or five a little above it, begin the talk; forty quiet ones (800 ms) end it.
 */
const HANGOVER_FRAMES = 40;
const HANGUNDER_FRAMES = 5;
const SURE_DIFFERENCE = 400;
const DECAY = 0.8;
const MAX_SMOOTHED = 25_000;

export type TalkChange = 'started' | 'stopped' | undefined;

export class TalkDetector {
  talking = false;
  /** Of the last frame. */
  score = 0;
  /** Slowly following the score; decides about the floor. */
  smoothed = 0;
  #above = 0;
  #below = 0;

  /** @param level the member's energy level, 0…1800 */
  frame(score: number, level: number): TalkChange {
    this.score = score;
    this.smoothed = Math.min(MAX_SMOOTHED, Math.trunc((1 - DECAY) * score + DECAY * this.smoothed));
    return score > level ? this.#loud(score - level) : this.#quiet();
  }

  /** Muted, or gone: forgets everything. */
  reset(): void {
    this.talking = false;
    this.score = 0;
    this.smoothed = 0;
    this.#above = 0;
    this.#below = 0;
  }

  #loud(difference: number): TalkChange {
    if (this.#below > 0) this.#below--;
    if (difference < SURE_DIFFERENCE && ++this.#above < HANGUNDER_FRAMES) return undefined;
    this.#above = 0;
    this.#below = 0;
    if (this.talking) return undefined;
    this.talking = true;
    return 'started';
  }

  #quiet(): TalkChange {
    if (this.#above > 0) this.#above--;
    if (!this.talking || ++this.#below < HANGOVER_FRAMES) return undefined;
    this.#above = 0;
    this.#below = 0;
    this.talking = false;
    return 'stopped';
  }
}
