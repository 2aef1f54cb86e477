import { expect } from 'chai';
import { HalfOpen } from '../../../embedded/sip/half-open.ts';
import { completeResponse } from '../../../embedded/sip/responses.ts';
import { InviteServerTransaction } from '../../../embedded/sip/server-transaction.ts';
import { SourceRates, sourceName } from '../../../embedded/sip/source-rates.ts';
import { ManualClock } from '../../helpers/manual-clock.ts';
import { FakeNetwork, makeRequest, makeResponse } from './transaction-fakes.ts';

describe('rates of sources', () => {
  it('give each address its share of a second, and refill it', () => {
    const clock = new ManualClock();
    const rates = new SourceRates(3, clock);
    const taken = (address: string) => Array.from({ length: 5 }, () => rates.take(address)).filter(Boolean).length;
    expect([taken('a'), taken('a'), taken('b')]).to.deep.equal([3, 0, 3]);
    clock.advance(334);
    expect(taken('a')).to.equal(1);
    clock.advance(3_600_000);
    expect(taken('a'), 'never more than a second’s').to.equal(3);
  });

  it('forget the longest silent of too many addresses', () => {
    const rates = new SourceRates(1, new ManualClock());
    rates.take('first');
    for (let count = 0; count < 30_000; count++) rates.take(`address ${count}`);
    expect(rates.size).to.equal(20_000);
    expect(rates.take('first')).to.equal(true);
    expect(rates.take('address 29999')).to.equal(false);
  });
});

describe('the source of a message', () => {
  it('is its address, whatever the port', () => {
    for (const protocol of ['udp', 'tcp', 'tls'] as const) {
      expect(sourceName({ protocol, address: '127.0.0.1', port: 1 })).to.equal('127.0.0.1');
    }
    expect(sourceName({ protocol: 'wss', address: '192.0.2.1', port: 2 })).to.equal('192.0.2.1');
  });

  it('is the connection where a gateway on this machine passes browsers on', () => {
    const names = ['127.0.0.1', '::1', '::ffff:127.0.0.1'].flatMap((address) =>
      [1, 2].map((port) => sourceName({ protocol: 'ws', address, port })),
    );
    expect(new Set(names).size).to.equal(6);
  });

  it('may be as fast as it likes where nothing is counted', () => {
    const rates = new SourceRates(Infinity, new ManualClock());
    for (let count = 0; count < 10_000; count++) expect(rates.take('a')).to.equal(true);
    expect(rates.size).to.equal(0);
  });
});

describe('INVITEs that are not over', () => {
  const made = () => {
    const aborted: string[] = [];
    const transaction = (name: string) => ({ abort: () => aborted.push(name) });
    return { aborted, transaction, halfOpen: new HalfOpen() };
  };

  it('are counted by source until they are over', () => {
    const { halfOpen, transaction } = made();
    const [one, two] = [transaction('1'), transaction('2')];
    halfOpen.add(one, 'a');
    halfOpen.add(two, 'a');
    expect([halfOpen.of('a'), halfOpen.of('b'), halfOpen.size]).to.deep.equal([2, 0, 2]);
    halfOpen.remove(one);
    halfOpen.remove(one);
    expect(halfOpen.of('a')).to.equal(1);
    halfOpen.remove(two);
    expect([halfOpen.of('a'), halfOpen.size]).to.deep.equal([0, 0]);
  });

  it('are given up when they were refused, the oldest first; unanswered ones never', () => {
    const { halfOpen, transaction, aborted } = made();
    const [ringing, first, second] = [transaction('ringing'), transaction('first'), transaction('second')];
    for (const each of [ringing, first, second]) halfOpen.add(each, 'a');
    halfOpen.refused(second);
    halfOpen.refused(first);
    expect([halfOpen.giveUpOldest(), halfOpen.giveUpOldest(), halfOpen.giveUpOldest()]).to.deep.equal([
      true,
      true,
      false,
    ]);
    expect(aborted).to.deep.equal(['second', 'first']);
    expect(halfOpen.size).to.equal(1);
  });

  const endings: [
    what: string,
    news: string[],
    end: (transaction: InviteServerTransaction, network: FakeNetwork) => void,
  ][] = [
    ['nothing at a 2xx: its ACK is awaited', [], (transaction) => transaction.respond(makeResponse(200))],
    [
      'a 2xx and its ACK',
      ['settled'],
      (transaction) => {
        transaction.respond(makeResponse(200));
        transaction.onAckOfSuccess();
      },
    ],
    [
      'a 2xx that nobody acknowledged for 32 s',
      ['settled'],
      (transaction, network) => {
        transaction.respond(makeResponse(200));
        network.clock.advance(32_000);
      },
    ],
    [
      'a 2xx that was passed on',
      ['settled'],
      (transaction) => void transaction.forward(completeResponse(makeResponse(200), transaction.request, 't')),
    ],
    ['a refusal without an ACK', ['refused'], (transaction) => transaction.respond(makeResponse(486))],
    [
      'a refusal and its ACK',
      ['refused', 'settled'],
      (transaction) => {
        transaction.respond(makeResponse(486));
        transaction.onAckOfFailure();
      },
    ],
    [
      'a refusal that nobody acknowledged for 32 s',
      ['refused', 'settled'],
      (transaction, network) => {
        transaction.respond(makeResponse(486));
        network.clock.advance(32_000);
      },
    ],
    ['the end of the layer', ['settled'], (transaction) => transaction.abort()],
  ];
  for (const [what, news, end] of endings) {
    it(`tell of ${what}`, () => {
      const network = new FakeNetwork(false);
      const hop = { protocol: 'udp', address: '127.0.0.1', port: 1 } as const;
      const details = {
        id: '1',
        request: makeRequest('INVITE'),
        source: hop,
        receivedOn: { ...hop, advertisedAddress: hop.address },
        toTag: 't',
      };
      const transaction = new InviteServerTransaction(details, network.environment);
      transaction.begin();
      end(transaction, network);
      expect(network.news).to.deep.equal(news);
    });
  }
});
