/** RFC 3261 section 17.1, figures 5 and 6, and RFC 6026: laid beside the state machines. */
import { expect } from 'chai';
import { InviteClientTransaction, NonInviteClientTransaction } from '../../../embedded/sip/client-transaction.ts';
import { TransactionStateError } from '../../../embedded/sip/transaction.ts';
import type { SipHop } from '../../../embedded/sip/types.ts';
import { FakeNetwork, makeRequest, makeResponse } from './transaction-fakes.ts';

const hop: SipHop = { protocol: 'udp', address: '192.0.2.9', port: 5060 };

function start(method: string, reliable = false) {
  const network = new FakeNetwork(reliable);
  const told: string[] = [];
  const request = makeRequest(method);
  const user = {
    onResponse: ({ status }: { status: number }) => void told.push(String(status)),
    onTimeout: () => void told.push('timeout'),
    onTransportError: () => void told.push('transport error'),
    onTerminated: () => void told.push('terminated'),
  };
  const details = { id: 't', request, destination: hop, user };
  const transaction =
    method === 'INVITE'
      ? new InviteClientTransaction(details, network.environment)
      : new NonInviteClientTransaction(details, network.environment);
  transaction.begin();
  const answer = (status: number, toTag?: string) => transaction.onResponse(makeResponse(status, request, toTag), hop);
  return { network, transaction, told, clock: network.clock, answer };
}

describe('the INVITE client transaction', () => {
  it('repeats its request at timer A until timer B', () => {
    const { network, clock, told } = start('INVITE');
    clock.advance(32_000);
    const times = [0, 500, 1_500, 3_500, 7_500, 15_500, 31_500];
    expect(network.sent).to.deep.equal(times.map((time) => `INVITE@${time}`));
    expect(told).to.deep.equal(['timeout', 'terminated']);
    expect(clock.running).to.deep.equal([]);
  });

  it('asks after the first silence whether anybody is there, and ends when nobody is', () => {
    const { network, clock, told } = start('INVITE');
    clock.advance(499);
    expect(network.unreachable).to.equal(undefined);
    clock.advance(1);
    network.unreachable!(new Error('ECONNREFUSED'));
    expect(told).to.deep.equal(['transport error', 'terminated']);
    const answered = start('INVITE');
    answered.clock.advance(500);
    answered.answer(180);
    answered.network.unreachable!(new Error('ECONNREFUSED'));
    expect(answered.told).to.deep.equal(['180']);
  });

  it('repeats nothing over a stream, and gives up just the same', () => {
    const { network, clock, told } = start('INVITE', true);
    clock.advance(32_000);
    expect(network.sent).to.deep.equal(['INVITE@0']);
    expect(told).to.deep.equal(['timeout', 'terminated']);
  });

  it('waits without end once somebody is trying', () => {
    const { network, clock, answer, transaction } = start('INVITE');
    answer(100);
    clock.advance(1_000_000);
    expect(network.sent).to.deep.equal(['INVITE@0']);
    expect(transaction.state).to.equal('proceeding');
  });

  it('acknowledges a refusal, each time it comes, for timer D', () => {
    const { network, clock, answer, told, transaction } = start('INVITE');
    answer(180);
    answer(486);
    answer(486);
    expect(network.sent).to.deep.equal(['INVITE@0', 'ACK@0', 'ACK@0']);
    expect(told).to.deep.equal(['180', '486']);
    clock.advance(31_999);
    expect(transaction.state).to.equal('completed');
    clock.advance(1);
    expect(told.at(-1)).to.equal('terminated');
  });

  it('ends at once after a refusal over a stream, response first', () => {
    const { clock, answer, told } = start('INVITE', true);
    answer(486);
    clock.advance(0);
    expect(told).to.deep.equal(['486', 'terminated']);
  });

  it('hands up every 2xx until timer M, also of other branches, and acknowledges none', () => {
    const { network, clock, answer, told } = start('INVITE');
    answer(200);
    answer(200);
    answer(200, 'other');
    answer(180);
    expect(told).to.deep.equal(['200', '200', '200']);
    expect(network.sent).to.deep.equal(['INVITE@0']);
    clock.advance(32_000);
    expect(told.at(-1)).to.equal('terminated');
    answer(200);
    expect(told).to.have.length(4);
  });

  it('sends CANCEL only after a provisional response, once', () => {
    const { network, answer, transaction } = start('INVITE');
    transaction.cancel();
    expect(network.cancels).to.have.length(0);
    answer(100);
    transaction.cancel();
    expect(network.cancels).to.have.length(1);
    const [cancel] = network.cancels;
    expect(cancel!.headers.get('CSeq')).to.equal('7 CANCEL');
    expect(cancel!.headers.get('Via')).to.equal('SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx');
    expect(cancel!.headers.get('Route')).to.equal('<sip:proxy.example.com;lr>');
  });

  it('sends no CANCEL when the answer is faster', () => {
    const { network, answer, transaction } = start('INVITE');
    transaction.cancel();
    answer(200);
    expect(network.cancels).to.have.length(0);
  });

  it('gives up 32 s after a CANCEL that changed nothing', () => {
    const { clock, answer, transaction, told } = start('INVITE');
    answer(180);
    clock.advance(10_000);
    transaction.cancel();
    clock.advance(31_999);
    expect(transaction.state).to.equal('proceeding');
    clock.advance(1);
    expect(told).to.deep.equal(['180', 'timeout', 'terminated']);
  });

  it('tells of a transport that fails', () => {
    const network = new FakeNetwork(false);
    network.fault = new Error('refused');
    const told: string[] = [];
    const user = { onResponse: () => {}, onTransportError: (error: Error) => void told.push(error.message) };
    const details = { id: 't', request: makeRequest('INVITE'), destination: hop, user };
    new InviteClientTransaction(details, network.environment).begin();
    network.clock.advance(0);
    expect(told).to.deep.equal(['refused']);
    expect(network.clock.running).to.deep.equal([]);
  });
});

describe('the client transaction of other requests', () => {
  it('repeats its request at timer E, at most every 4 s, until timer F', () => {
    const { network, clock, told } = start('OPTIONS');
    clock.advance(32_000);
    const times = [0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
    expect(network.sent).to.deep.equal(times.map((time) => `OPTIONS@${time}`));
    expect(told).to.deep.equal(['timeout', 'terminated']);
  });

  it('repeats it every 4 s while somebody is at it, and timer F goes on', () => {
    const { network, clock, answer, told } = start('OPTIONS');
    clock.advance(600);
    answer(183);
    clock.advance(31_399);
    expect(network.sent.slice(0, 4)).to.deep.equal(['OPTIONS@0', 'OPTIONS@500', 'OPTIONS@4600', 'OPTIONS@8600']);
    expect(told).to.deep.equal(['183']);
    clock.advance(1);
    expect(told).to.deep.equal(['183', 'timeout', 'terminated']);
  });

  it('absorbs more final responses for timer K', () => {
    const { clock, answer, told } = start('OPTIONS');
    answer(200);
    answer(200);
    clock.advance(5_000);
    expect(told).to.deep.equal(['200', 'terminated']);
    expect(clock.running).to.deep.equal([]);
  });

  it('cannot be cancelled', () => {
    expect(() => start('OPTIONS').transaction.cancel()).to.throw(TransactionStateError);
  });
});
