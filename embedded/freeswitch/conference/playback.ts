/** Sounds played into a conference: to everybody, one after the other, or to one member. */
import type { PlayResult, RoomPlayHandle, RoomPlayOptions } from '../../media/index.ts';
import { nameOf, parseSoundFile } from '../applications/playable.ts';
import type { Conference, ConferenceOptions } from './conference.ts';
import type { ConferenceMember } from './member.ts';

type Parameters = readonly (readonly [string, string])[];

interface Playing {
  /** As it was asked for. */
  readonly file: string;
  readonly name: string;
  readonly parameters: Parameters;
  readonly handle: RoomPlayHandle;
  readonly memberId: number | undefined;
  readonly async: boolean;
  paused: boolean;
}

const SAMPLES_PER_MS = 8;
const MAX_QUEUED = 200;
const COUNTED_TIMES = 2;
const LOUDEST = 50;

export class ConferencePlayback {
  readonly #conference: Conference;
  readonly #options: Pick<ConferenceOptions, 'events' | 'room' | 'logger'>;
  /** In the order in which they were asked for. */
  readonly #playing = new Set<Playing>();

  constructor(conference: Conference, options: Pick<ConferenceOptions, 'events' | 'room' | 'logger'>) {
    this.#conference = conference;
    this.#options = options;
  }

  /** To everybody. A sound beside the others ends the one that was beside them. False when too much is waiting already. */
  async playToAll(file: string, async: boolean): Promise<boolean> {
    const playing = await this.#play(file, { async });
    if (!playing) return false;
    this.#options.events.conference(
      this.#conference,
      'play-file',
      [
        ['File', file],
        ['Async', String(async)],
      ],
      playing.parameters,
    );
    if (async) for (const other of this.#playing) if (other.async && other !== playing) other.handle.stop();
    return true;
  }

  /** @param told `hold` does not tell of its music. @param alone the member hears it instead of the room */
  async playToMember(member: ConferenceMember, file: string, { told = true, alone = false } = {}): Promise<boolean> {
    const playing = await this.#play(file, { memberId: member.id, alone });
    if (playing && told) {
      this.#options.events.member(this.#conference, member, 'play-file-member', [['File', file]], playing.parameters);
    }
    return playing !== undefined;
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

  /** What is heard now, by everybody or by one member: its name; undefined when nothing is. */
  current(memberId?: number): string | undefined {
    return this.#head(memberId)?.name;
  }

  /** @returns whether it is paused now; undefined when nothing is played */
  togglePause(memberId?: number): boolean | undefined {
    const head = this.#head(memberId);
    if (!head) return undefined;
    head.paused = !head.paused;
    head.handle.pause(head.paused);
    return head.paused;
  }

  /** @returns where it goes on, in samples; undefined when nothing is played */
  async seek(milliseconds: number, from: 'start' | 'here', memberId?: number): Promise<number | undefined> {
    return this.#head(memberId)
      ?.handle.seek(milliseconds, from)
      .catch(() => 0);
  }

  /** False when nothing is played to everybody. */
  setVolume(decibels: number): boolean {
    const head = this.#head(undefined);
    head?.handle.setVolume(Math.max(-LOUDEST, Math.min(LOUDEST, decibels)));
    return head !== undefined;
  }

  #head(memberId: number | undefined): Playing | undefined {
    for (const playing of this.#playing) if (playing.memberId === memberId && !playing.async) return playing;
    return undefined;
  }

  async #play(
    file: string,
    where: Pick<RoomPlayOptions, 'memberId' | 'async' | 'alone'>,
  ): Promise<Playing | undefined> {
    if (this.#playing.size >= MAX_QUEUED) return undefined;
    const { uri, parameters } = parseSoundFile(file);
    const { memberId, async = false } = where;
    const room = await this.#options.room;
    const handle = room.play(uri, { ...where, ...playOptions(parameters, memberId === undefined) });
    const playing: Playing = { file, name: nameOf(uri), parameters, handle, memberId, async, paused: false };
    this.#playing.add(playing);
    void this.#tellWhenDone(playing);
    return playing;
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
        ...playing.parameters,
      ],
      after: [
        ['File', playing.file],
        ['Async', playing.async ? 'true' : undefined],
      ],
    });
  }
}

/** `vol`, and `loops` where the real server heeds it: not for one member. */
function playOptions(parameters: Parameters, forAll: boolean): Pick<RoomPlayOptions, 'volume' | 'times'> {
  const given = new Map(parameters);
  const volume = Number.parseInt(given.get('vol') ?? '', 10) || 0;
  const loops = given.get('loops') ?? '';
  const times =
    /^inf(inite)?$/i.test(loops) || Number.parseInt(loops, 10) < 0 ? Infinity : Number.parseInt(loops, 10) || 1;
  return { ...(volume !== 0 && { volume }), ...(forAll && times !== 1 && { times }) };
}
