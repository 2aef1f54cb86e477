import { expect } from 'chai';
import { DEFAULT_POLICY } from '../../../config/contract/index.ts';
import fc from 'fast-check';
import { maySpeak, reduce, type RoomEffect, type RoomInput } from '../../../bridge/conferences/reducer.ts';
import type { ConferencePolicy, RoomDocument } from '../../../store/index.ts';

const identity = { tenantId: 'default', conferenceId: 'c1' };
const policy: ConferencePolicy = { ...DEFAULT_POLICY, maxParticipants: 4 };

const join = (id: string, change: Partial<ConferencePolicy> = {}, role: 'guest' | 'host' = 'guest'): RoomInput => ({
  type: 'join',
  at: 1,
  policy: { ...policy, ...change },
  mediaServer: 'm1',
  participant: { id, name: id, number: '+1555', role, callId: `call-${id}`, channelUuid: `uuid-${id}` },
});
const joined = (participantId: string, memberId: number, muted = false): RoomInput => ({
  type: 'joined',
  at: 2,
  participantId,
  memberId,
  muted,
  policy,
});
const leave = (participantId: string): RoomInput => ({ type: 'leave', at: 3, participantId, policy });

/** Applies inputs as a store would: what is rejected changes nothing. */
function play(inputs: readonly RoomInput[]) {
  let room: RoomDocument | null = null;
  const effects: RoomEffect[] = [];
  const outcomes: string[] = [];
  for (const input of inputs) {
    const result = reduce(identity, room, input);
    outcomes.push(result.outcome === 'rejected' ? result.why : result.outcome);
    if (result.outcome !== 'changed') continue;
    room = result.room;
    effects.push(...result.effects);
  }
  return { room: room, effects, outcomes };
}

describe('the room reducer', () => {
  it('opens the room with the first participant and removes it with the last', () => {
    const open = reduce(identity, null, join('a'));
    expect(open).to.have.property('outcome', 'changed');
    if (open.outcome !== 'changed' || !open.room) throw new Error('not open');
    expect(open.room.version).to.equal(1);
    expect(open.events.map(({ type }) => type)).to.deep.equal(['room-started', 'participant-joining']);
    const closed = reduce(identity, open.room, leave('a'));
    expect(closed).to.deep.include({ outcome: 'changed', room: null });
    if (closed.outcome !== 'changed') throw new Error('not closed');
    expect(closed.events.map(({ type }) => type)).to.deep.equal(['participant-left', 'room-ended']);
  });

  it('tells everybody of joins and leaves by a tone, once the join is confirmed', () => {
    const { effects } = play([join('a'), joined('a', 1), join('b'), joined('b', 2), leave('b')]);
    expect(effects.map((effect) => (effect.type === 'tone' ? effect.tone : effect.type))).to.deep.equal([
      'join-tone',
      'join-tone',
      'leave-tone',
    ]);
  });

  it('is silent about somebody who never got in', () => {
    expect(play([join('a'), joined('a', 1), join('b'), leave('b')]).effects).to.have.length(1);
  });

  it('says no when the room is full, on another media server, or has the caller already', () => {
    const two = { maxParticipants: 2 };
    expect(play([join('a', two), join('b', two), join('c', two)]).outcomes).to.deep.equal([
      'changed',
      'changed',
      'full',
    ]);
    expect(play([join('a'), join('a')]).outcomes[1]).to.equal('already-in-room');
    const elsewhere: RoomInput = { ...join('b'), mediaServer: 'm2' } as RoomInput;
    expect(play([join('a'), elsewhere]).outcomes[1]).to.equal('elsewhere');
  });

  it('mutes guests on entry by a bit of their own, which they can take away', () => {
    const { room } = play([join('a', { muteOnEntry: true }), join('h', { muteOnEntry: true }, 'host')]);
    expect(room?.participants.map(({ bits }) => bits)).to.deep.equal([['self'], []]);
  });

  it('puts the media server right when the bits changed during the join', () => {
    const mute: RoomInput = { type: 'mute', at: 2, participantId: 'a', by: 'self' };
    expect(play([join('a'), mute, joined('a', 7, false)]).effects[0]).to.deep.equal({
      type: 'set-speak',
      participantId: 'a',
      memberId: 7,
      speak: false,
    });
  });

  it('keeps a participant muted until the last bit is gone', () => {
    const bit = (type: 'mute' | 'unmute', by: 'self' | 'host'): RoomInput => ({ type, at: 2, participantId: 'a', by });
    const { effects } = play([
      join('a'),
      joined('a', 1),
      bit('mute', 'self'),
      bit('mute', 'host'),
      bit('unmute', 'self'),
      bit('unmute', 'host'),
    ]);
    const speech = effects.filter((effect) => effect.type === 'set-speak').map(({ speak }) => speak);
    expect(speech).to.deep.equal([false, true]);
  });

  it('does not show somebody as talking who is muted', () => {
    const { room } = play([
      join('a'),
      joined('a', 1),
      { type: 'talking', at: 2, participantId: 'a', on: true },
      { type: 'mute', at: 2, participantId: 'a', by: 'self' },
      { type: 'talking', at: 2, participantId: 'a', on: true },
    ]);
    expect(room?.participants[0]?.talking).to.equal(false);
  });
});

