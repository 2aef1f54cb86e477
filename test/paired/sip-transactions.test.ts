/** Two user agents of ours, each on its own ports, over loopback, over every transport. */
import { expect } from 'chai';
import { once, EventEmitter } from 'node:events';
import { createLogger } from '../../config/index.ts';
import {
  startTransactionLayer,
  type ClientTransactionUser,
  type ServerTransaction,
  type ServerTransactionUser,
  type SipHop,
  type TransactionLayer,
  type TransportProtocol,
} from '../../embedded/sip/index.ts';
import { EMPTY_BODY, SipHeaders, type SipRequest, type SipResponse } from '../../embedded/sip/index.ts';
import { testTls } from '../helpers/tls.ts';

const logger = createLogger({ logLevel: 'silent' });
const PROTOCOLS = ['udp', 'tcp', 'tls', 'ws', 'wss'] as const;
const timings = { t1: 20, t2: 80, t4: 100 };

interface Agent {
  readonly layer: TransactionLayer;
  readonly events: EventEmitter;
  readonly hop: (protocol: TransportProtocol) => SipHop;
}

async function startAgent(onRequest: (transaction: ServerTransaction) => ServerTransactionUser): Promise<Agent> {
  const events = new EventEmitter();
  const layer = await startTransactionLayer({
    listen: PROTOCOLS.map((protocol) => ({ protocol, address: '127.0.0.1', port: 0 })),
    tls: testTls,
    user: { onRequest, onAck: (ack, source) => void events.emit('ack', ack, source) },
    logger,
    timings,
  });
  const hop = (protocol: TransportProtocol) => {
    const { port } = layer.listeningPoints.find((point) => point.protocol === protocol)!;
    return { protocol, address: '127.0.0.1', port };
  };
  return { layer, events, hop };
}

function makeRequest(method: string, body = ''): SipRequest {
  const headers = new SipHeaders([
    ['From', '<sip:alice@127.0.0.1>;tag=a1'],
    ['To', '<sip:bob@127.0.0.1>'],
    ['Call-ID', `call-${String(Math.random()).slice(2)}`],
    ['CSeq', `1 ${method}`],
    ['Contact', '<sip:alice@127.0.0.1>'],
  ]);
  return { kind: 'request', method, uri: 'sip:bob@127.0.0.1', headers, body: Buffer.from(body) };
}

function makeResponse(status: number, reason: string): SipResponse {
  return { kind: 'response', status, reason, headers: new SipHeaders(), body: EMPTY_BODY };
}

/** Collects what a client transaction hears. */
function listen(): { user: ClientTransactionUser; events: EventEmitter; statuses: number[] } {
  const events = new EventEmitter();
  const statuses: number[] = [];
  const user: ClientTransactionUser = {
    onResponse(response) {
      statuses.push(response.status);
      events.emit(response.status < 200 ? 'provisional' : 'final', response);
    },
    onTimeout: () => void events.emit('timeout'),
    onTransportError: (error) => void events.emit('failed', error),
    onTerminated: () => void events.emit('terminated'),
  };
  return { user, events, statuses };
}

for (const protocol of PROTOCOLS) {
  describe(`SIP transactions over ${protocol}`, () => {
    let alice: Agent;
    let bob: Agent;
    let answer: (transaction: ServerTransaction) => ServerTransactionUser;

    beforeEach(async () => {
      alice = await startAgent(() => ({}));
      bob = await startAgent((transaction) => answer(transaction));
    });
    afterEach(async () => {
      await Promise.all([alice.layer.stop(), bob.layer.stop()]);
      for (const { layer } of [alice, bob]) {
        expect(layer.counts()).to.deep.equal({ serverTransactions: 0, clientTransactions: 0, connections: 0 });
      }
    });

    it('answers OPTIONS', async () => {
      answer = (transaction) => {
        transaction.respond(makeResponse(200, 'OK'));
        return {};
      };
      const { user, events } = listen();
      alice.layer.request(makeRequest('OPTIONS'), bob.hop(protocol), user);
      const [response] = (await once(events, 'final')) as [SipResponse];
      expect(response.status).to.equal(200);
      expect(response.headers.get('To')).to.match(/;tag=[0-9a-f]{16}$/);
      await once(events, 'terminated');
      expect(alice.layer.counts().clientTransactions).to.equal(0);
    });

    it('sends 2xx to INVITE again until it is acknowledged', async () => {
      const atBob = new EventEmitter();
      answer = (transaction) => {
        transaction.respond(makeResponse(180, 'Ringing'));
        transaction.respond(makeResponse(200, 'OK'));
        return { onTerminated: () => void atBob.emit('terminated') };
      };
      const { user, events, statuses } = listen();
      const invite = alice.layer.request(makeRequest('INVITE', 'v=0\r\n'), bob.hop(protocol), user);
      await once(events, 'final');
      const [again] = (await once(events, 'final')) as [SipResponse];
      const headers = new SipHeaders([
        ['From', invite.request.headers.get('From')!],
        ['To', again.headers.get('To')!],
        ['Call-ID', invite.request.headers.get('Call-ID')!],
        ['CSeq', '1 ACK'],
      ]);
      const ack: SipRequest = { kind: 'request', method: 'ACK', uri: 'sip:bob@127.0.0.1', headers, body: EMPTY_BODY };
      const acknowledged = once(bob.events, 'ack');
      alice.layer.sendStateless(ack, bob.hop(protocol));
      const [seen] = (await acknowledged) as [SipRequest];
      expect(seen.headers.get('CSeq')).to.equal('1 ACK');
      await once(atBob, 'terminated');
      expect(bob.layer.counts().serverTransactions).to.equal(0);
      expect(statuses.filter((status) => status === 180)).to.have.length(1);
    });

    it('answers CANCEL, then 487, and acknowledges that by itself', async () => {
      answer = (transaction) => {
        transaction.respond(makeResponse(180, 'Ringing'));
        return { onCancel: () => void transaction.respond(makeResponse(487, 'Request Terminated')) };
      };
      const { user, events } = listen();
      const invite = alice.layer.request(makeRequest('INVITE'), bob.hop(protocol), user);
      await once(events, 'provisional');
      invite.cancel();
      const [response] = (await once(events, 'final')) as [SipResponse];
      expect(response.status).to.equal(487);
      if (invite.state !== 'terminated') await once(events, 'terminated');
      while (bob.layer.counts().serverTransactions > 0) await new Promise((resolve) => setImmediate(resolve));
    });

    it('tells when nobody acknowledges a 2xx', async () => {
      const atBob = new EventEmitter();
      answer = (transaction) => {
        transaction.respond(makeResponse(200, 'OK'));
        return { onAckTimeout: () => void atBob.emit('ack-timeout') };
      };
      const { user } = listen();
      const waiting = once(atBob, 'ack-timeout');
      alice.layer.request(makeRequest('INVITE'), bob.hop(protocol), user);
      await waiting;
    });
  });
}
