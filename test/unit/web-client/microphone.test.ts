/** The microphone is off when people think so. */
import { expect } from 'chai';
import type { ParticipantView } from '../../../config/contract/index.ts';
import { OwnMicrophone } from '../../../web-gateway/client/src/media/own-microphone.ts';
import { asWished, SilenceWish } from '../../../web-gateway/client/src/session/silence-wish.ts';

class FakeTrack extends EventTarget {
  readyState: 'live' | 'ended' = 'live';

  stop(): void {
    this.readyState = 'ended';
  }

  unplug(): void {
    this.stop();
    this.dispatchEvent(new Event('ended'));
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const row = (mutedBy: ParticipantView['mutedBy']) =>
  ({ muted: mutedBy.length > 0, mutedBy, canUnmute: true }) as unknown as ParticipantView;

describe('the wish to be silent', () => {
  it('stands from the click on, whatever the room tells meanwhile, until it tells the same', () => {
    const wish = new SilenceWish();
    wish.told(row([]));
    expect(wish.microphoneOn).to.equal(true);
    wish.asked({ type: 'mute-self' });
    // Somebody else speaks, raises a hand, comes in; the command has not arrived, or never will.
    for (let change = 0; change < 3; change += 1) {
      wish.told(row([]));
      expect([wish.microphoneOn, wish.state]).to.deep.equal([false, true]);
    }
    wish.told(row(['self']));
    expect([wish.microphoneOn, wish.state]).to.deep.equal([false, false]);
    wish.told(row([]));
    expect(wish.microphoneOn).to.equal(true);
  });

  it('is taken back by the person, also when the room never heard of it', () => {
    const wish = new SilenceWish();
    wish.told(row([]));
    wish.asked({ type: 'mute-self' });
    wish.asked({ type: 'raise-hand' });
    expect(wish.microphoneOn).to.equal(false);
    wish.asked({ type: 'unmute-self' });
    expect(wish.microphoneOn).to.equal(true);
  });

  it('is forgotten with the line it was for: another one is as the room says', () => {
    const wish = new SilenceWish();
    wish.asked({ type: 'mute-self' });
    wish.forget();
    expect([wish.microphoneOn, wish.state]).to.deep.equal([true, false]);
  });

  it('begins when somebody leaves, before the room has answered', () => {
    for (const type of ['leave', 'leave-without-ending'] as const) {
      const wish = new SilenceWish();
      wish.asked({ type });
      wish.told(row([]));
      expect(wish.microphoneOn, type).to.equal(false);
    }
  });

  it('is what the person sees of their own row', () => {
    expect(asWished(row([]), true)).to.deep.include({ muted: true, mutedBy: ['self'], canUnmute: true });
    expect(asWished(row(['mode']), true)).to.deep.include({ muted: true, mutedBy: ['mode', 'self'] });
    for (const me of [row([]), row(['host'])]) expect(asWished(me, false)).to.equal(me);
    expect(asWished(undefined, true)).to.equal(undefined);
  });
});

describe('one’s own microphone', () => {
  function build() {
    const first = new FakeTrack();
    const opened: { deviceId: string | undefined; give: (track: FakeTrack) => void }[] = [];
    const changes: FakeTrack[] = [];
    const own = new OwnMicrophone(first, {
      open: (deviceId) => new Promise((resolve) => void opened.push({ deviceId, give: (track) => resolve(track) })),
      onChange: (track) => void changes.push(track),
    });
    return { own, first, opened, changes };
  }

  it('is replaced by the one that is chosen, and by any other when it is pulled out', async () => {
    const { own, first, opened, changes } = build();
    const [chosen, other] = [new FakeTrack(), new FakeTrack()];
    const choosing = own.choose('headset');
    opened[0]!.give(chosen);
    await choosing;
    expect([first.readyState, chosen.readyState]).to.deep.equal(['ended', 'live']);
    chosen.unplug();
    expect(opened.map(({ deviceId }) => deviceId)).to.deep.equal(['headset', undefined]);
    opened[1]!.give(other);
    await settled();
    expect(own.track).to.equal(other);
    expect(changes).to.deep.equal([chosen, other]);
    // Nobody misses the first one.
    first.unplug();
    expect(opened).to.have.length(2);
  });

  it('is not opened by an answer that comes after the person has left', async () => {
    for (const begin of [
      (own: OwnMicrophone<FakeTrack>) => void own.choose('x'),
      (_: OwnMicrophone<FakeTrack>, t: FakeTrack) => t.unplug(),
    ]) {
      const { own, first, opened, changes } = build();
      begin(own, first);
      own.close();
      const late = new FakeTrack();
      opened[0]!.give(late);
      await settled();
      expect([first.readyState, late.readyState]).to.deep.equal(['ended', 'ended']);
      expect(changes).to.deep.equal([]);
      first.unplug();
      expect(opened).to.have.length(1);
    }
  });
});
