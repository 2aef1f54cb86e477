import { expect } from 'chai';
import fc from 'fast-check';
import { collectDigits } from '../../../ivr/dialogues/collect-digits.ts';
import type { Collected } from '../../../ivr/dialogues/digit-entry.ts';
import type { Digit } from '../../../ivr/leg.ts';
import { ScriptedLeg } from './scripted-leg.ts';
import { VirtualClock } from './virtual-clock.ts';

const FIRST = 5_000;
const INTER = 2_000;
const MAX = 6;

interface Press {
  readonly after: number;
  readonly key: Digit;
}

/** Gaps on, just beside and far from the limits. */
const gap = fc.oneof(
  fc.constantFrom(0, 1, INTER - 1, INTER, INTER + 1, FIRST - 1, FIRST, FIRST + 1),
  fc.integer({ min: 0, max: 7_000 }),
);
const key = fc.constantFrom<Digit>(...('0123456789##*A'.split('') as Digit[]));
const presses = fc.array(fc.record({ after: gap, key }), { maxLength: 30 });
const promptMs = fc.constantFrom(0, 1, 900, 4_000);

function timeline(script: readonly Press[]): { at: number; key: Digit }[] {
  let at = 0;
  return script.map(({ after, key: pressed }) => ({ at: (at += after), key: pressed }));
}

/** Asks again and again until every key that was pressed is taken. */
async function collectAll(script: readonly Press[], prompt: number, { bargeIn = true, maxDigits = MAX } = {}) {
  const clock = new VirtualClock();
  const leg = new ScriptedLeg(clock, { promptMs: prompt });
  const times = timeline(script);
  leg.pressAt(...times.map(({ at, key: pressed }) => [at, pressed] as const));
  const entries: Collected[] = [];
  while (leg.toCome > 0 || leg.queue.length > 0) {
    const options = { prompts: ['try-again'] as const, maxDigits, bargeIn };
    const asked = collectDigits(leg, { ...options, firstDigitTimeoutMs: FIRST, interDigitTimeoutMs: INTER });
    entries.push(await clock.run(asked));
    expect(clock.sleeping, 'the dialogue left a timer behind').to.equal(leg.toCome);
    expect(leg.pending).to.equal(0);
  }
  return { entries, leg };
}

function digitsOf(script: readonly Press[]): string {
  return script
    .map(({ key: pressed }) => pressed)
    .filter((pressed) => pressed >= '0' && pressed <= '9')
    .join('');
}

describe('collectDigits, whatever is pressed whenever', () => {
  it('gives every digit once and in order', async () => {
    const plain = presses.map((script) => script.filter(({ key: pressed }) => pressed !== '*'));
    await fc.assert(
      fc.asyncProperty(plain, promptMs, fc.boolean(), async (script, prompt, bargeIn) => {
        const { entries } = await collectAll(script, prompt, { bargeIn, maxDigits: 30 });
        const given = entries.map((entry) => (entry.outcome === 'digits' ? entry.digits : '')).join('');
        expect(given).to.equal(digitsOf(script));
      }),
      { numRuns: 300 },
    );
  });

  it('gives one entry for each # when the keys come together', async () => {
    const together = fc.array(key, { maxLength: 30 }).map((keys) => [...keys, '#' as const]);
    await fc.assert(
      fc.asyncProperty(together, promptMs, async (keys, prompt) => {
        const { entries } = await collectAll(
          keys.map((pressed) => ({ after: 0, key: pressed })),
          prompt,
        );
        const expected = keys.join('').replaceAll('A', '').split('#').slice(0, -1).map(whatIsLeft);
        expect(entries.map(readAloud)).to.deep.equal(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('never gives more digits than asked for, nor anything but digits', async () => {
    await fc.assert(
      fc.asyncProperty(presses, promptMs, fc.boolean(), async (script, prompt, bargeIn) => {
        const { entries, leg } = await collectAll(script, prompt, { bargeIn });
        for (const entry of entries) {
          if (entry.outcome === 'digits') expect(entry.digits).to.match(/^[0-9]{1,6}$/);
        }
        expect(leg.queue).to.deep.equal([]);
      }),
      { numRuns: 200 },
    );
  });

  it('hears the same in any chopping of the same keys that is fast enough', async () => {
    const digits = fc.stringMatching(/^[0-9]{1,6}$/);
    const pauses = fc.array(fc.integer({ min: 0, max: INTER - 1 }), { minLength: 7, maxLength: 7 });
    await fc.assert(
      fc.asyncProperty(digits, pauses, promptMs, async (code, gaps, prompt) => {
        const script = `${code}#`.split('').map((pressed, index) => ({ after: gaps[index]!, key: pressed as Digit }));
        const { entries } = await collectAll(script, prompt);
        expect(entries).to.deep.equal([{ outcome: 'digits', digits: code, endedBy: 'terminator' }]);
      }),
      { numRuns: 200 },
    );
  });
});

/** What the keys between two terminators mean when no time passes: everything before a `*` is forgotten. */
function whatIsLeft(keys: string): string {
  const kept = keys.slice(keys.lastIndexOf('*') + 1);
  return kept.length > MAX ? 'too long' : kept;
}

function readAloud(entry: Collected): string {
  if (entry.outcome === 'too-long') return 'too long';
  return entry.outcome === 'digits' ? entry.digits : '';
}
