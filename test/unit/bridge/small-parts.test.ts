import { expect } from 'chai';
import { CallMachine, IllegalMove } from '../../../bridge/calls/call-machine.ts';
import { isDead, nodeName, systemProcesses } from '../../../bridge/calls/node.ts';
import { helpPrompts, KeypadReader, keysFor } from '../../../bridge/conferences/keypad.ts';
import { readConferenceEvent } from '../../../bridge/media/conference-events.ts';
import { DigitQueue } from '../../../bridge/media/digit-queue.ts';
import { RetryingWriter } from '../../../bridge/support/retrying-writer.ts';
import {
  DEFAULT_KEYPAD,
  keypadActions,
  keypadChanges,
  keypadConflict,
  PartylineError,
  withDefaults,
} from '../../../config/contract/index.ts';
import type { Digit, Prompt } from '../../../ivr/index.ts';
import { ManualClock, recordingLogger, silent, turn } from './fakes.ts';

describe('the call machine', () => {
  it('goes its way and remembers when', async () => {
    const clock = new ManualClock();
    const machine = new CallMachine(silent, () => clock.now());
    machine.to('admitted');
    await clock.advance(120);
    machine.to('answered');
    machine.to('in-dialogue');
    machine.to('in-conference');
    machine.to('ended');
    expect(machine.enteredAt('answered')).to.equal(120);
    expect(machine.state).to.equal('ended');
  });

  it('refuses moves that are not in the table, naming both states', () => {
    const machine = new CallMachine(silent, () => 0);
    expect(() => machine.to('in-conference')).to.throw(IllegalMove, /received.*in-conference/);
    machine.to('ended');
    expect(() => machine.to('ended')).to.throw(IllegalMove, /ended.*ended/);
  });
});

describe('the keypad in the room', () => {
  const keys = (reader: KeypadReader, text: string) => Array.from(text, (key) => reader.press(key as Digit));

  it('finds *6 among other keys', () => {
    const reader = new KeypadReader(DEFAULT_KEYPAD);
    expect(keys(reader, '*6')).to.deep.equal([null, 'toggle-mute']);
    expect(keys(reader, '12*6')).to.deep.equal([null, null, null, 'toggle-mute']);
    expect(keys(new KeypadReader({ ...DEFAULT_KEYPAD, menu: '0' }), '**6')).to.deep.equal([null, null, 'toggle-mute']);
    expect(keys(reader, '*D6')).to.deep.equal([null, 'nothing', null]);
  });

  it('forgets a command that was only begun', () => {
    const reader = new KeypadReader(DEFAULT_KEYPAD);
    reader.press('*');
    expect(reader.begun).to.equal(true);
    reader.forget();
    expect(reader.press('6')).to.equal(null);
  });

  it('knows every action of the usual map', () => {
    const reader = new KeypadReader(DEFAULT_KEYPAD);
    for (const [action, sequence] of Object.entries(DEFAULT_KEYPAD)) {
      expect(keys(reader, sequence).at(-1), sequence).to.equal(action);
    }
  });

  it('takes no map in which the keys of one action begin with those of another', () => {
    expect(keypadChanges.safeParse({ 'toggle-mute': '6' }).success).to.equal(true);
    expect(keypadChanges.safeParse({ 'toggle-mute': '*9' }).success, 'the same keys').to.equal(false);
    expect(keypadChanges.safeParse({ menu: '*' }).success, 'a beginning of all others').to.equal(false);
    expect(keypadChanges.safeParse({ menu: '*61' }).success).to.equal(false);
    expect(keypadChanges.safeParse({ menu: 'x' }).success).to.equal(false);
    expect(keypadConflict(withDefaults({ menu: '*61' }))).to.deep.equal(['toggle-mute', 'menu']);
  });

  it('helps each with what they can do, by the keys of their company', () => {
    const map = withDefaults({ 'toggle-mute': '55' });
    const guest = helpPrompts('guest', map);
    expect(guest[0]).to.deep.equal({ meaning: 'action', action: 'toggle-mute', keys: '55' });
    const actionsOf = (prompts: readonly Prompt[]) =>
      prompts.map((prompt) => (typeof prompt === 'object' && prompt.meaning === 'action' ? prompt.action : ''));
    expect(actionsOf(guest)).to.not.include('menu');
    expect(actionsOf(helpPrompts('host', map))).to.include.members([...keypadActions]);
    expect(actionsOf(helpPrompts('waiting', map))).to.deep.equal(['ask-for-help', 'help']);
    expect(keysFor('unmute', map)).to.deep.equal({ meaning: 'action', action: 'unmute', keys: '55' });
  });
});

