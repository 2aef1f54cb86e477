import { expect } from 'chai';
import type { ClientPort } from '../../../embedded/drachtio/client-port.ts';
import { clientHeaders, fillContentType, MissingContentType } from '../../../embedded/drachtio/client-message.ts';
import { Dialog } from '../../../embedded/drachtio/dialog.ts';
import { DialogTable } from '../../../embedded/drachtio/dialog-table.ts';
import { canonicalName, inServerOrder } from '../../../embedded/drachtio/header-order.ts';
import { echoSessionExpires, readSessionExpires } from '../../../embedded/drachtio/session-timers.ts';
import { NamedTimers } from '../../../embedded/sip/index.ts';
import { EMPTY_BODY, SipHeaders, type SipRequest, type SipResponse } from '../../../embedded/wire/sip-message.ts';
import { ManualClock } from '../../helpers/manual-clock.ts';

const point = { protocol: 'udp' as const, address: '127.0.0.1', port: 5060, advertisedAddress: '127.0.0.1' };
const owner: ClientPort = { connected: true, send: () => {} };

function makeDialog(changes: { routeSet?: string[]; role?: 'uac' | 'uas'; callId?: string } = {}): Dialog {
  return new Dialog({
    role: changes.role ?? 'uas',
    purpose: 'call',
    callId: changes.callId ?? 'c@h',
    localTag: 'l',
    remoteTag: 'r',
    local: '<sip:us@127.0.0.1>;tag=l',
    remote: '"Ann" <sip:ann@192.0.2.1>;tag=r',
    localSequence: 4,
    remoteSequence: 7,
    remoteTarget: 'sip:ann@192.0.2.1:5070',
    routeSet: changes.routeSet ?? [],
    point,
    peer: { protocol: 'udp', address: '192.0.2.1', port: 5070 },
    owner,
    timers: new NamedTimers(new ManualClock()),
    inviteTransactionId: 't',
  });
}

function makeMessage(headers: readonly (readonly [string, string])[], body = ''): SipRequest {
  return {
    kind: 'request',
    method: 'INVITE',
    uri: 'sip:x@h',
    headers: new SipHeaders(headers),
    body: Buffer.from(body),
  };
}

function makeAnswer(headers: readonly (readonly [string, string])[]): SipResponse {
  return { kind: 'response', status: 200, reason: 'OK', headers: new SipHeaders(headers), body: EMPTY_BODY };
}

describe('a dialog', () => {
  it('is named after the tag of the caller', () => {
    expect(makeDialog({ role: 'uas' }).id).to.equal('c@h;from-tag=r');
    expect(makeDialog({ role: 'uac' }).id).to.equal('c@h;from-tag=l');
  });

  it('makes requests with its own tags, number and target', () => {
    const dialog = makeDialog();
    const { uri, headers } = dialog.request('INFO', dialog.nextSequence());
    expect(uri).to.equal('sip:ann@192.0.2.1:5070');
    expect([...headers]).to.deep.equal([
      ['Max-Forwards', '70'],
      ['From', '<sip:us@127.0.0.1>;tag=l'],
      ['To', '"Ann" <sip:ann@192.0.2.1>;tag=r'],
      ['Call-ID', 'c@h'],
      ['CSeq', '5 INFO'],
    ]);
  });

  it('follows loose routers with the target in the Request-URI', () => {
    const dialog = makeDialog({ routeSet: ['<sip:p1.example.com;lr>', '<sip:p2.example.com;lr>'] });
    const { uri, headers } = dialog.request('BYE', 5);
    expect(uri).to.equal('sip:ann@192.0.2.1:5070');
    expect(headers.getAll('Route')).to.deep.equal(['<sip:p1.example.com;lr>', '<sip:p2.example.com;lr>']);
    expect(dialog.nextHop).to.equal('sip:p1.example.com;lr');
  });

  it('follows a strict router with its URI in the Request-URI', () => {
    const dialog = makeDialog({ routeSet: ['<sip:p1.example.com>', '<sip:p2.example.com;lr>'] });
    const { uri, headers } = dialog.request('BYE', 5);
    expect(uri).to.equal('sip:p1.example.com');
    expect(headers.getAll('Route')).to.deep.equal(['<sip:p2.example.com;lr>', '<sip:ann@192.0.2.1:5070>']);
  });

  it('learns tag, target and reversed routes from the answer to its INVITE', () => {
    const dialog = makeDialog({ role: 'uac' });
    dialog.learnFromResponse(
      makeAnswer([
        ['To', '<sip:bob@h>;tag=new'],
        ['Contact', '<sip:bob@192.0.2.9;transport=tcp>'],
        ['Record-Route', '<sip:far;lr>, <sip:near;lr>'],
      ]),
    );
    expect(dialog).to.include({
      remoteTag: 'new',
      remoteTarget: 'sip:bob@192.0.2.9;transport=tcp',
      nextHop: 'sip:near;lr',
    });
  });

  it('keeps its target when a Contact is nonsense', () => {
    const dialog = makeDialog();
    for (const contact of ['*', '"x', '<>', 'nonsense']) dialog.refreshTarget(makeMessage([['Contact', contact]]));
    expect(dialog.remoteTarget).to.equal('sip:ann@192.0.2.1:5070');
  });

  it('accepts rising numbers only', () => {
    const dialog = makeDialog();
    const numbered = (sequence: number) => makeMessage([['CSeq', `${sequence} INVITE`]]);
    expect([7, 8, 8, 3, 100].map((sequence) => dialog.acceptSequence(numbered(sequence)))).to.deep.equal([
      false,
      true,
      false,
      false,
      true,
    ]);
  });
});

