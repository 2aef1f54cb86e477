import { expect } from 'chai';
import fc from 'fast-check';
import {
  applyRoomChange,
  diffRoomViews,
  roomChange,
  type ParticipantView,
  type RoomView,
} from '../../../config/contract/index.ts';

const row = (id: string, change: Partial<ParticipantView> = {}): ParticipantView => ({
  id,
  name: id,
  number: '',
  role: 'guest',
  state: 'present',
  audio: 'phone',
  web: false,
  muted: false,
  mutedBy: [],
  canUnmute: true,
  talking: false,
  handPosition: null,
  waitingPosition: null,
  asksForHelp: false,
  volume: 0,
  joinedAt: 1,
  ...change,
});
const view = (version: number, participants: ParticipantView[], change: Partial<RoomView> = {}): RoomView => ({
  conferenceId: 'c',
  title: 't',
  live: version > 0,
  version,
  mode: 'conversation',
  locked: false,
  announce: 'tone',
  recording: { state: 'off', since: null },
  waitingForHost: false,
  hostGone: null,
  startedAt: version > 0 ? 1 : null,
  participants,
  ...change,
});

const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
const anyRow = fc
  .record({
    muted: fc.boolean(),
    talking: fc.boolean(),
    handPosition: fc.option(fc.integer({ min: 1, max: 3 })),
    mutedBy: fc.subarray(['self', 'host'] as const),
  })
  .map((change) => (id: string) => row(id, change));
const anyView = fc
  .record({
    version: fc.integer({ min: 0, max: 5 }),
    order: fc.shuffledSubarray(ids),
    rows: fc.array(anyRow, { minLength: ids.length, maxLength: ids.length }),
    locked: fc.boolean(),
    mode: fc.constantFrom('conversation' as const, 'qa' as const),
    hostGone: fc.option(fc.constant({ until: 5, then: 'wait' as const })),
    recording: fc.constantFrom({ state: 'off' as const, since: null }, { state: 'on' as const, since: 4 }),
  })
  .map(({ version, order, rows, ...change }) =>
    view(
      version,
      order.map((id) => rows[ids.indexOf(id)]!(id)),
      change,
    ),
  );

describe('the change between two views of a room', () => {
  it('makes the second of the first, whatever they are', () => {
    fc.assert(
      fc.property(anyView, anyView, (before, after) => {
        const change = diffRoomViews(before, after);
        if (change === null) {
          expect(before).to.deep.equal(after);
          return;
        }
        expect(roomChange.parse(change)).to.deep.equal(change);
        // As it comes over a wire.
        const sent = JSON.parse(JSON.stringify(change)) as typeof change;
        expect(applyRoomChange(before, sent)).to.deep.equal(after);
      }),
      { numRuns: 2_000 },
    );
  });

  it('names only what differs', () => {
    const before = view(1, [row('a'), row('b'), row('c')]);
    const after = view(2, [row('a'), row('c', { talking: true }), row('d')], { locked: true });
    expect(diffRoomViews(before, after)).to.deep.equal({
      conferenceId: 'c',
      from: 1,
      version: 2,
      room: { locked: true },
      changed: [row('c', { talking: true }), row('d')],
      removed: ['b'],
    });
    expect(diffRoomViews(after, after)).to.equal(null);
  });

  it('does not fit anything else than what it was made of', () => {
    const change = diffRoomViews(view(1, []), view(2, [row('a')]))!;
    expect(applyRoomChange(view(2, []), change)).to.equal(null);
    expect(applyRoomChange({ ...view(1, []), conferenceId: 'other' }, change)).to.equal(null);
    expect(() => diffRoomViews(view(1, []), { ...view(1, []), conferenceId: 'other' })).to.throw(RangeError);
  });
});
