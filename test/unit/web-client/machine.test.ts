import { expect } from 'chai';
import fc from 'fast-check';
import {
  advance,
  IDLE,
  PHONE_TIMES,
  type Failure,
  type PhoneEffect,
  type PhoneInput,
  type PhoneState,
} from '../../../web-gateway/client/src/softphone/machine.ts';

/** Feeds inputs one after the other, a millisecond apart. */
function run(inputs: readonly PhoneInput[], from: PhoneState = IDLE): { state: PhoneState; effects: PhoneEffect[] } {
  let state = from;
  const effects: PhoneEffect[] = [];
  inputs.forEach((input, index) => {
    const step = advance(state, input, index);
    state = step.state;
    effects.push(...step.effects);
  });
  return { state, effects };
}

const start = { type: 'start' } as const;
const connected = (call: number): PhoneInput[] => [
  { type: 'ticket-came', call },
  { type: 'socket-opened', call },
  { type: 'rang', call },
  { type: 'accepted', call },
  { type: 'media-came', call },
];
const inCall = run([start, ...connected(1)]).state;
const types = (effects: readonly PhoneEffect[]) => effects.map(({ type }) => type);

describe('the softphone’s machine', () => {
  it('goes from nothing into a call, with a deadline for each step', () => {
    const seen = connected(1).reduce<PhoneState[]>(
      (states, input) => [...states, advance(states.at(-1)!, input, 0).state],
      [advance(IDLE, start, 0).state],
    );
    expect(seen.map((state) => (state.name === 'connecting' ? `connecting ${state.step}` : state.name))).to.deep.equal([
      'connecting ticket',
      'connecting socket',
      'connecting call',
      'ringing',
      'joining-media',
      'in-call',
    ]);
    const { effects } = run([start, ...connected(1)]);
    expect(effects.filter(({ type }) => type === 'set-deadline')).to.deep.equal([
      { type: 'set-deadline', call: 1, milliseconds: PHONE_TIMES.ticketMs },
      { type: 'set-deadline', call: 1, milliseconds: PHONE_TIMES.socketMs },
      { type: 'set-deadline', call: 1, milliseconds: PHONE_TIMES.answerMs },
      { type: 'set-deadline', call: 1, milliseconds: PHONE_TIMES.mediaMs },
    ]);
    expect(effects.at(-1)).to.deep.equal({ type: 'hear', call: 1 });
  });

  it('says which step failed when the first call comes to nothing', () => {
    const late = (inputs: PhoneInput[]) => run([start, ...inputs, { type: 'too-late', call: 1 }]).state;
    const steps = connected(1);
    expect([0, 1, 2, 3, 4].map((count) => late(steps.slice(0, count)))).to.deep.equal(
      (['ticket', 'socket', 'call', 'call', 'media'] as const).map((step) => ({ name: 'failed', failure: { step } })),
    );
    const failure: Failure = { step: 'call', status: 503 };
    const broken = run([start, ...steps.slice(0, 2), { type: 'broke', call: 1, failure }]);
    expect(broken.state).to.deep.equal({ name: 'failed', failure });
    expect(types(broken.effects).slice(-2)).to.deep.equal(['clear-deadline', 'drop-all']);
    expect(run([start], broken.state).state).to.deep.equal({ name: 'connecting', call: 1, step: 'ticket' });
  });

  it('redials at once when the call breaks, and lets go of the old one only when the new one is heard', () => {
    const broke = run([{ type: 'broke', call: 1, failure: { step: 'socket' } }], inCall);
    expect(broke.state).to.include({ name: 'reconnecting', call: 2, heard: 1, attempt: 1 });
    expect(types(broke.effects)).to.deep.equal(['dial', 'set-deadline']);
    const back = run(connected(2), broke.state);
    expect(back.state).to.deep.equal({ name: 'in-call', call: 2 });
    expect(types(back.effects)).to.deep.equal(['clear-deadline', 'hear']);
  });

  it('waits longer from try to try, and gives up after a while', () => {
    let state = run([{ type: 'broke', call: 1, failure: { step: 'media' } }], inCall).state;
    const waits: number[] = [];
    for (let call = 2; call < 9; call += 1) {
      const failed = advance(state, { type: 'broke', call, failure: { step: 'socket' } }, 10);
      waits.push(failed.effects.flatMap((effect) => (effect.type === 'retry-after' ? [effect.milliseconds] : []))[0]!);
      expect(types(failed.effects)).to.include('drop');
      state = advance(failed.state, { type: 'retry-due' }, 10).state;
    }
    expect(waits).to.deep.equal([1_000, 2_000, 4_000, 8_000, 8_000, 8_000, 8_000]);
    const late = advance(state, { type: 'too-late', call: 9 }, PHONE_TIMES.giveUpMs + 10);
    expect(late.state).to.deep.equal({ name: 'failed', failure: { step: 'media' } });
  });

  it('does not wait out the delay when the network comes back', () => {
    const waiting = run(
      [
        { type: 'broke', call: 1, failure: { step: 'media' } },
        { type: 'broke', call: 2, failure: { step: 'ticket' } },
      ],
      inCall,
    ).state;
    expect(waiting).to.include({ name: 'reconnecting', call: null });
    const hurried = run([{ type: 'network-changed' }], waiting);
    expect(hurried.state).to.include({ name: 'reconnecting', call: 3, attempt: 1 });
    // A try that is under way is not doubled.
    expect(run([{ type: 'network-changed' }], hurried.state).effects).to.deep.equal([]);
  });

  it('asks whether it may come back when the other side hung up, and believes the answer', () => {
    const hungUp = run([{ type: 'hung-up', call: 1 }], inCall);
    expect(hungUp.state).to.include({ name: 'reconnecting', call: null, heard: null });
    expect(hungUp.effects).to.deep.equal([
      { type: 'drop', call: 1 },
      { type: 'retry-after', milliseconds: PHONE_TIMES.afterHangUpMs },
    ]);
    const failure: Failure = { step: 'ticket', status: 401, final: true };
    const refused = run([{ type: 'retry-due' }, { type: 'broke', call: 2, failure }], hungUp.state);
    expect(refused.state).to.deep.equal({ name: 'ended', reason: 'over' });
    // The socket told first.
    expect(run([{ type: 'hang-up', reason: 'over' }], hungUp.state).state).to.deep.equal({
      name: 'ended',
      reason: 'over',
    });
  });

  it('is not troubled by the old leg being hung up on while the new one comes in', () => {
    const redialling = run([{ type: 'network-changed' }], inCall).state;
    const replaced = run([{ type: 'hung-up', call: 1 }], redialling);
    expect(replaced.state).to.include({ name: 'reconnecting', call: 2, heard: null });
    expect(replaced.effects).to.deep.equal([{ type: 'drop', call: 1 }]);
    expect(run(connected(2), replaced.state).state).to.deep.equal({ name: 'in-call', call: 2 });
  });

  it('does not call again when another line of theirs has taken over the sound, until the person says so', () => {
    const places: [string, PhoneState, number][] = [
      ['in the call', inCall, 1],
      ['on the way into it', run([start, ...connected(1).slice(0, 4)]).state, 1],
      ['while coming back', run([{ type: 'broke', call: 1, failure: { step: 'socket' } }], inCall).state, 2],
    ];
    for (const [where, from, call] of places) {
      const replaced = run([{ type: 'replaced', call }], from);
      expect(replaced.state, where).to.deep.equal({ name: 'elsewhere' });
      expect(types(replaced.effects), where).to.deep.equal(['clear-deadline', 'drop-all']);
      const waiting = run([{ type: 'retry-due' }, { type: 'network-changed' }], replaced.state);
      expect(waiting, where).to.deep.equal({ state: { name: 'elsewhere' }, effects: [] });
      expect(run([start, ...connected(1)], replaced.state).state).to.deep.equal({ name: 'in-call', call: 1 });
    }
    // Our own new leg has taken the place of the old one.
    const redialling = run([{ type: 'network-changed' }], inCall).state;
    const own = run([{ type: 'replaced', call: 1 }, ...connected(2)], redialling);
    expect(own.state).to.deep.equal({ name: 'in-call', call: 2 });
  });

  it('stops coming back once the room shows the sound on another line, and believes nothing of it in a call', () => {
    for (const lost of [{ type: 'hung-up', call: 1 }, { type: 'network-changed' }] as const) {
      const seen = run([lost, { type: 'sound-elsewhere' }], inCall);
      expect(seen.state).to.deep.equal({ name: 'elsewhere' });
      expect(types(seen.effects).slice(-2)).to.deep.equal(['clear-deadline', 'drop-all']);
    }
    // The room tells late that the sound was taken back.
    const takenBack = run([start, ...connected(1).slice(0, 2), { type: 'sound-elsewhere' }]).state;
    expect(takenBack).to.include({ name: 'connecting' });
    expect(run([{ type: 'sound-elsewhere' }], inCall).state).to.equal(inCall);
    // A page that is loaded anew.
    expect(run([{ type: 'sound-elsewhere' }]).state).to.deep.equal({ name: 'elsewhere' });
  });

  it('keeps to its promises, whatever comes in whatever order', () => {
    const call = fc.integer({ min: 1, max: 4 });
    const failure = fc.record({ step: fc.constantFrom('ticket', 'socket', 'call', 'media'), final: fc.boolean() });
    const input: fc.Arbitrary<PhoneInput> = fc.oneof(
      fc.constantFrom<PhoneInput>(start, { type: 'retry-due' }, { type: 'network-changed' }),
      fc.constant<PhoneInput>({ type: 'sound-elsewhere' }),
      fc.constant<PhoneInput>({ type: 'hang-up', reason: 'left' }),
      fc.record({
        type: fc.constantFrom(
          'ticket-came',
          'socket-opened',
          'rang',
          'accepted',
          'media-came',
          'hung-up',
          'replaced',
          'too-late',
        ),
        call,
      }) as fc.Arbitrary<PhoneInput>,
      fc.record({ type: fc.constant('broke'), call, failure }) as fc.Arbitrary<PhoneInput>,
    );
    fc.assert(
      fc.property(fc.array(input, { maxLength: 60 }), (inputs) => {
        const alive = new Set<number>();
        let heard: number | null = null;
        let state = IDLE;
        for (const [now, each] of inputs.entries()) {
          const step = advance(state, each, now * 1_000);
          state = step.state;
          for (const effect of step.effects) {
            if (effect.type === 'dial') {
              expect(alive.has(effect.call), 'a call is dialled once').to.equal(false);
              alive.add(effect.call);
            }
            if (effect.type === 'drop') alive.delete(effect.call);
            if (effect.type === 'drop-all') alive.clear();
            if (effect.type === 'hear') {
              expect(alive.has(effect.call), 'what is heard lives').to.equal(true);
              heard = effect.call;
              alive.clear();
              alive.add(effect.call);
            }
          }
          // One that is heard, and one that is tried: nobody is in the room three times.
          expect(alive.size).to.be.at.most(2);
          if (state.name === 'in-call') expect([...alive]).to.deep.equal([heard]);
          if (['idle', 'elsewhere', 'ended', 'failed'].includes(state.name)) expect(alive.size).to.equal(0);
        }
      }),
    );
  });
});
