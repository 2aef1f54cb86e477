import { expect } from 'chai';
import fc from 'fast-check';
import {
  cleanName,
  cleanNumber,
  maskNumber,
  MAX_NAME_LENGTH,
  parseNameAddress,
  userOf,
} from '../../../bridge/sip/caller-identity.ts';

describe('names and numbers of callers', () => {
  it('reads name-addr and addr-spec', () => {
    expect(parseNameAddress('"Alice \\"A\\" Smith" <sip:+1555@10.0.0.1;user=phone>;tag=1')).to.deep.equal({
      displayName: 'Alice "A" Smith',
      uri: 'sip:+1555@10.0.0.1;user=phone',
    });
    expect(parseNameAddress('Alice Smith <sip:alice@example.com>')).to.deep.equal({
      displayName: 'Alice Smith',
      uri: 'sip:alice@example.com',
    });
    expect(parseNameAddress('sip:bob@example.com;tag=9')).to.deep.equal({
      displayName: '',
      uri: 'sip:bob@example.com',
    });
  });

  it('refuses what cannot be read', () => {
    for (const text of ['', '"open <sip:a@b>', '"a" sip:a@b', 'x <sip:a@b', '<>', 'a'.repeat(2_000)]) {
      expect(parseNameAddress(text), text.slice(0, 20)).to.equal(null);
    }
  });

  it('finds the user part', () => {
    expect(userOf('sip:+15551230001@127.0.0.1:5060')).to.equal('+15551230001');
    expect(userOf('sip:123;isub=1@host')).to.equal('123');
    expect(userOf('tel:+1-555-0100;phone-context=x')).to.equal('+1-555-0100');
    expect(userOf('sip:host.example.com')).to.equal('');
    expect(userOf('sip:a%00b%0d%0a@h')).to.equal('a\u0000b\r\n');
    expect(userOf('sip:%zz@h')).to.equal('%zz');
    expect(userOf('http://x@y')).to.equal('');
  });

  it('shows a display name full of control characters and markup clean', () => {
    expect(cleanName('\u0000\u0007Al\u001bice\r\n\r\napi system id\u2028\u202egnp\u200b')).to.equal(
      'Al ice api system id gnp',
    );
    expect(cleanName('<script>alert(1)</script>Bob <b>B</b>')).to.equal('alert(1) Bob B');
    expect(cleanName('  Zoë   Müller ')).to.equal('Zoë Müller');
    expect(cleanName('👩‍👩‍👧'.repeat(40)).length).to.be.at.most(MAX_NAME_LENGTH);
  });

  it('keeps names one clean line, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const name = cleanName(text);
        expect(name).to.not.match(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}<>]/u);
        expect(name.length).to.be.at.most(MAX_NAME_LENGTH);
        expect(name).to.equal(name.trim());
      }),
    );
  });

  it('keeps of a number what belongs to numbers', () => {
    expect(cleanNumber('+1 (555) 123-0001')).to.equal('+1555123-0001');
    expect(cleanNumber('${system(x)}\r\n')).to.equal('systemx');
    expect(cleanNumber('9'.repeat(500))).to.have.length(64);
  });

  it('masks all but the last digits', () => {
    expect(maskNumber('+15551230001')).to.equal('••••0001');
    expect(maskNumber('1234')).to.equal('••••34');
    expect(maskNumber('')).to.equal('••••');
  });

  it('takes no longer for hostile text', () => {
    const hostile = `"${'\\"'.repeat(400)} <sip:${'%'.repeat(100)}`;
    const started = performance.now();
    for (let round = 0; round < 1_000; round += 1) parseNameAddress(hostile);
    expect(performance.now() - started).to.be.below(1_000);
  });
});
