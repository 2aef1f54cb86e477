/** RFC 3261 section 17.2, figures 7 and 8, and RFC 6026: laid beside the state machines. */
import { expect } from 'chai';
import { InviteServerTransaction, NonInviteServerTransaction } from '../../../embedded/sip/server-transaction.ts';
import { TransactionStateError } from '../../../embedded/sip/transaction.ts';
import type { ListeningPoint, SipHop } from '../../../embedded/sip/types.ts';
import { FakeNetwork, makeRequest, makeResponse } from './transaction-fakes.ts';

const source: SipHop = { protocol: 'udp', address: '192.0.2.1', port: 5060 };
const receivedOn: ListeningPoint = { ...source, address: '192.0.2.2', advertisedAddress: '192.0.2.2' };

function start<T extends 'INVITE' | 'OPTIONS'>(method: T, reliable = false) {
  const network = new FakeNetwork(reliable);
  const details = { id: 't', request: makeRequest(method), source, receivedOn, toTag: 'ours' };
  const transaction = (
    method === 'INVITE'
      ? new InviteServerTransaction(details, network.environment)
      : new NonInviteServerTransaction(details, network.environment)
  ) as T extends 'INVITE' ? InviteServerTransaction : NonInviteServerTransaction;
  const told: string[] = [];
  transaction.setUser({
    onCancel: () => void told.push('cancel'),
    onAckTimeout: () => void told.push('ack timeout'),
    onTransportError: () => void told.push('transport error'),
    onTerminated: () => void told.push('terminated'),
  });
  transaction.begin();
  return { network, transaction, told, clock: network.clock };
}