describe('the dialog table', () => {
  const inside = makeMessage([
    ['Call-ID', 'c@h'],
    ['From', '"Ann" <sip:ann@192.0.2.1>;tag=r'],
    ['To', '<sip:us@127.0.0.1>;tag=l'],
  ]);

  it('finds dialogs by tags early and by id once they are added; each ends once', () => {
    const ended: string[] = [];
    const table = new DialogTable(({ id }) => void ended.push(id));
    const dialog = makeDialog();
    table.addEarly(dialog);
    expect(table.findForRequest(inside)).to.equal(dialog);
    expect(table.findById(dialog.id)).to.equal(undefined);
    expect(table.add(dialog)).to.equal(true);
    expect(table.add(makeDialog())).to.equal(false);
    expect(table.findById(dialog.id)).to.equal(dialog);
    expect(table.findByCallId('c@h')).to.equal(dialog);
    expect(table.knowsAddress('192.0.2.1')).to.equal(true);
    table.remove(dialog);
    table.remove(dialog);
    expect(ended).to.deep.equal([dialog.id]);
    expect(table.size).to.equal(0);
    expect(table.knowsAddress('192.0.2.1')).to.equal(false);
    expect(table.findForRequest(inside)).to.equal(undefined);
  });
});

describe('messages of applications', () => {
  const local = { host: '192.0.2.5', port: 5070 };

  it('lose what is not theirs to set', () => {
    const message = makeMessage([
      ['Via', 'x'],
      ['Route', '<sip:a>'],
      ['record-route', '<sip:a>'],
      ['RSeq', '1'],
      ['l', '5'],
      ['from', '<sip:a@b>'],
      ['X-Mine', '1'],
    ]);
    expect([...clientHeaders(message, local, false)]).to.deep.equal([
      ['from', '<sip:a@b>'],
      ['X-Mine', '1'],
    ]);
    expect([...clientHeaders(message, local, true)]).to.deep.equal([['X-Mine', '1']]);
  });

  it('may say localhost for the address of the server', () => {
    const message = makeMessage([
      ['From', '"Bob" <sip:+1555@localhost>'],
      ['Contact', 'sip:+1555@localhost'],
      ['P-Asserted-Identity', '<sip:x@localhost.example.com>'],
      ['Subject', 'localhost'],
    ]);
    expect([...clientHeaders(message, local, false)].map(([, value]) => value)).to.deep.equal([
      '"Bob" <sip:+1555@192.0.2.5:5070>',
      '<sip:+1555@192.0.2.5:5070>',
      '<sip:x@localhost.example.com>',
      'localhost',
    ]);
  });

  it('may leave out the type of SDP only', () => {
    const headers = new SipHeaders();
    fillContentType(headers, Buffer.from('v=0\r\n'), true);
    expect(headers.get('Content-Type')).to.equal('application/sdp');
    expect(() => fillContentType(new SipHeaders(), Buffer.from('hi'), true)).to.throw(MissingContentType);
    fillContentType(new SipHeaders(), EMPTY_BODY, true);
  });

  it('are written in the order of the real server', () => {
    const headers = new SipHeaders([
      ['x-custom-name', '1'],
      ['p-charging-vector', '2'],
      ['content-type', 'application/sdp'],
      ['user-agent', 'x'],
      ['cseq', '1 BYE'],
      ['call-id', 'c'],
      ['via', 'v'],
    ]);
    expect([...inServerOrder(headers)].map(([name]) => name)).to.deep.equal([
      'Via',
      'Call-ID',
      'CSeq',
      'User-Agent',
      'Content-Type',
      'Content-Length',
      'x-custom-name',
      'P-Charging-Vector',
    ]);
    expect(['v', 'WWW-AUTHENTICATE', 'mime-version', 'X-eSl'].map(canonicalName)).to.deep.equal([
      'Via',
      'WWW-Authenticate',
      'MIME-Version',
      'X-eSl',
    ]);
  });
});

describe('Session-Expires', () => {
  const offered = (value: string) => makeMessage([['Session-Expires', value]]);

  it('is read leniently', () => {
    expect(readSessionExpires(offered('1800 ; Refresher=UAS').headers)).to.deep.equal({
      seconds: 1_800,
      refresher: 'uas',
    });
    expect(readSessionExpires(offered('90').headers)).to.deep.equal({ seconds: 90, refresher: undefined });
    expect(readSessionExpires(offered('999999999').headers)?.seconds).to.equal(86_400);
    for (const wrong of ['', 'x', '-1', '1800x'])
      expect(readSessionExpires(offered(wrong).headers)).to.equal(undefined);
  });

  it('is echoed when the caller named a refresher and the application says nothing', () => {
    const echo = (request: SipRequest, own?: string) => {
      const headers = new SipHeaders(own === undefined ? [] : [['Session-Expires', own]]);
      echoSessionExpires(request, headers);
      return headers.get('Session-Expires');
    };
    expect(echo(offered('1800;refresher=uas'))).to.equal('1800;refresher=uas');
    expect(echo(offered('1800'))).to.equal(undefined);
    expect(echo(offered('1800;refresher=uas'), '600;refresher=uac')).to.equal('600;refresher=uac');
  });
});
