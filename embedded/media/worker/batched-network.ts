/**
 * UDP on Linux without an event for each packet. One epoll_wait a tick names the sockets where something waits, one recvmsg
 * takes a packet of each, and recvmmsg the rest of those few that have more; an idle socket costs nothing. Each leg sends from
 * its own socket, so sendmmsg would have one packet to gather: send, at once, is cheaper, and cheaper still once the socket is
 * connected. The descriptors belong to the process: whoever ends the thread calls `closeAll`.
 */
import { ArrivalClock } from './arrival-clock.ts';
import { BATCH, DatagramArena, MAX_EVENTS } from './datagram-arena.ts';
import { DgramNetwork } from './dgram-network.ts';
import { engineNow } from './engine-clock.ts';
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  SOCKADDR_WORDS,
  readSockaddr,
  sockaddrBytes,
  type HostAndPort,
} from './socket-address.ts';
import type { SystemCalls } from './system-calls.ts';
import type { DatagramListener, TravellingSocket, UdpNetwork, UdpPort } from './udp-port.ts';

const SOCK_DGRAM_NONBLOCK_CLOEXEC = 2 | 0o4000 | 0o2000000;
const EPOLL_CLOEXEC = 0o2000000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLLIN = 1;
const MSG_DONTWAIT = 0x40;
const SOL_SOCKET = 1;
/** The kernel notes when each datagram came: we come by every 20 ms only, and jitter is measured finer than that. */
const SO_TIMESTAMPNS = 35;
/** Of one socket in one tick, after the first packet; a flood beyond that waits, or is dropped by the kernel. */
const MAX_BATCHES = 4;

export class BatchedNetwork implements UdpNetwork {
  readonly kind = 'batched';
  readonly #system: SystemCalls;
  readonly #arena: DatagramArena;
  readonly #arrivals = new ArrivalClock();
  readonly #portable = new DgramNetwork();
  /** By descriptor. */
  readonly #ports = new Map<number, BatchedPort>();
  /** Open while there are ports. */
  #epoll: number | undefined;

  constructor(system: SystemCalls) {
    this.#system = system;
    this.#arena = new DatagramArena(system);
  }

  async open(address: string, port: number, listener: DatagramListener): Promise<UdpPort> {
    const system = this.#system;
    const family = address.includes(':') ? AF_INET6 : AF_INET;
    const words = this.#sockaddr(family, address, port);
    // Rare kinds, such as link-local addresses with the name of an interface.
    if (!words) return this.#portable.open(address, port, listener);
    const fd = system.socket(family, SOCK_DGRAM_NONBLOCK_CLOEXEC, 0);
    if (fd < 0) throw new Error(`socket: ${system.errorName()}`);
    try {
      const local = this.#bind(fd, family, words);
      this.#watch(fd);
      const opened = new BatchedPort({ ...local, fd, family, network: this, listener });
      this.#ports.set(fd, opened);
      return opened;
    } catch (error) {
      system.close(fd);
      this.#closeIfUnused();
      throw error;
    }
  }

  async arrive(socket: TravellingSocket, listener: DatagramListener): Promise<UdpPort> {
    const { address, port, fd, kept = false } = socket;
    if (fd === undefined) return this.#portable.arrive(socket, listener);
    this.#watch(fd);
    const family = address.includes(':') ? AF_INET6 : AF_INET;
    const arrived = new BatchedPort({ address, port, fd, family, kept, network: this, listener });
    this.#ports.set(fd, arrived);
    return arrived;
  }

  abandon({ fd }: TravellingSocket): void {
    if (fd !== undefined) this.#system.close(fd);
  }

