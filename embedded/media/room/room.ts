/** One conference's mix, 20 ms at a time: listen to everybody, sum once, give each the sum less their own voice. */
import { FRAME_SAMPLES, fileVolumeGain, mixInto } from '../audio.ts';
import { comfortNoise, type ComfortNoise } from '../comfort-noise.ts';
import { MediaError } from '../errors.ts';
import type { AudioSource } from '../sources/audio-source.ts';
import { SharedFrame } from '../shared-frame.ts';
import type { MemberAudio } from '../types.ts';
import { PlayPool, PlayQueue, type Playback, type PlayEnded } from '../worker/playback.ts';
import { RecorderSet } from '../worker/recorder-set.ts';
import { Floor } from './floor.ts';
import { Member, type RoomLeg } from './member.ts';
import { MixBus } from './mix-bus.ts';
import { Relations } from './relations.ts';

export interface RoomEvents {
  startTalking(memberId: number, energy: number): void;
  stopTalking(memberId: number, energy: number): void;
  muteDetect(memberId: number): void;
  floorChange(from: number | null, to: number | null): void;
  playEnded: PlayEnded;
  /** A leg threw: it has to go. The room goes on. */
  legFailed(leg: RoomLeg, error: unknown): void;
  fault(text: string): void;
}

export interface RoomPlay {
  readonly playId: number;
  readonly uri: string;
  readonly source: Promise<AudioSource | undefined>;
  /** Undefined: to everybody. */
  readonly memberId: number | undefined;
  /** Decibels, −50…50. */
  readonly volume: number | undefined;
  readonly async: boolean;
  readonly times?: number;
  /** The member hears this and not the room. */
  readonly alone?: boolean;
}

export interface RoomSettings {
  /** Faint noise while nothing is heard: full scale divided by this; undefined = silence. */
  readonly comfortNoiseLevel?: number | undefined;
}

const NOBODY: ReadonlySet<number> = new Set();
const SILENCE = new SharedFrame();

export class Room {
  readonly #events: RoomEvents;
  readonly #members = new Map<number, Member>();
  /** The same members, as a list: the clock walks along it three times each tick. */
  #order: readonly Member[] = [];
  readonly #relations = new Relations();
  readonly #floor: Floor;
  readonly #queue: PlayQueue;
  readonly #pool: PlayPool;
  readonly #recorders: RecorderSet;
  readonly #bus = new MixBus();
  /** What all hear who do not speak. */
  readonly #full = new SharedFrame();
  readonly #personal = new Int16Array(FRAME_SAMPLES);
  readonly #played = new Int16Array(FRAME_SAMPLES);
  readonly #pooled = new Int16Array(FRAME_SAMPLES);
  readonly #noise: ComfortNoise | undefined;
  /** What is heard while nobody talks. */
  #quiet = SILENCE;
  #closed = false;

  constructor(events: RoomEvents, { comfortNoiseLevel }: RoomSettings = {}) {
    this.#events = events;
    this.#noise = comfortNoiseLevel === undefined ? undefined : comfortNoise(comfortNoiseLevel);
    this.#floor = new Floor((from, to) => events.floorChange(from, to));
    this.#queue = new PlayQueue(events.playEnded);
    this.#pool = new PlayPool(events.playEnded);
    this.#recorders = new RecorderSet((text) => events.fault(text));
  }

  /** @throws MediaError `media/member-exists` */
  addMember(memberId: number, leg: RoomLeg, audio: MemberAudio): void {
    if (this.#members.has(memberId) || leg.inRoom) {
      throw new MediaError('media/member-exists', `member ${memberId} or its port is in a room`);
    }
    leg.inRoom = true;
    this.#members.set(memberId, new Member(memberId, leg, audio, this.#events.playEnded));
    this.#order = [...this.#members.values()];
  }

  /** @throws MediaError `media/unknown-member` */
  removeMember(memberId: number): void {
    const member = this.#members.get(memberId);
    if (!member) throw new MediaError('media/unknown-member', `no member ${memberId}`);
    this.#members.delete(memberId);
    this.#order = [...this.#members.values()];
    this.#relations.forget(memberId);
    member.leg.inRoom = false;
    member.players.stopAll();
    this.#floor.leave(memberId);
  }

