/** A `proxy` frame: what an application wants done with a request it was told of. Pure. */

export interface ProxyOptions {
  readonly transactionId: string;
  /** Stay in the way of what follows in the dialog. */
  readonly recordRoute: boolean;
  /** Tell the application of each final response; otherwise only that it has begun. */
  readonly fullResponse: boolean;
  readonly followRedirects: boolean;
  /** All destinations at once, instead of one after the other. */
  readonly simultaneous: boolean;
  /** Until a destination says anything at all. */
  readonly provisionalTimeoutMs: number | undefined;
  /** Until a destination answers finally. */
  readonly finalTimeoutMs: number | undefined;
  readonly destinations: readonly string[];
}

const FIRST_DESTINATION = 9;
/** As many as the real server keeps. */
const MAX_DESTINATIONS = 10;

/** @returns undefined when something is missing */
export function parseProxyFrame(tokens: readonly string[]): ProxyOptions | undefined {
  const [, , transactionId = '', recordRoute, fullResponse, followRedirects, forking, provisional, final] = tokens;
  const destinations = tokens
    .slice(FIRST_DESTINATION, FIRST_DESTINATION + MAX_DESTINATIONS)
    .filter((uri) => uri !== '');
  if (transactionId === '' || destinations.length === 0) return undefined;
  return {
    transactionId,
    recordRoute: recordRoute === 'remainInDialog',
    fullResponse: fullResponse === 'fullResponse',
    followRedirects: followRedirects === 'followRedirects',
    simultaneous: forking === 'simultaneous',
    provisionalTimeoutMs: parseDuration(provisional),
    finalTimeoutMs: parseDuration(final),
    destinations,
  };
}

/** `2s`, `1500ms`; anything else is no limit, as with the real server. */
function parseDuration(text: string | undefined): number | undefined {
  const match = /^([0-9]{1,7})(ms|s)$/.exec(text ?? '');
  if (!match) return undefined;
  const milliseconds = Number(match[1]) * (match[2] === 's' ? 1_000 : 1);
  return milliseconds > 0 ? milliseconds : undefined;
}
