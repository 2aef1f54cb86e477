import { expect } from 'chai';
import { InviteGate } from '../../../bridge/sip/gate.ts';
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

  it('gives every number to the default tenant until numbers are configured', () => {
    expect(gate().lineOf('12345', 'default')).to.deep.equal({ tenantId: 'default' });
    const configured = gate({ dids: [{ number: '+18005550100', tenant: 'acme', language: 'de' }] });
    expect(configured.lineOf('18005550100', 'default')).to.deep.equal({ tenantId: 'acme', language: 'de' });
    expect(configured.lineOf('+18005550100', 'default')).to.deep.equal({ tenantId: 'acme', language: 'de' });
    expect(configured.lineOf('18005550101', 'default')).to.equal(null);
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