describe('the queue of keys', () => {
  const never = new AbortController().signal;

  it('keeps keys until somebody asks, in order', async () => {
    const queue = new DigitQueue(new ManualClock());
    for (const key of ['1', '2', 'x', '', '#']) queue.push(key);
    expect([await queue.next(0, [never]), await queue.next(0, [never]), await queue.next(0, [never])]).to.deep.equal([
      '1',
      '2',
      '#',
    ]);
    expect(await queue.next(0, [never])).to.equal(null);
  });

  it('hands a key to the one who waits, and to nobody twice', async () => {
    const clock = new ManualClock();
    const queue = new DigitQueue(clock);
    const waiting = queue.next(1_000, [never]);
    queue.push('5');
    queue.push('6');
    expect(await waiting).to.equal('5');
    expect(await queue.next(0, [never])).to.equal('6');
    expect(clock.sleeping).to.equal(0);
  });

  it('gives up in time, and at once when aborted', async () => {
    const clock = new ManualClock();
    const queue = new DigitQueue(clock);
    const slow = queue.next(1_000, [never]);
    await clock.advance(1_000);
    expect(await slow).to.equal(null);
    const gone = new AbortController();
    const aborted = queue.next(1_000, [gone.signal]);
    gone.abort();
    expect(await aborted).to.equal(null);
    queue.push('7');
    expect(await queue.next(1_000, [gone.signal]), 'an aborted consumer takes no key').to.equal(null);
    expect(await queue.next(0, [never]), 'it is still there').to.equal('7');
  });

  it('has one consumer', async () => {
    const queue = new DigitQueue(new ManualClock());
    const gone = new AbortController();
    const first = queue.next(1_000, [gone.signal]);
    let failure: unknown;
    await queue.next(1_000, [never]).catch((error: unknown) => (failure = error));
    expect(failure).to.be.instanceOf(Error);
    gone.abort();
    await first;
  });

  it('does not grow for ever', async () => {
    const queue = new DigitQueue(new ManualClock());
    for (let count = 0; count < 1_000; count += 1) queue.push('1');
    let kept = 0;
    while ((await queue.next(0, [never])) !== null) kept += 1;
    expect(kept).to.equal(64);
  });
});

describe('conference events', () => {
  const event = (headers: Record<string, string>) => ({
    getHeader: (name: string) => headers[name],
    getBody: () => '',
  });
  const base = { 'Event-Subclass': 'conference::maintenance', 'Conference-Name': 'room1' };

  it('are read with member and channel', () => {
    expect(
      readConferenceEvent(event({ ...base, Action: 'add-member', 'Member-ID': '2', 'Unique-ID': 'u' })),
    ).to.deep.equal({ type: 'add-member', room: 'room1', memberId: 2, channelUuid: 'u' });
    expect(
      readConferenceEvent(event({ ...base, Action: 'floor-change', 'Old-ID': 'none', 'New-ID': '1' })),
    ).to.deep.equal({ type: 'floor-change', room: 'room1', from: null, to: 1 });
  });

  it('are nothing when they are something else or lack a header', () => {
    for (const headers of [
      { ...base, 'Event-Subclass': 'sofia::register', Action: 'add-member' },
      { ...base, Action: 'hold-member', 'Member-ID': '2' },
      { ...base, Action: 'add-member', 'Member-ID': 'x', 'Unique-ID': 'u' },
      { ...base, Action: 'add-member', 'Member-ID': '1' },
      { 'Event-Subclass': 'conference::maintenance' },
    ]) {
      expect(readConferenceEvent(event(headers))).to.equal(null);
    }
  });
});

