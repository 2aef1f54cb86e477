/**
 * Whose page may open a WebSocket here, or poll in its place: only our own. Browsers tell the truth in Origin (RFC 6455
 * section 10.2), and no page can change it; the same-origin policy itself does not hold for WebSockets.
 */
import type { IncomingMessage } from 'node:http';

/** @param publicUrl where people reach us, when that is another name than the one in Host (a proxy may change it) */
export function createOriginCheck(publicUrl: string | undefined): (request: IncomingMessage) => boolean {
  const ours = publicUrl === undefined ? undefined : new URL(publicUrl).origin;
  return ({ headers }) => {
    if (headers['sec-fetch-site'] === 'cross-site') return false;
    // A page's GET to its own origin has none (Fetch, section 3.2); one of another page that may be read has.
    if (headers.origin === undefined && headers.upgrade === undefined) return true;
    const origin = parse(headers.origin);
    if (origin === null) return false;
    return origin.origin === ours || origin.host === headers.host?.toLowerCase();
  };
}

/** Null for `null` (sandboxed frames, files) and for whatever is no web address. */
function parse(origin: string | undefined): URL | null {
  if (origin === undefined || !URL.canParse(origin)) return null;
  const url = new URL(origin);
  return ['http:', 'https:'].includes(url.protocol) && url.origin === origin.toLowerCase() ? url : null;
}
