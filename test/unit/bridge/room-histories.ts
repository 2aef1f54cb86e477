/** Any history a room may have, and whether it keeps every promise. */
import fc from 'fast-check';
import { NEXT_MODE } from '../../../bridge/conferences/room/lead.ts';
import { DEFAULT_POLICY, keypadActions, roomCommand, type RoomCommand } from '../../../config/contract/index.ts';
import type { ConferencePolicy } from '../../../store/index.ts';
import { World, type Step } from './room-world.ts';

const who = fc.integer({ min: 0, max: 5 });
const role = fc.constantFrom('guest' as const, 'guest' as const, 'host' as const);

const anyPolicy: fc.Arbitrary<ConferencePolicy> = fc.record({
  announce: fc.constantFrom('tone' as const, 'name' as const, 'silent' as const),
  maxParticipants: fc.constantFrom(2, 4, 100),
  muteOnEntry: fc.boolean(),
  mode: fc.constantFrom(...(Object.keys(NEXT_MODE) as (keyof typeof NEXT_MODE)[])),
  waitingRoom: fc.constantFrom('off' as const, 'until-host' as const, 'admit' as const),
  waitingMinutes: fc.constantFrom(1, 15),
  recordNames: fc.constant(false),
  hostGone: fc.constantFrom('wait' as const, 'continue' as const, 'hand-over' as const, 'end' as const),
  hostGoneGraceSeconds: fc.constantFrom(0, 10, 60),
  recording: fc.constantFrom('off' as const, 'allowed' as const, 'automatic' as const),
  personalCodes: fc.constant(DEFAULT_POLICY.personalCodes),
});

/** One of every command there is; whom it is about is put in when it is asked. */
const everyCommand: readonly RoomCommand[] = roomCommand.options.flatMap((option): RoomCommand[] => {
  const { type } = option.shape;
  const [name] = type.values as ReadonlySet<RoomCommand['type']>;
  const variants: readonly object[] =
    name === 'set-mode'
      ? Object.keys(NEXT_MODE).map((mode) => ({ mode }))
      : name === 'change-volume'
        ? [{ direction: 'louder' }, { direction: 'quieter' }]
        : name === 'set-announcements'
          ? [{ announce: 'name' }, { announce: 'silent' }]
          : [{}];
  const about = 'participantId' in option.shape ? { participantId: 'x' } : {};
  const more = name === 'rename' ? { name: 'New' } : {};
  return variants.map((variant) => roomCommand.parse({ type: name, ...about, ...more, ...variant }));
});

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('call' as const), who, role, elsewhere: rarely() }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('join' as const), who }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('hang-up' as const, 'lose' as const), who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('spoke-muted' as const), who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('talk' as const), who, on: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('connect' as const), who, role }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('disconnect' as const), who }) },
  {
    weight: 14,
    arbitrary: fc.record({
      do: fc.constant('ask' as const),
      who: fc.oneof({ weight: 6, arbitrary: who }, { weight: 1, arbitrary: fc.constant('person' as const) }),
      command: fc.constantFrom(...everyCommand),
      about: who,
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('key' as const),
      who,
      action: fc.constantFrom(...keypadActions.filter((action) => action !== 'menu')),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.constantFrom(1, 5, 61, 1_000) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('record' as const), well: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('break' as const),
      what: fc.constantFrom('flip' as const, 'lose' as const, 'ghost' as const, 'renumber' as const),
      who,
    }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'report' as const }) },
);

function rarely(): fc.Arbitrary<boolean> {
  return fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) });
}

/** @throws when a history breaks a promise, with the shortest one found and the seed */
export function playHistories(options: { numRuns: number; seed?: number; path?: string }): void {
  fc.assert(
    fc.property(anyPolicy, fc.array(anyStep, { maxLength: 70, size: 'max' }), (policy, steps) => {
      new World(policy).play(steps);
    }),
    { ...options, includeErrorInReport: true },
  );
}
