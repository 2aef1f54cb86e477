/** Small texts from outside: conference targets and flags, socket addresses, causes, digits of INFO. */
import { expect } from 'chai';
import fc from 'fast-check';
import {
  parseConferenceFlags,
  parseConferenceTarget,
  parseMemberFlags,
} from '../../../embedded/freeswitch/conference/flags.ts';
import { causeOfNumber, parseCause, q850, sipStatus } from '../../../embedded/freeswitch/channel/hangup-causes.ts';
import { inlineActions, parseSocketAddress, routeCall } from '../../../embedded/freeswitch/dialplan.ts';
import { parseInfoDigit } from '../../../embedded/freeswitch/sip/info-digits.ts';
import { separate } from '../../../embedded/freeswitch/applications/digits.ts';

describe('conference targets', () => {
  const cases: [text: string, expected: ReturnType<typeof parseConferenceTarget>][] = [
    ['room', { name: 'room', profile: 'default', flags: '' }],
    ['room@wide', { name: 'room', profile: 'wide', flags: '' }],
    ['room@', { name: 'room', profile: 'default', flags: '' }],
    ['room@wide+1234+flags{mute|moderator}', { name: 'room', profile: 'wide', flags: 'mute|moderator' }],
    ['room+flags{mute', { name: 'room', profile: 'default', flags: 'mute' }],
    [' room ', { name: 'room', profile: 'default', flags: '' }],
    ['a@b@wide', { name: 'a@b', profile: 'wide', flags: '' }],
    ['', undefined],
    ['@wide', undefined],
    ['two words', undefined],
    ['x'.repeat(257), undefined],
  ];
  for (const [text, expected] of cases) {
    it(JSON.stringify(text.slice(0, 40)), () => {
      expect(parseConferenceTarget(text)).to.deep.equal(expected);
    });
  }

  it('have flags in either notation', () => {
    expect(parseMemberFlags('mute|Moderator,endconf')).to.include({ mute: true, moderator: true, endConference: true });
    expect(parseMemberFlags('')).to.include({ mute: false, ghost: false });
    expect(parseConferenceFlags('wait-mod|audio-always')).to.deep.equal({ waitForModerator: true, audioAlways: true });
  });
});

describe('the dialplan', () => {
  it('takes calls of drachtio-fsmrf that name an application', () => {
    const route = routeCall('drachtio-fsmrf:abc', '127.0.0.1:8085');
    expect(route?.match).to.deep.equal(['drachtio-fsmrf:abc', 'abc']);
    expect(route?.actions.map(({ application }) => application).filter((name) => name !== 'set')).to.deep.equal([
      'answer',
      'socket',
      'conference',
    ]);
    expect(routeCall('other', '127.0.0.1:8085')).to.equal(undefined);
    expect(routeCall('drachtio-fsmrf:abc', undefined)).to.equal(undefined);
  });

  it('knows addresses', () => {
    expect(parseSocketAddress('[::1]:8085')).to.deep.equal({ host: '::1', port: 8_085 });
    expect(parseSocketAddress('example.org:1')).to.deep.equal({ host: 'example.org', port: 1 });
    for (const text of ['', 'a', 'a:', ':1', 'a:0', 'a:65536', 'a b:1', 'a:1 x', '127.0.0.1:8085;x']) {
      expect(parseSocketAddress(text), text).to.equal(undefined);
    }
  });

  it('can be written inline', () => {
    expect(inlineActions('conference:room@default,park')).to.deep.equal([
      { application: 'conference', argument: 'room@default' },
      { application: 'park', argument: '' },
    ]);
  });
});

describe('hangup causes', () => {
  it('are named or numbered', () => {
    expect(['user_busy', ' 17', 'nonsense', '', '999', 'constructor'].map(parseCause)).to.deep.equal([
      'USER_BUSY',
      'USER_BUSY',
      'NORMAL_CLEARING',
      'NORMAL_CLEARING',
      'NORMAL_CLEARING',
      'NORMAL_CLEARING',
    ]);
    expect(causeOfNumber(804)).to.equal('MEDIA_TIMEOUT');
  });

  it('have numbers of Q.850, and statuses of SIP', () => {
    expect([q850('USER_BUSY'), q850('MEDIA_TIMEOUT'), q850('nonsense')]).to.deep.equal([17, 16, 16]);
    expect([sipStatus('USER_BUSY'), sipStatus('CALL_REJECTED'), sipStatus('MEDIA_TIMEOUT')]).to.deep.equal([
      486, 603, 480,
    ]);
  });
});

describe('digits by INFO', () => {
  const cases: [type: string | undefined, body: string, digit: string | undefined, duration?: number][] = [
    ['application/dtmf-relay', 'Signal=5\r\nDuration=160', '5', 160],
    ['Application/DTMF-Relay; charset=x', 'signal = a\nduration = 99999', 'A', 10_000],
    ['application/dtmf-relay', 'Signal=10', '*', 250],
    ['application/dtmf', ' # ', '#', 250],
    ['application/dtmf', '12', undefined],
    ['application/dtmf-relay', 'Duration=160', undefined],
    ['text/plain', '5', undefined],
    [undefined, '5', undefined],
  ];
  for (const [type, body, digit, durationMs] of cases) {
    it(`${type ?? 'no type'}: ${JSON.stringify(body)}`, () => {
      expect(parseInfoDigit(type, body)).to.deep.equal(digit === undefined ? undefined : { digit, durationMs });
    });
  }
});

describe('words', () => {
  it('are kept together by apostrophes', () => {
    expect(separate("1 2 '' 'a b' c")).to.deep.equal(['1', '2', '', 'a b', 'c']);
  });

  it('of any text are words', () => {
    fc.assert(fc.property(fc.string(), (text) => separate(text).every((word) => typeof word === 'string')));
  });
});