  /** The leg was closed. */
  removeLeg(leg: RoomLeg): void {
    for (const member of this.#order) if (member.leg === leg) this.removeMember(member.memberId);
  }

  setAudio(memberId: number, audio: Partial<MemberAudio>): void {
    const member = this.#members.get(memberId);
    if (member?.change(audio)) this.#events.stopTalking(memberId, 0);
  }

  setRelation(a: number, b: number, relation: { nospeak: boolean; nohear: boolean }): void {
    this.#relations.set(a, b, relation);
  }

  play(play: RoomPlay): void {
    const { playId, uri, source, memberId, volume = 0, times = 1, alone = false } = play;
    const request = { playId, uri, source, gain: fileVolumeGain(volume), times };
    if (memberId === undefined) {
      (play.async ? this.#pool : this.#queue).add(request);
      return;
    }
    const member = this.#members.get(memberId);
    if (alone) member?.alone.add(playId);
    if (member) member.players.add(request);
    else this.#events.playEnded(playId, { outcome: 'stopped', playedMilliseconds: 0, lastOffset: 0 });
  }

  pausePlaying(playId: number, paused: boolean): void {
    const play = this.#findPlay(playId);
    if (play) play.paused = paused;
  }

  setPlayVolume(playId: number, decibels: number): void {
    const play = this.#findPlay(playId);
    if (play) play.gain = fileVolumeGain(decibels);
  }

  /** @returns where it goes on, in samples; 0 when it does not play */
  seek(playId: number, samples: number, relative: boolean): number {
    return this.#findPlay(playId)?.seek(samples, relative) ?? 0;
  }

  #findPlay(playId: number): Playback | undefined {
    const all = this.#queue.find(playId) ?? this.#pool.find(playId);
    if (all) return all;
    for (const { players } of this.#order) {
      const own = players.find(playId);
      if (own) return own;
    }
    return undefined;
  }

  /** Gives the floor, or takes it. */
  setFloor(memberId: number | null): void {
    if (memberId === null || this.#members.has(memberId)) this.#floor.give(memberId);
  }

  stopPlaying(playId: number): void {
    if (this.#queue.stop(playId) || this.#pool.stop(playId)) return;
    for (const member of this.#order) if (member.players.stop(playId)) return;
  }

  tick(nowMs: number): void {
    this.#bus.clear();
    let sounding = this.#listen(nowMs);
    this.#floor.consider(this.#order);
    if (this.#readPlayers()) {
      this.#bus.add(this.#played);
      sounding = true;
    }
    this.#quiet = this.#noise?.frame() ?? SILENCE;
    this.#bus.full(this.#full.samples);
    this.#full.changed();
    this.#recorders.write(this.#full.samples);
    for (const member of this.#order) this.#tell(member, sounding, nowMs);
  }

  startRecording(path: string): Promise<void> {
    return this.#recorders.start(path);
  }

  pauseRecording(path: string, paused: boolean): void {
    this.#recorders.pause(path, paused);
  }

  async stopRecording(path: string): Promise<{ milliseconds: number }> {
    return { milliseconds: await this.#recorders.stop(path) };
  }

  members(): { memberId: number; energy: number; talking: boolean; floor: boolean }[] {
    return this.#order.map(({ memberId, talk }) => ({
      memberId,
      energy: talk.score,
      talking: talk.talking,
      floor: this.#floor.holder === memberId,
    }));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const { memberId } of this.#order) this.removeMember(memberId);
    this.#queue.stopAll();
    this.#pool.stopAll();
    await this.#recorders.closeAll();
  }

  #listen(nowMs: number): boolean {
    let sounding = false;
    for (const member of this.#order) {
      this.#hear(member, nowMs);
      if (!member.heard) continue;
      this.#bus.add(member.voice);
      sounding = true;
    }
    return sounding;
  }

  #hear(member: Member, nowMs: number): void {
    try {
      this.#announce(member, member.listen(nowMs));
    } catch (error) {
      member.heard = false;
      this.#events.legFailed(member.leg, error);
    }
  }

  #tell(member: Member, sounding: boolean, nowMs: number): void {
    try {
      const shared = this.#sharedMixFor(member, sounding);
      member.tell(shared?.samples ?? this.#ownMixFor(member), nowMs, shared);
    } catch (error) {
      this.#events.legFailed(member.leg, error);
    }
  }

  #announce(member: Member, change: 'started' | 'stopped' | undefined): void {
    if (change === undefined) return;
    const { memberId, talk, audio } = member;
    if (!audio.speak) {
      if (change === 'started') this.#events.muteDetect(memberId);
    } else if (change === 'started') this.#events.startTalking(memberId, talk.score);
    else this.#events.stopTalking(memberId, talk.score);
  }

  /** Room players, queued and parallel, into one frame. */
  #readPlayers(): boolean {
    const queued = this.#queue.read(this.#played);
    const pooled = this.#pool.read(this.#pooled);
    if (pooled && queued) mixInto(this.#played, this.#pooled);
    else if (pooled) this.#played.set(this.#pooled);
    return queued || pooled;
  }

  /** The mix of those who hear what all hear; undefined for whom one has to be made. */
  #sharedMixFor(member: Member, sounding: boolean): SharedFrame | undefined {
    if (!sounding) return this.#quiet;
    if (!member.audio.hear) return SILENCE;
    if (member.heard || this.#relations.unheardBy(member.memberId)) return undefined;
    return this.#full;
  }

  #ownMixFor(member: Member): Int16Array {
    const unheard = this.#relations.unheardBy(member.memberId) ?? NOBODY;
    if (unheard.size === 0) {
      this.#bus.without(member.voice, this.#personal);
      return this.#personal;
    }
    const less = member.heard ? [member.voice] : [];
    for (const memberId of unheard) {
      const other = this.#members.get(memberId);
      if (other?.heard && other !== member) less.push(other.voice);
    }
    this.#bus.withoutAll(less, this.#personal);
    return this.#personal;
  }
}
