/** One caller in a conference: what he may do, and what is known of his voice. */
import type { MemberAudio } from '../../media/index.ts';
import type { Channel } from '../channel/channel.ts';
import type { MemberFlags } from './flags.ts';

export interface Relationship {
  readonly canSpeak: boolean;
  readonly canHear: boolean;
}

const LOWEST_VOLUME = -4;
const HIGHEST_VOLUME = 4;

export class ConferenceMember {
  readonly id: number;
  readonly channel: Channel;
  readonly flags: MemberFlags;
  /** Milliseconds since 1970. */
  readonly joinedAt: number;
  readonly relationships = new Map<number, Relationship>();
  canSpeak: boolean;
  canHear: boolean;
  held = false;
  talking = false;
  energyLevel: number;
  currentEnergy = 0;
  volumeIn = 0;
  volumeOut = 0;
  /** Energy that automatic gain aims at; 0 = none. */
  gainTarget = 0;
  canBeSeen: boolean;
  /** Heard after the conference has let go of the member. */
  kickedSound: string | undefined;
  lastTalkingAt: number | undefined;
  /** Makes the `conference` application return. Set while it runs. */
  leave: (() => void) | undefined;

  constructor(id: number, channel: Channel, flags: MemberFlags, joinedAt: number, energyLevel: number) {
    this.id = id;
    this.channel = channel;
    this.flags = flags;
    this.joinedAt = joinedAt;
    this.canSpeak = !flags.mute;
    this.canHear = !flags.deaf;
    this.canBeSeen = !flags.videoMute;
    this.energyLevel = energyLevel;
  }

  setVolumeIn(level: number): void {
    this.volumeIn = clampVolume(level);
  }

  setVolumeOut(level: number): void {
    this.volumeOut = clampVolume(level);
  }

  /** @param conferenceWaits nobody speaks or hears before the moderator has come */
  audio(conferenceWaits: boolean): MemberAudio {
    return {
      speak: this.canSpeak && !this.held && !conferenceWaits,
      hear: this.canHear && !conferenceWaits,
      volumeIn: this.volumeIn,
      volumeOut: this.volumeOut,
      energyLevel: this.energyLevel,
      muteDetect: this.flags.muteDetect,
      gainTarget: this.gainTarget,
    };
  }
}

function clampVolume(level: number): number {
  return Math.max(LOWEST_VOLUME, Math.min(HIGHEST_VOLUME, level));
}
