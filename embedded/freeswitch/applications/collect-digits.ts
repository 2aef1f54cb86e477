/**
 * The rules by which FreeSWITCH collects digits (switch_ivr_read and switch_play_and_get_digits), apart from sound and
 * time: what a digit does, when the buffer is complete, and what the outcome is called.
 */

export interface CollectRules {
  readonly minDigits: number;
  readonly maxDigits: number;
  /** '' for none. A leading '=' requires one; '+' or 'x' before a terminator keeps it in the buffer, 'x' also restarts. */
  readonly terminators: string;
}

export type CollectStatus = 'success' | 'timeout' | 'too-small' | 'failure' | 'restart';

export interface Collected {
  readonly digits: string;
  readonly terminator: string;
  readonly status: CollectStatus;
}

/** The digits of one try. */
export class DigitBuffer {
  readonly #rules: CollectRules;
  #digits = '';
  #terminator = '';

  constructor(rules: CollectRules) {
    this.#rules = rules;
  }

  get digits(): string {
    return this.#digits;
  }

  get terminator(): string {
    return this.#terminator;
  }

  /** The digit that interrupted the prompt goes into the buffer as it is; terminators are looked for afterwards. */
  interruptPrompt(digit: string): void {
    this.#digits += digit;
  }

  /** After the prompt: is there anything left to wait for? */
  get needsMore(): boolean {
    const length = this.#digits.length;
    return (this.#rules.minDigits > 0 && length < this.#rules.minDigits) || length < this.#rules.maxDigits;
  }

  /** A terminator among the digits keyed during the prompt ends the try before it waits. */
  takeTerminatorFromPrompt(): boolean {
    const at = Array.from(this.#digits).findIndex((digit) => this.#isTerminator(digit));
    if (at < 0) return false;
    this.#terminator = this.#digits[at]!;
    this.#digits = this.#digits.slice(0, at);
    return true;
  }

  /** @returns true when the try is complete */
  add(digit: string): boolean {
    if (this.#isTerminator(digit)) {
      this.#terminator = digit;
      return true;
    }
    this.#digits += digit;
    return this.#digits.length >= this.#rules.maxDigits;
  }

  /** @param waited how waiting for digits ended; 'complete' also when there was no need to wait */
  finish(waited: 'complete' | 'timeout' | 'interrupted'): Collected {
    let status: CollectStatus = waited === 'complete' ? 'success' : waited === 'timeout' ? 'timeout' : 'failure';
    const { terminators, minDigits, maxDigits } = this.#rules;
    if (this.#terminator !== '') {
      const mark = terminators[terminators.indexOf(this.#terminator) - 1];
      if (mark === '+' || mark === 'x') this.#digits += this.#terminator;
      if (mark === 'x') status = 'restart';
    } else if (terminators.startsWith('=')) {
      status = 'too-small';
    }
    if (minDigits > 0 && this.#digits.length < minDigits) status = 'too-small';
    const lonelyTerminator = maxDigits === 1 && this.#digits.length === 1 && this.#isTerminator(this.#digits);
    const digits = status !== 'restart' && lonelyTerminator ? '' : this.#digits;
    return { digits, terminator: this.#terminator, status };
  }

  #isTerminator(digit: string): boolean {
    return this.#rules.terminators.includes(digit);
  }
}

/** read_result as FreeSWITCH words it. */
export function readResult(status: CollectStatus): string {
  return status === 'success' || status === 'timeout' ? status : 'failure';
}

export type Verdict = 'accept' | 'invalid' | 'again';

/**
 * What play_and_get_digits makes of one try: taken, wrong (told in `<variable>_invalid`), or not enough.
 * @param terminatorSeen read_terminator_used is set, by this or an earlier try
 */
export function judgeTry(tried: Collected, minDigits: number, pattern: string, terminatorSeen: boolean): Verdict {
  const { digits } = tried;
  const status = tried.status === 'timeout' && digits.length >= minDigits ? 'success' : tried.status;
  if (minDigits === 0 && digits === '' && terminatorSeen) return 'accept';
  if (status !== 'success' || digits === '') return 'again';
  return pattern === '' || matches(digits, pattern) ? 'accept' : 'invalid';
}

/** Anywhere in the text, as PCRE does. A pattern that is none matches nothing. */
function matches(digits: string, pattern: string): boolean {
  if (pattern.length > 200) return false;
  try {
    return new RegExp(pattern).test(digits);
  } catch {
    return false;
  }
}
