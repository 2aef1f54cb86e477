/**
 * One piece of memory that the kernel and we both read and write: the headers of recvmmsg, which are written once, the
 * datagrams it fills in, the events of epoll and the bytes to be sent. Layouts are those of 64-bit little-endian Linux.
 */
import { SOCKADDR_WORDS, readSockaddr, type HostAndPort } from './socket-address.ts';
import type { SystemCalls } from './system-calls.ts';

/** Datagrams read by one call. */
export const BATCH = 64;
/** Bytes kept of each: no packet of a telephone is longer; the rest is cut off. */
const SLOT_BYTES = 2048;
export const MAX_EVENTS = 1024;

/** struct mmsghdr: name, namelen, iov, iovlen, control, controllen, flags; then the length received. */
const MMSGHDR_BYTES = 64;
const MMSGHDR = { name: 0, nameLength: 8, iov: 16, iovCount: 24, control: 32, controlLength: 40, received: 56 };
const IOVEC_BYTES = 16;
const NAME_BYTES = 4 * SOCKADDR_WORDS;
/** struct cmsghdr (16 bytes), then struct timespec (16 bytes). */
const CONTROL_BYTES = 32;
/** struct epoll_event is packed on x86-64 only. */
const EVENT = process.arch === 'x64' ? { bytes: 12, data: 4 } : { bytes: 16, data: 8 };

const AT = layout({
  headers: BATCH * MMSGHDR_BYTES,
  iovecs: BATCH * IOVEC_BYTES,
  names: BATCH * NAME_BYTES,
  controls: BATCH * CONTROL_BYTES,
  slots: BATCH * SLOT_BYTES,
  events: MAX_EVENTS * EVENT.bytes,
  /** Scratch for one event, one socket option or one length. */
  word: 16,
  sockaddr: NAME_BYTES,
  /** One datagram to be sent. */
  outgoing: 65_536,
});

function layout<K extends string>(sizes: Record<K, number>): Record<K | 'end', number> {
  let end = 0;
  const at = Object.fromEntries(
    Object.entries<number>(sizes).map(([name, bytes]) => {
      const begin = end;
      end += Math.ceil(bytes / 16) * 16;
      return [name, begin];
    }),
  );
  return { ...at, end } as Record<K | 'end', number>;
}

export class DatagramArena {
  readonly #buffer = new ArrayBuffer(AT.end);
  readonly #bytes = new Uint8Array(this.#buffer);
  readonly #view = new DataView(this.#buffer);
  readonly #base: number;
  /** What each slot held last, ready to be handed on: most datagrams have the length of the one before. */
  readonly #datagrams: Buffer[] = [];
  readonly #names: Int32Array[] = [];
  /** A sockaddr to be read or sent to. */
  readonly sockaddr = new Int32Array(this.#buffer, AT.sockaddr, SOCKADDR_WORDS);

  constructor(system: SystemCalls) {
    this.#base = system.addressOf(this.#buffer);
    for (let slot = 0; slot < BATCH; slot++) this.#writeHeader(slot);
  }

  get headers(): number {
    return this.#base + AT.headers;
  }

  /** The struct msghdr that mmsghdr begins with. */
  get firstMessage(): number {
    return this.#base + AT.headers;
  }

  get events(): number {
    return this.#base + AT.events;
  }

  get sockaddrAt(): number {
    return this.#base + AT.sockaddr;
  }

  get wordAt(): number {
    return this.#base + AT.word;
  }

  get outgoing(): number {
    return this.#base + AT.outgoing;
  }

  /** A 32-bit number where `wordAt` points. */
  set word(value: number) {
    this.#view.setUint32(AT.word, value, true);
  }

  /** The event to register a descriptor with; told again by `eventDescriptor`. */
  writeEvent(events: number, fd: number): void {
    this.#view.setUint32(AT.word, events, true);
    this.#view.setUint32(AT.word + EVENT.data, fd, true);
  }

  eventDescriptor(index: number): number {
    return this.#view.getUint32(AT.events + index * EVENT.bytes + EVENT.data, true);
  }

  copyOut(bytes: Uint8Array): void {
    this.#bytes.set(bytes, AT.outgoing);
  }

  /** Length of the datagram that recvmmsg read into a slot. */
  receivedBytes(slot: number): number {
    return this.#view.getUint32(AT.headers + slot * MMSGHDR_BYTES + MMSGHDR.received, true);
  }

  /** The datagram in a slot; good until the next one is read into it. */
  datagram(slot: number, received: number): Buffer {
    const length = Math.min(SLOT_BYTES, received);
    let datagram = this.#datagrams[slot]!;
    if (datagram.length !== length) {
      datagram = Buffer.from(this.#buffer, AT.slots + slot * SLOT_BYTES, length);
      this.#datagrams[slot] = datagram;
    }
    return datagram;
  }

  /** Where the datagram in a slot came from, as words. */
  sourceWords(slot: number): Int32Array {
    return this.#names[slot]!;
  }

  source(slot: number): HostAndPort {
    return readSockaddr(this.#names[slot]!);
  }

  /** Unix time in milliseconds at which the kernel took the datagram in; undefined when it did not tell. */
  receivedAtMs(slot: number): number | undefined {
    const control = AT.controls + slot * CONTROL_BYTES;
    if (this.#view.getUint32(AT.headers + slot * MMSGHDR_BYTES + MMSGHDR.controlLength, true) < CONTROL_BYTES) {
      return undefined;
    }
    const seconds = this.#view.getUint32(control + 16, true) + 0x1_0000_0000 * this.#view.getUint32(control + 20, true);
    return 1000 * seconds + this.#view.getUint32(control + 24, true) / 1e6;
  }

  /** What the kernel overwrote in the headers of the first `count` slots. */
  rearm(count: number): void {
    for (let slot = 0; slot < count; slot++) {
      const header = AT.headers + slot * MMSGHDR_BYTES;
      this.#view.setUint32(header + MMSGHDR.nameLength, NAME_BYTES, true);
      this.#view.setUint32(header + MMSGHDR.controlLength, CONTROL_BYTES, true);
    }
  }

  #writeHeader(slot: number): void {
    const header = AT.headers + slot * MMSGHDR_BYTES;
    const iovec = AT.iovecs + slot * IOVEC_BYTES;
    const name = AT.names + slot * NAME_BYTES;
    const bytes = AT.slots + slot * SLOT_BYTES;
    this.#pointer(header + MMSGHDR.name, name);
    this.#pointer(header + MMSGHDR.iov, iovec);
    this.#view.setBigUint64(header + MMSGHDR.iovCount, 1n, true);
    this.#pointer(header + MMSGHDR.control, AT.controls + slot * CONTROL_BYTES);
    this.#pointer(iovec, bytes);
    this.#view.setBigUint64(iovec + 8, BigInt(SLOT_BYTES), true);
    this.#names.push(new Int32Array(this.#buffer, name, SOCKADDR_WORDS));
    this.#datagrams.push(Buffer.from(this.#buffer, bytes, 0));
    if (slot === BATCH - 1) this.rearm(BATCH);
  }

  #pointer(at: number, to: number): void {
    this.#view.setBigUint64(at, BigInt(this.#base + to), true);
  }
}
