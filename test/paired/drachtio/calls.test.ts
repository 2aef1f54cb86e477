/** Unmodified drachtio-srf on one side of the embedded drachtio-server, a phone of ours on the other. */
import { expect } from 'chai';
import { EventEmitter } from 'node:events';
import { createLogger } from '../../../config/index.ts';
import { startDrachtio, type DrachtioServer } from '../../../embedded/drachtio/index.ts';
import { event, SDP, startPhone, type SipPhone, type PhoneCall } from '../../helpers/sip-phone.ts';
import {
  connectSrf,
  killSrf,
  type Srf,
  type SrfDialog,
  type SrfRequest,
  type SrfResponse,
} from '../../helpers/srf-client.ts';
import { testTls } from '../../helpers/tls.ts';
import type { SipRequest, SipResponse } from '../../../embedded/sip/index.ts';

const SECRET = 'cymru';
const PROTOCOLS = ['udp', 'tcp', 'tls', 'ws', 'wss'] as const;
const timings = { t1: 20, t2: 80, t4: 100 };

for (const protocol of PROTOCOLS) {
  describe(`drachtio-srf through the embedded drachtio-server over ${protocol}`, () => {
    let server: DrachtioServer;
    let srf: Srf;
    let phone: SipPhone;
    let onInvite: (request: SrfRequest, response: SrfResponse) => void;
    let app: EventEmitter;

    beforeEach(async () => {
      server = await startDrachtio({
        sip: PROTOCOLS.map((each) => ({ protocol: each, address: '127.0.0.1', port: 0 })),
        tls: testTls,
        client: { address: '127.0.0.1', port: 0 },
        secret: SECRET,
        logger: createLogger({ logLevel: 'silent' }),
        timings,
      });
      phone = await startPhone(protocol, timings);
      app = new EventEmitter();
      srf = await connectSrf(server.clientPort, SECRET, (fresh) => fresh.invite((req, res) => onInvite(req, res)));
    });

    afterEach(async () => {
      killSrf(srf);
      await phone.layer.stop();
      await server.stop();
      const { clients, dialogs, pendingRequests, sentRequests, proxiedRequests: _none, ...sip } = server.counts();
      expect({ clients, dialogs, pendingRequests, sentRequests }).to.deep.equal({
        clients: 0,
        dialogs: 0,
        pendingRequests: 0,
        sentRequests: 0,
      });
      expect(sip).to.deep.equal({ serverTransactions: 0, clientTransactions: 0, connections: 0 });
    });

    const sipPort = () => server.listeningPoints.find((point) => point.protocol === protocol)!.port;

    /** A call that the application answers. */
    async function answeredCall(): Promise<{ call: PhoneCall; dialog: SrfDialog }> {
      onInvite = (req, res) => {
        void srf.createUAS(req, res, { localSdp: SDP }).then((dialog) => app.emit('dialog', dialog));
      };
      const established = event<SrfDialog>(app, 'dialog');
      const call = phone.call(sipPort());
      await event(call, 'answered');
      call.ack();
      return { call, dialog: await established };
    }

    /** A call that the application makes. */
    async function madeCall(): Promise<{ call: PhoneCall; dialog: SrfDialog }> {
      const incoming = event<PhoneCall>(phone, 'call');
      phone.onInvite = (call) => {
        call.answer(180, 'Ringing');
        call.answer(200, 'OK', SDP);
      };
      const dialog = await srf.createUAC(phone.uri, { localSdp: SDP });
      return { call: await incoming, dialog };
    }

    it('answers a call; the caller hangs up', async () => {
      const { call, dialog } = await answeredCall();
      expect(dialog.remote.sdp).to.equal(SDP);
      const destroyed = event<SrfRequest>(dialog, 'destroy');
      const bye = await call.request('BYE');
      expect(bye.status).to.equal(200);
      expect((await destroyed).method).to.equal('BYE');
      expect(server.counts().dialogs).to.equal(0);
    });

    it('answers a call; the application hangs up', async () => {
      const { call, dialog } = await answeredCall();
      const seen = event<SipRequest>(call, 'BYE');
      await dialog.destroy();
      const bye = await seen;
      expect(bye.headers.get('CSeq')).to.equal('2 BYE');
      expect(bye.headers.get('Max-Forwards')).to.equal('70');
      expect(server.counts().dialogs).to.equal(0);
    });

    it('tells the application of the ACK', async () => {
      onInvite = (req, res) => {
        void srf
          .createUAS(req, res, { localSdp: SDP })
          .then((dialog) => dialog.once('ack', (ack) => app.emit('ack', ack)));
      };
      const acknowledged = event<SrfRequest>(app, 'ack');
      const call = phone.call(sipPort());
      await event(call, 'answered');
      call.ack();
      expect((await acknowledged).get('CSeq')).to.equal('1 ACK');
    });

    it('rejects a call as busy', async () => {
      onInvite = (_req, res) => res.send(486);
      const failed = await event<SipResponse>(phone.call(sipPort()), 'failed');
      expect(failed.status).to.equal(486);
    });

    it('takes CANCEL: 487 for the caller, an event for the application', async () => {
      onInvite = (req, res) => {
        req.on('cancel', () => app.emit('cancel'));
        res.send(180);
      };
      const call = phone.call(sipPort());
      await event(call, 'provisional');
      const outcome = Promise.all([event<SipResponse>(call, 'failed'), event(app, 'cancel')]);
      call.invite!.cancel();
      const [failed] = await outcome;
      expect(failed.status).to.equal(487);
      expect(server.counts().dialogs).to.equal(0);
      expect(server.counts().pendingRequests).to.equal(0);
    });

    it('carries INFO, OPTIONS and a re-INVITE from the caller', async () => {
      const { call, dialog } = await answeredCall();
      dialog.on('info', (req: SrfRequest, res: SrfResponse) => res.send(200, { headers: { 'X-Digits': req.body } }));
      const info = await call.request('INFO', 'Signal=5', { 'Content-Type': 'application/dtmf-relay' });
      expect(info.status).to.equal(200);
      expect(info.headers.get('X-Digits')).to.equal('Signal=5');
      expect((await call.request('OPTIONS')).status).to.equal(200);
      const reInvite = await call.request('INVITE', SDP.replace('40000', '40002'));
      expect(reInvite.status).to.equal(200);
      expect(reInvite.body.toString()).to.equal(SDP);
      expect(reInvite.headers.get('Contact')).to.include(String(sipPort()));
      expect(dialog.remote.sdp).to.include('40002');
      expect((await call.request('BYE')).status).to.equal(200);
    });

    it('carries INFO, UPDATE and a re-INVITE to the caller', async () => {
      const { call, dialog } = await answeredCall();
      const info = await dialog.request({ method: 'INFO', body: 'hello', headers: { 'Content-Type': 'text/plain' } });
      expect(info.status).to.equal(200);
      expect((await dialog.request({ method: 'UPDATE' })).status).to.equal(200);
      const acknowledged = event(call, 'ack');
      const sdp = await dialog.modify(SDP.replace('40000', '40004'));
      expect(sdp).to.equal(SDP);
      await acknowledged;
      await dialog.destroy();
    });

    it('makes a call; the callee hangs up', async () => {
      const { call, dialog } = await madeCall();
      expect(dialog.remote.sdp).to.equal(SDP);
      const destroyed = event(dialog, 'destroy');
      expect((await call.request('BYE')).status).to.equal(200);
      await destroyed;
      expect(server.counts().dialogs).to.equal(0);
    });

    it('makes a call; the application hangs up', async () => {
      const { call, dialog } = await madeCall();
      const seen = event(call, 'BYE');
      await dialog.destroy();
      await seen;
    });

    it('carries a re-INVITE in a call the application made, both ways', async () => {
      const { call, dialog } = await madeCall();
      expect(await dialog.modify(SDP)).to.equal(SDP);
      expect((await call.request('INVITE', SDP)).status).to.equal(200);
      await dialog.destroy();
    });

    it('tells of a busy callee', async () => {
      phone.onInvite = (call) => call.answer(486, 'Busy Here');
      const error = await failure(srf.createUAC(phone.uri, { localSdp: SDP }));
      expect(error.status).to.equal(486);
      expect(server.counts().dialogs).to.equal(0);
    });

    it('cancels a call it makes', async () => {
      phone.onInvite = (call) => call.answer(180, 'Ringing');
      const cancelled = event<PhoneCall>(phone, 'call').then((call) => event(call, 'CANCEL'));
      const requests: SrfRequest[] = [];
      const error = await failure(
        srf.createUAC(
          phone.uri,
          { localSdp: SDP },
          {
            cbRequest: (_error, request) => void requests.push(request),
            cbProvisional: () => requests[0]!.cancel(),
          },
        ),
      );
      expect(error.status).to.equal(487);
      await cancelled;
    });

    it('sends a digest answer when challenged', async () => {
      const attempts: SipRequest[] = [];
      phone.onInvite = (call) => {
        const { request } = call.incoming!;
        attempts.push(request);
        const challenge = 'Digest realm="test", nonce="abc", algorithm=MD5, qop="auth"';
        if (!request.headers.has('Authorization'))
          call.answer(401, 'Unauthorized', '', { 'WWW-Authenticate': challenge });
        else call.answer(200, 'OK', SDP);
      };
      const dialog = await srf.createUAC(phone.uri, { localSdp: SDP, auth: { username: 'u', password: 'p' } });
      expect(attempts).to.have.length(2);
      expect(attempts[1]!.headers.get('Authorization')).to.match(/^Digest username="u",realm="test"/);
      expect(attempts[1]!.headers.get('Call-ID')).to.equal(attempts[0]!.headers.get('Call-ID'));
      await dialog.destroy();
    });

    it('sends 183 reliably and waits for PRACK', async () => {
      onInvite = (_req, res) => {
        res.send(183, { body: SDP, headers: { Require: '100rel' } }, undefined, () => {
          app.emit('prack');
          res.send(200, { body: SDP });
        });
      };
      const call = phone.call(sipPort(), SDP, { Supported: '100rel' });
      const early = await event<SipResponse>(call, 'provisional');
      expect(early.headers.get('RSeq')).to.match(/^\d+$/);
      const again = await event<SipResponse>(call, 'provisional');
      expect(again.headers.get('RSeq')).to.equal(early.headers.get('RSeq'));
      const answered = event<SipResponse>(call, 'answered');
      const prack = await call.request('PRACK', '', { RAck: `${early.headers.get('RSeq')!} 1 INVITE` });
      expect(prack.status).to.equal(200);
      expect((await answered).status).to.equal(200);
      call.sequence = 1;
      call.ack();
    });

    it('answers a reliable 183 with PRACK', async () => {
      phone.onInvite = (call) => {
        call.on('PRACK', (prack: SipRequest) => {
          app.emit('prack', prack);
          call.answer(200, 'OK', SDP);
        });
        call.answer(183, 'Session Progress', SDP, { Require: '100rel', RSeq: '7' });
      };
      const seen = event<SipRequest>(app, 'prack');
      const dialog = await srf.createUAC(phone.uri, { localSdp: SDP, headers: { Supported: '100rel' } });
      expect((await seen).headers.get('RAck')).to.match(/^7 \d+ INVITE$/);
      await dialog.destroy();
    });

    it('ends a call whose ACK never comes, and says why', async () => {
      onInvite = (req, res) => {
        void srf.createUAS(req, res, { localSdp: SDP }).then((dialog) => {
          dialog.on('destroy', (_bye, reason) => app.emit('destroy', reason));
        });
      };
      const destroyed = event<string>(app, 'destroy');
      const call = phone.call(sipPort());
      const bye = event<SipRequest>(call, 'BYE');
      expect(await destroyed).to.equal('ACK timeout');
      expect((await bye).headers.get('Reason')).to.equal('SIP ;cause=200 ;text="ACK timeout"');
      expect(server.counts().dialogs).to.equal(0);
    });

    it('keeps dialogs of a client that died; another one can end them', async () => {
      const { call, dialog } = await answeredCall();
      killSrf(srf);
      const heir = await connectSrf(server.clientPort, SECRET);
      expect(server.counts().dialogs).to.equal(1);
      const options = await heir.request('sip:placeholder', { method: 'OPTIONS', stackDialogId: dialog.id });
      expect((await event<SrfResponse>(options, 'response')).status).to.equal(200);
      const seen = event(call, 'BYE');
      const bye = await heir.request('sip:placeholder', { method: 'BYE', stackDialogId: dialog.id });
      expect((await event<SrfResponse>(bye, 'response')).status).to.equal(200);
      await seen;
      expect(server.counts().dialogs).to.equal(0);
      killSrf(heir);
    });

    it('answers 481 to the BYE of a caller whose application died, and forgets the call', async () => {
      const { call } = await answeredCall();
      killSrf(srf);
      while (server.counts().clients > 0) await new Promise((resolve) => setImmediate(resolve));
      expect((await call.request('BYE')).status).to.equal(481);
      expect(server.counts().dialogs).to.equal(0);
    });

    it('refuses what no application takes: 503, and 481 outside of dialogs', async () => {
      killSrf(srf);
      while (server.counts().clients > 0) await new Promise((resolve) => setImmediate(resolve));
      expect((await event<SipResponse>(phone.call(sipPort()), 'failed')).status).to.equal(503);
      const stranger = phone.call(sipPort());
      await event(stranger, 'failed');
      stranger.remote += ';tag=unknown';
      expect((await stranger.request('BYE')).status).to.equal(481);
      expect((await stranger.request('INVITE', SDP)).status).to.equal(481);
    });

    it('follows a Record-Route in requests of the application', async () => {
      onInvite = (req, res) => {
        void srf.createUAS(req, res, { localSdp: SDP }).then((dialog) => app.emit('dialog', dialog));
      };
      const established = event<SrfDialog>(app, 'dialog');
      const route = `<sip:127.0.0.1:${phone.port};lr${protocol === 'tcp' ? ';transport=tcp' : ''}>`;
      const call = phone.call(sipPort(), SDP, { 'Record-Route': route });
      const answered = await event<SipResponse>(call, 'answered');
      expect(answered.headers.get('Record-Route')).to.equal(route);
      call.routes = [];
      call.ack();
      const seen = event<SipRequest>(call, 'BYE');
      await (await established).destroy();
      const bye = await seen;
      expect(bye.headers.get('Route')).to.equal(route);
      expect(bye.uri).to.equal(phone.uri);
    });

    it('leaves nothing behind after twenty calls', async () => {
      for (let count = 0; count < 10; count++) {
        const { call } = await answeredCall();
        expect((await call.request('BYE')).status).to.equal(200);
        const made = await madeCall();
        await made.dialog.destroy();
      }
      const { dialogs, pendingRequests, sentRequests } = server.counts();
      expect({ dialogs, pendingRequests, sentRequests }).to.deep.equal({
        dialogs: 0,
        pendingRequests: 0,
        sentRequests: 0,
      });
      const over = () => server.counts().serverTransactions + server.counts().clientTransactions === 0;
      while (!over()) await new Promise((resolve) => setTimeout(resolve, 20));
    });

    it('answers OPTIONS outside of a dialog by route, 503 before that', async () => {
      const stranger = phone.call(sipPort());
      onInvite = (_req, res) => res.send(404);
      await event(stranger, 'failed');
      expect((await stranger.request('OPTIONS')).status).to.equal(503);
      srf.options((_req, res) => res.send(200));
      let status = 503;
      while (status === 503) ({ status } = await stranger.request('OPTIONS'));
      expect(status).to.equal(200);
    });
  });
}

describe('the secret of the embedded drachtio-server', () => {
  it('is asked for', async () => {
    const server = await startDrachtio({
      sip: [{ protocol: 'udp', address: '127.0.0.1', port: 0 }],
      client: { address: '127.0.0.1', port: 0 },
      secret: SECRET,
      logger: createLogger({ logLevel: 'silent' }),
    });
    const refused: { srf?: Srf } = {};
    const error = await failure(connectSrf(server.clientPort, 'wrong', (srf) => (refused.srf = srf)));
    expect(error.message).to.equal('failed to authenticate to server');
    killSrf(refused.srf!);
    await server.stop();
  });
});

async function failure(promise: Promise<unknown>): Promise<Error & { status?: number }> {
  return promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error as Error,
  );
}
