/** Everything a person may ask of a room. Who may is decided here, once, by `roomCommandAccess`. */
import { roomCommandAccess, type RoomCommand, type RoomCommandType } from '../../../config/contract/index.ts';
import type { Participant, RoomActor } from '../../../store/index.ts';
import { changeVolume, muteSelf, speakRoll, unmuteSelf } from './self.ts';
import type { Draft } from './draft.ts';
import { callOn, callOnNext, lowerHand, raiseHand } from './hands.ts';
import { goOnWithoutHost, handOver, makeHost } from './hosts.ts';
import type { Rejection } from './inputs.ts';
import { sendHome } from './leaving.ts';
import {
  askForHelp,
  hold,
  mute,
  muteAll,
  rename,
  resume,
  setAnnouncements,
  setLock,
  setMode,
  unmute,
  unmuteAll,
} from './lead.ts';
import { presentHosts } from './people.ts';
import { pauseRecording, startRecording, stopRecording } from './recording.ts';
import { admit, admitAll, admitNext } from './waiting.ts';

/** Whoever asks; `me` is null for a person who is not in the room. */
interface Asked<T extends RoomCommandType> {
  readonly draft: Draft;
  readonly me: Participant | null;
  readonly command: Extract<RoomCommand, { type: T }>;
}

type Verdict = Rejection | null;
type Handlers = { readonly [T in RoomCommandType]: (asked: Asked<T>) => Verdict };

export function obey(draft: Draft, actor: RoomActor, command: RoomCommand): Rejection | null {
  const me = actor.kind === 'participant' ? (draft.find(actor.participantId) ?? null) : null;
  const refused = refusal(actor, me, command.type);
  if (refused) return refused;
  const handler = handlers[command.type] as (asked: Asked<RoomCommandType>) => Verdict;
  return handler({ draft, me, command });
}

/** A person of the company with a host's rights counts as a host, but has no row of their own. */
function refusal(actor: RoomActor, me: Participant | null, type: RoomCommandType): Rejection | null {
  const access = roomCommandAccess[type];
  if (actor.kind === 'person') return access === 'host' && !ABOUT_ONESELF.has(type) ? null : 'not-in-room';
  if (!me) return 'not-in-room';
  if (access === 'anyone') return null;
  if (me.state !== 'present') return 'not-allowed';
  return access === 'admitted' || me.role === 'host' ? null : 'not-allowed';
}

const ABOUT_ONESELF: ReadonlySet<RoomCommandType> = new Set(['leave-without-ending']);

/** For commands about somebody; a host who deals with them has seen that they need help. */
function about<T extends RoomCommandType>(
  work: (draft: Draft, target: Participant, asked: Asked<T>) => Verdict,
): (asked: Asked<T>) => Verdict {
  return (asked) => {
    const { draft, command } = asked;
    const target = 'participantId' in command ? draft.find(command.participantId) : undefined;
    if (!target) return 'no-such-participant';
    return work(draft, target.asksForHelp ? draft.update(target, { asksForHelp: false }) : target, asked);
  };
}

const own =
  <T extends RoomCommandType>(work: (draft: Draft, me: Participant, command: Asked<T>['command']) => Verdict) =>
  ({ draft, me, command }: Asked<T>): Verdict =>
    me ? work(draft, me, command) : 'not-in-room';

/** What is always possible for those who may ask. */
const always =
  <A extends readonly unknown[]>(work: (...about: A) => void) =>
  (...about: A): Verdict => {
    work(...about);
    return null;
  };

const handlers: Handlers = {
  'mute-self': own(always(muteSelf)),
  'unmute-self': own(always(unmuteSelf)),
  'raise-hand': own(always(raiseHand)),
  'lower-hand': own(always((draft, me) => lowerHand(draft, me, 'self'))),
  'change-volume': own(
    always((draft: Draft, me: Participant, { direction }: Asked<'change-volume'>['command']) =>
      changeVolume(draft, me, direction),
    ),
  ),
  'speak-help': own(always((draft, me) => draft.tell(me, { helpFor: me.state === 'waiting' ? 'waiting' : me.role }))),
  'speak-roll': own(always(speakRoll)),
  'ask-for-help': own(always(askForHelp)),
  leave: own(always((draft, me) => sendHome(draft, me, 'left'))),

  mute: about(mute),
  unmute: about(unmute),
  'mute-all': always(({ draft }) => muteAll(draft)),
  'unmute-all': always(({ draft }) => unmuteAll(draft)),
  'set-mode': always(({ draft, command }) => setMode(draft, command.mode)),
  lock: always(({ draft }) => setLock(draft, true)),
  unlock: always(({ draft }) => setLock(draft, false)),
  admit: about(admit),
  'admit-next': ({ draft }) => admitNext(draft),
  'admit-all': ({ draft }) => admitAll(draft),
  'call-on': about(callOn),
  'call-on-next': ({ draft }) => callOnNext(draft),
  'lower-hand-of': about(always((draft, target) => lowerHand(draft, target, 'host'))),
  hold: about(hold),
  resume: about(resume),
  rename: about(always((draft, target, { command }: Asked<'rename'>) => rename(draft, target, command.name))),
  remove: about(remove),
  'make-host': about(makeHost),
  'hand-over': about((draft, target, { me }: Asked<'hand-over'>) => handOver(draft, me, target)),
  'start-recording': ({ draft }) => startRecording(draft),
  'stop-recording': ({ draft }) => stopRecording(draft),
  'pause-recording': ({ draft }) => pauseRecording(draft, true),
  'resume-recording': ({ draft }) => pauseRecording(draft, false),
  'set-announcements': always(({ draft, command }) => setAnnouncements(draft, command.announce)),
  end: always(({ draft }) => {
    draft.end = 'ended-by-host';
  }),
  'leave-without-ending': own(always(leaveWithoutEnding)),
};

/** Whoever wants to go leaves: nobody removes themselves. */
function remove(draft: Draft, target: Participant, { me, command }: Asked<'remove'>): Verdict {
  if (target.id === me?.id) return 'not-possible';
  sendHome(draft, target, `removed-${command.reason}`);
  draft.effects.push({ type: 'shut-out', participantId: target.id });
  return null;
}

/** The host goes by their own will, and says that nobody is to wait for a host. */
function leaveWithoutEnding(draft: Draft, me: Participant): void {
  sendHome(draft, me, 'left-without-ending', () => {
    if (presentHosts(draft.room).length === 0) goOnWithoutHost(draft);
  });
}
