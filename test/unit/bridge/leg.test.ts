import { expect } from 'chai';
import { EventEmitter } from 'node:events';
import type { ConferenceEvent } from '../../../bridge/media/conference-events.ts';
import { Leg } from '../../../bridge/media/leg.ts';
import type { EslEvent, FsmrfEndpoint } from '../../../bridge/media/media-ports.ts';
import { TypedEmitter } from '../../../bridge/support/typed-emitter.ts';
import { PartylineError } from '../../../config/contract/index.ts';
import { LegGone, type Prompt } from '../../../ivr/index.ts';
import { ManualClock, recordingLogger, turn } from './fakes.ts';

const UUID = '2a253dbd-1a1f-40d2-977a-7215108f05c4';
const answer = (response = ''): EslEvent => ({ getHeader: () => response, getBody: () => '' });

/** fsmrf's endpoint, cut down: applications end when the test says so. */
class FakeEndpoint extends EventEmitter {
  readonly uuid = UUID;
  readonly connected = true;
  readonly local = { sdp: 'v=0' };
  readonly said: string[] = [];
  readonly conn = { sendRecv: (text: string) => void this.said.push(text) };
  readonly executed: string[] = [];
  readonly pending: ((event: EslEvent) => void)[] = [];
  destroyed = 0;
  hangs = false;
  readonly dialog = {
    id: 'd',
    connected: true,
    byes: 0,
    destroy: async () => void (this.dialog.byes += 1),
    modify: async () => 'answer',
  };

  execute(application: string, argument: string): Promise<EslEvent> {
    this.executed.push(`${application} ${argument}`);
    return new Promise((resolve) => this.pending.push(resolve));
  }
  /** The application that runs now has ended. */
  finish(response = 'FILE PLAYED'): void {
    this.pending.shift()?.(answer(response));
  }
  destroy(): Promise<void> {
    this.destroyed += 1;
    return this.hangs ? new Promise(() => undefined) : Promise.resolve();
  }
}

function setUp() {
  const endpoint = new FakeEndpoint();
  const events = new TypedEmitter<{ event: [ConferenceEvent] }>(() => undefined);
  const recorded = new TypedEmitter<{ recorded: [string, string] }>(() => undefined);
  const sent: string[] = [];
  const over = new AbortController();
  const clock = new ManualClock();
  const { logger, lines } = recordingLogger();
  const leg = new Leg({
    endpoint: endpoint as unknown as FsmrfEndpoint,
    host: {
      name: 'm1',
      send: async ({ text }) => {
        sent.push(text);
        return '+OK\n';
      },
      onChannelEvent: (channelUuid, listener) =>
        events.on('event', (event) => {
          if ('channelUuid' in event && event.channelUuid === channelUuid) listener(event);
        }),
      onRecorded: (listener) => recorded.on('recorded', listener),
    },
    language: 'en',
    signal: over.signal,
    logger,
    clock,
    conferenceProfile: 'default',
    filesOf: (prompts: readonly Prompt[]) =>
      prompts.map((prompt) => `/s/${typeof prompt === 'string' ? prompt : prompt.meaning}.wav`),
  });
  return { endpoint, events, recorded, sent, over, leg, lines, clock };
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => expect.fail('did not fail'),
    (error: unknown) => error,
  );
}

