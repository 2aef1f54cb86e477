/** The C library's sockets, called through koffi. Addresses of memory are plain numbers: that is the cheapest to hand over. */
import { createRequire } from 'node:module';
import type { KoffiFunction, KoffiModule } from './koffi.ts';

/** Memory is given by its address; lengths are bytes. What fails answers −1, and `errno` tells why. */
export interface SystemCalls {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, sockaddr: number, length: number): number;
  getsockname(fd: number, sockaddr: number, length: number): number;
  setsockopt(fd: number, level: number, option: number, value: number, length: number): number;
  sendto(fd: number, bytes: number, length: number, flags: number, sockaddr: number, sockaddrLength: number): number;
  /** To nobody but the address given, and from nobody else. */
  connect(fd: number, sockaddr: number, length: number): number;
  /** To where it is connected. */
  send(fd: number, bytes: number, length: number, flags: number): number;
  recvmsg(fd: number, message: number, flags: number): number;
  recvmmsg(fd: number, messages: number, count: number, flags: number, timeout: number): number;
  epollCreate(flags: number): number;
  epollControl(epoll: number, operation: number, fd: number, event: number): number;
  epollWait(epoll: number, events: number, count: number, timeoutMs: number): number;
  close(fd: number): number;
  inetPton(family: number, text: string, bytes: number): number;
  /** The system's name of the last failure, such as EADDRINUSE. */
  errorName(): string;
  /** Where in memory the buffer begins; it must never be resized. */
  addressOf(buffer: ArrayBuffer): number;
}

const ARCHITECTURES: readonly string[] = ['x64', 'arm64'];

/** @throws Error when koffi cannot be loaded, or the memory layouts of this system are not known here */
export function loadSystemCalls(): SystemCalls {
  if (process.platform !== 'linux' || !ARCHITECTURES.includes(process.arch)) {
    throw new Error(`batched UDP is not known on ${process.platform} ${process.arch}`);
  }
  const koffi = createRequire(import.meta.url)('koffi') as KoffiModule;
  const libc = koffi.load(null);
  const names = new Map(Object.entries(koffi.os.errno).map(([name, value]) => [value, name]));
  const call = (definition: string): KoffiFunction => libc.func(definition);
  return {
    socket: call('int socket(int, int, int)'),
    bind: call('int bind(int, uint64_t, uint32_t)'),
    getsockname: call('int getsockname(int, uint64_t, uint64_t)'),
    setsockopt: call('int setsockopt(int, int, int, uint64_t, uint32_t)'),
    sendto: call('int64_t sendto(int, uint64_t, uint64_t, int, uint64_t, uint32_t)'),
    connect: call('int connect(int, uint64_t, uint32_t)'),
    send: call('int64_t send(int, uint64_t, uint64_t, int)'),
    recvmsg: call('int64_t recvmsg(int, uint64_t, int)'),
    recvmmsg: call('int recvmmsg(int, uint64_t, uint32_t, int, uint64_t)'),
    epollCreate: call('int epoll_create1(int)'),
    epollControl: call('int epoll_ctl(int, int, int, uint64_t)'),
    epollWait: call('int epoll_wait(int, uint64_t, int, int)'),
    close: call('int close(int)'),
    inetPton: call('int inet_pton(int, const char *, uint64_t)'),
    errorName: () => names.get(koffi.errno()) ?? `errno ${koffi.errno()}`,
    addressOf: (buffer) => Number(koffi.address(buffer)),
  };
}
