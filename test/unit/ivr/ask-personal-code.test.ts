import { expect } from 'chai';
import type { CodeAnswer } from '../../../ivr/dialogues/ask-code.ts';
import { askPersonalCode } from '../../../ivr/dialogues/ask-personal-code.ts';
import type { Prompt } from '../../../ivr/prompts.ts';
import { ScriptedLeg } from './scripted-leg.ts';
import { VirtualClock } from './virtual-clock.ts';

const timing = { firstDigitTimeoutMs: 5_000, interDigitTimeoutMs: 2_000, refusalTimeMs: 700 } as const;
const WRONG: Prompt[] = ['personal-code-not-recognised', 'try-again'];

function call(script: readonly (readonly [number, string])[], answers: Record<string, CodeAnswer<string>> = {}) {
  const clock = new VirtualClock();
  const leg = new ScriptedLeg(clock).pressAt(...script);
  const asked: string[] = [];
  const lookUp = async (digits: string) => {
    asked.push(digits);
    return answers[digits] ?? ({ outcome: 'refused' } as const);
  };
  const ask = (required: boolean, tries = 3) =>
    clock.run(askPersonalCode(leg, { lookUp, clock }, { required, tries, ...timing }));
  return { leg, asked, ask };
}

const ada = { '271828182': { outcome: 'found', found: 'Ada' } } as const;

describe('askPersonalCode', () => {
  it('asks, and finds who it is', async () => {
    const { leg, asked, ask } = call([[1_500, '271828182#']], ada);
    expect(await ask(true)).to.deep.equal({ outcome: 'found', found: 'Ada', tries: 1 });
    expect(leg.words).to.deep.equal(['enter-personal-code']);
    expect(asked).to.deep.equal(['271828182']);
  });

  it('asks again, in the words of a wrong code and of silence, and lets go in the end', async () => {
    const { leg, ask } = call([
      [1_500, '1#'],
      [7_000, '#'],
    ]);
    expect(await ask(true)).to.deep.equal({ outcome: 'refused', reason: 'no-valid-code', tries: 3 });
    expect(leg.words.slice(0, 5)).to.deep.equal(['enter-personal-code', ...WRONG, 'no-input', 'enter-personal-code']);
    expect(leg.words.at(-1)).to.equal('goodbye');
  });

  it('has the tries that are left', async () => {
    const { asked, ask } = call([
      [1_500, '1#'],
      [7_000, '271828182#'],
    ]);
    expect(await ask(true, 1)).to.include({ outcome: 'refused', tries: 1 });
    expect(asked).to.deep.equal(['1']);
  });

  for (const [what, script] of [
    ['pound alone', [[1_500, '#']]],
    ['silence', []],
  ] as const) {
    it(`lets ${what} go on without one, where it is not required`, async () => {
      const { leg, asked, ask } = call(script);
      expect(await ask(false)).to.deep.equal({ outcome: 'skipped', tries: 1 });
      expect(leg.words).to.deep.equal(['enter-personal-code-or-pound']);
      expect(asked).to.deep.equal([]);
    });
  }

  it('lets a guest go on as one after wrong codes, where it is not required', async () => {
    const { leg, asked, ask } = call([
      [1_500, '1#'],
      [7_000, '2#'],
      [14_000, '3#'],
    ]);
    expect(await ask(false)).to.deep.equal({ outcome: 'skipped', tries: 3 });
    expect(asked).to.have.length(3);
    expect(leg.words.filter((word) => word === 'enter-personal-code-or-pound')).to.have.length(3);
    expect(leg.words).not.to.include('goodbye');
  });

  it('says that the store is away', async () => {
    const { leg, ask } = call([[1_500, '1#']], { '1': { outcome: 'unavailable' } });
    expect(await ask(false)).to.include({ outcome: 'unavailable' });
    expect(leg.words.slice(-2)).to.deep.equal(['try-again-in-a-moment', 'goodbye']);
  });
});
