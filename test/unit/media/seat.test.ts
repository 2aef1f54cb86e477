import { expect } from 'chai';
import { MediaError } from '../../../embedded/media/errors.ts';
import { Seat, StayedError } from '../../../embedded/media/seat.ts';
import type { WorkerLink } from '../../../embedded/media/worker-link.ts';

/** A line whose answers come when the test says so. */
class FakeLink {
  ended = false;
  readonly said: string[] = [];
  readonly #answers: (() => void)[] = [];

  request(name: string): Promise<void> {
    this.said.push(name);
    return new Promise((resolve) => this.#answers.push(resolve));
  }

  order(name: string): void {
    this.said.push(name);
  }

  answerAll(): void {
    for (const answer of this.#answers.splice(0)) answer();
  }

  get link(): WorkerLink {
    return this as unknown as WorkerLink;
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const portId = 'port-1';

describe('seat of a port', () => {
  let [old, fresh]: FakeLink[] = [];
  let seat: Seat;
  let arrive: () => void;
  let fail: (error: Error) => void;
  let carrying: string[];

  const move = (joined: Promise<void> = Promise.resolve()): Promise<void> =>
    seat.move(
      fresh!.link,
      () => {
        carrying.push('carried');
        return new Promise((resolve, reject) => ([arrive, fail] = [resolve, reject]));
      },
      () => {
        fresh!.said.push('joined');
        return joined;
      },
    );

  beforeEach(() => {
    [old, fresh] = [new FakeLink(), new FakeLink()];
    seat = new Seat(old.link);
    carrying = [];
  });

  it('asks and orders where it is', () => {
    void seat.request('statistics', { portId });
    seat.order('set-echo', { portId, on: true });
    expect(old!.said).to.deep.equal(['statistics', 'set-echo']);
  });

  it('moves when what was asked before is answered', async () => {
    void seat.request('statistics', { portId });
    void move();
    await turn();
    expect(carrying).to.deep.equal([]);
    old!.answerAll();
    await turn();
    expect(carrying).to.deep.equal(['carried']);
  });

  it('keeps what is said on the way, in order, for the new place', async () => {
    const moved = move();
    await turn();
    seat.order('set-echo', { portId, on: true });
    const asked = seat.request('close-port', { portId });
    seat.order('stop-port-play', { portId, playId: 1 });
    await turn();
    expect([...old!.said, ...fresh!.said]).to.deep.equal([]);
    arrive();
    await moved;
    await turn();
    expect(fresh!.said).to.deep.equal(['joined', 'set-echo', 'stop-port-play', 'close-port']);
    fresh!.answerAll();
    await asked;
  });

  it('stays where it is when it cannot leave', async () => {
    const moved = move();
    await turn();
    fail(new StayedError(new MediaError('media/member-exists', 'in a room')));
    expect(await moved.catch((error: unknown) => error)).to.have.property('code', 'media/member-exists');
    seat.order('set-echo', { portId, on: true });
    expect(old!.said).to.deep.equal(['set-echo']);
    expect(seat.ended).to.equal(false);
  });

  it('has ended when it was lost on the way', async () => {
    const moved = move();
    await turn();
    seat.order('set-echo', { portId, on: true });
    fail(new Error('lost'));
    expect(await moved.catch((error: unknown) => String(error))).to.equal('Error: lost');
    expect(seat.ended).to.equal(true);
    const refused = await seat.request('statistics', { portId }).catch((error: unknown) => error);
    expect(refused).to.have.property('code', 'media/engine-failed');
    expect([...old!.said, ...fresh!.said]).to.deep.equal([]);
  });

  it('moves once to where it is asked to twice', async () => {
    const both = [move(), move()];
    await turn();
    arrive();
    await Promise.all(both);
    expect(carrying).to.have.length(1);
  });
});