describe('a leg', () => {
  it('plays one file after the other', async () => {
    const { leg, endpoint } = setUp();
    const playing = leg.play(['welcome', 'goodbye']);
    await turn();
    expect(endpoint.executed).to.deep.equal(['playback /s/welcome.wav']);
    endpoint.finish();
    await turn();
    expect(endpoint.executed).to.have.length(2);
    endpoint.finish();
    expect(await playing).to.equal('done');
  });

  it('stops at once, but never before it plays, and plays nothing more', async () => {
    const { leg, endpoint, sent } = setUp();
    const stop = new AbortController();
    const playing = leg.play(['welcome', 'goodbye'], { signal: stop.signal });
    await turn();
    stop.abort();
    await turn();
    expect(sent, 'too early: it would be lost').to.deep.equal([]);
    endpoint.emit('playback-start');
    await turn();
    expect(sent).to.deep.equal([`uuid_break ${UUID}`]);
    endpoint.finish();
    expect(await playing).to.equal('stopped');
    expect(endpoint.executed).to.have.length(1);
  });

  it('sends no break to a channel whose file has just ended', async () => {
    const { leg, endpoint, sent } = setUp();
    const stop = new AbortController();
    const playing = leg.play(['welcome'], { signal: stop.signal });
    await turn();
    stop.abort();
    endpoint.finish();
    expect(await playing).to.equal('stopped');
    expect(sent).to.deep.equal([]);
  });

  it('has one player', async () => {
    const { leg, endpoint } = setUp();
    const first = leg.play(['welcome']);
    expect(await failureOf(leg.play(['goodbye']))).to.be.instanceOf(Error);
    await turn();
    endpoint.finish();
    await first;
  });

  it('goes on when a file is missing, and says so in the log', async () => {
    const { leg, endpoint, lines } = setUp();
    const playing = leg.play(['welcome']);
    await turn();
    endpoint.finish('FILE NOT FOUND');
    expect(await playing).to.equal('done');
    expect(lines.some(({ msg }) => String(msg).includes('does not find a prompt'))).to.equal(true);
  });

  it('ends everything with LegGone when the call is over', async () => {
    const { leg, endpoint, over } = setUp();
    const playing = failureOf(leg.play(['welcome']));
    const waiting = failureOf(leg.nextDigit({ timeoutMs: 60_000 }));
    await turn();
    endpoint.emit('playback-start');
    over.abort();
    await turn();
    endpoint.finish();
    expect(await playing).to.be.instanceOf(LegGone);
    expect(await waiting).to.be.instanceOf(LegGone);
    expect(await failureOf(leg.join({ name: 'room-1', speak: true, hear: true }))).to.be.instanceOf(LegGone);
  });

  it('joins a room, speaks in it, and is told when the room lets go of it', async () => {
    const { leg, endpoint, events, sent, clock } = setUp();
    let left = 0;
    leg.events.on('left-conference', () => (left += 1));
    const joining = leg.join({ name: 'room-1', speak: false, hear: true });
    await turn();
    expect(sent.splice(0)).to.deep.equal([`uuid_setvar ${UUID} resume_conference room-1@default`]);
    expect(endpoint.executed).to.deep.equal(['conference room-1@default++flags{mute-detect|mute}']);
    events.emit('event', { type: 'add-member', room: 'room-1', memberId: 4, channelUuid: 'another' });
    events.emit('event', { type: 'add-member', room: 'room-1', memberId: 5, channelUuid: UUID });
    expect(await joining).to.equal(5);
    const telling = leg.tell(['now-muted']);
    await turn();
    expect(sent).to.deep.equal(['conference room-1 play /s/now-muted.wav 5']);
    events.emit('event', { type: 'play-file-member-done', room: 'room-1', memberId: 5, channelUuid: UUID, file: 'x' });
    await telling;
    endpoint.finish();
    await clock.advance(1_000);
    expect(left).to.equal(1);
    expect(await failureOf(leg.tell(['now-muted']))).to.be.instanceOf(PartylineError);
  });

  it('waits for nothing of a channel it has let go, and wants to hear no more of it', async () => {
    const { leg, endpoint } = setUp();
    const playing = failureOf(leg.play(['welcome']));
    const echo = failureOf(leg.echo());
    await turn();
    expect(endpoint.said.splice(0).join()).to.contain('nixevent');
    await leg.release();
    expect(await playing).to.be.instanceOf(LegGone);
    expect(await echo).to.be.instanceOf(LegGone);
    expect(endpoint.said).to.deep.equal(['noevents']);
    expect(endpoint.executed).to.have.length(2);
  });

  it('tells of a lost channel once, and not of one it let go', async () => {
    const lost = setUp();
    const causes: (string | undefined)[] = [];
    lost.leg.events.on('lost', (cause) => causes.push(cause));
    lost.endpoint.emit('destroy', { reason: 'MEDIA_TIMEOUT' });
    lost.endpoint.emit('destroy');
    expect(causes).to.deep.equal(['MEDIA_TIMEOUT']);
    await lost.leg.release();
    expect(lost.endpoint.destroyed).to.equal(0);
    const kept = setUp();
    kept.leg.events.on('lost', () => causes.push('wrong'));
    await Promise.all([kept.leg.release(), kept.leg.release()]);
    kept.endpoint.emit('destroy');
    expect([kept.endpoint.destroyed, causes.length]).to.deep.equal([1, 1]);
  });

  it('ends a channel by other means when fsmrf never answers', async () => {
    const { leg, endpoint, sent } = setUp();
    endpoint.hangs = true;
    await leg.release();
    expect(sent).to.deep.equal([`uuid_kill ${UUID}`]);
    expect(endpoint.dialog.byes).to.equal(1);
  });

  it('speaks last words after the call is over, until nobody listens', async () => {
    const { leg, endpoint, over } = setUp();
    over.abort();
    const stop = new AbortController();
    const words = leg.forLastWords(stop.signal).play(['service-restarting', 'goodbye']);
    await turn();
    endpoint.emit('playback-start');
    expect(endpoint.executed).to.deep.equal(['playback /s/service-restarting.wav']);
    stop.abort();
    await turn();
    endpoint.finish();
    expect(await words).to.equal('stopped');
    expect(endpoint.executed).to.have.length(1);
  });
});
