/** ITU-T G.107 made short: what loss and delay leave of G.711's quality. */

const BEST_RATING = 93.2;
/** Packet-loss robustness of G.711 with concealment (ITU-T G.113 appendix I). */
const ROBUSTNESS = 25.1;

export interface QualityInput {
  /** 0…1. */
  readonly loss: number;
  /** Mouth to ear as far as we know it, milliseconds. */
  readonly delayMs: number;
}

/** @returns mean opinion score, 1 … 4.5 */
export function meanOpinionScore({ loss, delayMs }: QualityInput): number {
  const percent = 100 * Math.min(1, Math.max(0, loss));
  const lossImpairment = (95 * percent) / (percent + ROBUSTNESS);
  const delayImpairment = 0.024 * delayMs + 0.11 * Math.max(0, delayMs - 177.3);
  const rating = Math.min(100, Math.max(0, BEST_RATING - lossImpairment - delayImpairment));
  const score = 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6;
  return Math.min(4.5, Math.max(1, score));
}
