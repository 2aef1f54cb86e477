import { expect } from 'chai';
import { ServerEvent } from '../../../embedded/freeswitch/core/event.ts';
import { Subscription } from '../../../embedded/freeswitch/event-socket/subscription.ts';

const heard = (headers: [string, string][]): ServerEvent => new ServerEvent('DTMF', undefined).add(headers);
const subscribed = (text: string): Subscription => {
  const subscription = new Subscription();
  subscription.add(text.split(' '));
  return subscription;
};

describe('subscriptions to events', () => {
  it('want nothing before they are asked for', () => {
    const subscription = new Subscription();
    expect(subscription.wants('HEARTBEAT', undefined)).to.equal(false);
    expect(subscription.add(['json'])).to.equal(false);
    expect(subscription.wants('HEARTBEAT', undefined)).to.equal(false);
    expect(subscription.format).to.equal('json');
  });

  it('want events by name, whatever its case, and sub-classes after CUSTOM', () => {
    const subscription = subscribed('plain dtmf HEARTBEAT CUSTOM conference::maintenance other::one');
    expect(subscription.wants('DTMF', undefined)).to.equal(true);
    expect(subscription.wants('CUSTOM', 'conference::maintenance')).to.equal(true);
    expect(subscription.wants('CUSTOM', 'third::one')).to.equal(false);
    expect(subscription.wants('CHANNEL_ANSWER', undefined)).to.equal(false);
  });

  it('add up', () => {
    const subscription = subscribed('plain DTMF');
    subscription.add(['json', 'CUSTOM', 'conference::maintenance']);
    expect([
      subscription.wants('DTMF', undefined),
      subscription.wants('CUSTOM', 'conference::maintenance'),
    ]).to.deep.equal([true, true]);
    expect(subscription.format).to.equal('json');
  });

  it('with ALL want everything', () => {
    expect(subscribed('plain ALL').wants('CUSTOM', 'any::thing')).to.equal(true);
  });

  it('do not want what was taken back', () => {
    const subscription = subscribed('plain DTMF HEARTBEAT CUSTOM a::b c::d');
    subscription.remove(['DTMF', 'CUSTOM', 'a::b']);
    expect(subscription.wants('DTMF', undefined)).to.equal(false);
    expect(subscription.wants('HEARTBEAT', undefined)).to.equal(true);
    expect(subscription.wants('CUSTOM', 'a::b')).to.equal(false);
    expect(subscription.wants('CUSTOM', 'c::d')).to.equal(true);
    expect(subscription.clear()).to.equal(true);
    expect(subscription.wants('HEARTBEAT', undefined)).to.equal(false);
    expect(subscription.clear()).to.equal(false);
  });

  it('know no event that is none', () => {
    expect(new Subscription().add(['NO_SUCH_EVENT'])).to.equal(false);
  });

  it('pass an event when one filter matches', () => {
    const subscription = subscribed('plain ALL');
    subscription.addFilter('Unique-ID', 'a');
    subscription.addFilter('unique-id', 'b');
    expect(subscription.accepts(heard([['Unique-ID', 'B']]))).to.equal(true);
    expect(subscription.accepts(heard([['Unique-ID', 'c']]))).to.equal(false);
    expect(subscription.accepts(heard([['Other', 'a']]))).to.equal(false);
  });

  it('leave out what a filter excludes', () => {
    const subscription = subscribed('plain ALL');
    subscription.addFilter('Unique-ID', 'a');
    subscription.addFilter('DTMF-Digit', '- 5');
    expect(
      subscription.accepts(
        heard([
          ['Unique-ID', 'a'],
          ['DTMF-Digit', '5'],
        ]),
      ),
    ).to.equal(false);
    expect(
      subscription.accepts(
        heard([
          ['Unique-ID', 'a'],
          ['DTMF-Digit', '4'],
        ]),
      ),
    ).to.equal(true);
  });

  it('forget filters by header, by value, or all', () => {
    const subscription = subscribed('plain ALL');
    for (const value of ['a', 'b']) subscription.addFilter('Unique-ID', value);
    subscription.deleteFilter('Unique-ID', 'a');
    expect(subscription.accepts(heard([['Unique-ID', 'a']]))).to.equal(false);
    subscription.deleteFilter('unique-id', undefined);
    expect(subscription.accepts(heard([['Unique-ID', 'a']]))).to.equal(true);
    subscription.addFilter('X', 'y');
    subscription.deleteFilter('all', undefined);
    expect(subscription.accepts(heard([]))).to.equal(true);
  });

  it('have no more than 256 filters', () => {
    const subscription = subscribed('plain ALL');
    for (let count = 0; count < 256; count++) expect(subscription.addFilter('A', String(count))).to.equal(true);
    expect(subscription.addFilter('A', 'x')).to.equal(false);
  });

  it('of one channel hear of no other', () => {
    const subscription = new Subscription();
    subscription.watchChannel('mine', 'json');
    expect(subscription.wants('DTMF', undefined)).to.equal(true);
    expect(subscription.wants('HEARTBEAT', undefined)).to.equal(false);
    expect(subscription.accepts(heard([['Unique-ID', 'mine']]))).to.equal(true);
    expect(subscription.accepts(heard([['Unique-ID', 'another']]))).to.equal(false);
  });
});
