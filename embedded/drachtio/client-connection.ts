/** One application's connection: frames in and out, the secret first. */
import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Logger } from '../../config/index.ts';
import {
  DrachtioFrameDecoder,
  DrachtioFrameError,
  encodeDrachtioFrame,
  parseDrachtioPayload,
} from '../wire/drachtio-frame.ts';
import { NamedTimers, type Clock } from '../sip/index.ts';
import type { ClientPort } from './client-port.ts';
import type { DrachtioLimits } from './limits.ts';

export interface ClientConnectionUser {
  /** Tokens of the answer to a right secret, after OK. */
  welcome(): readonly string[];
  onAuthenticated(client: ClientConnection): void;
  /** A frame of an authenticated client: id, kind and what follows. */
  onFrame(client: ClientConnection, tokens: readonly string[], sip: Buffer | undefined): void;
  /** Its connection is gone; told once. */
  onGone(client: ClientConnection): void;
}

export interface ClientConnectionOptions {
  readonly socket: Socket;
  readonly secret: string;
  readonly limits: DrachtioLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly user: ClientConnectionUser;
}

export class ClientConnection implements ClientPort {
  readonly closed: Promise<void>;
  readonly #options: ClientConnectionOptions;
  readonly #decoder = new DrachtioFrameDecoder();
  readonly #timers: NamedTimers;
  #state: 'unauthenticated' | 'authenticated' | 'closed' = 'unauthenticated';

  constructor(options: ClientConnectionOptions) {
    this.#options = options;
    this.#timers = new NamedTimers(options.clock);
    const { socket, limits } = options;
    socket.setNoDelay(true);
    socket.setKeepAlive(true);
    socket.on('data', (bytes) => this.#onData(bytes));
    socket.on('error', (error) => options.logger.debug({ err: error }, 'connection of a drachtio client failed'));
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#gone();
        resolve();
      });
    });
    this.#timers.start('authentication', limits.authenticationDeadlineMs, () => this.close('no secret in time'));
  }

  get connected(): boolean {
    return this.#state === 'authenticated';
  }

  send(tokens: readonly string[], sip?: Buffer): void {
    const { socket, limits } = this.#options;
    if (this.#state === 'closed') return;
    if (socket.writableLength > limits.maxUnsentBytes) this.close('it does not read');
    else socket.write(encodeDrachtioFrame([randomUUID(), ...tokens], sip));
  }

  /** Idempotent. */
  close(reason: string): void {
    if (this.#state === 'closed') return;
    this.#options.logger.debug({ reason }, 'drachtio client is disconnected');
    this.#gone();
    this.#options.socket.destroySoon();
  }

  /** Does not wait for what is still to be written. */
  abort(): void {
    this.#gone();
    this.#options.socket.destroy();
  }

  #gone(): void {
    const was = this.#state;
    if (was === 'closed') return;
    this.#state = 'closed';
    this.#timers.stopAll();
    this.#options.user.onGone(this);
  }

  #onData(bytes: Buffer): void {
    const { limits } = this.#options;
    if (this.#state === 'closed') return;
    try {
      const max = this.#state === 'authenticated' ? limits.maxFrameBytes : limits.maxUnauthenticatedFrameBytes;
      for (const payload of this.#decoder.push(bytes, max)) this.#onPayload(payload);
    } catch (error) {
      if (!(error instanceof DrachtioFrameError)) throw error;
      this.close(error.message);
    }
  }

  #onPayload(payload: Buffer): void {
    const { tokens, sip } = parseDrachtioPayload(payload);
    const [messageId = '', kind] = tokens;
    if (this.#state === 'closed') return;
    if (kind === undefined) this.#refuse(messageId, 'Invalid message format');
    else if (kind === 'authenticate') this.#authenticate(messageId, tokens[2] ?? '');
    else if (this.#state === 'unauthenticated') this.#refuse(messageId, 'not authenticated');
    else this.#options.user.onFrame(this, tokens, sip);
  }

  #authenticate(messageId: string, secret: string): void {
    if (!sameSecret(secret, this.#options.secret)) {
      this.#options.logger.warn({ address: this.#options.socket.remoteAddress }, 'drachtio client told a wrong secret');
      this.#refuse(messageId, 'incorrect secret');
      return;
    }
    this.#timers.stop('authentication');
    this.#state = 'authenticated';
    this.#options.user.onAuthenticated(this);
    this.send(['response', messageId, 'OK', ...this.#options.user.welcome()]);
  }

  /** Answers NO and closes, as the real server does with what it cannot take. */
  #refuse(messageId: string, reason: string): void {
    this.send(['response', messageId, 'NO', reason]);
    this.close(reason);
  }

  /** For those above: a frame that ends the connection. */
  refuseAndClose(messageId: string, reason: string): void {
    this.#refuse(messageId, reason);
  }
}

/** In time that does not depend on where they differ. */
function sameSecret(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
