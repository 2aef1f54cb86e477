import { expect } from 'chai';
import fc from 'fast-check';
import type { EventDraft } from '../../../embedded/freeswitch/core/event-bus.ts';
import { ServerEvent, type EventHeader } from '../../../embedded/freeswitch/core/event.ts';
import { HeaderBlock, KeptHeader } from '../../../embedded/freeswitch/core/header-block.ts';
import { Subscription } from '../../../embedded/freeswitch/event-socket/subscription.ts';
import { pieces } from './pieces.ts';

type Pair = readonly [string, string];
const PREFIX = 'variable_';
const block = (pairs: readonly Pair[]): HeaderBlock =>
  new HeaderBlock(
    PREFIX,
    [...new Map(pairs)].map(([name, value]) => new KeptHeader(`${PREFIX}${name}`, value)),
  );
const loose = (pairs: EventHeader[]): EventHeader[] =>
  pairs.flatMap((each) =>
    each instanceof HeaderBlock ? each.headers.map(({ name, value }): EventHeader => [name, value]) : [each],
  );

describe('events of the embedded FreeSWITCH', () => {
  it('are written alike, whether headers come in a block or one by one', () => {
    const name = fc.constantFrom('A', 'B', 'c', 'variable_a', 'variable_b', 'Variable_a');
    const pair = fc.tuple(name, fc.string()) as fc.Arbitrary<Pair>;
    const inBlock = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'ü"'), fc.string()));
    const headers = fc.array(fc.oneof(pair, inBlock.map(block)), { maxLength: 8 });
    fc.assert(
      fc.property(headers, fc.option(fc.string(), { nil: undefined }), (given, body) => {
        const [kept, written] = [given, loose(given)].map((each) => new ServerEvent('DTMF', undefined).add(each));
        kept!.body = written!.body = body;
        expect(kept!.json()).to.equal(written!.json());
        expect(kept!.plain()).to.equal(written!.plain());
        expect([...kept!.headers]).to.deep.equal([...written!.headers]);
        for (const each of ['A', 'a', 'variable_a', 'VARIABLE_B', 'x'])
          expect(kept!.get(each)).to.equal(written!.get(each));
      }),
    );
  });

  it('tell the variables as they are when the event is made, not later', () => {
    const { channel, events } = pieces();
    const one = channel();
    one.variables.set('colour', 'red');
    one.hangup('NORMAL_CLEARING');
    one.variables.set('colour', 'blue');
    const told = events.find((event) => event.name === 'CHANNEL_HANGUP')!;
    expect(told.get('variable_colour')).to.equal('red');
    expect(JSON.parse(told.json())).to.include({ variable_colour: 'red' });
  });

  it('are not even made for a listener whose filters ask for other channels', () => {
    const filters = fc.array(
      fc.tuple(fc.constantFrom('Unique-ID', 'unique-id', 'Action'), fc.constantFrom('one', 'ONE', 'two', '- one')),
      { maxLength: 3 },
    );
    const channel = fc.constantFrom('one', 'two', null);
    fc.assert(
      fc.property(filters, channel, fc.boolean(), (asked, of, mine) => {
        const subscription = new Subscription();
        if (mine) subscription.watchChannel('one', 'json');
        subscription.add(['json', 'DTMF']);
        for (const [header, value] of asked) subscription.addFilter(header, value);
        const event = new ServerEvent('DTMF', undefined).add(of === null ? [] : [['Unique-ID', of]]);
        const accepted = subscription.accepts(event);
        if (!subscription.wants('DTMF', undefined, of)) expect(accepted).to.equal(false);
        const ofChannelsOnly = asked.every(([header, value]) => header !== 'Action' && value !== '- one');
        if (ofChannelsOnly) expect(subscription.wants('DTMF', undefined, of)).to.equal(accepted);
      }),
    );
  });

  it('reach those who want them, whatever they confine themselves to in between, and nobody who has left', () => {
    const value = fc.constantFrom('one', 'ONE', 'two', '- one');
    const step = fc.oneof(
      fc.record({ kind: fc.constantFrom('add', 'delete'), header: fc.constantFrom('Unique-ID', 'Action'), value }),
      fc.record({ kind: fc.constantFrom('mine', 'leave'), header: fc.constant(''), value }),
      fc.record({ kind: fc.constant('fire'), header: fc.constantFrom('one', 'Two', 'none', 'unknown'), value }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const { bus } = pieces();
        const subscription = new Subscription();
        subscription.add(['json', 'DTMF']);
        const heard: ServerEvent[] = [];
        const place = bus.subscribe({
          wants: (...of) => subscription.wants(...of),
          deliver: (event) => {
            if (subscription.accepts(event)) heard.push(event);
          },
        });
        subscription.onConfined = (channels) => place.confine(channels);
        let left = false;
        for (const { kind, header, value: wanted } of steps) {
          if (kind === 'add') subscription.addFilter(header, wanted);
          else if (kind === 'delete') subscription.deleteFilter(header, wanted);
          else if (kind === 'mine') subscription.watchChannel('one', 'json');
          else if (kind === 'leave') {
            subscription.onConfined = undefined;
            place.leave();
            left = true;
          } else {
            const draft = dtmf(header);
            const before = heard.length;
            bus.fire(draft);
            expect(heard.length - before).to.equal(!left && subscription.accepts(bus.create(draft)) ? 1 : 0);
          }
        }
      }),
    );
  });
});

/** @param of a channel, or 'none' or 'unknown' */
function dtmf(of: string): EventDraft {
  const common = { name: 'DTMF', origin: ['switch.c', 'fire', 1] } as const;
  if (of === 'unknown') return { ...common, headers: () => [] };
  if (of === 'none') return { ...common, channel: null, headers: () => [] };
  return { ...common, channel: of, headers: () => [['Unique-ID', of]] };
}