describe('any sequence of inputs', () => {
  const id = fc.constantFrom('a', 'b', 'c', 'd', 'e');
  const by = fc.constantFrom('self' as const, 'host' as const);
  const anyInput: fc.Arbitrary<RoomInput> = fc.oneof(
    fc
      .record({ id, mute: fc.boolean(), role: fc.constantFrom('guest' as const, 'host' as const) })
      .map((x) => join(x.id, { muteOnEntry: x.mute }, x.role)),
    fc
      .record({ id, member: fc.integer({ min: 1, max: 9 }), muted: fc.boolean() })
      .map((x) => joined(x.id, x.member, x.muted)),
    id.map(leave),
    fc
      .record({ id, on: fc.boolean() })
      .map((x): RoomInput => ({ type: 'talking', at: 4, participantId: x.id, on: x.on })),
    fc
      .record({ id, by, type: fc.constantFrom('mute' as const, 'unmute' as const) })
      .map((x): RoomInput => ({ type: x.type, at: 5, participantId: x.id, by: x.by })),
  );

  /** What the media server would do: who may be heard there. */
  function follow(inputs: readonly RoomInput[]) {
    let room: RoomDocument | null = null;
    const heard = new Map<string, boolean>();
    for (const input of inputs) {
      const joining = input.type === 'joined' && room?.participants.find((p) => p.id === input.participantId);
      const result = reduce(identity, room, input);
      if (result.outcome !== 'changed') continue;
      if (input.type === 'joined' && joining && joining.leg?.memberId === undefined)
        heard.set(joining.id, !input.muted);
      for (const effect of result.effects) {
        if (effect.type === 'set-speak') heard.set(effect.participantId, effect.speak);
      }
      if (result.room) expect(result.room.version).to.equal((room?.version ?? 0) + 1);
      room = result.room;
      if (input.type === 'leave') heard.delete(input.participantId);
      check(room, heard);
    }
  }

  function check(room: RoomDocument | null, heard: ReadonlyMap<string, boolean>) {
    const people = room?.participants ?? [];
    expect(room === null || people.length > 0, 'no empty room').to.equal(true);
    expect(people.length, 'capacity').to.be.at.most(policy.maxParticipants);
    expect(new Set(people.map((p) => p.id)).size, 'nobody twice').to.equal(people.length);
    expect(new Set(people.map((p) => p.leg?.callId)).size, 'no call twice').to.equal(people.length);
    for (const person of people) {
      expect(person.leg?.channelUuid, 'a leg each').to.not.equal('');
      expect(new Set(person.bits).size, 'each bit once').to.equal(person.bits.length);
      if (!maySpeak(person)) expect(person.talking, 'muted is not talking').to.equal(false);
      // The heart of it: the media server agrees with the document, for everybody it has.
      if (person.leg?.memberId !== undefined)
        expect(heard.get(person.id), 'heard as the bits say').to.equal(maySpeak(person));
    }
  }

  it('leaves nobody without leg, twice in the room, or heard while muted', () => {
    fc.assert(fc.property(fc.array(anyInput, { maxLength: 60 }), follow), { numRuns: 1_000 });
  });

  it('leaves nobody muted whom nobody can unmute', () => {
    fc.assert(
      fc.property(fc.array(anyInput, { maxLength: 40 }), (inputs) => {
        const { room } = play(inputs);
        for (const person of room?.participants ?? []) {
          const freed = play([
            ...inputs,
            { type: 'unmute', at: 9, participantId: person.id, by: 'self' },
            { type: 'unmute', at: 9, participantId: person.id, by: 'host' },
          ]).room?.participants.find(({ id: other }) => other === person.id);
          expect(freed && maySpeak(freed)).to.equal(true);
        }
      }),
    );
  });

  it('never changes the document it was given', () => {
    fc.assert(
      fc.property(fc.array(anyInput, { maxLength: 30 }), (inputs) => {
        let room: RoomDocument | null = null;
        for (const input of inputs) {
          const before = JSON.stringify(room);
          const result = reduce(identity, room, input);
          expect(JSON.stringify(room)).to.equal(before);
          if (result.outcome === 'changed') room = result.room;
        }
      }),
    );
  });
});
