import { expect } from 'chai';
import { EventEmitter } from 'node:events';
import { IncomingCall } from '../../../bridge/sip/incoming-call.ts';
import { readInvite, type Invite } from '../../../bridge/sip/invite.ts';
import type { Srf, SrfDialog, SrfRequest } from '../../../bridge/sip/srf-port.ts';
import { PartylineError } from '../../../config/contract/index.ts';
import { turn } from './fakes.ts';

const SDP = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\nm=audio 4000 RTP/AVP 0\r\n';

/** What drachtio-srf would hand over, cut down to what is read. */
class FakeRequest extends EventEmitter {
  readonly method = 'INVITE';
  uri = 'sip:1000@127.0.0.1';
  body: string | undefined = SDP;
  readonly source = 'network';
  readonly source_address = '127.0.0.1';
  readonly source_port = 5060;
  readonly protocol = 'udp';
  readonly headers: Record<string, string> = {
    'call-id': 'abc@host',
    from: '"Alice" <sip:+1555@127.0.0.1>;tag=1',
    to: '<sip:1000@127.0.0.1>',
    contact: '<sip:a@127.0.0.1:5060>',
    'content-type': 'application/sdp',
  };
  get(name: string) {
    return this.headers[name.toLowerCase()];
  }
  has(name: string) {
    return this.get(name) !== undefined;
  }
  getParsedHeader(name: string): unknown {
    const uri = /<([^>]*)>/.exec(this.get(name) ?? '')?.[1];
    return uri === undefined ? [] : [{ uri }];
  }
}

class FakeDialog extends EventEmitter {
  readonly id = 'dialog-1';
  connected = true;
  readonly local = { sdp: SDP };
  readonly remote = { sdp: SDP };
  destroyed = 0;
  modify = (sdp: string) => Promise.resolve(sdp);
  destroy(): Promise<void> {
    this.destroyed += 1;
    return Promise.resolve();
  }
}

function setUp(options: { answers?: boolean } = {}) {
  const request = new FakeRequest();
  const sent: number[] = [];
  const response = {
    finalResponseSent: false,
    send(status: number) {
      sent.push(status);
      if (status >= 200) response.finalResponseSent = true;
    },
  };
  const dialog = new FakeDialog();
  let answer: (error: unknown, made?: SrfDialog) => void = () => undefined;
  const srf = {
    createUAS: (_request: unknown, _response: unknown, _options: unknown, callback: typeof answer) => {
      sent.push(200);
      response.finalResponseSent = true;
      answer = callback;
      if (options.answers !== false) callback(null, dialog as unknown as SrfDialog);
    },
  };
  const read = readInvite(request as unknown as SrfRequest);
  if (!('invite' in read)) throw new Error('not read');
  const call = new IncomingCall({
    srf: srf as unknown as Srf,
    request: request as unknown as SrfRequest,
    response: response,
    invite: read.invite,
    trunk: 'trusted',
    onListenerError: (error) => {
      throw error;
    },
  });
  const gone: string[] = [];
  call.events.on('gone', (reason) => gone.push(reason));
  return { request, response, dialog, sent, call, gone, finish: () => answer(null, dialog as unknown as SrfDialog) };
}

