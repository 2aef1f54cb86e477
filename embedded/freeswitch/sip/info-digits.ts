/** Digits that come by SIP INFO: application/dtmf-relay and application/dtmf. */
const DEFAULT_DURATION_MS = 250;
const MAX_DURATION_MS = 10_000;
const DIGIT = /^[0-9*#A-D]$/;

export interface InfoDigit {
  readonly digit: string;
  readonly durationMs: number;
}

/** Undefined when the body is neither, or holds no digit. */
export function parseInfoDigit(contentType: string | undefined, body: string): InfoDigit | undefined {
  const type = (contentType ?? '').split(';', 1)[0]!.trim().toLowerCase();
  if (type === 'application/dtmf-relay') return parseRelay(body);
  return type === 'application/dtmf' ? digitOf(body.trim(), undefined) : undefined;
}

function parseRelay(body: string): InfoDigit | undefined {
  const signal = /^[ \t]*Signal[ \t]*=[ \t]*(\S+)/im.exec(body)?.[1] ?? '';
  const duration = /^[ \t]*Duration[ \t]*=[ \t]*(\d{1,5})/im.exec(body)?.[1];
  return digitOf(signal, duration === undefined ? undefined : Number(duration));
}

/** RFC 2833's numbers 10 and 11 stand for star and pound, as some phones write them. */
function digitOf(signal: string, duration: number | undefined): InfoDigit | undefined {
  const digit = signal === '10' ? '*' : signal === '11' ? '#' : signal.toUpperCase();
  if (!DIGIT.test(digit)) return undefined;
  return { digit, durationMs: Math.min(duration ?? DEFAULT_DURATION_MS, MAX_DURATION_MS) };
}
