/**
 * The one truth of a live room, as a pure function: no clock, no random, no sockets. Whoever commits its result to the
 * store changes the room; effects run after the commit.
 *
 * What holds after any sequence of inputs (test/unit/bridge/reducer.test.ts):
 * a participant sits in the room once and has a leg; whoever has a bit set is not heard; nobody is muted by a bit that
 * nobody can take away.
 */
import type { AudioBit, ConferencePolicy, Participant, RoomDocument, RoomEvent } from '../../store/index.ts';

export type RoomInput =
  | {
      readonly type: 'join';
      readonly at: number;
      readonly policy: ConferencePolicy;
      /** The media server the leg is on; the room's own once it is live. */
      readonly mediaServer: string;
      readonly participant: Pick<Participant, 'id' | 'name' | 'number' | 'role'> & {
        callId: string;
        channelUuid: string;
      };
    }
  /** The media server confirmed the join. `muted`: how the leg was put in. */
  | {
      readonly type: 'joined';
      readonly at: number;
      readonly participantId: string;
      readonly memberId: number;
      readonly muted: boolean;
      readonly policy: ConferencePolicy;
    }
  | { readonly type: 'leave'; readonly at: number; readonly participantId: string; readonly policy?: ConferencePolicy }
  | { readonly type: 'talking'; readonly at: number; readonly participantId: string; readonly on: boolean }
  /** `self` by the participant, `host` by a host. */
  | {
      readonly type: 'mute' | 'unmute';
      readonly at: number;
      readonly participantId: string;
      readonly by: Extract<AudioBit, 'self' | 'host'>;
    };

export type RoomEffect =
  /** Make the media server agree with the document. */
  | { readonly type: 'set-speak'; readonly participantId: string; readonly memberId: number; readonly speak: boolean }
  /** A short sound for everybody in the room. */
  | { readonly type: 'tone'; readonly tone: 'join-tone' | 'leave-tone' };

export type Rejection = 'full' | 'locked' | 'elsewhere' | 'already-in-room' | 'not-in-room';

export type Reduction =
  | {
      readonly outcome: 'changed';
      /** null: the last one left, the room is removed. */
      readonly room: RoomDocument | null;
      readonly events: readonly RoomEvent[];
      readonly effects: readonly RoomEffect[];
    }
  | { readonly outcome: 'unchanged' }
  | { readonly outcome: 'rejected'; readonly why: Rejection };

const UNCHANGED: Reduction = { outcome: 'unchanged' };
const rejected = (why: Rejection): Reduction => ({ outcome: 'rejected', why });

/** What a room is that nobody is in. */
export interface RoomIdentity {
  readonly conferenceId: string;
  readonly tenantId: string;
}

export function reduce(identity: RoomIdentity, room: RoomDocument | null, input: RoomInput): Reduction {
  switch (input.type) {
    case 'join':
      return join(identity, room, input);
    case 'joined':
      return confirm(room, input);
    case 'leave':
      return leave(room, input);
    case 'talking':
      return talk(room, input);
    case 'mute':
    case 'unmute':
      return setMute(room, input);
  }
}

export function maySpeak(participant: Pick<Participant, 'bits'>): boolean {
  return participant.bits.length === 0;
}

type InputOf<T extends RoomInput['type']> = Extract<RoomInput, { type: T }>;

function join(identity: RoomIdentity, room: RoomDocument | null, input: InputOf<'join'>): Reduction {
  const present = room?.participants ?? [];
  const { participant, policy } = input;
  if (present.some(({ id, leg }) => id === participant.id || leg?.callId === participant.callId)) {
    return rejected('already-in-room');
  }
  if (room?.locked === true && participant.role !== 'host') return rejected('locked');
  if (present.length >= policy.maxParticipants) return rejected('full');
  // A conference is never split between media servers: the leg has to move first.
  if (room && room.mediaServer !== input.mediaServer) return rejected('elsewhere');
  // Muted on entry is a bit the participant can take away; a `host` bit would need a host to come.
  const bits: readonly AudioBit[] = policy.muteOnEntry && participant.role === 'guest' ? ['self'] : [];
  const { callId, channelUuid, ...who } = participant;
  const joined: Participant = {
    ...who,
    line: '',
    state: 'present',
    since: input.at,
    language: 'en',
    leg: { kind: 'phone', callId, channelUuid },
    connections: [],
    bits,
    calledOn: false,
    asksForHelp: false,
    volume: 0,
    admitted: true,
    joinedAt: input.at,
    talking: false,
  };
  const base: RoomDocument = room ?? {
    conferenceId: identity.conferenceId,
    tenantId: identity.tenantId,
    title: '',
    version: 0,
    epoch: 1,
    mediaServer: input.mediaServer,
    startedAt: input.at,
    policy,
    mode: policy.mode,
    announce: policy.announce,
    locked: false,
    guestsMuted: false,
    awaitsHost: false,
    hostGone: null,
    recording: { state: 'off', since: null },
    news: { joined: [], left: [], dueAt: null, quietUntil: 0 },
    farewells: [],
    ending: null,
    participants: [],
  };
  const events: RoomEvent[] = room ? [] : [{ type: 'room-started', at: input.at, mediaServer: input.mediaServer }];
  const { id, name, role } = joined;
  events.push({ type: 'participant-joining', at: input.at, participantId: id, name, role, callId });
  return changed({ ...base, participants: [...present, joined] }, events, []);
}