  poll(): void {
    if (this.#epoll === undefined) return;
    this.#arrivals.adjust(Date.now(), engineNow());
    // Nearly every socket has one packet: nobody is asked for a second one who did not say that it is there.
    if (this.#eachReady((port) => this.#readOne(port)) > 0) this.#eachReady((port) => this.#readRest(port));
  }

  /** @returns how many sockets had something */
  #eachReady(read: (port: BatchedPort) => void): number {
    // A listener may have closed the last one.
    if (this.#epoll === undefined) return 0;
    const count = this.#system.epollWait(this.#epoll, this.#arena.events, MAX_EVENTS, 0);
    for (let index = 0; index < count; index++) {
      const port = this.#ports.get(this.#arena.eventDescriptor(index));
      if (port) read(port);
    }
    return count;
  }

  closeAll(): void {
    for (const port of this.#ports.values()) port.closeNow();
  }

  /** For the ports: sends from a descriptor to a sockaddr. What cannot be sent now (EAGAIN, ENOBUFS and the like) is lost. */
  send(fd: number, bytes: Uint8Array, to: Int32Array, toBytes: number): void {
    const arena = this.#arena;
    arena.copyOut(bytes);
    arena.sockaddr.set(to);
    this.#system.sendto(fd, arena.outgoing, bytes.length, MSG_DONTWAIT, arena.sockaddrAt, toBytes);
  }

  /** For the ports: to where the descriptor is connected. */
  sendConnected(fd: number, bytes: Uint8Array): void {
    this.#arena.copyOut(bytes);
    this.#system.send(fd, this.#arena.outgoing, bytes.length, MSG_DONTWAIT);
  }

  /** For the ports. @returns whether it is connected now */
  connect(fd: number, to: Int32Array, bytes: number): boolean {
    const { sockaddr, sockaddrAt } = this.#arena;
    sockaddr.set(to);
    return this.#system.connect(fd, sockaddrAt, bytes) === 0;
  }

  /** For the ports. @param local a number that the system chose is given back by the kernel, and taken again here */
  disconnect(fd: number, local: Int32Array | undefined, bytes: number): void {
    const { sockaddr, sockaddrAt } = this.#arena;
    sockaddr.fill(AF_UNSPEC);
    this.#system.connect(fd, sockaddrAt, bytes);
    if (!local) return;
    sockaddr.set(local);
    this.#system.bind(fd, sockaddrAt, bytes);
  }

  /** For the ports: the address in the kernel's words; undefined when it is none of that family. */
  sockaddr(family: number, address: string, port: number): Int32Array | undefined {
    return this.#sockaddr(family, address, port)?.slice();
  }

  /** For the ports: `fd` is read no more. It stays open unless it is to be closed. */
  release(fd: number, close: boolean): void {
    if (!this.#ports.delete(fd)) return;
    if (this.#epoll !== undefined) this.#system.epollControl(this.#epoll, EPOLL_CTL_DEL, fd, this.#arena.wordAt);
    if (close) this.#system.close(fd);
    this.#closeIfUnused();
  }

  #readOne(port: BatchedPort): void {
    const arena = this.#arena;
    const length = this.#system.recvmsg(port.fd, arena.firstMessage, MSG_DONTWAIT);
    // An error of a packet sent before: asked for, it is gone.
    if (length < 0) return;
    this.#handOver(port, 0, length);
    arena.rearm(1);
  }

  #handOver(port: BatchedPort, slot: number, length: number): void {
    const arena = this.#arena;
    const from = port.sourceOf(arena.sourceWords(slot));
    const atMs = this.#arrivals.monotonic(arena.receivedAtMs(slot));
    port.listener(arena.datagram(slot, length), from.address, from.port, atMs);
  }

  #readRest(port: BatchedPort): void {
    const arena = this.#arena;
    for (let batch = 0; batch < MAX_BATCHES; batch++) {
      const count = this.#system.recvmmsg(port.fd, arena.headers, BATCH, MSG_DONTWAIT, 0);
      // Nothing there any more (EAGAIN), or an error of a packet sent before: asked for, it is gone.
      if (count <= 0) return;
      for (let slot = 0; slot < count && !port.closed; slot++) {
        this.#handOver(port, slot, arena.receivedBytes(slot));
      }
      arena.rearm(count);
      if (count < BATCH || port.closed) return;
    }
  }

  #sockaddr(family: number, address: string, port: number): Int32Array | undefined {
    const { sockaddr, sockaddrAt } = this.#arena;
    sockaddr.fill(0);
    sockaddr[0] = family | ((port >> 8) << 16) | ((port & 0xff) << 24);
    const at = sockaddrAt + (family === AF_INET ? 4 : 8);
    return this.#system.inetPton(family, address, at) === 1 ? sockaddr : undefined;
  }

  #bind(fd: number, family: number, words: Int32Array): HostAndPort {
    const { sockaddrAt, wordAt } = this.#arena;
    const length = sockaddrBytes(family);
    if (this.#system.bind(fd, sockaddrAt, length) < 0) throw new Error(`bind: ${this.#system.errorName()}`);
    this.#arena.word = 1;
    this.#system.setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, wordAt, 4);
    this.#arena.word = length;
    if (this.#system.getsockname(fd, sockaddrAt, wordAt) < 0) throw new Error(this.#system.errorName());
    return readSockaddr(words);
  }

  #watch(fd: number): void {
    this.#epoll ??= this.#system.epollCreate(EPOLL_CLOEXEC);
    this.#arena.writeEvent(EPOLLIN, fd);
    if (this.#system.epollControl(this.#epoll, EPOLL_CTL_ADD, fd, this.#arena.wordAt) < 0) {
      throw new Error(`epoll: ${this.#system.errorName()}`);
    }
  }

  #closeIfUnused(): void {
    if (this.#ports.size > 0 || this.#epoll === undefined) return;
    this.#system.close(this.#epoll);
    this.#epoll = undefined;
  }
}

interface BatchedPortOptions extends HostAndPort {
  readonly fd: number;
  readonly family: number;
  /** It is connected, to somebody it does not know. */
  readonly kept?: boolean;
  readonly network: BatchedNetwork;
  readonly listener: DatagramListener;
}

class BatchedPort implements UdpPort {
  readonly address: string;
  readonly port: number;
  readonly fd: number;
  readonly listener: DatagramListener;
  closed = false;
  readonly #family: number;
  readonly #network: BatchedNetwork;
  /** Where was sent last, as told and as the kernel wants it: peers rarely change. */
  #toAddress = '';
  #toPort = 0;
  #to: Int32Array | undefined;
  /** Connected to somebody; to `#to`, when that is set. */
  #kept: boolean;
  /** Where was heard from last. */
  readonly #fromWords = new Int32Array(SOCKADDR_WORDS);
  #from: HostAndPort = { address: '', port: 0 };

