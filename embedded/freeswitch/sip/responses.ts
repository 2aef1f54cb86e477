/** Responses of the profile, with the headers every one of them carries. */
import { EMPTY_BODY, SipHeaders, type SipResponse } from '../../wire/sip-message.ts';

export const SERVER_NAME = 'FreeSWITCH mrf';
export const ALLOW = 'INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE';

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  410: 'Gone',
  415: 'Unsupported Media Type',
  480: 'Temporarily Unavailable',
  481: 'Call Does Not Exist',
  483: 'Too Many Hops',
  484: 'Address Incomplete',
  486: 'Busy Here',
  487: 'Request Terminated',
  488: 'Not Acceptable Here',
  491: 'Request Pending',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Time-out',
  603: 'Decline',
};

/** Neither a session more nor one a second more: what the real server says when it has as many as it may or can. */
export function maximumCalls(): SipResponse {
  return { ...response(503, [['Retry-After', '300']]), reason: 'Maximum Calls In Progress' };
}

/** @param more headers of this response alone */
export function response(status: number, more: Iterable<readonly [string, string]> = []): SipResponse {
  const headers = new SipHeaders([
    ['User-Agent', SERVER_NAME],
    ['Allow', ALLOW],
    ['Supported', 'path, replaces'],
    ...more,
  ]);
  return { kind: 'response', status, reason: REASONS[status] ?? 'Error', headers, body: EMPTY_BODY };
}

export function responseWithSdp(status: number, more: Iterable<readonly [string, string]>, sdp: string): SipResponse {
  const bare = response(status, more);
  bare.headers.append('Content-Type', 'application/sdp');
  bare.headers.append('Content-Disposition', 'session');
  return { ...bare, body: Buffer.from(sdp) };
}
