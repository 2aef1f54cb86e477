import { expect } from 'chai';
import { InviteGate } from '../../../bridge/sip/gate.ts';
import type { SrfRequest } from '../../../bridge/sip/srf-port.ts';
import { browserSource, WebSocketPoints } from '../../../bridge/sip/web-socket.ts';
import { readInfoDigit } from '../../../bridge/sip/info-digit.ts';
import { loadSettings, type SettingsInput } from '../../../config/index.ts';
import { ManualClock } from './fakes.ts';

function gate(overrides: SettingsInput = {}, clock = new ManualClock()) {
  return new InviteGate(loadSettings({ environment: {}, overrides }), clock);
}

describe('the INVITE gate', () => {
  it('knows loopback by default and nobody else', () => {
    const closed = gate();
    expect(closed.trunkOf('127.0.0.1')).to.equal('trusted');
    expect(closed.trunkOf('::1')).to.equal('trusted');
    expect(closed.trunkOf('[::1]')).to.equal('trusted');
    expect(closed.trunkOf('::ffff:127.0.0.9')).to.equal('trusted');
    for (const stranger of ['10.0.0.1', '192.168.1.1', '8.8.8.8', '2001:db8::1', 'nonsense', '']) {
      expect(closed.trunkOf(stranger), stranger).to.equal(null);
    }
  });

  it('names the trunk a source belongs to', () => {
    const open = gate({
      trunks: [{ name: 'carrier', addresses: ['198.51.100.0/24', '203.0.113.7'] }],
      trustedSources: [],
    });
    expect(open.trunkOf('198.51.100.200')).to.equal('carrier');
    expect(open.trunkOf('203.0.113.7')).to.equal('carrier');
    expect(open.trunkOf('203.0.113.8')).to.equal(null);
    expect(open.trunkOf('127.0.0.1')).to.equal(null);
  });

  it('takes so many INVITEs a second from one source, and fills up again', async () => {
    const clock = new ManualClock();
    const limited = gate({ inviteRatePerSource: 3 }, clock);
    expect([1, 2, 3, 4].map(() => limited.allowRate('127.0.0.1'))).to.deep.equal([true, true, true, false]);
    expect(limited.allowRate('127.0.0.2'), 'another source').to.equal(true);
    await clock.advance(1_000);
    expect([1, 2, 3, 4].map(() => limited.allowRate('127.0.0.1'))).to.deep.equal([true, true, true, false]);
  });

  it('reads browsers only from this machine, whatever is trusted, and takes few INVITEs of each', () => {
    const open = gate({ trustedSources: ['10.0.0.0/8'] });
    const reads = (protocol: string, address: string) => open.mayBeRead({ protocol, address });
    expect([reads('ws', '127.0.0.1'), reads('ws', '::1'), reads('ws', '::ffff:127.0.0.1')]).to.deep.equal([
      ...[true, true, true],
    ]);
    expect([reads('ws', '10.0.0.1'), reads('ws', '192.0.2.1'), reads('ws', 'junk')]).to.deep.equal([
      ...[false, false, false],
    ]);
    expect([reads('udp', '10.0.0.1'), reads('tcp', '127.0.0.1')]).to.deep.equal([true, false]);
    expect([reads('wss', '10.0.0.1'), reads('wss', '127.0.0.1')], 'phones').to.deep.equal([true, false]);
    const taken = Array.from({ length: 7 }, () => open.allowRate('browser 127.0.0.1 4000', 'browser'));
    expect(taken.filter(Boolean)).to.have.length(5);
    expect(open.allowRate('browser 127.0.0.1 4001', 'browser'), 'another').to.equal(true);
  });

  it('gives every number to the default tenant until numbers are configured', () => {
    expect(gate().lineOf('12345', 'default')).to.deep.equal({ tenantId: 'default' });
    const configured = gate({ dids: [{ number: '+18005550100', tenant: 'acme', language: 'de' }] });
    expect(configured.lineOf('18005550100', 'default')).to.deep.equal({ tenantId: 'acme', language: 'de' });
    expect(configured.lineOf('+18005550100', 'default')).to.deep.equal({ tenantId: 'acme', language: 'de' });
    expect(configured.lineOf('18005550101', 'default')).to.equal(null);
  });
});

describe('which requests came over WebSocket', () => {
  const points = new WebSocketPoints(
    'wss/127.0.0.1:8443,tls/127.0.0.1:5061,ws/[::1]:8080,tcp/127.0.0.1:5060,udp/127.0.0.1:5060',
  );
  const request = (receivedOn: string | undefined, via: string) =>
    ({ receivedOn, get: () => via }) as unknown as SrfRequest;
  const way = (receivedOn: string | undefined, via: string) => points.wayOf(request(receivedOn, via));

  it('believes the port, and a Via only when it says WebSocket', () => {
    expect(way('127.0.0.1:8080', 'SIP/2.0/WS df7.invalid;branch=z9hG4bK1')).to.equal('gateway');
    expect(way('127.0.0.1:8080', 'SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1')).to.equal('gateway');
    expect(way('[::1]:8443', 'SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK1')).to.equal('direct');
    expect(way('127.0.0.1:5060', 'SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1')).to.equal('none');
    expect(way('127.0.0.1:5060', 'SIP / 2.0 / wss 127.0.0.1;branch=z9hG4bK1')).to.equal('gateway');
    expect(way(undefined, 'SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK1')).to.equal('none');
    expect(new WebSocketPoints('').wayOf(request('127.0.0.1:8080', 'SIP/2.0/TCP x;branch=z9hG4bK1'))).to.equal('none');
  });

  it('counts browsers behind the pass-through one by one, and others by address', () => {
    const from = (source_address: string, source_port: number) =>
      browserSource({ source_address, source_port } as unknown as SrfRequest);
    expect(from('127.0.0.1', 1)).not.to.equal(from('127.0.0.1', 2));
    expect(from('[::1]', 1)).not.to.equal(from('[::1]', 2));
    expect(from('192.0.2.1', 1)).to.equal(from('192.0.2.1', 2));
  });
});

describe('keys told by INFO', () => {
  it('reads both common forms', () => {
    expect(readInfoDigit('application/dtmf-relay', 'Signal=5\r\nDuration=160\r\n')).to.equal('5');
    expect(readInfoDigit('application/dtmf-relay; x=y', 'Signal= 11\r\n')).to.equal('#');
    expect(readInfoDigit('application/dtmf', '10')).to.equal('*');
    expect(readInfoDigit('application/dtmf', ' # ')).to.equal('#');
  });

  it('takes nothing else for a key', () => {
    for (const [type, body] of [
      ['text/plain', '5'],
      ['application/dtmf', '55'],
      ['application/dtmf-relay', 'Signal=flash'],
      ['application/dtmf', undefined],
      ['application/dtmf', '5'.repeat(1_000)],
    ] as const) {
      expect(readInfoDigit(type, body)).to.equal(null);
    }
  });
});
