import { inspect } from 'node:util';
import { expect } from 'chai';
import {
  askAccessCode,
  type AccessCodeLookup,
  type AskAccessCodeOptions,
} from '../../../ivr/dialogues/ask-access-code.ts';
import { LegGone } from '../../../ivr/leg.ts';
import type { Prompt } from '../../../ivr/prompts.ts';
import { ScriptedLeg } from './scripted-leg.ts';
import { VirtualClock } from './virtual-clock.ts';

type Answer = AccessCodeLookup<string>;
type Script = readonly (readonly [number, string])[];

const timing = { firstDigitTimeoutMs: 5_000, interDigitTimeoutMs: 2_000, refusalTimeMs: 700 } as const;
const GREETING: Prompt[] = ['welcome', 'enter-access-code'];
const WRONG: Prompt[] = ['code-not-recognised', 'try-again'];
const SILENT: Prompt[] = ['no-input', 'enter-access-code'];
const refused: Answer = { outcome: 'refused' };

/** @param answers by code; a code that is not there is refused. `takes`: how long the store takes. */
function call(script: Script, answers: Record<string, Answer> = {}, { takes = 20 } = {}) {
  const clock = new VirtualClock();
  const leg = new ScriptedLeg(clock).pressAt(...script);
  const asked: [string, number][] = [];
  const signals: AbortSignal[] = [];
  const lookUp = async (digits: string, { tryNumber, signal }: { tryNumber: number; signal: AbortSignal }) => {
    asked.push([digits, tryNumber]);
    signals.push(signal);
    await clock.sleep(takes, signal);
    return answers[digits] ?? refused;
  };
  const ask = (options: Partial<AskAccessCodeOptions> = {}) =>
    clock.run(askAccessCode(leg, { lookUp, clock }, { ...timing, ...options }));
  return { clock, leg, asked, signals, ask };
}

const good: Record<string, Answer> = { '123456789': { outcome: 'found', found: 'room one' } };

