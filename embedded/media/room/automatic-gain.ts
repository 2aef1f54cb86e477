/**
 * Automatic gain of one member (`conference … agc`), by FreeSWITCH's rule: when the mean energy of two seconds of talk has
 * been too far from the wanted one four times in a row, the gain moves by one decibel, and by one more every two seconds.
 */
import { fileVolumeGain, meanLevel, scale } from '../audio.ts';

const PERIOD_FRAMES = 100;
/** So far from the wanted energy is near enough. */
const MARGIN = 20;
const PERIODS = 3;
const MOST_DECIBELS = 50;

export class AutomaticGain {
  /** Of the gain as it stands. */
  decibels = 0;
  #sum = 0;
  #frames = 0;
  #over = 0;
  #under = 0;

  /** @param wanted mean of the absolute samples. @param frame of somebody who talks; changed in place */
  apply(frame: Int16Array, wanted: number): void {
    scale(frame, fileVolumeGain(this.decibels));
    this.#sum += meanLevel(frame);
    if (++this.#frames <= PERIOD_FRAMES) return;
    this.#judge(Math.trunc(this.#sum / this.#frames) - wanted);
    this.#sum = 0;
    this.#frames = 0;
  }

  #judge(difference: number): void {
    this.#over = difference > MARGIN ? this.#over + 1 : 0;
    this.#under = difference < -MARGIN ? this.#under + 1 : 0;
    if (this.#over > PERIODS) this.decibels = Math.max(-MOST_DECIBELS, this.decibels - 1);
    else if (this.#under > PERIODS) this.decibels = Math.min(MOST_DECIBELS, this.decibels + 1);
  }
}
