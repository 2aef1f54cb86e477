/**
 * One conference: who is in it and what state it is in. Sound is done by a MediaRoom; every change here is told to it.
 * Lives from the first member to the last.
 */
import { randomUUID } from 'node:crypto';
import type { Logger } from '../../../config/index.ts';
import type { MediaRoom } from '../../media/index.ts';
import { isFalse } from '../channel/channel-variables.ts';
import type { Clock, Timer } from '../clock.ts';
import type { ConferenceEvents } from './conference-events.ts';
import type { ConferenceFlags } from './flags.ts';
import type { ConferenceMember } from './member.ts';
import { ConferencePlayback } from './playback.ts';
import { ConferenceRecordings } from './recordings.ts';

export interface ConferenceOptions {
  readonly name: string;
  readonly profile: string;
  readonly domain: string;
  readonly flags: ConferenceFlags;
  readonly events: ConferenceEvents;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly room: Promise<MediaRoom>;
  /** Told once, when the last one has left and everything is closed. */
  readonly destroyed: (conference: Conference) => void;
}

export const RATE = 8_000;
/** Energy level of the profile: what counts as talking. */
export const DEFAULT_ENERGY_LEVEL = 100;

export class Conference {
  readonly name: string;
  readonly uuid = randomUUID();
  readonly profile: string;
  readonly domain: string;
  readonly createdAt: number;
  readonly variables = new Map<string, string>();
  readonly playback: ConferencePlayback;
  readonly recordings: ConferenceRecordings;
  readonly audioAlways: boolean;
  locked = false;
  waitingForModerator: boolean;
  maxMembers = 0;
  endGraceSeconds = 0;
  /** Played beside everything else when somebody comes and goes; '' is no sound. */
  readonly sounds = { enter: { on: true, file: '' }, exit: { on: true, file: '' } };
  readonly settings = { sound_prefix: '', caller_id_name: '', caller_id_number: '' };
  floorHolder: number | undefined;
  readonly #options: ConferenceOptions;
  /** Newest first, as FreeSWITCH lists them. */
  #members: ConferenceMember[] = [];
  #ending: Promise<void> | undefined;
  #emptied: (() => void) | undefined;
  #endTimer: Timer | undefined;

  constructor(options: ConferenceOptions) {
    this.#options = options;
    this.name = options.name;
    this.profile = options.profile;
    this.domain = options.domain;
    this.createdAt = options.clock.now();
    this.audioAlways = options.flags.audioAlways;
    this.waitingForModerator = options.flags.waitForModerator;
    this.playback = new ConferencePlayback(this, options);
    this.recordings = new ConferenceRecordings(this, options);
    this.#listen().catch((error: unknown) => options.logger.error({ err: error }, 'a media room could not be opened'));
    options.events.conference(this, 'conference-create');
  }

  get members(): readonly ConferenceMember[] {
    return this.#members;
  }

  /** Members that count; ghosts do not. */
  get size(): number {
    return this.#members.filter((member) => !member.flags.ghost).length;
  }

  get ghosts(): number {
    return this.#members.length - this.size;
  }

  get ending(): boolean {
    return this.#ending !== undefined;
  }