describe('askAccessCode', () => {
  it('greets, asks, and finds the conference', async () => {
    const { leg, asked, ask } = call([[2_500, '123456789#']], good);
    expect(await ask()).to.deep.equal({ outcome: 'found', found: 'room one', tries: 1 });
    expect(leg.words).to.deep.equal(GREETING);
    expect(asked).to.deep.equal([['123456789', 1]]);
  });

  it('cuts the greeting short for a caller who knows the way', async () => {
    const { leg, ask } = call([[300, '123456789#']], good);
    expect(await ask()).to.include({ outcome: 'found' });
    expect(leg.played).to.deep.equal([{ prompts: GREETING, from: 0, to: 300, stopped: true }]);
  });

  it('says nothing at all to a caller who keyed the code before the greeting', async () => {
    const { leg, ask } = call([], good);
    leg.press('123456789#');
    expect(await ask()).to.include({ outcome: 'found' });
    expect(leg.words).to.deep.equal([]);
  });

  it('leaves out the greeting when it was heard already', async () => {
    const { leg, ask } = call([[1_500, '123456789#']], good);
    await ask({ greeting: [] });
    expect(leg.words).to.deep.equal(['enter-access-code']);
  });

  it('takes a code without # after a pause', async () => {
    const { ask } = call([[2_500, '123456789']], good);
    expect(await ask()).to.include({ outcome: 'found', tries: 1 });
  });

  it('tells a wrong code politely and takes the right one afterwards', async () => {
    const { leg, asked, ask } = call(
      [
        [2_500, '1111#'],
        [7_000, '123456789#'],
      ],
      good,
    );
    expect(await ask()).to.include({ outcome: 'found', tries: 2 });
    expect(leg.words).to.deep.equal([...GREETING, ...WRONG]);
    expect(asked).to.deep.equal([
      ['1111', 1],
      ['123456789', 2],
    ]);
  });

  it('lets the caller go after three wrong codes', async () => {
    const { leg, asked, ask } = call([
      [2_500, '1#'],
      [7_000, '2#'],
      [12_000, '3#'],
      [13_000, '4#'],
    ]);
    expect(await ask()).to.deep.equal({ outcome: 'refused', reason: 'no-valid-code', tries: 3 });
    expect(leg.words).to.deep.equal([...GREETING, ...WRONG, ...WRONG, 'too-many-wrong-codes', 'goodbye']);
    expect(asked.map(([, tryNumber]) => tryNumber)).to.deep.equal([1, 2, 3]);
  });

  it('lets a silent caller go after three times asking', async () => {
    const { leg, asked, ask } = call([]);
    expect(await ask()).to.deep.equal({ outcome: 'refused', reason: 'no-digits', tries: 3 });
    expect(leg.words).to.deep.equal([...GREETING, ...SILENT, ...SILENT, 'nothing-entered', 'goodbye']);
    expect(asked).to.deep.equal([]);
  });

  it('counts wrong codes and silences together', async () => {
    const { leg, ask } = call([
      [2_500, '1#'],
      [14_000, '2#'],
    ]);
    expect(await ask()).to.deep.equal({ outcome: 'refused', reason: 'no-valid-code', tries: 3 });
    expect(leg.words.slice(-2)).to.deep.equal(['too-many-wrong-codes', 'goodbye']);
  });

  it('says at last what went wrong at last, and reports the worst', async () => {
    const { leg, ask } = call([[2_500, '1#']]);
    expect(await ask()).to.deep.equal({ outcome: 'refused', reason: 'no-valid-code', tries: 3 });
    expect(leg.words.slice(-2)).to.deep.equal(['nothing-entered', 'goodbye']);
  });

  it('takes # alone for a silence, and asks again at once', async () => {
    const { clock, ask } = call(
      [
        [2_500, '#'],
        [3_000, '123456789#'],
      ],
      good,
    );
    expect(await ask()).to.include({ outcome: 'found', tries: 2 });
    expect(clock.now()).to.be.below(4_000);
  });

  it('does not count a second # by mistake', async () => {
    const { ask } = call(
      [
        [2_500, '1111##'],
        [7_000, '123456789#'],
      ],
      good,
    );
    expect(await ask({ tries: 2 })).to.include({ outcome: 'found', tries: 2 });
  });

  it('takes the next code while it is still looking for the first', async () => {
    const { leg, asked, ask } = call([[2_500, '1111#123456789#']], good);
    expect(await ask()).to.include({ outcome: 'found', tries: 2 });
    expect(asked).to.have.length(2);
    expect(leg.words, 'nothing is said over keys that wait').to.deep.equal(GREETING);
  });

  it('refuses a code that is too long without asking the store', async () => {
    const { asked, ask } = call([[2_500, '1234567890123#']]);
    expect(await ask({ tries: 1 })).to.include({ outcome: 'refused', reason: 'no-valid-code' });
    expect(asked).to.deep.equal([]);
  });

  it('forgets what came before *', async () => {
    const { asked, ask } = call([[2_500, '99*123456789#']], good);
    expect(await ask()).to.include({ outcome: 'found' });
    expect(asked).to.deep.equal([['123456789', 1]]);
  });

  it('asks to call again when the store is unavailable', async () => {
    const { leg, ask } = call([[2_500, '1111#']], { '1111': { outcome: 'unavailable' } });
    expect(await ask()).to.deep.equal({ outcome: 'unavailable', reason: 'store-unavailable', tries: 1 });
    expect(leg.words.slice(-2)).to.deep.equal(['try-again-in-a-moment', 'goodbye']);
  });

  it('gives up on a store that does not answer, and tells it so', async () => {
    const { clock, leg, signals, ask } = call([[2_500, '1111#']], {}, { takes: 60_000 });
    expect(await ask({ lookUpTimeoutMs: 8_000 })).to.include({ outcome: 'unavailable' });
    expect(leg.played.at(-1)).to.include({ from: 10_500 });
    expect(signals[0]?.aborted).to.equal(true);
    expect(clock.sleeping).to.equal(0);
  });

  it('passes on a fault of the look-up', async () => {
    const clock = new VirtualClock();
    const leg = new ScriptedLeg(clock).pressAt([100, '123456789#']);
    const lookUp = () => Promise.reject(new Error('a bug'));
    const error: unknown = await clock.run(askAccessCode(leg, { lookUp, clock }, timing)).catch((e: unknown) => e);
    expect(error).to.have.property('message', 'a bug');
    expect(clock.sleeping).to.equal(0);
  });
});

