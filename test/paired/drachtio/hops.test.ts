/** Where requests go: past hops that fail to the next one, and by TCP when they are large. */
import { expect } from 'chai';
import { createSocket, type Socket } from 'node:dgram';
import type { Answer } from 'dns-packet';
import { createLogger } from '../../../config/index.ts';
import { startDrachtio, systemNames, type DrachtioServer } from '../../../embedded/drachtio/index.ts';
import { startTransactionLayer, type TransportProtocol } from '../../../embedded/sip/index.ts';
import { NameServer } from '../../helpers/name-server.ts';
import { event, SDP, SipPhone, startPhone } from '../../helpers/sip-phone.ts';
import { connectSrf, killSrf, type Srf, type SrfRequest } from '../../helpers/srf-client.ts';

const DOMAIN = 'carrier.test';
const timings = { t1: 20, t2: 80, t4: 100 };
const logger = createLogger({ logLevel: 'silent' });

describe('hops of the embedded drachtio-server', () => {
  let server: DrachtioServer;
  let srf: Srf;
  let names: NameServer | undefined;
  const phones: SipPhone[] = [];
  const sockets: Socket[] = [];

  async function start(records: readonly Answer[] = []): Promise<void> {
    names = await NameServer.start(records);
    server = await startDrachtio({
      sip: (['udp', 'tcp'] as const).map((protocol) => ({ protocol, address: '127.0.0.1', port: 0 })),
      client: { address: '127.0.0.1', port: 0 },
      secret: 'cymru',
      logger,
      timings,
      names: systemNames([names.place]),
    });
    srf = await connectSrf(server.clientPort, 'cymru');
  }

  afterEach(async () => {
    killSrf(srf);
    await Promise.all(phones.splice(0).map((phone) => phone.layer.stop()));
    await Promise.all(sockets.splice(0).map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))));
    await server.stop();
    const { dialogs, sentRequests, clientTransactions } = server.counts();
    expect({ dialogs, sentRequests, clientTransactions }).to.deep.equal({
      dialogs: 0,
      sentRequests: 0,
      clientTransactions: 0,
    });
    await names?.stop();
  });

  async function phone(answer: (phone: SipPhone) => void = () => {}): Promise<SipPhone> {
    const made = await startPhone('udp', timings);
    phones.push(made);
    answer(made);
    return made;
  }

  const answering = (made: SipPhone) => (made.onInvite = (call) => call.answer(200, 'OK', SDP));
  const answeringWith = (status: number) => (made: SipPhone) => (made.onInvite = (call) => call.answer(status, 'No'));

  async function deadPort(): Promise<number> {
    const { port } = await silentPort();
    await new Promise<void>((resolve) => sockets.pop()!.close(() => resolve()));
    return port;
  }

  /** Takes datagrams and says nothing. */
  async function silentPort(): Promise<{ port: number; received: string[] }> {
    const received: string[] = [];
    const socket = createSocket('udp4', (bytes) => received.push(bytes.toString()));
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    sockets.push(socket);
    return { port: socket.address().port, received };
  }

  /** SRV records in this order. */
  const inOrder = (...ports: number[]): Answer[] =>
    ports.map((port, priority) => {
      return { type: 'SRV', name: `_sip._udp.${DOMAIN}`, data: { target: '127.0.0.1', port, priority, weight: 0 } };
    });

  it('are tried in the order of the DNS: past a port where nobody is and past a 503', async () => {
    const [busy, good] = [await phone(answeringWith(503)), await phone(answering)];
    await start(inOrder(await deadPort(), busy.port, good.port));
    const requests: SrfRequest[] = [];
    const dialog = await srf.createUAC(
      `sip:1000@${DOMAIN}`,
      { localSdp: SDP },
      { cbRequest: (_error, request) => void requests.push(request) },
    );
    expect(requests, 'the application knows of one request').to.have.length(1);
    expect([busy.calls.size, good.calls.size]).to.deep.equal([1, 1]);
    expect([...busy.calls.keys()], 'it is the same call').to.deep.equal([...good.calls.keys()]);
    await dialog.destroy();
    expect(names!.asked).to.include(`SRV _sip._udp.${DOMAIN}`).and.to.include(`NAPTR ${DOMAIN}`);
  });

  it('are left when they say nothing', async () => {
    const [silent, good] = [await silentPort(), await phone(answering)];
    await start(inOrder(silent.port, good.port));
    const dialog = await srf.createUAC(`sip:1000@${DOMAIN}`, { localSdp: SDP });
    expect(silent.received.length, 'it was asked again and again').to.be.above(3);
    await dialog.destroy();
  });

  it('are not left after a refusal: it is the answer', async () => {
    const [busy, good] = [await phone(answeringWith(486)), await phone(answering)];
    await start(inOrder(busy.port, good.port));
    const error = await failure(srf.createUAC(`sip:1000@${DOMAIN}`, { localSdp: SDP }));
    expect([error.status, good.calls.size]).to.deep.equal([486, 0]);
  });

  it('are not left once a phone rings', async () => {
    const ringing = await phone((made) => {
      made.onInvite = (call) => {
        call.answer(180, 'Ringing');
        call.answer(503, 'Service Unavailable');
      };
    });
    const good = await phone(answering);
    await start(inOrder(ringing.port, good.port));
    const error = await failure(srf.createUAC(`sip:1000@${DOMAIN}`, { localSdp: SDP }));
    expect([error.status, good.calls.size]).to.deep.equal([503, 0]);
  });

  it('are not tried any more when the call is given up', async () => {
    const [silent, good] = [await silentPort(), await phone(answering)];
    await start(inOrder(silent.port, good.port));
    const cancelled = (_error: unknown, request: SrfRequest) => request.cancel();
    const error = await failure(srf.createUAC(`sip:1000@${DOMAIN}`, { localSdp: SDP }, { cbRequest: cancelled }));
    expect([error.status, good.calls.size]).to.deep.equal([408, 0]);
  });

  it('may all fail: the last failure is told', async () => {
    const busy = await phone(answeringWith(503));
    await start(inOrder(await deadPort(), busy.port));
    expect((await failure(srf.createUAC(`sip:1000@${DOMAIN}`, { localSdp: SDP }))).status).to.equal(503);
  });

  it('are tried for other requests, too', async () => {
    const good = await phone();
    await start(inOrder(await deadPort(), good.port));
    const request = await srf.request(`sip:1000@${DOMAIN}`, { method: 'OPTIONS' });
    expect((await event<{ status: number }>(request, 'response')).status).to.equal(200);
  });

  describe('for requests too large for a datagram', () => {
    const LARGE = SDP + 'a=candidate:1 1 udp 1 127.0.0.1 40000 typ host\r\n'.repeat(40);

    async function phoneOn(...protocols: TransportProtocol[]): Promise<{ made: SipPhone; vias: string[] }> {
      const made = new SipPhone('udp');
      made.layer = await startTransactionLayer({
        listen: protocols.map((protocol) => ({ protocol, address: '127.0.0.1', port: 0 })),
        user: { onRequest: (transaction) => made.onRequest(transaction), onAck: (ack) => made.onAck(ack) },
        logger,
        timings,
      });
      phones.push(made);
      const vias: string[] = [];
      made.onInvite = (call) => {
        vias.push(call.incoming!.request.headers.get('Via')!.split(' ')[0]!);
        call.answer(200, 'OK', SDP);
      };
      return { made, vias };
    }

    it('are TCP where the peer takes it', async () => {
      await start();
      const { made, vias } = await phoneOn('udp', 'tcp');
      const dialog = await srf.createUAC(made.uri, { localSdp: LARGE });
      const call = [...made.calls.values()][0]!;
      const acknowledged = event(call, 'ack');
      await dialog.modify(LARGE);
      await acknowledged;
      await dialog.modify(SDP);
      await dialog.destroy();
      expect(vias).to.deep.equal(['SIP/2.0/TCP']);
      expect(server.counts().connections).to.equal(1);
    });

    it('are UDP where it does not, where UDP is named, and for what is small', async () => {
      await start();
      const datagramsOnly = await phoneOn('udp');
      await (await srf.createUAC(datagramsOnly.made.uri, { localSdp: LARGE })).destroy();
      await (await srf.createUAC(datagramsOnly.made.uri, { localSdp: LARGE })).destroy();
      expect(datagramsOnly.vias).to.deep.equal(['SIP/2.0/UDP', 'SIP/2.0/UDP']);
      const both = await phoneOn('udp', 'tcp');
      await (await srf.createUAC(`${both.made.uri};transport=udp`, { localSdp: LARGE })).destroy();
      await (await srf.createUAC(both.made.uri, { localSdp: SDP })).destroy();
      expect(both.vias).to.deep.equal(['SIP/2.0/UDP', 'SIP/2.0/UDP']);
    });
  });
});

/** Waits for nothing but the failure itself. */
async function failure(promise: Promise<unknown>): Promise<Error & { status?: number }> {
  return promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error as Error,
  );
}
