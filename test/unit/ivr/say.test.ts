import { expect } from 'chai';
import { terminationReasons } from '../../../config/contract/index.ts';
import {
  isSpokenReason,
  roomWelcome,
  sayGoodbye,
  sayLine,
  waitingWords,
  type RoomWelcome,
} from '../../../ivr/dialogues/say.ts';
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

describe('the welcome', () => {
  const alone: RoomWelcome = { isHost: false, others: 0, recorded: false, waiting: 0, notHeard: [] };

  it('tells who is there', () => {
    expect(roomWelcome(alone)).to.deep.equal(['first-in-conference']);
    expect(roomWelcome({ ...alone, others: 3 })).to.deep.equal([{ meaning: 'others-in-conference', count: 3 }]);
  });

  it('tells hosts that they are, and who waits for them', () => {
    expect(roomWelcome({ ...alone, isHost: true, waiting: 2 })).to.deep.equal([
      'you-are-host',
      'first-in-conference',
      { meaning: 'people-waiting', count: 2 },
    ]);
    expect(roomWelcome({ ...alone, waiting: 2 })).to.deep.equal(['first-in-conference']);
  });

  it('tells of a recording, and why somebody is not heard', () => {
    expect(roomWelcome({ ...alone, recorded: true, notHeard: ['mode-is-presentation'] })).to.deep.equal([
      'first-in-conference',
      'conference-is-recorded',
      'mode-is-presentation',
    ]);
  });

  it('tells whoever waits what they wait for, and where they are in line', () => {
    expect(waitingWords({ for: 'host' })).to.deep.equal(['waiting-for-host']);
    expect(waitingWords({ for: 'admission', position: 1 })).to.deep.equal(['waiting-for-admission', 'you-are-next']);
    expect(waitingWords({ for: 'admission', position: 3 })[1]).to.deep.equal({
      meaning: 'place-in-queue',
      position: 3,
    });
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
      else if (reason === 'left-conference') expect(heard).to.deep.equal(['goodbye']);
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
