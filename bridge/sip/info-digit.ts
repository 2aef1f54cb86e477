/** Keys told by SIP INFO: `application/dtmf-relay` (`Signal=5`) and `application/dtmf` (`5`). */
const MAX_BODY_LENGTH = 256;

/** @returns one of `0-9*#A-D`, or null when the INFO tells of none */
export function readInfoDigit(contentType: string | undefined, body: string | undefined): string | null {
  const type = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (body === undefined || body.length > MAX_BODY_LENGTH) return null;
  if (type === 'application/dtmf-relay') {
    return toDigit(/^[ \t]*signal[ \t]*=[ \t]*([^\s]{1,2})[ \t]*\r?$/im.exec(body)?.[1]);
  }
  return type === 'application/dtmf' ? toDigit(body.trim()) : null;
}

/** Some phones tell of `*` and `#` as 10 and 11 (the event codes of RFC 4733 section 3.2). */
function toDigit(signal: string | undefined): string | null {
  if (signal === '10') return '*';
  if (signal === '11') return '#';
  return signal !== undefined && /^[0-9*#A-D]$/i.test(signal) ? signal.toUpperCase() : null;
}
