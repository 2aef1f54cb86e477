/** Flags of a member and of a conference, as written in `+flags{mute|moderator}` and in variables. */

export interface MemberFlags {
  readonly mute: boolean;
  readonly deaf: boolean;
  readonly muteDetect: boolean;
  readonly moderator: boolean;
  readonly endConference: boolean;
  readonly mandatoryEndConference: boolean;
  readonly ghost: boolean;
  readonly joinOnly: boolean;
  readonly minTwo: boolean;
  readonly videoMute: boolean;
  readonly passDigits: boolean;
}

export interface ConferenceFlags {
  readonly waitForModerator: boolean;
  readonly audioAlways: boolean;
}

function words(flags: string): Set<string> {
  return new Set(flags.split(/[|,]/).map((word) => word.trim().toLowerCase()));
}

export function parseMemberFlags(flags: string): MemberFlags {
  const has = words(flags);
  return {
    mute: has.has('mute'),
    deaf: has.has('deaf'),
    muteDetect: has.has('mute-detect'),
    moderator: has.has('moderator'),
    endConference: has.has('endconf'),
    mandatoryEndConference: has.has('mandatory_member_endconf'),
    ghost: has.has('ghost'),
    joinOnly: has.has('join-only'),
    minTwo: has.has('mintwo'),
    videoMute: has.has('vmute'),
    passDigits: has.has('dist-dtmf'),
  };
}

export function parseConferenceFlags(flags: string): ConferenceFlags {
  const has = words(flags);
  return { waitForModerator: has.has('wait-mod'), audioAlways: has.has('audio-always') };
}

/** `name@profile+pin+flags{a|b}` */
export interface ConferenceTarget {
  readonly name: string;
  readonly profile: string;
  readonly flags: string;
}

const NAME = /^[^\s\x00-\x1f\x7f]{1,256}$/;

/** Undefined when there is no usable name. PINs are not asked for: the application does that. */
export function parseConferenceTarget(text: string): ConferenceTarget | undefined {
  const marker = text.indexOf('+flags{');
  const flags = marker < 0 ? '' : (text.slice(marker + 7).split('}', 1)[0] ?? '');
  const address = (marker < 0 ? text : text.slice(0, marker)).trimStart().split('+', 1)[0] ?? '';
  const at = address.lastIndexOf('@');
  const name = (at < 0 ? address : address.slice(0, at)).trimEnd();
  const profile = at < 0 ? 'default' : address.slice(at + 1).trim();
  return NAME.test(name) ? { name, profile: profile || 'default', flags } : undefined;
}
