/** play_and_get_digits and read. */
import type { Application, ApplicationContext } from '../channel/application-runner.ts';
import { DigitBuffer, judgeTry, readResult, type Collected, type CollectRules } from './collect-digits.ts';
import { playFile } from './play-file.ts';
import type { ApplicationServices } from './services.ts';

interface ReadOptions extends CollectRules {
  readonly prompt: string;
  readonly variable: string;
  readonly timeoutMs: number;
  readonly digitTimeoutMs: number;
}

const MAX_BUFFER = 127;

export function playAndGetDigits(services: ApplicationServices): Application {
  return async (context, argument) => {
    const words = separate(argument);
    if (words.length === 0) return;
    const tries = Number.parseInt(words[2] ?? '0', 10) || 0;
    const invalidPrompt = words[6] ?? '';
    const pattern = words[8] ?? '';
    const options: ReadOptions = {
      ...digitCounts(words),
      timeoutMs: positive(words[3], 1_000),
      terminators: words[4] ?? '',
      prompt: words[5] ?? '',
      variable: words[7] ?? '',
      digitTimeoutMs: positive(words[9], 0),
    };
    await collectWithTries(context, services, options, { tries, invalidPrompt, pattern });
  };
}

export function read(services: ApplicationServices): Application {
  return async (context, argument) => {
    const words = separate(argument);
    if (words.length === 0) return;
    const counts = digitCounts(words);
    await readOnce(context, services, {
      minDigits: Math.max(1, counts.minDigits),
      maxDigits: Math.max(1, counts.maxDigits),
      prompt: words[2] ?? '',
      variable: words[3] ?? '',
      timeoutMs: Math.max(1_000, positive(words[4], 1_000)),
      terminators: words[5] ?? '#',
      digitTimeoutMs: positive(words[6], 0),
    });
  };
}

async function collectWithTries(
  context: ApplicationContext,
  services: ApplicationServices,
  options: ReadOptions,
  how: { tries: number; invalidPrompt: string; pattern: string },
): Promise<void> {
  const { channel } = context;
  const { variable, minDigits } = options;
  if (how.pattern !== '' && variable !== '') channel.variables.set(`${variable}_invalid`, undefined);
  for (let left = how.tries; left > 0 && !channel.gone.aborted; left--) {
    const tried = await readOnce(context, services, options);
    if (tried === 'transfer' || tried.status === 'restart') return;
    const terminatorSeen = channel.variables.get('read_terminator_used') !== undefined;
    const verdict = judgeTry(tried, minDigits, how.pattern, terminatorSeen);
    if (verdict === 'accept') return;
    if (verdict === 'invalid') {
      channel.variables.set(variable, undefined);
      if (variable !== '') channel.variables.set(`${variable}_invalid`, tried.digits);
    }
    // Digits keyed during this sound are kept for the next try.
    await playFile(context, services, how.invalidPrompt);
  }
}

/** One try: prompt, which a digit interrupts, then digits until complete or too late. */
async function readOnce(
  context: ApplicationContext,
  services: ApplicationServices,
  options: ReadOptions,
): Promise<Collected | 'transfer'> {
  const { variables } = context.channel;
  const buffer = new DigitBuffer(options);
  variables.set('read_result', undefined);
  if (options.variable !== '') variables.set(options.variable, undefined);
  const heard = await playPrompt(context, services, options.prompt, buffer);
  const waited = heard && (await collect(context, services, options, buffer));
  if (waited === 'transfer') return 'transfer';
  const collected = buffer.finish(waited === false ? 'interrupted' : waited);
  if (heard) {
    if (collected.terminator !== '') variables.set('read_terminator_used', collected.terminator);
    variables.set('read_result', readResult(collected.status));
  }
  if (options.variable !== '') variables.set(options.variable, collected.digits);
  return collected;
}

/** @returns false when the prompt cannot be played: then nothing is collected either */
async function playPrompt(
  context: ApplicationContext,
  services: ApplicationServices,
  prompt: string,
  buffer: DigitBuffer,
): Promise<boolean> {
  if (prompt === '' || prompt.toLowerCase() === 'silence') return true;
  const outcome = await playFile(context, services, prompt, {
    onDigit: ({ digit }) => {
      buffer.interruptPrompt(digit);
      return true;
    },
  });
  return outcome === 'done' || outcome === 'break';
}

async function collect(
  context: ApplicationContext,
  services: ApplicationServices,
  options: ReadOptions,
  buffer: DigitBuffer,
): Promise<'complete' | 'timeout' | 'interrupted' | 'transfer'> {
  if (!buffer.needsMore || buffer.takeTerminatorFromPrompt()) return 'complete';
  const digitTimeout = options.digitTimeoutMs || options.timeoutMs;
  let milliseconds = buffer.digits === '' ? options.timeoutMs : digitTimeout;
  for (;;) {
    const digit = await nextDigit(context, services, milliseconds);
    if (digit === 'timeout' || digit === 'interrupted' || digit === 'transfer') return digit;
    if (buffer.add(digit)) return 'complete';
    milliseconds = digitTimeout;
  }
}

async function nextDigit(
  context: ApplicationContext,
  services: ApplicationServices,
  milliseconds: number,
): Promise<string> {
  let taken: (digit: string) => void = () => undefined;
  const waited = await context.wait<string>({
    begin: (finish) => {
      taken = finish;
      const timer = services.clock.startTimer('digit timeout', milliseconds, () => finish('timeout'));
      return () => timer.cancel();
    },
    onDigit: ({ digit }) => taken(digit),
  });
  if ('value' in waited) return waited.value;
  return waited.interrupted === 'transfer' ? 'transfer' : 'interrupted';
}

/** Words by spaces; an apostrophe keeps spaces together. */
export function separate(text: string): string[] {
  return [...text.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '');
}

function digitCounts(words: readonly string[]): { minDigits: number; maxDigits: number } {
  const minDigits = Math.min(positive(words[0], 0), MAX_BUFFER);
  const maxDigits = Math.min(Math.max(positive(words[1], 0), minDigits), MAX_BUFFER);
  return { minDigits, maxDigits };
}

function positive(text: string | undefined, otherwise: number): number {
  const number = Number.parseInt(text ?? '', 10);
  return number > 0 ? number : otherwise;
}
