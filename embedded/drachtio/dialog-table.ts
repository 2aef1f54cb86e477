/** All dialogs: by the id clients use, and by the tags that come over the network. */
import { tagOf } from '../wire/sip-address.ts';
import type { SipRequest } from '../wire/sip-message.ts';
import type { SipHop } from '../sip/index.ts';
import type { Dialog } from './dialog.ts';

export class DialogTable {
  /** Those a client may send requests in: from the 2xx on, or from a reliable provisional response on. */
  readonly #byId = new Map<string, Dialog>();
  /** All of them, early ones too, once both tags are known. */
  readonly #byTags = new Map<string, Dialog>();
  /** Subscriptions of applications that nobody has answered yet: a NOTIFY may be faster than the answer. */
  readonly #unanswered = new Map<string, Dialog>();
  readonly #addresses = new Map<string, number>();
  readonly #onEnded: (dialog: Dialog) => void;

  /** @param onEnded told of each dialog once, when it has left the table */
  constructor(onEnded: (dialog: Dialog) => void) {
    this.#onEnded = onEnded;
  }

  get size(): number {
    return this.#byTags.size;
  }

  /** An early dialog: the network can reach it, clients cannot name it yet. */
  addEarly(dialog: Dialog): void {
    const key = tagKey(dialog.callId, dialog.localTag, dialog.remoteTag);
    if (this.#byTags.has(key)) return;
    this.#byTags.set(key, dialog);
    this.#know(dialog.peer.address);
  }

  /** The peer was seen elsewhere: it has connected anew, or its NAT has given it another port. */
  move(dialog: Dialog, peer: SipHop): void {
    const isListed = this.#byTags.get(tagKey(dialog.callId, dialog.localTag, dialog.remoteTag)) === dialog;
    if (isListed) {
      this.#forgetAddress(dialog.peer.address);
      this.#know(peer.address);
    }
    dialog.peer = peer;
  }

  /** A subscription has been asked for; only our own tag is known. */
  addUnanswered(dialog: Dialog): void {
    this.#unanswered.set(halfKey(dialog.callId, dialog.localTag), dialog);
  }

  /** @returns false when another dialog has this id already: a forked INVITE (its call was answered on another branch) */
  add(dialog: Dialog): boolean {
    const holder = this.#byId.get(dialog.id);
    if (holder && holder !== dialog) return false;
    this.#unanswered.delete(halfKey(dialog.callId, dialog.localTag));
    this.addEarly(dialog);
    this.#byId.set(dialog.id, dialog);
    return true;
  }

  /** Idempotent. */
  remove(dialog: Dialog): void {
    if (dialog.ended) return;
    dialog.ended = true;
    dialog.timers.stopAll();
    this.#take(dialog);
    this.#onEnded(dialog);
  }

  /** Before the tags of a dialog change: another branch of a forked INVITE answered. */
  forget(dialog: Dialog): void {
    this.#take(dialog);
  }

  #take(dialog: Dialog): void {
    if (this.#byId.get(dialog.id) === dialog) this.#byId.delete(dialog.id);
    this.#unanswered.delete(halfKey(dialog.callId, dialog.localTag));
    const key = tagKey(dialog.callId, dialog.localTag, dialog.remoteTag);
    if (this.#byTags.get(key) !== dialog) return;
    this.#byTags.delete(key);
    this.#forgetAddress(dialog.peer.address);
  }

  #know(address: string): void {
    this.#addresses.set(address, (this.#addresses.get(address) ?? 0) + 1);
  }

  #forgetAddress(address: string): void {
    const held = (this.#addresses.get(address) ?? 1) - 1;
    if (held === 0) this.#addresses.delete(address);
    else this.#addresses.set(address, held);
  }

  findById(id: string): Dialog | undefined {
    return this.#byId.get(id);
  }

  findByCallId(callId: string): Dialog | undefined {
    for (const dialog of this.#byId.values()) if (dialog.callId === callId) return dialog;
    return undefined;
  }

  /** The dialog a request from the network belongs to (RFC 3261 section 12.2.2). */
  findForRequest(request: SipRequest): Dialog | undefined {
    const { headers } = request;
    const callId = headers.get('Call-ID') ?? '';
    const localTag = tagOf(headers.get('To'));
    const found = this.#byTags.get(tagKey(callId, localTag, tagOf(headers.get('From'))));
    return found ?? (request.method === 'NOTIFY' ? this.#confirmByNotify(request, callId, localTag) : undefined);
  }

  #confirmByNotify(notify: SipRequest, callId: string, localTag: string | undefined): Dialog | undefined {
    const dialog = this.#unanswered.get(halfKey(callId, localTag));
    if (!dialog) return undefined;
    dialog.learnFromNotify(notify);
    return this.add(dialog) ? dialog : undefined;
  }

  /** Is there a dialog with somebody at this address? */
  knowsAddress(address: string): boolean {
    return this.#addresses.has(address);
  }

  /** Is there a dialog over exactly this connection? Looks through all of them. */
  isWith({ protocol, address, port }: SipHop): boolean {
    for (const { peer } of this.#byTags.values()) {
      if (peer.port === port && peer.address === address && peer.protocol === protocol) return true;
    }
    return false;
  }

  values(): IterableIterator<Dialog> {
    return this.#byTags.values();
  }
}

function halfKey(callId: string, localTag: string | undefined): string {
  return `${callId}\n${localTag ?? ''}`;
}

function tagKey(callId: string, localTag: string | undefined, remoteTag: string | undefined): string {
  return `${callId}\n${localTag ?? ''}\n${remoteTag ?? ''}`;
}
