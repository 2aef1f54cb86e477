/** The little of SDP (RFC 4566) that a call has to know itself. */

/** Address and port of the first audio stream, to see whether they changed. */
export function mediaPlace(sdp: string): string {
  const audio = sdp.slice(Math.max(0, sdp.search(/^m=audio /m)));
  const address = /^c=IN IP[46] (\S+)/m.exec(audio)?.[1] ?? /^c=IN IP[46] (\S+)/m.exec(sdp)?.[1] ?? '';
  return `${address}:${/^m=audio (\d+)/m.exec(audio)?.[1] ?? ''}`;
}

const ORIGIN = /^o=(\S+) (\d{1,19}) (\d{1,19}) (.*)$/m;

/** RFC 3264 section 8: a later offer of one session keeps the origin and raises its version by one. */
export function withOriginOf(sdp: string, before: string): string {
  const origin = ORIGIN.exec(before);
  if (!origin) return sdp;
  const [, user = '-', session = '0', version = '0', place = ''] = origin;
  const line = `o=${user} ${session} ${(BigInt(version) + 1n).toString()} ${place}`;
  // A function, because `$` in the replacement would be read as a pattern.
  return sdp.replace(ORIGIN, () => line);
}

/**
 * Our offer when the other side asks for one inside a call: all that was agreed last, in both directions (RFC 3261 section
 * 14.2). Who was on hold comes back by it.
 */
export function freshOffer(agreed: string): string {
  return withOriginOf(agreed, agreed).replace(/^a=(?:sendonly|recvonly|inactive)(?=\r?$)/gm, 'a=sendrecv');
}
