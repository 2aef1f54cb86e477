/**
 * The DTLS handshake of one leg (RFC 5764): OpenSSL does it, between two memory BIOs; datagrams go in and out as ICE says.
 * What comes of it is the keys for SRTP, given out only when the peer's certificate is the one whose fingerprint came in
 * the SDP (RFC 8122).
 */
import type { SecureFailure, SecureMedia } from '../types.ts';
import { colons, type DtlsCertificate } from './certificate.ts';
import { NativeMemory } from './native-memory.ts';
import type { OpenSsl } from './openssl.ts';

type DtlsRole = SecureMedia['role'];

export interface SrtpKeys {
  readonly localKey: Buffer;
  readonly localSalt: Buffer;
  readonly remoteKey: Buffer;
  readonly remoteSalt: Buffer;
}

type DtlsFailure = Exclude<SecureFailure, 'no-handshake'>;

export interface DtlsEvents {
  /** The bytes are good during the call only. */
  send(datagram: Buffer): void;
  connected(keys: SrtpKeys): void;
  failed(reason: DtlsFailure): void;
}

/** RFC 8827 section 6.5 demands it of everybody. */
export const SRTP_PROFILE = 'SRTP_AES128_CM_SHA1_80';
const KEY_BYTES = 16;
const SALT_BYTES = 14;
/** What fits through about every network path, IPv6 tunnels included. */
const MTU = 1200;
const SCRATCH_BYTES = 65_536;
const RECORD_HEADER_BYTES = 13;

const SSL_CTRL_SET_MTU = 17;
const SSL_CTRL_SET_MIN_PROTO_VERSION = 123;
const DTLS_CTRL_HANDLE_TIMEOUT = 74;
const DTLS1_2_VERSION = 0xfefd;
const SSL_OP_NO_QUERY_MTU = 1 << 12;
const SSL_OP_NO_TICKET = 1 << 14;
const SSL_OP_NO_RENEGOTIATION = 1 << 30;
const SSL_VERIFY_NONE = 0;
const SSL_VERIFY_PEER = 1;
const SSL_VERIFY_FAIL_IF_NO_PEER_CERT = 2;
const SSL_ERROR_WANT_READ = 2;
const EVP_PKEY_EC = 408;
const BIO_C_SET_BUF_MEM_EOF_RETURN = 130;
const EXPORTER_LABEL = 'EXTRACTOR-dtls_srtp';

/** What all handshakes of a thread share: certificate, settings, scratch memory. */
export class DtlsContext {
  readonly openssl: OpenSsl;
  readonly memory: NativeMemory;
  readonly handle: number;
  readonly #trust: ReturnType<OpenSsl['trustAnyCertificate']>;

