import { expect } from 'chai';
import { Seat, type SeatDeps } from '../../../bridge/conferences/seat.ts';
import type { Applied } from '../../../bridge/conferences/room-service.ts';
import { PartylineError } from '../../../config/contract/index.ts';
import type { RoomDocument, RoomListener } from '../../../store/index.ts';
import { participantRow, roomDocument } from '../../helpers/rooms.ts';
import { silent } from './fakes.ts';

const IDENTITY = { tenantId: 'default', conferenceId: 'c1' };

function setUp(applied: Applied, read: () => Promise<RoomDocument | null>) {
  let tell: RoomListener = () => undefined;
  let onLetGo: (why: string) => void = () => undefined;
  const deps: SeatDeps = {
    rooms: { apply: async () => applied, read },
    store: {
      watch: (_tenant, _conference, listener) => {
        tell = listener;
        return () => undefined;
      },
      endReason: async () => 'ended-by-host',
    },
    writer: { enqueue: () => true },
    wallClock: () => 1,
  };
  const letGo = new Promise<string>((resolve) => (onLetGo = resolve));
  const request = {
    identity: IDENTITY,
    plan: { title: '', policy: roomDocument().policy },
    mediaServer: 'm1',
    who: { id: 'new', name: 'x', number: '', line: '', role: 'guest', language: 'en' },
    leg: { kind: 'phone', callId: 'own', channelUuid: 'own' },
  } as const;
  const take = () => Seat.take(deps, request, { onChange: () => undefined, onLetGo: (why) => onLetGo(why) }, silent);
  return { take, letGo, tell: (room: RoomDocument | null) => tell(room) };
}

describe('a seat', () => {
  const row = participantRow('row', { leg: { kind: 'phone', callId: 'own', channelUuid: 'own' } });

  it('is taken when the room says that this very call is in already: its first answer was lost', async () => {
    const room = roomDocument({ participants: [row] });
    const { take } = setUp({ outcome: 'rejected', why: 'already-in-room', room }, async () => room);
    const seat = await take();
    expect([seat.participantId, seat.row]).to.deep.equal(['row', row]);
    const other = setUp({ outcome: 'rejected', why: 'locked', room: roomDocument() }, async () => null);
    const failure = await other.take().catch((error: unknown) => error);
    expect(failure).to.have.property('why', 'locked');
  });

  it('is looked at again when the store did not answer the one time it was asked', async () => {
    const room = roomDocument({ participants: [row] });
    let reads = 0;
    const { take, letGo, tell } = setUp({ outcome: 'changed', room, participantId: 'row' }, async () => {
      reads += 1;
      if (reads === 1) throw new PartylineError('store/unavailable');
      return null;
    });
    await take();
    tell(null);
    expect(await letGo).to.equal('ended-by-host');
    expect(reads).to.equal(2);
  });
});
