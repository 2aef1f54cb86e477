/** One SIP dialog (RFC 3261 section 12): its identity, its sequence numbers, where its requests go. */
import { parseCSeq, parseNameAddr, parseSipUri, tagOf, type SipUri } from '../wire/sip-address.ts';
import { EMPTY_BODY, SipHeaders, SipParseError, type SipRequest, type SipResponse } from '../wire/sip-message.ts';
import type { ListeningPoint, NamedTimers, SipHop } from '../sip/index.ts';
import type { ClientPort } from './client-port.ts';

export interface DialogDetails {
  readonly role: 'uas' | 'uac';
  /** Made by INVITE or by SUBSCRIBE. */
  readonly purpose: 'call' | 'subscription';
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string | undefined;
  /** From or To value of our side, tag included. */
  readonly local: string;
  /** From or To value of the other side. */
  readonly remote: string;
  readonly localSequence: number;
  readonly remoteSequence: number | undefined;
  readonly remoteTarget: string;
  readonly routeSet: readonly string[];
  readonly point: ListeningPoint;
  /** Where the peer was seen: its connection for streams; behind NAT, its address. */
  readonly peer: SipHop;
  readonly owner: ClientPort;
  /** Of the session; stopped when the dialog ends. */
  readonly timers: NamedTimers;
  /** Id of the INVITE's transaction, as clients know it. */
  readonly inviteTransactionId: string;
}

export class Dialog {
  readonly id: string;
  readonly role: 'uas' | 'uac';
  readonly purpose: 'call' | 'subscription';
  readonly callId: string;
  readonly localTag: string;
  readonly local: string;
  readonly point: ListeningPoint;
  readonly owner: ClientPort;
  readonly timers: NamedTimers;
  readonly inviteTransactionId: string;
  remoteTag: string | undefined;
  remote: string;
  remoteTarget: string;
  routeSet: readonly string[];
  peer: SipHop;
  /** Requests go to `peer`, whatever the remote target says: it is behind NAT. */
  behindNat = false;
  localSequence: number;
  remoteSequence: number | undefined;
  /** Our Contact, for requests that the server sends by itself. */
  localContact = '';
  localSdp: Buffer = EMPTY_BODY;
  /** Agreed session interval, where it is ours to refresh. */
  sessionSeconds = 0;
  /** A 2xx to its first request has been sent or received. */
  confirmed = false;
  ended = false;
  /** An INVITE of ours in this dialog has no final response yet. */
  inviteUnderWay = false;

  constructor(details: DialogDetails) {
    this.role = details.role;
    this.purpose = details.purpose;
    this.callId = details.callId;
    this.localTag = details.localTag;
    this.remoteTag = details.remoteTag;
    this.local = details.local;
    this.remote = details.remote;
    this.localSequence = details.localSequence;
    this.remoteSequence = details.remoteSequence;
    this.remoteTarget = details.remoteTarget;
    this.routeSet = details.routeSet;
    this.point = details.point;
    this.peer = details.peer;
    this.owner = details.owner;
    this.timers = details.timers;
    this.inviteTransactionId = details.inviteTransactionId;
    this.id = `${details.callId};from-tag=${(details.role === 'uac' ? details.localTag : details.remoteTag) ?? ''}`;
  }

  /** URI of the next hop: the first route, or the remote target. */
  get nextHop(): string {
    const [first] = this.routeSet;
    return first === undefined ? this.remoteTarget : parseNameAddr(first).uri;
  }

  nextSequence(): number {
    this.localSequence++;
    return this.localSequence;
  }

  /**
   * A request of this dialog, without Via (section 12.2.1.1).
   * @param uri instead of the remote target
   * @param extra headers of its own; the dialog's are not to be among them
   */
  request(
    method: string,
    sequence: number,
    options: { uri?: string; extra?: SipHeaders; body?: Buffer } = {},
  ): SipRequest {
    const target = options.uri ?? this.remoteTarget;
    const { uri, routes } = applyRouteSet(target, this.routeSet);
    const headers = new SipHeaders(routes.map((route) => ['Route', route] as const));
    if (!options.extra?.has('Max-Forwards')) headers.append('Max-Forwards', '70');
    headers.append('From', this.local).append('To', this.remote).append('Call-ID', this.callId);
    headers.append('CSeq', `${sequence} ${method}`);
    for (const [name, value] of options.extra ?? []) headers.append(name, value);
    return { kind: 'request', method, uri, headers, body: options.body ?? EMPTY_BODY };
  }

  /** The first response with a tag, for the side that called: To, remote target and route set (section 12.1.2). */
  learnFromResponse(response: SipResponse): void {
    const to = response.headers.get('To') ?? this.remote;
    this.remote = to;
    this.remoteTag = tagOf(to);
    if (!this.confirmed) this.routeSet = (routesOf(response.headers) ?? []).reverse();
    this.refreshTarget(response);
  }

  /** A subscription may be confirmed by its first NOTIFY, before any answer (RFC 6665 section 4.4.1). */
  learnFromNotify(notify: SipRequest): void {
    const from = notify.headers.get('From') ?? this.remote;
    this.remote = from;
    this.remoteTag = tagOf(from);
    this.routeSet = routesOf(notify.headers) ?? [];
    this.refreshTarget(notify);
    this.confirmed = true;
  }

  /** Target refresh (section 12.2): INVITE, UPDATE and their 2xx carry the peer's Contact. */
  refreshTarget(message: SipRequest | SipResponse): void {
    this.remoteTarget = contactUri(message.headers) ?? this.remoteTarget;
  }

  /** @returns false for a request older than one already seen (section 12.2.2) */
  acceptSequence(request: SipRequest): boolean {
    const { sequence } = parseCSeq(request.headers.get('CSeq') ?? '');
    if (this.remoteSequence !== undefined && sequence <= this.remoteSequence) return false;
    this.remoteSequence = sequence;
    return true;
  }
}

/** The elements of Record-Route; undefined when one of them is malformed. */
export function routesOf(headers: SipHeaders): string[] | undefined {
  try {
    const routes = headers.getList('Record-Route');
    for (const route of routes) parseNameAddr(route);
    return routes;
  } catch (error) {
    if (error instanceof SipParseError) return undefined;
    throw error;
  }
}

/** URI of the first Contact; undefined when there is none or it is malformed. */
export function contactUri(headers: SipHeaders): string | undefined {
  try {
    const [first] = headers.getList('Contact');
    return first === undefined || first === '*' ? undefined : parseNameAddr(first).uri;
  } catch (error) {
    if (error instanceof SipParseError) return undefined;
    throw error;
  }
}

/** Loose routing keeps the target in the Request-URI; a strict router wants itself there (section 12.2.1.1). */
function applyRouteSet(target: string, routeSet: readonly string[]): { uri: string; routes: readonly string[] } {
  const [first, ...others] = routeSet;
  if (first === undefined) return { uri: target, routes: [] };
  const uri = parseNameAddr(first).uri;
  return isLooseRouter(uri) ? { uri: target, routes: routeSet } : { uri, routes: [...others, `<${target}>`] };
}

function isLooseRouter(uri: string): boolean {
  const parsed = tryParseSipUri(uri);
  return parsed?.parameters.has('lr') ?? false;
}

export function tryParseSipUri(uri: string): SipUri | undefined {
  try {
    return parseSipUri(uri);
  } catch (error) {
    if (error instanceof SipParseError) return undefined;
    throw error;
  }
}
