/** The rules of play_and_get_digits and read, without sound and time. */
import { expect } from 'chai';
import fc from 'fast-check';
import {
  DigitBuffer,
  judgeTry,
  readResult,
  type Collected,
  type CollectRules,
} from '../../../embedded/freeswitch/applications/collect-digits.ts';

const rules = (minDigits: number, maxDigits: number, terminators = '#'): CollectRules => ({
  minDigits,
  maxDigits,
  terminators,
});

/** Keys until the buffer is complete, else a timeout. */
function key(given: CollectRules, keys: string, duringPrompt = 0): Collected {
  const buffer = new DigitBuffer(given);
  for (const digit of keys.slice(0, duringPrompt)) buffer.interruptPrompt(digit);
  if (!buffer.needsMore || buffer.takeTerminatorFromPrompt()) return buffer.finish('complete');
  for (const digit of keys.slice(duringPrompt)) if (buffer.add(digit)) return buffer.finish('complete');
  return buffer.finish('timeout');
}

const cases: [what: string, rules: CollectRules, keys: string, Collected][] = [
  ['a terminator ends it and is not kept', rules(4, 8), '4321#9', ok('4321', '#')],
  ['the last digit ends it', rules(1, 4), '12345', ok('1234')],
  ['nothing keyed is too small', rules(1, 4), '', { digits: '', terminator: '', status: 'too-small' }],
  ['too few are too small', rules(4, 8), '12', { digits: '12', terminator: '', status: 'too-small' }],
  [
    'enough without a terminator is a timeout',
    rules(2, 8),
    '123',
    { digits: '123', terminator: '', status: 'timeout' },
  ],
  [
    'too few before a terminator are too small',
    rules(4, 8),
    '12#',
    { digits: '12', terminator: '#', status: 'too-small' },
  ],
  ['none is enough when none is asked for', rules(0, 4), '#', ok('', '#')],
  ['any of several terminators will do', rules(1, 8, '*#'), '1*', ok('1', '*')],
  ['"+" keeps the terminator', rules(1, 8, '+#'), '12#', ok('12#', '#')],
  ['"x" keeps it, and begins anew', rules(1, 8, 'x*'), '12*', { digits: '12*', terminator: '*', status: 'restart' }],
  ['"=" asks for one', rules(1, 3, '=#'), '123', { digits: '123', terminator: '', status: 'too-small' }],
  ['without terminators every key counts', rules(1, 3, ''), '*#1', ok('*#1')],
  [
    'a lone terminator as the only digit is none',
    rules(1, 1),
    '#',
    { digits: '', terminator: '#', status: 'too-small' },
  ],
];

function ok(digits: string, terminator = ''): Collected {
  return { digits, terminator, status: 'success' };
}

describe('collecting digits', () => {
  for (const [what, given, keys, expected] of cases) {
    it(what, () => {
      expect(key(given, keys)).to.deep.equal(expected);
    });
  }

  it('counts the key that interrupts the prompt', () => {
    expect(key(rules(4, 8), '4321#', 1)).to.deep.equal(ok('4321', '#'));
  });

  it('knows a terminator that interrupts the prompt', () => {
    expect(key(rules(1, 8), '#', 1)).to.deep.equal({ digits: '', terminator: '#', status: 'too-small' });
    expect(key(rules(1, 8), '12#', 3)).to.deep.equal(ok('12', '#'));
  });

  it('needs no waiting when one digit is asked for and came during the prompt', () => {
    expect(key(rules(1, 1), '5', 1)).to.deep.equal(ok('5'));
  });

  it('is told apart from hang-up and timeout', () => {
    const buffer = new DigitBuffer(rules(0, 4));
    expect(buffer.finish('interrupted').status).to.equal('failure');
    expect([
      readResult('success'),
      readResult('timeout'),
      readResult('too-small'),
      readResult('restart'),
    ]).to.deep.equal(['success', 'timeout', 'failure', 'failure']);
  });

  it('never gives more digits than asked for, and never a terminator without a mark', () => {
    const digits = fc.string({ unit: fc.constantFrom(...Array.from('0123456789*#')), maxLength: 20 });
    fc.assert(
      fc.property(digits, fc.nat(5), fc.nat(6), (keys, minDigits, more) => {
        const maxDigits = Math.max(1, minDigits + more);
        const { digits: got } = key(rules(minDigits, maxDigits), keys);
        expect(got.length).to.be.at.most(maxDigits);
        expect(got).not.to.include('#');
        expect(keys.startsWith(got)).to.equal(true);
      }),
    );
  });
});

describe('judging a try', () => {
  const timeout: Collected = { digits: '123', terminator: '', status: 'timeout' };

  it('takes enough digits even when no terminator came', () => {
    expect(judgeTry(timeout, 3, '', false)).to.equal('accept');
    expect(judgeTry(timeout, 4, '', false)).to.equal('again');
  });

  it('matches anywhere in the digits, as PCRE does', () => {
    expect(judgeTry(ok('1234'), 1, '23', false)).to.equal('accept');
    expect(judgeTry(ok('1234'), 1, '^\\d{4}$', false)).to.equal('accept');
    expect(judgeTry(ok('1234'), 1, '^5', false)).to.equal('invalid');
  });

  it('takes a pattern that is none for one that matches nothing', () => {
    expect(judgeTry(ok('1'), 1, '(', false)).to.equal('invalid');
    expect(judgeTry(ok('1'), 1, '1'.repeat(201), false)).to.equal('invalid');
  });

  it('takes a lone terminator when no digit is asked for', () => {
    expect(judgeTry(ok('', '#'), 0, '\\d+', true)).to.equal('accept');
    expect(judgeTry(ok('', '#'), 0, '\\d+', false)).to.equal('again');
  });

  it('asks again after nothing', () => {
    expect(judgeTry({ digits: '', terminator: '', status: 'timeout' }, 1, '', false)).to.equal('again');
    expect(judgeTry({ digits: '12*', terminator: '*', status: 'restart' }, 1, '', false)).to.equal('again');
  });
});
