import { expect } from 'chai';
import { terminationReasons } from '../../../config/contract/index.ts';
import { isSpokenReason, sayGoodbye, sayLine, welcomeIntoRoom } from '../../../ivr/dialogues/say.ts';
import { LegGone, type DialogueLeg } from '../../../ivr/leg.ts';
import type { Prompt } from '../../../ivr/prompts.ts';
import { ScriptedLeg } from './scripted-leg.ts';
import { VirtualClock } from './virtual-clock.ts';

/** A leg in ten lines: all that a dialogue without keys needs. */
function listener(): { leg: DialogueLeg; heard: Prompt[] } {
  const heard: Prompt[] = [];
  const leg: DialogueLeg = {
    language: 'en',
    signal: new AbortController().signal,
    play: async (prompts) => (heard.push(...prompts), 'done'),
    nextDigit: async () => null,
    flushDigits: () => undefined,
  };
  return { leg, heard };
}

describe('welcomeIntoRoom', () => {
  it('tells who is there', async () => {
    const { leg, heard } = listener();
    await welcomeIntoRoom(leg, { others: 0, muted: 'no' });
    await welcomeIntoRoom(leg, { others: 3, muted: 'no' });
    expect(heard).to.deep.equal(['first-in-conference', { meaning: 'others-in-conference', count: 3 }]);
  });

  it('tells whoever is muted what to press, or that they may only listen', async () => {
    const { leg, heard } = listener();
    await welcomeIntoRoom(leg, { others: 0, muted: 'can-unmute' });
    await welcomeIntoRoom(leg, { others: 0, muted: 'listen-only' });
    const first = 'first-in-conference';
    expect(heard).to.deep.equal([first, 'you-are-muted', 'how-to-unmute', first, 'listen-only']);
  });

  it('leaves keys pressed meanwhile for the room', async () => {
    const clock = new VirtualClock();
    const leg = new ScriptedLeg(clock).pressAt([500, '*6']);
    await clock.run(welcomeIntoRoom(leg, { others: 1, muted: 'can-unmute' }));
    expect(leg.queue.join('')).to.equal('*6');
    expect(leg.played[0]).to.include({ stopped: false });
  });
});

describe('sayGoodbye', () => {
  it('has words for the reasons a caller is told about, and goodbye at the end', async () => {
    const spoken = Object.keys(terminationReasons).filter(isSpokenReason);
    expect(spoken).to.include.members(['conference-full', 'conference-ended', 'removed-by-host', 'shutdown']);
    for (const reason of spoken) {
      const { leg, heard } = listener();
      await sayGoodbye(leg, reason);
      if (reason === 'shutdown') expect(heard).to.deep.equal(['service-restarting']);
      else expect(heard.slice(1), reason).to.deep.equal(['goodbye']);
    }
  });

  it('has none for a caller who hung up, nor for names it inherited', () => {
    expect(isSpokenReason('caller-hung-up')).to.equal(false);
    expect(isSpokenReason('toString')).to.equal(false);
  });

  it('can be cut short', async () => {
    const clock = new VirtualClock();
    const leg = new ScriptedLeg(clock);
    const noMoreTime = new AbortController();
    clock.at(300, () => noMoreTime.abort());
    await clock.run(sayGoodbye(leg, 'shutdown', { signal: noMoreTime.signal }));
    expect(leg.played[0]).to.include({ to: 300, stopped: true });
  });

  it('ends with LegGone when the caller does not wait for it', async () => {
    const clock = new VirtualClock();
    const leg = new ScriptedLeg(clock);
    clock.at(300, () => leg.hangUp());
    expect(await clock.run(sayGoodbye(leg, 'conference-full')).catch((e: unknown) => e)).to.be.instanceOf(LegGone);
  });
});

describe('sayLine', () => {
  it('says one sentence or several', async () => {
    const { leg, heard } = listener();
    await sayLine(leg, 'now-muted');
    await sayLine(leg, { meaning: 'number', value: 7 });
    await sayLine(leg, ['now-unmuted', 'goodbye']);
    expect(heard).to.deep.equal(['now-muted', { meaning: 'number', value: 7 }, 'now-unmuted', 'goodbye']);
  });
});
