import { expect } from 'chai';
import fc from 'fast-check';
import { createAddressFinder, limitKeyOf } from '../../../web-gateway/server/client-address.ts';

describe('web gateway: the client’s address', () => {
  const trusting = createAddressFinder(['10.0.0.0/8', '192.0.2.7', '2001:db8:1::/48']);
  const trustingNobody = createAddressFinder([]);

  const cases: [title: string, peer: string, forwardedFor: string | undefined, expected: string][] = [
    ['no header', '10.0.0.1', undefined, '10.0.0.1'],
    ['one hop', '10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['the right-most that is not ours', '10.0.0.1', '1.1.1.1, 198.51.100.1, 10.0.0.2', '198.51.100.1'],
    ['all ours', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['a single address as range', '192.0.2.7', '198.51.100.1', '198.51.100.1'],
    ['a neighbour of it is not trusted', '192.0.2.8', '198.51.100.1', '192.0.2.8'],
    ['an untrusted peer claims a trusted one', '198.51.100.9', '10.0.0.1', '198.51.100.9'],
    ['IPv4 inside IPv6 as peer', '::ffff:10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['IPv4 inside IPv6 in the header', '10.0.0.1', '::ffff:198.51.100.1', '198.51.100.1'],
    ['an inner address in IPv6 clothes from outside', '198.51.100.9', '::ffff:10.0.0.1', '198.51.100.9'],
    ['with port', '10.0.0.1', '198.51.100.1:4711', '198.51.100.1'],
    ['IPv6 in brackets with port', '10.0.0.1', '[2001:db8::9]:4711', '2001:db8::9'],
    ['IPv6 peer of ours', '2001:db8:1::5', '2001:db8::9', '2001:db8::9'],
    ['one spelling of IPv6', '10.0.0.1', '2001:DB8:0:0::0009', '2001:db8::9'],
    ['octal', '10.0.0.1', '012.0.0.1', '10.0.0.1'],
    ['hexadecimal', '10.0.0.1', '0x0a000001', '10.0.0.1'],
    ['decimal', '10.0.0.1', '167772161', '10.0.0.1'],
    ['short form', '10.0.0.1', '10.1', '10.0.0.1'],
    ['a zone', '10.0.0.1', 'fe80::1%eth0', 'fe80::1'],
    ['a zone elsewhere', '10.0.0.1', '2001:db8::1%eth0', '10.0.0.1'],
    ['junk at the right', '10.0.0.1', '198.51.100.1, unknown', '10.0.0.1'],
    ['junk further left', '10.0.0.1', 'junk, 10.0.0.2', '10.0.0.2'],
    ['empty', '10.0.0.1', '', '10.0.0.1'],
    ['only commas', '10.0.0.1', ',,,', '10.0.0.1'],
    ['markup', '10.0.0.1', '<script>', '10.0.0.1'],
  ];
  for (const [title, peer, forwardedFor, expected] of cases) {
    it(title, () => expect(trusting(peer, forwardedFor)).to.equal(expected));
  }

  it('is always the peer when nobody is trusted, whatever is claimed', () => {
    fc.assert(
      fc.property(fc.string(), fc.ipV4(), (forwardedFor, peer) => {
        expect(trustingNobody(peer, forwardedFor)).to.equal(peer);
      }),
    );
  });

  it('never comes from the left of an untrusted hop', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string())), (invented) => {
        expect(trusting('10.0.0.1', [...invented, '198.51.100.1'].join(','))).to.equal('198.51.100.1');
      }),
    );
  });

  it('survives a peer that is gone', () => expect(trusting(undefined, '198.51.100.1')).to.equal('unknown'));

  it('counts a network of IPv6 addresses as one', () => {
    expect(limitKeyOf('2001:db8::1')).to.equal(limitKeyOf('2001:db8::ffff:1'));
    expect(limitKeyOf('2001:db8::1')).not.to.equal(limitKeyOf('2001:db8:0:1::1'));
    expect(limitKeyOf('192.0.2.1')).not.to.equal(limitKeyOf('192.0.2.2'));
  });
});
