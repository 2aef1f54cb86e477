/** One thread of applications on a channel: nesting, digits, locks, break, transfer, hang-up. */
import { expect } from 'chai';
import {
  ApplicationRunner,
  type Application,
  type ApplicationContext,
  type Waited,
} from '../../../embedded/freeswitch/channel/application-runner.ts';
import type { Channel } from '../../../embedded/freeswitch/channel/channel.ts';
import { logger, pieces, settle, type Pieces } from './pieces.ts';

describe('applications on a channel', () => {
  let parts: Pieces;
  let channel: Channel;
  let runner: ApplicationRunner;
  /** What happened, in order. */
  let log: string[];
  /** Ends the wait of a name. */
  let finish: Map<string, () => void>;

  /** Waits until told, taking digits when its argument says so. */
  const waits =
    (breakable = true): Application =>
    async (context, argument) => {
      const [name = '', how] = argument.split(' ');
      log.push(`${name} begins`);
      const waited = await waitOf(context, name, how === 'digits', breakable);
      log.push(`${name} ${'value' in waited ? waited.value : waited.interrupted}`);
    };

  function waitOf(
    context: ApplicationContext,
    name: string,
    digits: boolean,
    breakable: boolean,
  ): Promise<Waited<string>> {
    return context.wait<string>({
      breakable,
      begin: (end) => {
        finish.set(name, () => end('ends'));
        return () => log.push(`${name} cleaned`);
      },
      onCovered: (covered) => covers.push(`${name} ${covered ? 'covered' : 'on top'}`),
      ...(digits && { onDigit: ({ digit }: { digit: string }) => log.push(`${name} takes ${digit}`) }),
    });
  }

  let covers: string[];

  const key = (digit: string): void => channel.digits.push({ digit, duration: 1_600, source: 'RTP' });
  const deliver = (argument: string, more: object = {}): boolean =>
    runner.deliver({ application: 'wait', argument, ...more });

  beforeEach(() => {
    parts = pieces();
    channel = parts.channel();
    log = [];
    covers = [];
    finish = new Map();
    const applications = new Map<string, Application>([
      ['wait', waits()],
      ['room', waits(false)],
      ['say', (_context, argument) => void log.push(`says ${argument}`)],
      ['respond', ({ respond }) => respond('good')],
      [
        'fail',
        () => {
          throw new Error('on purpose');
        },
      ],
    ]);
    runner = new ApplicationRunner({ channel, find: (name) => applications.get(name), logger });
  });

  it('run one after the other, each with its two events', async () => {
    channel.variables.set('who', 'you');
    await runner.execute({ application: 'say', argument: 'hello ${who}${nothing}', uuid: 'u-1' });
    const told = parts.events.map((event) => [event.name, event.get('Application'), event.get('Application-Data')]);
    expect(told).to.deep.equal([
      ['CHANNEL_EXECUTE', 'say', 'hello you'],
      ['CHANNEL_EXECUTE_COMPLETE', 'say', 'hello you'],
    ]);
    expect(parts.events[1]!.get('Application-UUID')).to.equal('u-1');
    expect(parts.events[1]!.get('Application-Response')).to.equal('_none_');
    expect(log).to.deep.equal(['says hello you']);
  });

  it('tell their response', async () => {
    await runner.execute({ application: 'respond', argument: '' });
    expect(parts.events[1]!.get('Application-Response')).to.equal('good');
  });

  it('are complete even when they fail', async () => {
    await runner.execute({ application: 'fail', argument: '' });
    expect(parts.events.map(({ name }) => name)).to.include('CHANNEL_EXECUTE_COMPLETE');
    expect(channel.gone.aborted).to.equal(false);
  });

  it('hang up when there is none of the name', async () => {
    await runner.execute({ application: 'nothing', argument: '' });
    expect(channel.hangupCause).to.equal('DESTINATION_OUT_OF_ORDER');
  });

  it('let messages in while they wait, and go on afterwards', async () => {
    const outer = runner.execute({ application: 'wait', argument: 'outer' });
    deliver('inner');
    await settle();
    expect(runner.applications).to.deep.equal(['wait', 'wait']);
    finish.get('outer')!();
    await settle();
    expect(log).to.deep.equal(['outer begins', 'inner begins', 'outer cleaned']);
    finish.get('inner')!();
    await outer;
    expect(log.slice(3)).to.deep.equal(['inner cleaned', 'inner ends', 'outer ends']);
  });

  it('learn when another one waits on top of them, and when it does no more', async () => {
    void runner.execute({ application: 'wait', argument: 'outer' });
    runner.deliver({ application: 'say', argument: 'something quick' });
    await settle();
    expect(covers, 'what does not wait has the channel for no time').to.deep.equal([]);
    deliver('first');
    await settle();
    deliver('second');
    await settle();
    expect(covers).to.deep.equal(['outer covered', 'first covered']);
    finish.get('second')!();
    await settle();
    finish.get('first')!();
    await settle();
    expect(covers.slice(2)).to.deep.equal(['first on top', 'outer on top']);
  });

  it('take messages only one at a time when locked', async () => {
    void runner.execute({ application: 'wait', argument: 'outer' });
    deliver('first', { eventLock: true });
    deliver('second', { eventLock: true });
    await settle();
    expect(log).to.deep.equal(['outer begins', 'first begins']);
    finish.get('first')!();
    await settle();
    expect(log.at(-1)).to.equal('second begins');
  });

  it('without a lock run one inside the other', async () => {
    void runner.execute({ application: 'wait', argument: 'outer' });
    deliver('first');
    deliver('second');
    await settle();
    expect(runner.applications).to.have.length(3);
    finish.get('second')!();
    await settle();
    expect(runner.applications).to.have.length(2);
  });

  it('give digits to the one on top; what nobody takes waits', async () => {
    void runner.execute({ application: 'wait', argument: 'outer digits' });
    key('1');
    deliver('inner');
    await settle();
    key('2');
    expect(log).to.deep.equal(['outer begins', 'outer takes 1', 'inner begins']);
    finish.get('inner')!();
    await settle();
    expect(log.at(-1)).to.equal('outer takes 2');
    expect(parts.events.filter(({ name }) => name === 'DTMF').map((event) => event.get('DTMF-Digit'))).to.deep.equal([
      '1',
      '2',
    ]);
  });

  it('that only pass the time drop one digit a frame: the next one finds the rest', async () => {
    const parked: Application = async (context) => {
      await context.wait({
        begin: () => undefined,
        onDigit: ({ digit }) => log.push(`drops ${digit}`),
        digitEveryMs: 20,
      });
    };
    const applications = new Map<string, Application>([
      ['park', parked],
      ['wait', waits()],
    ]);
    runner = new ApplicationRunner({ channel, find: (name) => applications.get(name), logger });
    void runner.execute({ application: 'park', argument: '' });
    for (const digit of '1234') key(digit);
    parts.clock.advance(45);
    expect(log).to.deep.equal(['drops 1', 'drops 2']);
    deliver('collect digits');
    await settle();
    expect(log.slice(2)).to.deep.equal(['collect begins', 'collect takes 3', 'collect takes 4']);
    channel.hangup('NORMAL_CLEARING');
    expect(parts.clock.running).to.deep.equal([]);
  });

  it('break the one on top alone', async () => {
    void runner.execute({ application: 'room', argument: 'room' });
    deliver('inner');
    await settle();
    runner.break();
    await settle();
    expect(log.at(-1)).to.equal('inner break');
    runner.break();
    await settle();
    expect(runner.applications).to.deep.equal(['room']);
  });

  it('end all at once when the channel is hung up, innermost first', async () => {
    const outer = runner.execute({ application: 'room', argument: 'outer' });
    deliver('inner');
    await settle();
    channel.hangup('NORMAL_CLEARING');
    await outer;
    expect(log.slice(2)).to.deep.equal(['inner cleaned', 'outer cleaned', 'inner hangup', 'outer hangup']);
    expect(deliver('late')).to.equal(true);
    await settle();
    expect(log.at(-1)).to.equal('outer hangup');
  });

  it('end all for a transfer, and run again afterwards', async () => {
    const outer = runner.execute({ application: 'room', argument: 'outer' });
    deliver('inner');
    await settle();
    runner.transfer();
    await outer;
    expect(log.slice(-2)).to.deep.equal(['inner transfer', 'outer transfer']);
    await runner.execute({ application: 'say', argument: 'again' });
    expect(log.at(-1)).to.equal('says again');
  });

  it('repeat as often as they are told', async () => {
    void runner.execute({ application: 'wait', argument: 'outer' });
    runner.deliver({ application: 'say', argument: 'loop ${current_loop} of ${total_loops}', loops: 3 });
    await settle();
    expect(log.slice(1)).to.deep.equal(['says loop 1 of 3', 'says loop 2 of 3', 'says loop 3 of 3']);
    expect(channel.variables.get('current_loop')).to.equal(undefined);
  });

  it('take no more than a thousand messages', () => {
    for (let count = 0; count < 1_000; count++) expect(deliver('x')).to.equal(true);
    expect(deliver('x')).to.equal(false);
    runner.flushMessages();
    expect(deliver('x')).to.equal(true);
  });

  it('nest no deeper than 32', async () => {
    void runner.execute({ application: 'wait', argument: 'outer' });
    for (let count = 0; count < 40; count++) {
      deliver(`n${count}`);
      await settle();
    }
    expect(runner.applications).to.have.length(32);
  });
});
