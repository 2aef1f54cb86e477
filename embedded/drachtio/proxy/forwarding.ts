/** What a proxy changes in a request before it passes it on (RFC 3261 section 16.6, RFC 5393). Pure. */
import { createHash } from 'node:crypto';
import { formatSipUri, parseVia, tagOf } from '../../wire/sip-address.ts';
import { parseWholeNumber } from '../../wire/sip-syntax.ts';
import { SipHeaders, SipParseError, type SipRequest } from '../../wire/sip-message.ts';
import { defaultPort, type ListeningPoint } from '../../sip/index.ts';
import { tryParseSipUri } from '../dialog.ts';

const USUAL_HOPS = 70;
const MAX_HOPS = 255;
/** How many branches one request may have at a time, over all proxies (RFC 5393 section 5.3.3). */
const USUAL_BREADTH = 60;
const MARK_LENGTH = 16;

/** Hops a request may still take; 0 when what it says is no number. */
export function hopsLeft({ headers }: SipRequest): number {
  const value = headers.get('Max-Forwards');
  return value === undefined ? USUAL_HOPS : (parseWholeNumber(value, MAX_HOPS) ?? 0);
}

export function breadthOf({ headers }: SipRequest): number {
  const value = headers.get('Max-Breadth');
  return value === undefined ? USUAL_BREADTH : (parseWholeNumber(value, USUAL_BREADTH) ?? USUAL_BREADTH);
}

export interface Changes {
  /** Instead of the Request-URI. */
  readonly uri?: string | undefined;
  /** Put before those that are there; the first is the one that the next hop sees first. */
  readonly recordRoutes?: readonly string[];
  /** What is left of Route. */
  readonly routes: readonly string[];
  /** Headers of the application: they take the place of those of the same name. */
  readonly headers?: SipHeaders;
  readonly breadth?: number;
}

/** The copy that goes on: one hop less, our Record-Route, our Path for REGISTER (RFC 3327). Via is the layer's. */
export function forwardedCopy(request: SipRequest, changes: Changes): SipRequest {
  const headers = request.headers.clone();
  headers.set('Max-Forwards', String(hopsLeft(request) - 1));
  if (changes.breadth !== undefined) headers.set('Max-Breadth', String(changes.breadth));
  headers.delete('Route');
  const isRegister = request.method === 'REGISTER';
  for (const route of [...changes.routes].reverse()) headers.prepend('Route', route);
  for (const route of [...(changes.recordRoutes ?? [])].reverse()) {
    headers.prepend(isRegister ? 'Path' : 'Record-Route', route);
  }
  if (isRegister && changes.recordRoutes) headers.append('Require', 'path');
  for (const name of new Set([...(changes.headers ?? [])].map(([each]) => each))) {
    headers.delete(name);
    for (const value of changes.headers?.getAll(name) ?? []) headers.append(name, value);
  }
  return { ...request, uri: changes.uri ?? request.uri, headers };
}

/** A target as Request-URI: without headers, which are none there (section 19.1.5). */
export function requestUriOf(target: string): string {
  const uri = tryParseSipUri(target);
  if (uri?.headers === undefined) return target;
  const { headers: _headers, ...rest } = uri;
  return formatSipUri(rest);
}

/** Does this URI name one of our listening points? */
export function namesUs(uri: string, points: readonly ListeningPoint[]): boolean {
  const parsed = tryParseSipUri(uri);
  if (!parsed) return false;
  return points.some(({ protocol, address, advertisedAddress, port }) => {
    const isAddressed = parsed.host === address || parsed.host === advertisedAddress;
    return isAddressed && (parsed.port ?? defaultPort(protocol)) === port;
  });
}

/**
 * What a request looks like when it comes by again unchanged (RFC 3261 section 16.6, step 8): the branches we give it end
 * with this.
 */
export function loopMark(request: SipRequest): string {
  const { headers, uri } = request;
  const parts = [
    uri,
    headers.get('Call-ID') ?? '',
    tagOf(headers.get('From')) ?? '',
    tagOf(headers.get('To')) ?? '',
    (headers.get('CSeq') ?? '').split(/\s+/, 1)[0] ?? '',
    headers.getAll('Route').join(),
    headers.getAll('Proxy-Require').join(),
  ];
  return `.${createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, MARK_LENGTH)}`;
}

/** Has this very request been here before? */
export function hasLooped(request: SipRequest, points: readonly ListeningPoint[]): boolean {
  const mark = loopMark(request);
  return request.headers.getList('Via').some((text) => {
    const via = tryParseVia(text);
    if (!via) return false;
    const isOurs = points.some((point) => via.host === point.advertisedAddress || via.host === point.address);
    return isOurs && (via.parameters.get('branch') ?? '').endsWith(mark);
  });
}

function tryParseVia(text: string): ReturnType<typeof parseVia> | undefined {
  try {
    return parseVia(text);
  } catch (error) {
    if (error instanceof SipParseError) return undefined;
    throw error;
  }
}
