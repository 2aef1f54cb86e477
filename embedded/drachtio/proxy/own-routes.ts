/** The routes this server puts into dialogs it wants to stay in, and how it knows them again (RFC 3261 section 16.4). */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { parseNameAddr } from '../../wire/sip-address.ts';
import { SipParseError } from '../../wire/sip-message.ts';
import type { ListeningPoint } from '../../sip/index.ts';
import { contactOf } from '../contact.ts';
import { tryParseSipUri } from '../dialog.ts';
import { namesUs } from './forwarding.ts';

const PROOF = 'p';
const PROOF_LENGTH = 24;

export class OwnRoutes {
  readonly #points: readonly ListeningPoint[];
  readonly #secret = randomBytes(32);

  constructor(points: readonly ListeningPoint[]) {
    this.#points = points;
  }

  /**
   * Two of them when the dialog goes through us from one listening point to another (RFC 5658).
   * @returns the one that the called side sees first, first
   */
  forDialog(callId: string, from: ListeningPoint, to: ListeningPoint): string[] {
    return (from === to ? [to] : [to, from]).map((point) => this.#route(callId, point));
  }

  /** Is it addressed to us at all? */
  isOwn(route: string): boolean {
    const uri = uriOf(route);
    return uri !== undefined && namesUs(uri, this.#points);
  }

  /** Did we put it into a dialog with this Call-ID? Without that proof anybody could send anywhere through us. */
  isProven(route: string, callId: string): boolean {
    const uri = uriOf(route);
    const given = uri === undefined ? undefined : tryParseSipUri(uri)?.parameters.get(PROOF);
    const due = Buffer.from(this.#proof(callId));
    return typeof given === 'string' && given.length === due.length && timingSafeEqual(Buffer.from(given), due);
  }

  #route(callId: string, point: ListeningPoint): string {
    return contactOf(point).replace('>', `;lr;${PROOF}=${this.#proof(callId)}>`);
  }

  #proof(callId: string): string {
    return createHmac('sha256', this.#secret).update(callId).digest('hex').slice(0, PROOF_LENGTH);
  }
}

export function uriOf(route: string): string | undefined {
  try {
    return parseNameAddr(route).uri;
  } catch (error) {
    if (error instanceof SipParseError) return undefined;
    throw error;
  }
}