describe('the INVITE server transaction', () => {
  it('says 100 after 200 ms by itself, and not when its user was faster', () => {
    const slow = start('INVITE');
    slow.clock.advance(199);
    expect(slow.network.sent).to.deep.equal([]);
    slow.clock.advance(1);
    expect(slow.network.sent).to.deep.equal(['100@200']);
    const fast = start('INVITE');
    fast.transaction.respond(makeResponse(180));
    fast.clock.advance(1_000);
    expect(fast.network.sent).to.deep.equal(['180@0']);
  });

  it('repeats its last response when the INVITE comes again', () => {
    const { network, transaction } = start('INVITE');
    transaction.onRetransmission();
    transaction.respond(makeResponse(180));
    transaction.onRetransmission();
    expect(network.sent).to.deep.equal(['180@0', '180@0']);
  });

  it('sends a refusal at timer G until timer H, 32 s later, without ACK', () => {
    const { network, transaction, clock, told } = start('INVITE');
    transaction.respond(makeResponse(486));
    expect(clock.running).to.deep.equal(['G', 'H']);
    clock.advance(31_999);
    const times = [0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
    expect(network.sent).to.deep.equal(times.map((time) => `486@${time}`));
    expect(transaction.state).to.equal('completed');
    clock.advance(1);
    expect(transaction.state).to.equal('terminated');
    expect(told).to.deep.equal(['ack timeout', 'terminated']);
    expect(network.ended).to.equal(1);
    expect(clock.running).to.deep.equal([]);
  });

  it('stops at the ACK of a refusal and absorbs more of them for timer I', () => {
    const { network, transaction, clock, told } = start('INVITE');
    transaction.respond(makeResponse(486));
    transaction.onAckOfFailure();
    expect(transaction.state).to.equal('confirmed');
    expect(clock.running).to.deep.equal(['I']);
    transaction.onAckOfFailure();
    clock.advance(5_000);
    expect(network.sent).to.deep.equal(['486@0']);
    expect(told).to.deep.equal(['terminated']);
  });

  it('over a stream repeats no refusal, waits for its ACK, and ends at once', () => {
    const { network, transaction, clock, told } = start('INVITE', true);
    transaction.respond(makeResponse(486));
    expect(clock.running).to.deep.equal(['H']);
    clock.advance(10_000);
    expect(network.sent).to.deep.equal(['486@0']);
    transaction.onAckOfFailure();
    clock.advance(0);
    expect(told).to.deep.equal(['terminated']);
  });

  for (const reliable of [false, true]) {
    it(`sends a 2xx again until its ACK, ${reliable ? 'over streams too' : 'over datagrams'}`, () => {
      const { network, transaction, clock } = start('INVITE', reliable);
      transaction.respond(makeResponse(200));
      clock.advance(3_600);
      expect(network.sent).to.deep.equal(['200@0', '200@500', '200@1500', '200@3500']);
      transaction.onAckOfSuccess();
      transaction.onAckOfSuccess();
      clock.advance(60_000);
      expect(network.sent).to.have.length(4);
      expect(transaction.state).to.equal('terminated');
      expect(clock.fired.at(-1)).to.equal(`L@${3_600 + (reliable ? 0 : 5_000)}`);
    });
  }

  it('gives up a 2xx that nobody acknowledges after 32 s', () => {
    const { transaction, clock, told } = start('INVITE');
    transaction.respond(makeResponse(200));
    clock.advance(32_000);
    expect(told).to.deep.equal(['ack timeout', 'terminated']);
    expect(transaction.state).to.equal('terminated');
    expect(clock.running).to.deep.equal([]);
  });

  it('absorbs the INVITE in accepted', () => {
    const { network, transaction } = start('INVITE');
    transaction.respond(makeResponse(200));
    transaction.onRetransmission();
    expect(network.sent).to.deep.equal(['200@0']);
  });

  it('passes CANCEL on before the final response only', () => {
    const { transaction, told } = start('INVITE');
    transaction.onCancel(makeRequest('CANCEL'));
    transaction.respond(makeResponse(487));
    transaction.onCancel(makeRequest('CANCEL'));
    expect(told).to.deep.equal(['cancel']);
  });

  it('refuses a second final response', () => {
    const { transaction } = start('INVITE');
    transaction.respond(makeResponse(486));
    expect(() => transaction.respond(makeResponse(200))).to.throw(TransactionStateError);
  });

  it('tells of a transport that fails, once', () => {
    const { network, transaction, clock, told } = start('INVITE');
    network.fault = new Error('no route');
    transaction.respond(makeResponse(486));
    clock.advance(0);
    expect(told).to.deep.equal(['transport error', 'terminated']);
    transaction.abort();
    expect(network.ended).to.equal(1);
  });

  it('fills in what a response copies from its request', () => {
    const { transaction } = start('INVITE');
    const { headers } = transaction.respond(makeResponse(180));
    expect(headers.get('To')).to.equal('<sip:b@example.com>;tag=ours');
    expect([...headers].map(([name]) => name)).to.deep.equal(['Via', 'From', 'To', 'Call-ID', 'CSeq']);
  });

  it('goes on when its user throws', () => {
    const { transaction, clock } = start('INVITE');
    transaction.setUser({
      onAckTimeout: () => {
        throw new Error('a mistake');
      },
    });
    transaction.respond(makeResponse(200));
    clock.advance(32_000);
    expect(transaction.state).to.equal('terminated');
  });
});

describe('the server transaction of other requests', () => {
  it('stays silent until its user answers', () => {
    const { network, transaction, clock } = start('OPTIONS');
    transaction.onRetransmission();
    clock.advance(100_000);
    expect(network.sent).to.deep.equal([]);
    expect(transaction.state).to.equal('trying');
  });

  it('repeats what it answered, until timer J', () => {
    const { network, transaction, clock, told } = start('OPTIONS');
    transaction.respond(makeResponse(183));
    expect(transaction.state).to.equal('proceeding');
    transaction.onRetransmission();
    transaction.respond(makeResponse(200));
    transaction.onRetransmission();
    clock.advance(31_999);
    expect(transaction.state).to.equal('completed');
    clock.advance(1);
    expect(network.sent).to.deep.equal(['183@0', '183@0', '200@0', '200@0']);
    expect(told).to.deep.equal(['terminated']);
  });

  it('ends at once over a stream', () => {
    const { transaction, clock } = start('OPTIONS', true);
    transaction.respond(makeResponse(200));
    clock.advance(0);
    expect(transaction.state).to.equal('terminated');
  });

  it('tells a user that comes late that all is over', () => {
    const { transaction, clock } = start('OPTIONS', true);
    transaction.respond(makeResponse(200));
    clock.advance(0);
    let told = 0;
    transaction.setUser({ onTerminated: () => told++ });
    expect(told).to.equal(1);
  });
});