  /** Seconds since the first member came. */
  get runTime(): number {
    return Math.floor((this.#options.clock.now() - this.createdAt) / 1_000);
  }

  get room(): Promise<MediaRoom> {
    return this.#options.room;
  }

  get now(): number {
    return this.#options.clock.now();
  }

  member(id: number): ConferenceMember | undefined {
    return this.#members.find((member) => member.id === id);
  }

  /** @throws when the room or the port is not there any more */
  async add(member: ConferenceMember): Promise<void> {
    const { port } = member.channel;
    if (!port || this.#ending) throw new Error('the conference cannot take the member');
    this.#members.unshift(member);
    const moderatorCame = this.waitingForModerator && member.flags.moderator;
    if (moderatorCame) this.waitingForModerator = false;
    try {
      const room = await this.room;
      await room.addMember(member.id, port, member.audio(this.waitingForModerator));
    } catch (error) {
      this.#drop(member);
      throw error;
    }
    if (moderatorCame) for (const other of this.#members) this.applyAudio(other);
    this.#options.events.member(this, member, 'add-member');
    this.#playSound(this.sounds.enter);
  }

  /** The member leaves; the last one, or one with `endconf`, ends the conference. */
  async remove(member: ConferenceMember): Promise<void> {
    if (this.member(member.id) !== member) return;
    if (this.floorHolder === member.id) this.#dropFloor();
    this.#members = this.#members.filter((other) => other !== member);
    for (const other of this.#members) other.relationships.delete(member.id);
    const room = await this.room;
    await room.removeMember(member.id).catch(() => undefined);
    this.#options.events.member(this, member, 'del-member');
    if (this.#members.length === 0) this.#emptied?.();
    else this.#playSound(this.sounds.exit);
    if (member.flags.endConference || this.#members.length === 0) void this.end();
    else this.#endIfMandatoryGone(member);
  }

  /** Everybody still in it is hung up, unless hangup_after_conference says no. Resolves when all is closed. */
  end(): Promise<void> {
    this.#ending ??= this.#close();
    return this.#ending;
  }

  /** After any change of what a member may do. */
  applyAudio(member: ConferenceMember): void {
    const audio = member.audio(this.waitingForModerator);
    void this.room.then((room) => room.setAudio(member.id, audio)).catch(() => undefined);
  }

  /** By command; the media room decides again when somebody else talks. */
  setFloor(id: number | undefined): void {
    if (id === this.floorHolder) return;
    void this.room.then((room) => room.setFloor(id ?? null)).catch(() => undefined);
    this.#moveFloor(id);
  }

  #moveFloor(id: number | undefined): void {
    const from = this.floorHolder;
    this.floorHolder = id;
    this.#tellFloor(from, id);
  }

  #playSound({ on, file }: { on: boolean; file: string }): void {
    if (on && file !== '') void this.playback.playToAll(file, true).catch(() => undefined);
  }

  async #listen(): Promise<void> {
    const room = await this.room;
    room.on('start-talking', ({ memberId, energy }) => this.#startTalking(memberId, energy));
    room.on('stop-talking', ({ memberId, energy }) => this.#stopTalking(memberId, energy));
    room.on('mute-detect', ({ memberId }) => this.#muteDetect(memberId));
    room.on('floor-change', ({ to }) => this.#floorChanged(to ?? undefined));
  }

  #startTalking(id: number, energy: number): void {
    const member = this.member(id);
    if (!member) return;
    member.currentEnergy = Math.round(energy);
    if (!member.canSpeak || member.held) return;
    member.talking = true;
    member.lastTalkingAt = this.now;
    this.#options.events.member(this, member, 'start-talking');
  }

  #stopTalking(id: number, energy: number): void {
    const member = this.member(id);
    if (!member?.talking) return; // a mute has ended the talking in silence
    member.talking = false;
    member.currentEnergy = Math.round(energy);
    member.lastTalkingAt = this.now;
    this.#options.events.member(this, member, 'stop-talking');
  }

  #muteDetect(id: number): void {
    const member = this.member(id);
    if (member) this.#options.events.member(this, member, 'mute-detect');
  }

  #floorChanged(to: number | undefined): void {
    if (to !== undefined && to !== this.floorHolder && this.member(to)) this.#moveFloor(to);
  }

  /** Who leaves is not told as the one who had it. */
  #dropFloor(): void {
    this.floorHolder = undefined;
    this.#tellFloor(undefined, undefined);
  }

  #tellFloor(from: number | undefined, to: number | undefined): void {
    const member = to === undefined ? undefined : this.member(to);
    const old = from !== undefined && this.member(from) ? String(from) : 'none';
    this.#options.events.memberAfter(this, member, 'floor-change', {
      between: [['Old-ID', old]],
      after: [['New-ID', member ? String(member.id) : 'none']],
    });
  }

  #endIfMandatoryGone(left: ConferenceMember): void {
    if (!left.flags.mandatoryEndConference) return;
    if (this.#members.some((member) => member.flags.mandatoryEndConference)) return;
    this.#endTimer = this.#options.clock.startTimer('end of conference', this.endGraceSeconds * 1_000, () => {
      if (!this.#members.some((member) => member.flags.mandatoryEndConference)) void this.end();
    });
  }

  #drop(member: ConferenceMember): void {
    this.#members = this.#members.filter((other) => other !== member);
    if (this.#members.length === 0) void this.end();
  }

  /** Begins after `ending` has become true: nobody joins any more. */
  async #close(): Promise<void> {
    await Promise.resolve();
    this.#endTimer?.cancel();
    this.playback.stopAll();
    const emptied = new Promise<void>((resolve) => (this.#emptied = resolve));
    for (const member of [...this.#members]) {
      const { channel } = member;
      if (!isFalse(channel.variables.get('hangup_after_conference'))) channel.hangup('NORMAL_CLEARING');
      member.leave?.();
    }
    if (this.#members.length > 0) await emptied;
    await this.recordings.stopAll();
    const room = await this.room.catch(() => undefined);
    await room?.close();
    this.#options.events.conference(this, 'conference-destroy');
    this.#options.destroyed(this);
  }
}