describe('askAccessCode to somebody who guesses codes', () => {
  const limited: Answer = { outcome: 'limited' };

  it('says that wrong codes are limited in no other words than that they are wrong', async () => {
    const script: Script = [
      [2_500, '1#'],
      [7_000, '2#'],
      [12_000, '3#'],
    ];
    const wrong = call(script);
    const slowed = call(script, { '2': limited, '3': limited });
    await wrong.ask();
    expect(await slowed.ask()).to.deep.equal({ outcome: 'refused', reason: 'too-many-tries', tries: 3 });
    expect(slowed.leg.played).to.deep.equal(wrong.leg.played);
  });

  it('takes the same time whatever the reason and however fast the store', async () => {
    const when: number[] = [];
    for (const [answer, takes] of [
      [refused, 1],
      [refused, 690],
      [limited, 0],
      [limited, 350],
    ] as const) {
      const { leg, ask } = call([[2_500, '1#']], { '1': answer }, { takes });
      await ask({ tries: 1 });
      when.push(leg.played.at(-1)!.from);
    }
    const tooLong = call([[2_500, '1234567890123#']]);
    await tooLong.ask({ tries: 1 });
    when.push(tooLong.leg.played.at(-1)!.from);
    expect(when).to.deep.equal(Array(5).fill(3_200));
  });

  it('takes whole steps more when the store is slow', async () => {
    const { leg, ask } = call([[2_500, '1#']], {}, { takes: 750 });
    await ask({ tries: 1 });
    expect(leg.played.at(-1)?.from).to.equal(2_500 + 2 * 700);
  });

  it('does not make the right code wait', async () => {
    const { clock, ask } = call([[2_500, '123456789#']], good);
    await ask();
    expect(clock.now()).to.equal(2_520);
  });

  it('puts the digits into no result and no error', async () => {
    const { ask } = call([[2_500, '777777#']]);
    expect(JSON.stringify(await ask())).not.to.contain('7777');
    const gone = call([[2_500, '777777#']]);
    gone.clock.at(2_510, () => gone.leg.hangUp());
    const error: unknown = await gone.ask().catch((reason: unknown) => reason);
    expect(inspect(error)).not.to.contain('7777');
  });
});

describe('askAccessCode when the caller hangs up', () => {
  const moments: Record<string, number> = {
    'before the greeting': 0,
    'during the greeting': 700,
    'after the greeting': 2_300,
    'between two keys': 2_700,
    'during the look-up': 4_010,
    'while the refusal is held back': 4_500,
    'during the words about a wrong code': 5_000,
  };
  for (const [moment, at] of Object.entries(moments)) {
    it(`ends with LegGone ${moment}, and leaves nothing behind`, async () => {
      const { clock, leg, ask } = call(
        [
          [2_600, '1'],
          [4_000, '2#'],
        ],
        {},
        { takes: 100 },
      );
      clock.at(at, () => leg.hangUp());
      const error: unknown = await ask().catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(LegGone);
      expect(clock.now(), 'ends at once').to.equal(at);
      expect(leg.pending).to.equal(0);
    });
  }

  it('does not report a conference found for a caller who is gone', async () => {
    const { clock, leg, signals, ask } = call([[2_600, '123456789#']], good, { takes: 100 });
    clock.at(2_650, () => leg.hangUp());
    expect(await ask().catch((reason: unknown) => reason)).to.be.instanceOf(LegGone);
    expect(signals[0]?.aborted).to.equal(true);
    expect(clock.sleeping).to.equal(0);
  });

  it('does not even when the answer comes with the hang-up', async () => {
    const clock = new VirtualClock();
    const leg = new ScriptedLeg(clock).pressAt([100, '123456789#']);
    const lookUp = async (): Promise<Answer> => {
      leg.hangUp();
      return { outcome: 'found', found: 'room one' };
    };
    const error: unknown = await clock.run(askAccessCode(leg, { lookUp, clock }, timing)).catch((e: unknown) => e);
    expect(error).to.be.instanceOf(LegGone);
  });

  it('ends during the last words too', async () => {
    const { clock, leg, ask } = call([]);
    clock.at(21_500, () => leg.hangUp());
    const error: unknown = await ask().catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(LegGone);
    expect(leg.played.at(-1)).to.deep.include({ stopped: true });
    expect([clock.sleeping, leg.pending]).to.deep.equal([0, 0]);
  });
});