describe('a call as SIP sees it', () => {
  it('is answered, acknowledged, and ended by the caller', async () => {
    const { call, dialog, gone, sent } = setUp();
    await call.answer(SDP);
    expect(call.dialogId).to.equal('dialog-1');
    dialog.emit('destroy', {});
    dialog.emit('destroy', {});
    expect(gone).to.deep.equal(['caller-hung-up']);
    await call.end();
    expect(dialog.destroyed, 'no BYE to somebody who has gone').to.equal(0);
    expect(sent).to.deep.equal([200]);
  });

  it('is ended by us with one BYE', async () => {
    const { call, dialog, gone } = setUp();
    await call.answer(SDP);
    await call.end();
    await call.end();
    dialog.emit('destroy', {});
    expect(dialog.destroyed).to.equal(1);
    expect(gone).to.deep.equal([]);
  });

  it('tells a missing ACK from a hang-up', async () => {
    const { call, dialog, gone } = setUp();
    await call.answer(SDP);
    dialog.emit('destroy', {}, 'ACK timeout');
    expect(gone).to.deep.equal(['ack-timeout']);
  });

  it('is cancelled: 487, and cannot be answered any more', async () => {
    const { call, request, sent, gone } = setUp();
    call.progress(SDP);
    request.emit('cancel');
    request.emit('cancel');
    expect(gone).to.deep.equal(['caller-cancelled']);
    expect(sent).to.deep.equal([183, 487]);
    let failure: unknown;
    await call.answer(SDP).catch((error: unknown) => (failure = error));
    expect(failure).to.be.instanceOf(PartylineError).with.property('code', 'call/gone');
    await call.end({ status: 503 });
    expect(sent).to.deep.equal([183, 487]);
  });

  it('says BYE to an answer that was given up while it left', async () => {
    const { call, dialog, finish } = setUp({ answers: false });
    const answering = call.answer(SDP);
    await call.end();
    finish();
    await answering;
    expect(dialog.destroyed).to.equal(1);
  });

  it('refuses once', async () => {
    const { call, sent } = setUp();
    await call.end({ status: 488 });
    await call.end({ status: 503 });
    expect(sent).to.deep.equal([488]);
  });

  it('answers a new offer with what the media server says, and 488 when it says no', async () => {
    const { call, dialog } = setUp();
    await call.answer(SDP);
    const answers: [number, string | undefined][] = [];
    const response = { send: (status: number, options?: { body?: string }) => answers.push([status, options?.body]) };
    call.renegotiate = (offer) => Promise.resolve(`answer to ${offer}`);
    dialog.emit('modify', { body: 'new' }, response);
    await turn();
    call.renegotiate = () => Promise.reject(new Error('no'));
    dialog.emit('modify', { body: 'worse' }, response);
    await turn();
    dialog.emit('modify', { body: '' }, response);
    await turn();
    expect(answers).to.deep.equal([
      [200, 'answer to new'],
      [488, undefined],
      [200, 'answer to new'],
    ]);
  });

  it('answers every INFO 200 and takes keys from some', async () => {
    const { call, dialog } = setUp();
    await call.answer(SDP);
    const keys: string[] = [];
    const statuses: number[] = [];
    call.events.on('digit', (digit) => keys.push(digit));
    const response = { send: (status: number) => statuses.push(status) };
    const info = (type: string, body: string) => ({ get: () => type, body });
    dialog.emit('info', info('application/dtmf-relay', 'Signal=5\r\n'), response);
    dialog.emit('info', info('application/media_control+xml', '<x/>'), response);
    expect([keys, statuses]).to.deep.equal([['5'], [200, 200]]);
  });
});

describe('requests inside a call', () => {
  it('send nobody anywhere: REFER is declined, messages are not allowed', async () => {
    const { call, dialog } = setUp();
    await call.answer(SDP);
    const statuses: number[] = [];
    const response = { send: (status: number) => statuses.push(status) };
    for (const method of ['refer', 'message', 'publish']) dialog.emit(method, {}, response);
    expect(statuses).to.deep.equal([603, 405, 405]);
  });
});

describe('reading an INVITE', () => {
  const read = (change: (request: FakeRequest) => void) => {
    const request = new FakeRequest();
    change(request);
    return readInvite(request as unknown as SrfRequest);
  };

  it('takes a decent one', () => {
    const { invite } = read(() => undefined) as { invite: Invite };
    expect(invite).to.include({
      callerName: 'Alice',
      callerNumber: '+1555',
      dialledNumber: '1000',
      sipCallId: 'abc@host',
    });
  });

  for (const [what, change, status] of [
    ['no Call-ID', (r: FakeRequest) => delete r.headers['call-id'], 400],
    ['a Call-ID with spaces', (r: FakeRequest) => void (r.headers['call-id'] = 'a b'), 400],
    ['an endless Call-ID', (r: FakeRequest) => void (r.headers['call-id'] = 'a'.repeat(5_000)), 400],
    ['no From', (r: FakeRequest) => delete r.headers['from'], 400],
    ['a broken To', (r: FakeRequest) => void (r.headers['to'] = '"x <sip:a@b>'), 400],
    ['no Contact', (r: FakeRequest) => delete r.headers['contact'], 400],
    ['an unreadable Contact', (r: FakeRequest) => void (r.headers['contact'] = '*'), 400],
    ['an endless Contact', (r: FakeRequest) => void (r.headers['contact'] = `<sip:${'a'.repeat(5_000)}>`), 400],
    ['a body that is no SDP', (r: FakeRequest) => void (r.headers['content-type'] = 'text/plain'), 415],
    ['something else called SDP', (r: FakeRequest) => void (r.body = 'hello'), 400],
    ['an endless SDP', (r: FakeRequest) => void (r.body = SDP + 'a=x\r\n'.repeat(5_000)), 400],
    [
      'a browser’s offer without a ticket',
      (r: FakeRequest) => void (r.body = 'v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n'),
      488,
    ],
    ['video only', (r: FakeRequest) => void (r.body = 'v=0\r\nm=video 9 RTP/AVP 96\r\n'), 488],
  ] as const) {
    it(`answers ${status} to ${what}`, () => {
      const outcome = read(change);
      expect('refusal' in outcome && outcome.refusal.status).to.equal(status);
    });
  }
});
