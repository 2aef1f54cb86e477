/** One member of a room: the leg, what it may do, and what is played to it alone. */
import { FRAME_SAMPLES, SILENT_FRAME, meanLevel, mixInto, scale, volumeStepGain } from '../audio.ts';
import type { SharedFrame } from '../shared-frame.ts';
import type { MemberAudio } from '../types.ts';
import { PlayQueue, type PlayEnded } from '../worker/playback.ts';
import { AutomaticGain } from './automatic-gain.ts';
import { TalkDetector, type TalkChange } from './talk-detector.ts';

/** What a room needs of a leg. */
export interface RoomLeg {
  pull(nowMs: number): Int16Array;
  push(frame: Int16Array, nowMs: number, shared?: SharedFrame): void;
  inRoom: boolean;
}

export class Member {
  readonly memberId: number;
  readonly leg: RoomLeg;
  readonly players: PlayQueue;
  readonly talk = new TalkDetector();
  /** Plays of this kind are heard instead of the room. */
  readonly alone = new Set<number>();
  readonly #gain = new AutomaticGain();
  audio: MemberAudio;
  /** This tick's voice, its volume applied. */
  voice: Int16Array = new Int16Array(FRAME_SAMPLES);
  /** The voice is part of this tick's mix. */
  heard = false;
  readonly #heardFrame = new Int16Array(FRAME_SAMPLES);
  readonly #played = new Int16Array(FRAME_SAMPLES);

  constructor(memberId: number, leg: RoomLeg, audio: MemberAudio, onPlayEnded: PlayEnded) {
    this.memberId = memberId;
    this.leg = leg;
    this.audio = audio;
    this.players = new PlayQueue((playId, result) => {
      this.alone.delete(playId);
      onPlayEnded(playId, result);
    });
  }

  /** What counts for the floor; nothing for those who may not speak. */
  get smoothed(): number {
    return this.audio.speak ? this.talk.smoothed : 0;
  }

  tookFloor(): void {
    this.talk.smoothed = 0;
  }

  /** @returns whether talking began or ended */
  listen(nowMs: number): TalkChange {
    this.voice = this.leg.pull(nowMs);
    const { speak, muteDetect, volumeIn, energyLevel } = this.audio;
    if (!speak && !muteDetect) {
      this.heard = false;
      return undefined;
    }
    const silent = this.voice === SILENT_FRAME;
    if (!silent) scale(this.voice, volumeStepGain(volumeIn));
    const change = this.talk.frame(silent ? 0 : meanLevel(this.voice), energyLevel);
    // FreeSWITCH mixes only those who talk; letting each loud frame in at once keeps the beginnings of words.
    this.heard = speak && (energyLevel === 0 || this.talk.talking || this.talk.score > energyLevel);
    const { gainTarget = 0 } = this.audio;
    if (gainTarget > 0 && !silent && this.talk.score > energyLevel) this.#gain.apply(this.voice, gainTarget);
    return change;
  }

  /** Volume and the member's own players on top of what the room gives; `mix` is not changed. `shared`: it is others' too. */
  tell(mix: Int16Array, nowMs: number, shared?: SharedFrame): void {
    const gain = volumeStepGain(this.audio.volumeOut);
    const plays = this.players.read(this.#played);
    if (gain === 1 && !plays) {
      this.leg.push(mix, nowMs, shared);
      return;
    }
    const frame = this.#heardFrame;
    const instead = plays && this.alone.size > 0 && this.alone.has(this.players.playing ?? 0);
    frame.set(instead ? this.#played : mix);
    if (plays && !instead) mixInto(frame, this.#played);
    scale(frame, gain);
    this.leg.push(frame, nowMs);
  }

  /** @returns true when the member was talking and no longer counts as such */
  change(audio: Partial<MemberAudio>): boolean {
    const silenced = this.audio.speak && audio.speak === false && this.talk.talking;
    // Who was heard only by mute-detect begins to talk anew when allowed to speak, and when muted once more.
    if (audio.speak === false || (audio.speak === true && !this.audio.speak)) this.talk.reset();
    this.audio = { ...this.audio, ...audio };
    return silenced;
  }
}
