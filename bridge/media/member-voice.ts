/**
 * What is played to one member of a room: words, one after the other, and music for as long as nothing else is played.
 * FreeSWITCH queues what is played to a member and tells of each file's end, in order.
 */
import { PartylineError } from '../../config/contract/index.ts';
import type { Logger } from '../../config/index.ts';
import { commands, type ApiCommand } from './commands.ts';

export interface VoiceHost {
  send(command: ApiCommand): Promise<string>;
}

/** Files that wait to be said after what is being said: whoever would hear more of them hears nothing else. */
const MOST_WAITING = 16;

interface Queued {
  readonly kind: 'music' | 'instead' | 'after';
  readonly ended: (how: 'done' | 'stopped') => void;
}

export class MemberVoice {
  readonly #host: VoiceHost;
  readonly #room: string;
  readonly #memberId: number;
  readonly #logger: Logger;
  /** Sent, and not told to have ended; the first is being heard. */
  #queue: Queued[] = [];
  /** Told to stop, and not told to have ended: nobody waits for these. */
  #stopping = 0;
  #music: readonly string[] = [];
  #closed = false;

  constructor(host: VoiceHost, place: { room: string; memberId: number }, logger: Logger) {
    this.#host = host;
    this.#room = place.room;
    this.#memberId = place.memberId;
    this.#logger = logger;
  }

  /**
   * Resolves when all of it was heard, or when something else was said instead; at once, with nothing said, when too much
   * waits to be said already.
   * @param options.signal stops it
   * @throws PartylineError when the media server refuses
   */
  async say(
    files: readonly string[],
    options: { readonly instead?: boolean; readonly signal?: AbortSignal } = {},
  ): Promise<'done' | 'stopped'> {
    const { instead = true, signal } = options;
    if (this.#closed || signal?.aborted === true) return 'stopped';
    // Nothing to say is no reason to stop what somebody else has begun to say.
    if (files.length === 0) return 'done';
    const waiting = this.#queue.filter(({ kind }) => kind === 'after').length;
    if (!instead && waiting > 0 && waiting + files.length > MOST_WAITING) return 'stopped';
    if (instead || this.#playsMusic) this.#stopAll();
    const stop = () => this.#stopAll();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      const ends = await Promise.all(files.map((file) => this.#play(file, instead ? 'instead' : 'after')));
      return ends.every((end) => end === 'done') ? 'done' : 'stopped';
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  /** @param files played over and over while nothing is said; none: no music */
  music(files: readonly string[]): void {
    const same = files.length === this.#music.length && files.every((file, index) => file === this.#music[index]);
    if (same || this.#closed) return;
    this.#music = files;
    if (this.#playsMusic) this.#stopAll();
    this.#fill();
  }

  /** The media server has told that a file has ended. */
  onFileDone(): void {
    if (this.#stopping > 0) {
      this.#stopping -= 1;
    } else {
      this.#queue.shift()?.ended('done');
      this.#fill();
    }
  }

  /** The connection was away: nobody knows what has been told meanwhile. */
  restart(): void {
    this.#stopAll();
    this.#stopping = 0;
    this.#fill();
  }

  close(): void {
    this.#closed = true;
    for (const { ended } of this.#queue.splice(0)) ended('stopped');
  }

  get #playsMusic(): boolean {
    return this.#queue[0]?.kind === 'music';
  }

  #fill(): void {
    if (this.#queue.length > 0 || this.#closed) return;
    for (const file of this.#music) {
      this.#play(file, 'music').catch((error: unknown) =>
        this.#logger.warn({ err: error }, 'music could not be played'),
      );
    }
  }

  #stopAll(): void {
    const stopped = this.#queue.splice(0);
    if (stopped.length === 0 || this.#closed) return;
    this.#stopping += stopped.length;
    this.#host.send(commands.stopPlayingTo(this.#room, this.#memberId)).catch((error: unknown) => {
      this.#logger.warn({ err: error }, 'something that is being said could not be stopped');
    });
    for (const { ended } of stopped) ended('stopped');
    // Music goes on after whatever is said next; if nothing is, at once.
    queueMicrotask(() => this.#fill());
  }

  #play(file: string, kind: Queued['kind']): Promise<'done' | 'stopped'> {
    return new Promise((resolve, reject) => {
      const queued: Queued = { kind, ended: resolve };
      this.#queue.push(queued);
      const refuse = (error: unknown) => {
        this.#queue = this.#queue.filter((other) => other !== queued);
        reject(error instanceof Error ? error : new Error(String(error)));
      };
      this.#host.send(commands.playToMember(this.#room, file, this.#memberId)).then((answer) => {
        if (answer.startsWith('-ERR')) refuse(new PartylineError('media/command-failed', { detail: answer.trim() }));
      }, refuse);
    });
  }
}