describe('names of processes', () => {
  const table = (start: number | null | undefined) => ({ startOf: () => start });
  const self = 'host/100/5000';

  it('tell a dead process of the same machine from a living one', () => {
    expect(isDead('host/99/1000', self, table(null)), 'gone').to.equal(true);
    expect(isDead('host/99/1000', self, table(900)), 'alive').to.equal(false);
    expect(isDead('host/99/1000', self, table(undefined)), 'alive, start unknown').to.equal(false);
    expect(isDead('host/99/1000', self, table(60_000)), 'the number is used again').to.equal(true);
    expect(isDead('host/100/1000', self, table(900)), 'our own number, before us').to.equal(true);
    expect(isDead(self, self, table(null)), 'ourselves').to.equal(false);
    expect(isDead('other/99/1000', self, table(null)), 'another machine').to.equal(false);
    expect(isDead('nonsense', self, table(null))).to.equal(false);
  });

  it('come from the setting, else from the host', () => {
    expect(nodeName('node-a', 7, 12.6)).to.equal('node-a/7/13');
    expect(nodeName(undefined, 7, 1)).to.match(/^[A-Za-z0-9._-]+\/7\/1$/);
  });

  it('are checked against the processes there are', () => {
    const start = systemProcesses.startOf(process.pid);
    expect(start).to.not.equal(null);
    if (start !== undefined)
      expect(Math.abs((start ?? 0) - (Date.now() - process.uptime() * 1_000))).to.be.below(3_000);
    expect(systemProcesses.startOf(2 ** 22 + 1)).to.equal(null);
  });
});

describe('writes that must not be lost', () => {
  function setUp(limit = 100) {
    const clock = new ManualClock();
    let tell: (available: boolean) => void = () => undefined;
    const store = { available: true };
    const availability = {
      get available() {
        return store.available;
      },
      onAvailability: (listener: (available: boolean) => void) => {
        tell = listener;
        return () => undefined;
      },
    };
    const { logger, lines } = recordingLogger();
    const writer = new RetryingWriter({ availability, logger, clock, limit });
    const done: string[] = [];
    const write = (name: string) => async () => {
      if (!store.available) throw new PartylineError('store/unavailable');
      done.push(name);
    };
    const back = () => {
      store.available = true;
      tell(true);
    };
    return { clock, store, writer, done, write, back, lines };
  }

  it('wait until the store is back, in order', async () => {
    const { clock, store, writer, done, write, back } = setUp();
    store.available = false;
    for (const name of ['put', 'update', 'leave', 'end']) writer.enqueue('call:1', name, write(name));
    writer.enqueue('call:2', 'end', write('other'));
    await clock.advance(10_000);
    expect(done).to.deep.equal([]);
    expect(writer.pending).to.equal(5);
    back();
    await turn();
    expect(done.filter((name) => name !== 'other')).to.deep.equal(['put', 'update', 'leave', 'end']);
    expect(done).to.include('other');
    expect(writer.pending).to.equal(0);
  });

  it('replace what has become old', async () => {
    const { clock, store, writer, done, write, back } = setUp();
    store.available = false;
    writer.enqueue('a', 'first', write('first'));
    for (let count = 0; count < 10; count += 1)
      writer.enqueue('a', 'talking', write(`t${count}`), { replaces: 'talking' });
    expect(writer.pending).to.equal(2);
    back();
    await clock.advance(1_000);
    expect(done).to.deep.equal(['first', 't9']);
  });

  it('are bounded, and what is lost is said', async () => {
    const { store, writer, write, lines, clock, back } = setUp(3);
    store.available = false;
    const kept = [1, 2, 3, 4].map((number) => writer.enqueue(`lane${number}`, 'end', write(String(number))));
    expect(kept).to.deep.equal([true, true, true, false]);
    expect(lines.some(({ msg }) => String(msg).includes('lost'))).to.equal(true);
    back();
    await clock.advance(1_000);
    expect(writer.pending).to.equal(0);
  });

  it('do not hold up the lane when one fails for good', async () => {
    const { writer, done, write, clock, lines } = setUp();
    writer.enqueue('a', 'broken', () => Promise.reject(new Error('no')));
    writer.enqueue('a', 'next', write('next'));
    await clock.advance(0);
    expect(done).to.deep.equal(['next']);
    expect(lines.some(({ msg }) => msg === 'a write failed for good')).to.equal(true);
  });

  it('end with the writer, and leave no timer', async () => {
    const { store, writer, write, clock } = setUp();
    store.available = false;
    writer.enqueue('a', 'end', write('end'));
    await turn();
    writer.stop();
    writer.stop();
    await turn();
    expect(clock.sleeping).to.equal(0);
    expect(writer.enqueue('a', 'late', write('late'))).to.equal(false);
  });
});
