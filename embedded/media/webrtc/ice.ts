/**
 * ICE as a server with one public address needs it (RFC 8445 section 2.5, "lite"): answers the peer's checks and lets the
 * peer choose. Every check must carry our user fragment and be signed with our password; whatever else comes is dropped
 * without a word. Only addresses that passed a check are sent to, or listened to.
 */
import { parseStun, stunError, stunSuccess, STUN_BINDING_REQUEST } from '../../wire/stun.ts';
import type { MediaAddress } from '../stages/source-check.ts';

export interface IceCredentials {
  readonly ufrag: string;
  readonly password: string;
}

export interface IceParameters {
  readonly local: IceCredentials;
  readonly remote: { readonly ufrag: string };
}

/** A browser has some network interfaces, each perhaps with IPv4 and IPv6. */
const MAX_PAIRS = 16;
const ROLE_CONFLICT = 487;

export interface IceEvents {
  send(bytes: Buffer, address: string, port: number): void;
  /** An address passed its first check. */
  validated(): void;
}

interface Pair extends MediaAddress {
  checkedAtMs: number;
}

/** An agent on its way to another thread. */
export interface IceState {
  readonly pairs: ReadonlyMap<string, Pair>;
  readonly current: IceParameters | undefined;
  readonly previous: IceParameters | undefined;
  /** One of the pairs. */
  readonly selected: Pair | undefined;
  readonly nominated: boolean;
  readonly refused: number;
}

export class IceAgent {
  /** Checks that were not for us, or not signed. */
  refused: number;
  readonly #events: IceEvents;
  readonly #pairs: Map<string, Pair>;
  #current: IceParameters | undefined;
  /** Of before an ICE restart: good until the peer has moved to the new ones (RFC 8445 section 9). */
  #previous: IceParameters | undefined;
  #selected: Pair | undefined;
  /** The peer itself chose the selected pair. */
  #nominated: boolean;

  constructor(events: IceEvents, state?: IceState) {
    this.#events = events;
    this.#pairs = new Map(state?.pairs);
    this.#current = state?.current;
    this.#previous = state?.previous;
    this.#selected = state?.selected;
    this.#nominated = state?.nominated ?? false;
    this.refused = state?.refused ?? 0;
  }

  get state(): IceState {
    return {
      pairs: this.#pairs,
      current: this.#current,
      previous: this.#previous,
      selected: this.#selected,
      nominated: this.#nominated,
      refused: this.refused,
    };
  }

  /** New parameters are an ICE restart; media goes on between the present addresses until it is done. */
  arm(parameters: IceParameters): void {
    const known = this.#current;
    if (known && userName(known) === userName(parameters)) return;
    this.#previous = known;
    this.#current = parameters;
    this.#nominated = false;
  }

  /** Where media goes. */
  get selected(): MediaAddress | undefined {
    return this.#selected;
  }

  /** When the peer last proved that it is there and wants our media (RFC 7675). */
  get checkedAtMs(): number | undefined {
    return this.#selected?.checkedAtMs;
  }

  isValidated(address: string, port: number): boolean {
    const selected = this.#selected;
    if (selected?.port === port && selected.address === address) return true;
    return this.#pairs.has(keyOf(address, port));
  }

  receive(bytes: Uint8Array, address: string, port: number, nowMs: number): void {
    const message = parseStun(bytes);
    if (message?.type !== STUN_BINDING_REQUEST) return;
    // The name is compared before anything expensive is done for a stranger.
    const generation = [this.#current, this.#previous].find((known) => known && userName(known) === message.username);
    const password = generation?.local.password;
    if (password === undefined || !message.isSignedWith(password)) {
      this.refused++;
      return;
    }
    if (message.role === 'controlled') {
      this.#events.send(stunError(message.transaction, ROLE_CONFLICT, 'Role Conflict', password), address, port);
      return;
    }
    this.#events.send(stunSuccess(message.transaction, address, port, password), address, port);
    this.#note({ address, port, checkedAtMs: nowMs }, message.useCandidate, generation === this.#current);
  }

  #note(pair: Pair, nominates: boolean, isCurrent: boolean): void {
    const key = keyOf(pair.address, pair.port);
    const known = this.#pairs.get(key);
    if (known) known.checkedAtMs = pair.checkedAtMs;
    else this.#add(key, pair);
    const checked = known ?? pair;
    if (isCurrent && (nominates || !this.#nominated)) this.#select(checked, nominates);
    else this.#selected ??= checked;
    if (!known) this.#events.validated();
  }

  #select(pair: Pair, nominates: boolean): void {
    // Before anything is chosen the first address that works is used, and kept.
    if (!nominates && this.#selected) return;
    this.#selected = pair;
    if (!nominates) return;
    this.#nominated = true;
    this.#previous = undefined;
  }

  #add(key: string, pair: Pair): void {
    if (this.#pairs.size >= MAX_PAIRS) this.#dropOldest();
    this.#pairs.set(key, pair);
  }

  #dropOldest(): void {
    let oldest: [string, Pair] | undefined;
    for (const entry of this.#pairs) {
      if (entry[1] !== this.#selected && (!oldest || entry[1].checkedAtMs < oldest[1].checkedAtMs)) oldest = entry;
    }
    if (oldest) this.#pairs.delete(oldest[0]);
  }
}

/** What the peer writes into USERNAME (RFC 8445 section 7.2.2). */
function userName({ local, remote }: IceParameters): string {
  return `${local.ufrag}:${remote.ufrag}`;
}

function keyOf(address: string, port: number): string {
  return `${address} ${port}`;
}
