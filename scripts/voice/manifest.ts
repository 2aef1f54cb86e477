/** What is written beside the sounds of a language: which text each was made from, and how it measures. */

export interface ManifestEntry {
  readonly text: string;
  /** Of text and recipe. */
  readonly fingerprint: string;
  /** Of the sound file. */
  readonly sha256: string;
  readonly milliseconds: number;
  readonly levelDb: number;
  readonly peakDb: number;
}

/** By phrase, in the order of the phrases. */
export type Manifest = Readonly<Record<string, ManifestEntry>>;
