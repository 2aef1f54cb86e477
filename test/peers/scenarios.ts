/** What SIPp callers do. Each is a list of steps; the steps are SIPp's own XML. */

export interface CallerOptions {
  /** User part of the number dialled. */
  readonly number?: string;
  /** Quoted display name, as it goes onto the wire: whatever the test likes. */
  readonly displayName?: string;
  /** `m=audio` payload types and their rtpmap lines. */
  readonly offer?: { readonly payloadTypes: string; readonly lines: readonly string[] };
  readonly headers?: readonly string[];
}

/** SIPp's `play_dtmf` sends payload type 96, whatever was negotiated. */
export const G711_OFFER = {
  payloadTypes: '0 8 96',
  lines: ['a=rtpmap:0 PCMU/8000', 'a=rtpmap:8 PCMA/8000', 'a=rtpmap:96 telephone-event/8000', 'a=fmtp:96 0-15'],
} as const;

export const G729_OFFER = { payloadTypes: '18', lines: ['a=rtpmap:18 G729/8000'] } as const;

const scenario = (name: string, steps: readonly string[]) =>
  `<?xml version="1.0" encoding="ISO-8859-1"?>\n<scenario name="${name}">\n${steps.join('\n')}\n</scenario>\n`;

const send = (text: string, attributes = '') => `<send ${attributes}><![CDATA[\n\n${text}\n\n]]></send>`;

function invite(options: CallerOptions): string {
  const offer = options.offer ?? G711_OFFER;
  const lines = [
    `INVITE sip:${options.number ?? '1000'}@[remote_ip]:[remote_port] SIP/2.0`,
    'Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]',
    `From: ${options.displayName ?? '"SIPp"'} <sip:sipp@[local_ip]:[local_port]>;tag=[pid]x[call_number]`,
    `To: <sip:${options.number ?? '1000'}@[remote_ip]:[remote_port]>`,
    'Call-ID: [call_id]',
    'CSeq: 1 INVITE',
    'Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>',
    'Max-Forwards: 70',
    ...(options.headers ?? []),
    'Content-Type: application/sdp',
    'Content-Length: [len]',
    '',
    'v=0',
    'o=sipp 1 1 IN IP[local_ip_type] [local_ip]',
    's=-',
    'c=IN IP[media_ip_type] [media_ip]',
    't=0 0',
    `m=audio [auto_media_port] RTP/AVP ${offer.payloadTypes}`,
    ...offer.lines,
    'a=ptime:20',
  ];
  return send(lines.join('\n'), 'retrans="500"');
}

/** A request inside the dialog, or the ACK of an answer. */
function inDialog(method: 'ACK' | 'BYE' | 'CANCEL', number = '1000'): string {
  const cancels = method === 'CANCEL';
  const lines = [
    cancels ? `CANCEL sip:${number}@[remote_ip]:[remote_port] SIP/2.0` : `${method} [next_url] SIP/2.0`,
    cancels ? '[last_Via:]' : 'Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]',
    '[last_From:]',
    cancels ? `To: <sip:${number}@[remote_ip]:[remote_port]>` : '[last_To:]',
    '[routes]',
    'Call-ID: [call_id]',
    `CSeq: ${method === 'BYE' ? 2 : 1} ${method}`,
    'Max-Forwards: 70',
    'Content-Length: 0',
  ];
  return send(lines.join('\n'), method === 'ACK' ? '' : 'retrans="500"');
}

/** The ACK of a final answer other than 2xx belongs to the INVITE's transaction (RFC 3261, 17.1.1.3). */
const ackFailure = (number = '1000') =>
  send(
    [
      `ACK sip:${number}@[remote_ip]:[remote_port] SIP/2.0`,
      '[last_Via:]',
      '[last_From:]',
      '[last_To:]',
      'Call-ID: [call_id]',
      'CSeq: 1 ACK',
      'Max-Forwards: 70',
      'Content-Length: 0',
    ].join('\n'),
  );

const provisional =
  '<recv response="100" optional="true"/>\n<recv response="180" optional="true"/>\n<recv response="183" optional="true"/>';
const answered = `${provisional}\n<recv response="200" rrs="true"/>`;
const pause = (milliseconds: number) => `<pause milliseconds="${milliseconds}"/>`;
const hangUp = `${inDialog('BYE')}\n<recv response="200"/>`;
const byeComes = (timeoutMs: number) =>
  `<recv request="BYE" timeout="${timeoutMs}"/>\n${send(
    'SIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\nContent-Length: 0',
  )}`;

/** Digits of 100 ms, 100 ms apart; before the first, SIPp sends packets to open the way. Goes on while they are sent. */
const beginKeys = (digits: string) => `<nop><action><exec play_dtmf="${digits},100"/></action></nop>`;
const keys = (digits: string) => `${beginKeys(digits)}\n${pause(digits.length * 200 + 1_000)}`;

/** Calls and is refused with `status`. */
export const refusedWith = (status: number, options: CallerOptions = {}): string =>
  scenario(`refused with ${status}`, [
    invite(options),
    '<recv response="100" optional="true"/>',
    `<recv response="${status}"/>`,
    ackFailure(options.number),
  ]);

/** Calls and must get no answer at all for `quietMs`; whatever comes fails the call. */
export const unanswered = (quietMs: number, options: CallerOptions = {}): string =>
  scenario('unanswered', [
    invite(options).replace('retrans="500"', ''),
    `<recv response="200" timeout="${quietMs}" ontimeout="1"/>`,
    '<nop><action><error message="it was answered"/></action></nop>',
    '<label id="1"/>',
    pause(1),
  ]);

/** Calls, keys `digits`, stays `stayMs`, hangs up. */
export const keysAndHangsUp = (digits: string, stayMs: number, options: CallerOptions = {}): string =>
  scenario('keys and hangs up', [invite(options), answered, inDialog('ACK'), keys(digits), pause(stayMs), hangUp]);

/** Calls and hangs up `afterMs` after the answer. */
export const hangsUpAfter = (afterMs: number, options: CallerOptions = {}): string =>
  scenario('hangs up', [invite(options), answered, inDialog('ACK'), pause(afterMs), hangUp]);

/** Calls, keys `digits`, if any, and is hung up on within `timeoutMs`. */
export const isLetGo = (digits: string, timeoutMs: number, options: CallerOptions = {}): string =>
  scenario('is let go', [
    invite(options),
    answered,
    inDialog('ACK'),
    ...(digits === '' ? [] : [beginKeys(digits)]),
    byeComes(timeoutMs),
  ]);

/** Calls, hears 183 (early greeting), and gives up `afterMs` later: 487. */
export const cancelsAfter = (afterMs: number, options: CallerOptions = {}): string =>
  scenario('cancels', [
    invite(options),
    '<recv response="100" optional="true"/>\n<recv response="180" optional="true"/>\n<recv response="183"/>',
    pause(afterMs),
    inDialog('CANCEL', options.number),
    '<recv response="200"/>\n<recv response="487"/>',
    ackFailure(options.number),
  ]);
