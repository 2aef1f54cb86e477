/** What a phone hears of a voice of tones (test/helpers/tone-voice.ts), from where it listened last. */
import { setTimeout as delay } from 'node:timers/promises';
import { SAID_MS } from '../helpers/tone-voice.ts';
import { cut, lengthMs, toneLevel, tonesHeard } from '../helpers/tones.ts';
import type { Sound } from '../helpers/wav.ts';
import type { Baresip } from './baresip.ts';

const LOOK_MS = 100;
const WINDOW_MS = 200;
const STEP_MS = 100;
/** Sentences are sent at −18 dBFS. */
const LEAST_DB = -30;
const VOICES_MS = 400;

export class Ear<Name extends string> {
  readonly phone: Baresip;
  readonly #said: ReadonlyMap<string, number>;
  readonly #voices: readonly number[];
  #mark = 0;

  /** @param voices tones that people say */
  constructor(phone: Baresip, said: ReadonlyMap<string, number>, voices: readonly number[]) {
    this.phone = phone;
    this.#said = said;
    this.#voices = voices;
  }

  /** Waits until all of these have been said, in any order, and listens on after them. */
  async hears(...names: Name[]): Promise<void> {
    await this.#within(names.join(', '), async () => {
      const sound = await this.#from(this.#mark);
      const ends = names.map((name) => this.#endOf(name, sound));
      if (ends.some((end) => end === null)) return false;
      this.#mark += Math.max(...ends.map((end) => end ?? 0));
      return true;
    });
  }

  /** Where it listens from, for `saidSince`. */
  get mark(): number {
    return this.#mark;
  }

  /** Everything that has been said from there to now; it listens on from where it was. */
  async saidSince(mark: number): Promise<Name[]> {
    const sound = await this.#from(mark);
    return [...this.#said.keys()].filter((name) => this.#endOf(name as Name, sound) !== null) as Name[];
  }

  /** Waits until exactly these people are heard. */
  async hearsVoices(...wanted: number[]): Promise<void> {
    const text = [...wanted].sort((one, other) => one - other).join();
    await this.#within(`the voices ${text || 'of nobody'}`, async () => {
      const sound = cut(await this.phone.heard(), -VOICES_MS);
      return lengthMs(sound) >= VOICES_MS && tonesHeard(sound, this.#voices, LEAST_DB).join() === text;
    });
  }

  /** Another call of the same phone: it writes down anew. */
  forget(): void {
    this.#mark = 0;
  }

  /** Level of somebody, over a while. */
  async levelOf(tone: number): Promise<number> {
    return toneLevel(await this.phone.listen(VOICES_MS), tone);
  }

  async levelBecomes(tone: number, fits: (level: number) => boolean): Promise<void> {
    await this.#within(`${tone} Hz at another level`, async () => fits(await this.levelOf(tone)));
  }

  async #from(mark: number): Promise<Sound> {
    const sound = await this.phone.heard();
    return cut(sound, Math.min(mark, lengthMs(sound)));
  }

  #endOf(name: Name, sound: Sound): number | null {
    const hertz = this.#said.get(name);
    if (hertz === undefined) throw new Error(`${name} is not among the tones`);
    for (let at = 0; at + WINDOW_MS <= lengthMs(sound); at += STEP_MS) {
      if (toneLevel(cut(sound, at, at + WINDOW_MS), hertz) >= LEAST_DB) return at + SAID_MS + WINDOW_MS;
    }
    return null;
  }

  async #within(what: string, holds: () => Promise<boolean>, deadlineMs = 12_000): Promise<void> {
    const end = Date.now() + deadlineMs;
    while (!(await holds())) {
      if (Date.now() > end) {
        const heard = (await this.saidSince(this.#mark)).join(', ');
        throw new Error(`did not hear ${what}; heard ${heard || 'nothing that is said'}`);
      }
      await delay(LOOK_MS);
    }
  }
}
