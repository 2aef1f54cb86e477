/** Sounds played into a conference: to everybody, one after the other, or to one member. */
import type { PlayHandle, PlayResult } from '../../media/index.ts';
import type { Conference, ConferenceOptions } from './conference.ts';
import type { ConferenceMember } from './member.ts';

interface Playing {
  readonly file: string;
  readonly handle: PlayHandle;
  readonly memberId: number | undefined;
  readonly async: boolean;
}

const SAMPLES_PER_MS = 8;
const MAX_QUEUED = 200;
const COUNTED_TIMES = 2;

export class ConferencePlayback {
  readonly #conference: Conference;
  readonly #options: Pick<ConferenceOptions, 'events' | 'room' | 'logger'>;
  readonly #playing = new Set<Playing>();

  constructor(conference: Conference, options: Pick<ConferenceOptions, 'events' | 'room' | 'logger'>) {
    this.#conference = conference;
    this.#options = options;
  }

  /** To everybody. False when too much is waiting already. */
  async playToAll(file: string, uri: string, async: boolean): Promise<boolean> {
    const started = await this.#play(file, uri, undefined, async);
    if (started) {
      this.#options.events.conference(this.#conference, 'play-file', [
        ['File', file],
        ['Async', String(async)],
      ]);
    }
    return started;
  }

  async playToMember(member: ConferenceMember, file: string, uri: string): Promise<boolean> {
    const started = await this.#play(file, uri, member.id, false);
    if (started) this.#options.events.member(this.#conference, member, 'play-file-member', [['File', file]]);
    return started;
  }

  /** What the real server tells of a file that is not there. */
  tellFailure(file: string, async: boolean): void {
    this.#options.events.conference(this.#conference, 'play-file', [
      ['File', file],
      ['Async', String(async)],
      ['Error', 'File could not be played'],
    ]);
  }

  /** @returns how many were stopped */
  stop(which: 'current' | 'all' | 'async', memberId?: number): number {
    const mine = [...this.#playing].filter((playing) => playing.memberId === memberId);
    const chosen = which === 'all' ? mine : mine.filter((playing) => playing.async === (which === 'async'));
    const stopped = which === 'current' ? chosen.slice(0, 1) : chosen;
    for (const playing of stopped) playing.handle.stop();
    return stopped.length;
  }

  stopAll(): void {
    for (const playing of this.#playing) playing.handle.stop();
  }

  async #play(file: string, uri: string, memberId: number | undefined, async: boolean): Promise<boolean> {
    if (this.#playing.size >= MAX_QUEUED) return false;
    const room = await this.#options.room;
    const handle = room.play(uri, memberId === undefined ? { async } : { memberId });
    const playing: Playing = { file, handle, memberId, async };
    this.#playing.add(playing);
    void this.#tellWhenDone(playing);
    return true;
  }

  async #tellWhenDone(playing: Playing): Promise<void> {
    const stopped: PlayResult = { outcome: 'stopped', playedMilliseconds: 0, lastOffset: 0 };
    const result = await playing.handle.result.catch(() => stopped);
    this.#playing.delete(playing);
    // The real server counts what a conference plays twice, and so does whoever compares.
    const milliseconds = COUNTED_TIMES * Math.round(result.playedMilliseconds);
    const { memberId } = playing;
    const member = memberId === undefined ? undefined : this.#conference.member(memberId);
    const action = memberId === undefined ? 'play-file-done' : 'play-file-member-done';
    this.#options.events.memberAfter(this.#conference, member, action, {
      before: [
        ['seconds', String(Math.floor(milliseconds / 1_000))],
        ['milliseconds', String(milliseconds)],
        ['samples', String(milliseconds * SAMPLES_PER_MS)],
      ],
      after: [
        ['File', playing.file],
        ['Async', playing.async ? 'true' : undefined],
      ],
    });
  }
}