function confirm(room: RoomDocument | null, input: InputOf<'joined'>): Reduction {
  const participant = find(room, input.participantId);
  if (!room || !participant) return rejected('not-in-room');
  if (!participant.leg || participant.leg.memberId === input.memberId) return UNCHANGED;
  const effects: RoomEffect[] = [];
  // Bits may have changed while the media server was joining the leg.
  if (maySpeak(participant) === input.muted) effects.push(setSpeak(participant.id, input.memberId, input.muted));
  if (input.policy.announce === 'tone') effects.push({ type: 'tone', tone: 'join-tone' });
  const event = { type: 'participant-joined', at: input.at, participantId: participant.id, name: participant.name };
  return changed(
    replace(room, { ...participant, leg: { ...participant.leg, memberId: input.memberId } }),
    [event],
    effects,
  );
}

function leave(room: RoomDocument | null, input: InputOf<'leave'>): Reduction {
  const participant = find(room, input.participantId);
  if (!room || !participant) return UNCHANGED;
  const participants = room.participants.filter(({ id }) => id !== participant.id);
  const events: RoomEvent[] = [
    { type: 'participant-left', at: input.at, participantId: participant.id, name: participant.name },
  ];
  if (participants.length === 0) {
    events.push({ type: 'room-ended', at: input.at });
    return { outcome: 'changed', room: null, events, effects: [] };
  }
  // Whoever never got in is not told of leaving.
  const audible = input.policy?.announce === 'tone' && participant.leg?.memberId !== undefined;
  return changed({ ...room, participants }, events, audible ? [{ type: 'tone', tone: 'leave-tone' }] : []);
}

function talk(room: RoomDocument | null, input: InputOf<'talking'>): Reduction {
  const participant = find(room, input.participantId);
  if (!room || !participant) return UNCHANGED;
  // The media server may tell of the last words of somebody who is muted by now.
  const on = input.on && maySpeak(participant);
  if (participant.talking === on) return UNCHANGED;
  const event = { type: on ? 'talking-started' : 'talking-stopped', at: input.at, participantId: participant.id };
  return changed(replace(room, { ...participant, talking: on }), [event], []);
}

function setMute(room: RoomDocument | null, input: InputOf<'mute' | 'unmute'>): Reduction {
  const participant = find(room, input.participantId);
  if (!room || !participant) return rejected('not-in-room');
  const set = input.type === 'mute';
  if (participant.bits.includes(input.by) === set) return UNCHANGED;
  const bits = set ? [...participant.bits, input.by] : participant.bits.filter((bit) => bit !== input.by);
  const after: Participant = { ...participant, bits, talking: participant.talking && bits.length === 0 };
  const effects =
    after.leg?.memberId !== undefined && maySpeak(after) !== maySpeak(participant)
      ? [setSpeak(after.id, after.leg.memberId, maySpeak(after))]
      : [];
  const event = { type: set ? 'muted' : 'unmuted', at: input.at, participantId: after.id, by: input.by, bits };
  return changed(replace(room, after), [event], effects);
}

function setSpeak(participantId: string, memberId: number, speak: boolean): RoomEffect {
  return { type: 'set-speak', participantId, memberId, speak };
}

function find(room: RoomDocument | null, participantId: string): Participant | undefined {
  return room?.participants.find(({ id }) => id === participantId);
}

function replace(room: RoomDocument, participant: Participant): RoomDocument {
  return {
    ...room,
    participants: room.participants.map((other) => (other.id === participant.id ? participant : other)),
  };
}

function changed(room: RoomDocument, events: readonly RoomEvent[], effects: readonly RoomEffect[]): Reduction {
  return { outcome: 'changed', room: { ...room, version: room.version + 1 }, events, effects };
}