  /** @throws Error when OpenSSL does not take the certificate */
  constructor(openssl: OpenSsl, { certificate, privateKey }: DtlsCertificate) {
    const { call } = openssl;
    this.openssl = openssl;
    this.memory = new NativeMemory(openssl, SCRATCH_BYTES);
    this.handle = call.contextNew(call.dtlsMethod());
    const { handle, memory } = this;
    memory.bytes.set(certificate);
    const taken = call.contextUseCertificate(handle, certificate.length, memory.address);
    memory.bytes.set(privateKey);
    const matching = call.contextUsePrivateKey(EVP_PKEY_EC, handle, memory.address, privateKey.length);
    memory.bytes.fill(0, 0, privateKey.length);
    call.contextControl(handle, SSL_CTRL_SET_MIN_PROTO_VERSION, DTLS1_2_VERSION, 0);
    call.contextSetOptions(handle, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
    this.#trust = openssl.trustAnyCertificate();
    // This one answers 0 for success.
    const refused = call.contextUseSrtp(handle, SRTP_PROFILE);
    if (taken !== 1 || matching !== 1 || refused !== 0) throw new Error('OpenSSL does not take our certificate');
  }

  /**
   * OpenSSL asks this thread about the peer's certificate from now on. Another thread would be waited for, perhaps for ever:
   * it may wait for us. A server demands a certificate; a client sees one in any case, but is asked about it all the same.
   */
  answerFor(ssl: number, role: DtlsRole): void {
    const mode = role === 'server' ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : SSL_VERIFY_NONE;
    this.openssl.call.sslSetVerify(ssl, mode, this.#trust.address);
  }

  free(): void {
    this.openssl.call.contextFree(this.handle);
    this.#trust.free();
  }
}

export interface DtlsOptions {
  readonly role: DtlsRole;
  /** SHA-256 in the form of SDP; upper or lower case. */
  readonly fingerprint: string;
  readonly events: DtlsEvents;
}

/** A connection on its way to another thread: where OpenSSL has it in memory, and how far it is. */
export interface DtlsState {
  readonly ssl: number;
  readonly incoming: number;
  readonly outgoing: number;
  readonly stage: Stage;
}

type Stage = 'handshaking' | 'connected' | 'over';

export class DtlsHandshake {
  readonly #context: DtlsContext;
  readonly #options: DtlsOptions;
  readonly #ssl: number;
  readonly #incoming: number;
  readonly #outgoing: number;
  #stage: Stage;
  #freed = false;

  constructor(context: DtlsContext, options: DtlsOptions, state = openConnection(context, options.role)) {
    this.#context = context;
    this.#options = options;
    this.#ssl = state.ssl;
    this.#incoming = state.incoming;
    this.#outgoing = state.outgoing;
    this.#stage = state.stage;
    context.answerFor(state.ssl, options.role);
  }

  /** Not to be used any more after that; another one goes on with it. */
  depart(): DtlsState {
    this.#freed = true;
    return { ssl: this.#ssl, incoming: this.#incoming, outgoing: this.#outgoing, stage: this.#stage };
  }

  get connected(): boolean {
    return this.#stage === 'connected';
  }

  /** Sends the first flight of a client. */
  start(): void {
    this.#advance();
  }

  /** One datagram whose source ICE has proven. Never throws. */
  receive(datagram: Uint8Array): void {
    if (this.#stage === 'over' || datagram.length > SCRATCH_BYTES) return;
    const { memory, openssl } = this.#context;
    memory.bytes.set(datagram);
    openssl.call.bioWrite(this.#incoming, memory.address, datagram.length);
    if (this.#stage === 'handshaking') this.#advance();
    else this.#read();
  }

  /** Sends again what was not answered in time; OpenSSL knows when. */
  tick(): void {
    if (this.#stage !== 'handshaking') return;
    this.#context.openssl.call.sslControl(this.#ssl, DTLS_CTRL_HANDLE_TIMEOUT, 0, 0);
    this.#flush();
  }

  /** Says goodbye if there was a connection. Idempotent. */
  close(): void {
    const { call } = this.#context.openssl;
    if (this.#freed) return;
    if (this.#stage === 'connected') {
      call.sslShutdown(this.#ssl);
      this.#flush();
    }
    this.#stage = 'over';
    this.#freed = true;
    call.sslFree(this.#ssl);
  }

  #advance(): void {
    const { call } = this.#context.openssl;
    call.errorsClear();
    const result = call.sslHandshake(this.#ssl);
    const failed = result !== 1 && call.sslError(this.#ssl, result) !== SSL_ERROR_WANT_READ;
    this.#flush();
    if (result === 1) this.#complete();
    else if (failed) this.#fail('handshake-failed');
  }

  #complete(): void {
    const expected = this.#isExpectedPeer();
    const keys = expected ? this.#exportKeys() : undefined;
    if (!keys) {
      this.#fail(expected ? 'no-srtp' : 'wrong-fingerprint');
      return;
    }
    this.#stage = 'connected';
    this.#options.events.connected(keys);
  }

  #isExpectedPeer(): boolean {
    const { memory, openssl } = this.#context;
    const { call } = openssl;
    const certificate = call.sslPeerCertificate(this.#ssl);
    if (certificate === 0) return false;
    const made = call.certificateDigest(certificate, call.sha256(), memory.address, memory.address + 64);
    call.certificateFree(certificate);
    const fingerprint = colons(memory.bytes.subarray(0, 32));
    return made === 1 && fingerprint === this.#options.fingerprint.toUpperCase();
  }

  /** RFC 5764 section 4.2: both keys, then both salts, the client's first. */
  #exportKeys(): SrtpKeys | undefined {
    const { memory, openssl } = this.#context;
    const { call } = openssl;
    if (call.sslSrtpProfile(this.#ssl) === 0) return undefined;
    const length = 2 * (KEY_BYTES + SALT_BYTES);
    const label = EXPORTER_LABEL;
    if (call.sslExportKeys(this.#ssl, memory.address, length, label, label.length, 0, 0, 0) !== 1) return undefined;
    const part = (at: number, bytes: number): Buffer => Buffer.from(memory.bytes.subarray(at, at + bytes));
    const client = { key: part(0, KEY_BYTES), salt: part(2 * KEY_BYTES, SALT_BYTES) };
    const server = { key: part(KEY_BYTES, KEY_BYTES), salt: part(2 * KEY_BYTES + SALT_BYTES, SALT_BYTES) };
    memory.bytes.fill(0, 0, length);
    const [local, remote] = this.#options.role === 'client' ? [client, server] : [server, client];
    return { localKey: local.key, localSalt: local.salt, remoteKey: remote.key, remoteSalt: remote.salt };
  }

  /**
   * After the handshake: the peer's repeated last flight is answered, data nobody asked for is thrown away. Once the peer
   * has said goodbye OpenSSL reads nothing more, and what came would wait in memory for ever.
   */
  #read(): void {
    const { memory, openssl } = this.#context;
    const { call } = openssl;
    call.errorsClear();
    let result: number;
    do result = call.sslRead(this.#ssl, memory.address, SCRATCH_BYTES);
    while (result > 0);
    if (call.sslError(this.#ssl, result) !== SSL_ERROR_WANT_READ) this.#stage = 'over';
    this.#flush();
  }

  #fail(reason: DtlsFailure): void {
    this.#stage = 'over';
    this.#options.events.failed(reason);
  }

  /** OpenSSL's records, as many in a datagram as fit. */
  #flush(): void {
    const { memory, openssl } = this.#context;
    const length = openssl.call.bioRead(this.#outgoing, memory.address, SCRATCH_BYTES);
    for (let begin = 0; begin < length;) {
      const end = endOfDatagram(memory.bytes, begin, length);
      this.#options.events.send(memory.bytes.subarray(begin, end));
      begin = end;
    }
  }
}

function openConnection({ openssl, handle }: DtlsContext, role: DtlsRole): DtlsState {
  const { call } = openssl;
  const ssl = call.sslNew(handle);
  const [incoming, outgoing] = [openBio(openssl), openBio(openssl)];
  call.sslSetBio(ssl, incoming, outgoing);
  call.sslControl(ssl, SSL_CTRL_SET_MTU, MTU, 0);
  if (role === 'server') call.sslSetAcceptState(ssl);
  else call.sslSetConnectState(ssl);
  return { ssl, incoming, outgoing, stage: 'handshaking' };
}

function openBio({ call }: OpenSsl): number {
  const bio = call.bioNew(call.memoryBioMethod());
  // Empty means "not yet", not "the end".
  call.bioControl(bio, BIO_C_SET_BUF_MEM_EOF_RETURN, -1, 0);
  return bio;
}

/** Records are never torn apart (RFC 6347 section 4.1.1). */
function endOfDatagram(bytes: Buffer, begin: number, length: number): number {
  let end = begin;
  while (end + RECORD_HEADER_BYTES <= length) {
    const next = end + RECORD_HEADER_BYTES + bytes.readUInt16BE(end + 11);
    if (next > length || (next - begin > MTU && end > begin)) break;
    end = next;
  }
  return end > begin ? end : length;
}
