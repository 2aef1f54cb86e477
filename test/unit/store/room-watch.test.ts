import { expect } from 'chai';
import { pino } from 'pino';
import type { StoreContext } from '../../../store/context.ts';
import { RoomWatch } from '../../../store/room-watch.ts';
import type { RoomDocument } from '../../../store/index.ts';
import { roomDocument } from '../../helpers/rooms.ts';

describe('a room that is watched', () => {
  it('is read again when a read fails though Redis is there, for as long as somebody watches', async () => {
    const context = {
      logger: pino({ level: 'silent' }),
      connection: { available: true, onAvailability: () => () => undefined },
      subscriber: { listen: () => () => undefined, onGap: () => () => undefined },
    } as unknown as StoreContext;
    let reads = 0;
    const read = async () => {
      reads += 1;
      if (reads < 3) throw new Error('no answer in time');
      return roomDocument();
    };
    const watch = new RoomWatch(context, read, 1);
    const told = await new Promise<RoomDocument | null>((resolve) => watch.watch('default', 'c1', resolve));
    expect([told, reads]).to.deep.equal([roomDocument(), 3]);
  });
});
