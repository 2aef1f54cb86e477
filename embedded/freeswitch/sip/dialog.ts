/** The dialog of a call we answered (RFC 3261 section 12): identifiers, sequence numbers, where requests go. */
import { parseCSeq, parseNameAddr, parseSipUri, tagOf, withTag } from '../../wire/sip-address.ts';
import { EMPTY_BODY, SipHeaders, SipParseError, type SipRequest } from '../../wire/sip-message.ts';
import type { SipHop } from '../../sip/index.ts';

export class UasDialog {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  readonly #localParty: string;
  readonly #remoteParty: string;
  readonly #routes: readonly string[];
  #remoteTarget: string;
  #remoteSequence: number;
  #localSequence: number;

  constructor(invite: SipRequest, localTag: string) {
    const { headers } = invite;
    const to = headers.get('To') ?? '';
    const sequence = parseCSeq(headers.get('CSeq') ?? '').sequence;
    this.callId = headers.get('Call-ID') ?? '';
    this.localTag = localTag;
    this.remoteTag = tagOf(headers.get('From')) ?? '';
    this.#localParty = withTag(to, localTag);
    this.#remoteParty = headers.get('From') ?? '';
    this.#routes = headers.getList('Record-Route'); // kept in order on this side (section 12.1.1)
    this.#remoteTarget = targetOf(invite) ?? invite.uri;
    this.#remoteSequence = sequence;
    this.#localSequence = sequence;
  }

  get id(): string {
    return dialogId(this.callId, this.localTag, this.remoteTag);
  }

  get to(): string {
    return this.#localParty;
  }

  /** False for a request that is older than one already seen: it must be answered 500 (section 12.2.2). */
  takes(request: SipRequest): boolean {
    const { sequence } = parseCSeq(request.headers.get('CSeq') ?? '');
    if (sequence <= this.#remoteSequence) return false;
    this.#remoteSequence = sequence;
    return true;
  }

  /** After a re-INVITE or an UPDATE (section 12.2.2). */
  refreshTarget(request: SipRequest): void {
    this.#remoteTarget = targetOf(request) ?? this.#remoteTarget;
  }

  request(method: string, headers: Iterable<readonly [string, string]> = []): SipRequest {
    this.#localSequence++;
    const all = new SipHeaders();
    for (const route of this.#routes) all.append('Route', route);
    all.append('From', this.#localParty);
    all.append('To', this.#remoteParty);
    all.append('Call-ID', this.callId);
    all.append('CSeq', `${this.#localSequence} ${method}`);
    for (const [name, value] of headers) all.append(name, value);
    return { kind: 'request', method, uri: this.#remoteTarget, headers: all, body: EMPTY_BODY };
  }

  /**
   * Next hop: the first route, or where the INVITE came from. Only our application calls here, and the Contact it tells may
   * be its address for the world, which does not lead to it from here.
   */
  hop(source: SipHop): SipHop {
    const [route] = this.#routes;
    if (route === undefined || source.protocol !== 'udp') return source;
    try {
      const uri = parseSipUri(parseNameAddr(route).uri);
      const address = /^[0-9.]+$|:/.test(uri.host) ? uri.host : source.address;
      return { protocol: source.protocol, address, port: uri.port ?? 5_060 };
    } catch (error) {
      if (error instanceof SipParseError) return source;
      throw error;
    }
  }
}

export function dialogId(callId: string, localTag: string, remoteTag: string): string {
  return `${callId} ${localTag} ${remoteTag}`;
}

function targetOf(request: SipRequest): string | undefined {
  try {
    const [contact] = request.headers.getList('Contact');
    return contact === undefined ? undefined : parseNameAddr(contact).uri;
  } catch (error) {
    if (error instanceof SipParseError) return undefined;
    throw error;
  }
}
