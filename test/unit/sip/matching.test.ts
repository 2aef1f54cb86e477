/** Found by fuzzing: Via lines below the first are other people's. */
import { expect } from 'chai';
import { markSource, topVia } from '../../../embedded/sip/matching.ts';
import { parseSipMessage, SipParseError } from '../../../embedded/wire/sip-message.ts';

const options = (...vias: string[]) =>
  Buffer.from(
    [
      'OPTIONS sip:b@192.0.2.1 SIP/2.0',
      ...vias.map((via) => `Via: ${via}`),
      'From: <sip:a@192.0.2.2>;tag=1',
      'To: <sip:b@192.0.2.1>',
      'Call-ID: 1',
      'CSeq: 1 OPTIONS',
      '',
      '',
    ].join('\r\n'),
  );

describe('the Via of a request', () => {
  it('is found although one below it is malformed', () => {
    const message = parseSipMessage(options('SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK1;rport', 'SIP/2.0/"UDP x'));
    markSource(message.headers, { protocol: 'udp', address: '192.0.2.2', port: 5062 });
    expect(topVia(message).parameters.get('rport')).to.equal('5062');
  });

  for (const first of ['', ', SIP/2.0/UDP 192.0.2.9']) {
    it(`is not looked for behind "${first}"`, () => {
      expect(() => parseSipMessage(options(first, 'SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK1'))).to.throw(SipParseError);
    });
  }
});
