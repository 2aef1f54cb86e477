import { expect } from 'chai';
import { Turnstile } from '../../../bridge/support/turnstile.ts';
import { ManualClock, turn } from './fakes.ts';

describe('a turnstile', () => {
  const never = new AbortController().signal;
  const clock = new ManualClock();

  /** Works until told to end; notes who began. */
  function worker(turnstile: Turnstile, begun: string[]) {
    return (name: string, signal = never) => {
      let end: (value: string) => void = () => undefined;
      const work = new Promise<string>((resolve) => (end = resolve));
      const passage = turnstile.pass(
        () => {
          begun.push(name);
          return work;
        },
        { longestWaitMs: 1_000, signal },
      );
      return { passage, end: () => end(name) };
    };
  }

  it('lets so many through at once, the others in their order', async () => {
    const [turnstile, begun] = [new Turnstile(2, clock), [] as string[]];
    const begin = worker(turnstile, begun);
    const all = ['a', 'b', 'c', 'd'].map((name) => begin(name));
    await turn();
    expect([begun, turnstile.waiting]).to.deep.equal([['a', 'b'], 2]);
    all[1]!.end();
    expect(await all[1]!.passage).to.deep.equal({ passed: true, value: 'b' });
    // Whoever comes now must not get in before those who wait.
    const late = begin('e');
    await turn();
    expect(begun).to.deep.equal(['a', 'b', 'c']);
    for (const one of [...all, late]) one.end();
    await Promise.all([...all, late].map(({ passage }) => passage));
    expect([begun, turnstile.waiting]).to.deep.equal([['a', 'b', 'c', 'd', 'e'], 0]);
  });

  it('sends away whoever waits too long or goes, and loses no place by it', async () => {
    const [turnstile, begun] = [new Turnstile(1, clock), [] as string[]];
    const begin = worker(turnstile, begun);
    const first = begin('first');
    const gone = new AbortController();
    const [goes, patient] = [begin('goes', gone.signal), begin('patient')];
    await turn();
    gone.abort();
    expect(await goes.passage).to.deep.equal({ passed: false });
    await clock.advance(1_001);
    expect(await patient.passage).to.deep.equal({ passed: false });
    const both = new AbortController();
    const [admittedAndGone, next] = [begin('admitted and gone', both.signal), begin('next')];
    await turn();
    first.end();
    both.abort();
    expect(await admittedAndGone.passage).to.deep.equal({ passed: false });
    next.end();
    expect(await next.passage).to.deep.equal({ passed: true, value: 'next' });
    expect(begun).to.deep.equal(['first', 'next']);
  });

  it('gives the place back when the work fails', async () => {
    const turnstile = new Turnstile(1, clock);
    const options = { longestWaitMs: 1_000, signal: never };
    const failure = await turnstile
      .pass(() => Promise.reject(new Error('no')), options)
      .catch((error: unknown) => error);
    expect(failure).to.be.an('error');
    expect(await turnstile.pass(() => Promise.resolve(1), options)).to.deep.equal({ passed: true, value: 1 });
  });
});
