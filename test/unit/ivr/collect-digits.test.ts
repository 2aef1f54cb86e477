import { expect } from 'chai';
import { collectDigits, type CollectDigitsOptions } from '../../../ivr/dialogues/collect-digits.ts';
import { MAX_KEYS } from '../../../ivr/dialogues/digit-entry.ts';
import { LegGone } from '../../../ivr/leg.ts';
import { ScriptedLeg } from './scripted-leg.ts';
import { VirtualClock } from './virtual-clock.ts';

const rules = {
  prompts: ['enter-access-code'],
  maxDigits: 9,
  firstDigitTimeoutMs: 5_000,
  interDigitTimeoutMs: 2_000,
} as const satisfies CollectDigitsOptions;

/** The prompt lasts 1,000 ms. */
function caller(...script: readonly (readonly [number, string])[]) {
  const clock = new VirtualClock();
  const leg = new ScriptedLeg(clock).pressAt(...script);
  const collect = (options: Partial<CollectDigitsOptions> = {}) =>
    clock.run(collectDigits(leg, { ...rules, ...options }));
  return { clock, leg, collect };
}

describe('collectDigits', () => {
  it('gives what was keyed up to the terminator', async () => {
    const { leg, collect } = caller([1_200, '1'], [1_500, '2'], [1_900, '3'], [2_500, '#']);
    expect(await collect()).to.deep.equal({ outcome: 'digits', digits: '123', endedBy: 'terminator' });
    expect(leg.played[0]).to.deep.include({ to: 1_000, stopped: false });
  });

  it('takes a pause after the last digit for the end', async () => {
    const { clock, collect } = caller([1_200, '1'], [1_500, '2']);
    expect(await collect()).to.deep.equal({ outcome: 'digits', digits: '12', endedBy: 'timeout' });
    expect(clock.now()).to.equal(3_500);
  });

  it('counts the time for the first digit from the end of the prompt', async () => {
    const { clock, leg, collect } = caller();
    expect(await collect()).to.deep.equal({ outcome: 'none', endedBy: 'timeout' });
    expect(clock.now()).to.equal(6_000);
    expect(leg.pending).to.equal(0);
  });

  it('stops the prompt at once when a key is pressed during it', async () => {
    const { leg, collect } = caller([400, '1'], [600, '2#']);
    expect(await collect()).to.deep.include({ digits: '12' });
    expect(leg.played).to.deep.equal([{ prompts: rules.prompts, from: 0, to: 400, stopped: true }]);
  });

  it('does not start the prompt when a key waits already', async () => {
    const { leg, collect } = caller();
    leg.press('42#');
    expect(await collect()).to.deep.include({ digits: '42' });
    expect(leg.played).to.deep.equal([]);
  });

  it('takes keys that come all at once, faster than any speech', async () => {
    const { leg, collect } = caller([1, '123456789#77#']);
    expect(await collect()).to.deep.include({ digits: '123456789' });
    expect(leg.queue.join('')).to.equal('77#');
    expect(await collect()).to.deep.include({ digits: '77' });
  });

  it('loses no key that comes at the very end of the prompt', async () => {
    const { collect } = caller([1_000, '7'], [1_100, '#']);
    expect(await collect()).to.deep.include({ digits: '7' });
  });

  it('plays to the end when barge-in is off, and still takes the keys', async () => {
    const { leg, collect } = caller([400, '1'], [600, '2'], [1_500, '#']);
    expect(await collect({ bargeIn: false })).to.deep.include({ digits: '12' });
    expect(leg.played[0]).to.deep.include({ to: 1_000, stopped: false });
  });

  it('tells the terminator alone from silence', async () => {
    const { collect } = caller([300, '#']);
    expect(await collect()).to.deep.equal({ outcome: 'none', endedBy: 'terminator' });
  });

  it('skips one terminator left over from an earlier entry when asked to', async () => {
    const { leg, collect } = caller([1_500, '5#']);
    leg.press('#');
    expect(await collect({ skipWaitingTerminator: true })).to.deep.include({ digits: '5' });
    leg.press('##');
    expect(await collect({ skipWaitingTerminator: true })).to.deep.include({ outcome: 'none' });
  });

  it('starts over with *', async () => {
    const { clock, collect } = caller([1_100, '129*'], [5_900, '34#']);
    expect(await collect()).to.deep.include({ digits: '34' });
    expect(clock.now(), 'after * there is as much time as for a first digit').to.equal(5_900);
  });

  it('is silent again when everything was forgotten', async () => {
    const { collect } = caller([1_100, '12*']);
    expect(await collect()).to.deep.equal({ outcome: 'none', endedBy: 'timeout' });
  });

  it('reads a code that is too long to its end and says so', async () => {
    const { leg, collect } = caller([100, '1234567890123#8']);
    expect(await collect()).to.deep.equal({ outcome: 'too-long' });
    expect(leg.queue.join('')).to.equal('8');
  });

  it('lets * save an entry that has become too long', async () => {
    const { collect } = caller([100, '1234567890123*55#']);
    expect(await collect()).to.deep.include({ outcome: 'digits', digits: '55' });
  });

  it('ends at the last digit when there is no terminator', async () => {
    const { leg, collect } = caller([100, '12345']);
    const options = { terminator: null, maxDigits: 4 };
    expect(await collect(options)).to.deep.equal({ outcome: 'digits', digits: '1234', endedBy: 'length' });
    expect(leg.queue.join('')).to.equal('5');
  });

  it('passes over keys that mean nothing', async () => {
    const { collect } = caller([100, 'A1B2*'], [200, 'C3D4#']);
    expect(await collect()).to.deep.include({ digits: '34' });
    const noRestart = caller([100, '1*2#']);
    expect(await noRestart.collect({ restart: null })).to.deep.include({ digits: '12' });
  });

  it('does not listen for ever to a phone that never stops', async () => {
    const { leg, collect } = caller([100, '*1'.repeat(MAX_KEYS)]);
    expect(await collect()).to.deep.equal({ outcome: 'too-long' });
    expect(leg.queue).to.have.length(MAX_KEYS);
  });

  it('ends with LegGone on a hang-up during the prompt, between keys and before it', async () => {
    for (const at of [0, 500, 1_600]) {
      const { clock, leg, collect } = caller([1_200, '1']);
      clock.at(at, () => leg.hangUp());
      const error: unknown = await collect().catch((reason: unknown) => reason);
      expect(error, `at ${at}`).to.be.instanceOf(LegGone);
      expect(leg.pending).to.equal(0);
    }
  });

  it('passes on what a failing leg says, and leaves nothing pending', async () => {
    const { leg, clock } = caller();
    const broken = Object.assign(Object.create(leg) as ScriptedLeg, {
      play: () => Promise.reject(new Error('no media')),
      nextDigit: leg.nextDigit.bind(leg),
    });
    const error: unknown = await clock.run(collectDigits(broken, rules)).catch((reason: unknown) => reason);
    expect(error).to.have.property('message', 'no media');
    expect(leg.pending).to.equal(0);
    expect(clock.sleeping).to.equal(0);
  });
});
