import { expect } from 'chai';
import { PacketIndex } from '../../../../embedded/media/webrtc/packet-index.ts';

/** Takes packets in the order given; which of them were new. */
function take(index: PacketIndex, ...sequences: number[]): boolean[] {
  return sequences.map((sequence) => {
    const guessed = index.guess(sequence);
    if (index.isOld(guessed)) return false;
    index.take(guessed);
    return true;
  });
}

describe('index of SRTP packets', () => {
  it('counts on when the sequence number wraps, and back for those that come late', () => {
    const index = new PacketIndex();
    expect(take(index, 65_534, 65_535, 0, 1)).to.deep.equal([true, true, true, true]);
    expect(index.guess(2)).to.equal(65_538);
    expect(index.guess(65_533)).to.equal(65_533);
  });

  it('takes each packet once, in whatever order they come', () => {
    const index = new PacketIndex();
    expect(take(index, 10, 12, 11, 11, 12, 10, 13)).to.deep.equal([true, true, true, false, false, false, true]);
  });

  it('takes none that is too old to be known', () => {
    const index = new PacketIndex();
    take(index, 1000, 1200);
    expect(take(index, 1072, 1073)).to.deep.equal([false, true]);
  });

  it('goes on elsewhere', () => {
    const index = new PacketIndex();
    take(index, 65_535, 0);
    const moved = new PacketIndex(structuredClone(index.state));
    expect(take(moved, 0, 65_535, 1)).to.deep.equal([false, false, true]);
    expect(moved.guess(2)).to.equal(65_538);
  });
});