  constructor(options: BatchedPortOptions) {
    this.address = options.address;
    this.port = options.port;
    this.fd = options.fd;
    this.listener = options.listener;
    this.#family = options.family;
    this.#kept = options.kept ?? false;
    this.#network = options.network;
  }

  send(bytes: Uint8Array, address: string, port: number): void {
    if (this.closed) return;
    if (address !== this.#toAddress || port !== this.#toPort) this.#aim(address, port);
    if (!this.#to) return;
    if (this.#kept) this.#network.sendConnected(this.fd, bytes);
    else this.#network.send(this.fd, bytes, this.#to, sockaddrBytes(this.#family));
  }

  keepTo(peer: HostAndPort | undefined): void {
    if (this.closed || (!peer && !this.#kept)) return;
    const bytes = sockaddrBytes(this.#family);
    const to = peer && this.#network.sockaddr(this.#family, peer.address, peer.port);
    if (to) this.#kept = this.#network.connect(this.fd, to, bytes);
    else this.#letGo(bytes);
    this.#toAddress = peer?.address ?? '';
    this.#toPort = peer?.port ?? 0;
    this.#to = to;
  }

  #letGo(bytes: number): void {
    this.#kept = false;
    this.#network.disconnect(this.fd, this.#network.sockaddr(this.#family, this.address, this.port), bytes);
  }

  /** The same object for the same source, so that nothing is made for each packet. */
  sourceOf(words: Int32Array): HostAndPort {
    const known = this.#fromWords;
    let same = words[0] === known[0] && words[1] === known[1];
    if (same && this.#family === AF_INET6) {
      for (let index = 2; index < SOCKADDR_WORDS - 1; index++) same &&= words[index] === known[index];
    }
    if (same) return this.#from;
    known.set(words);
    this.#from = readSockaddr(words);
    return this.#from;
  }

  close(): Promise<void> {
    this.closeNow();
    return Promise.resolve();
  }

  closeNow(): void {
    if (this.closed) return;
    this.closed = true;
    this.#network.release(this.fd, true);
  }

  /** The descriptor belongs to the process: any of its threads may go on with it, and nothing that waits is lost. */
  depart(): Promise<TravellingSocket> {
    this.closed = true;
    this.#network.release(this.fd, false);
    return Promise.resolve({ address: this.address, port: this.port, fd: this.fd, kept: this.#kept });
  }

  #aim(address: string, port: number): void {
    // Somebody else than the one it keeps to.
    if (this.#kept && this.#to) this.keepTo(undefined);
    this.#toAddress = address;
    this.#toPort = port;
    this.#to = this.#network.sockaddr(this.#family, address, port);
  }
}
