import { expect } from 'chai';
import fc from 'fast-check';
import {
  formatNameAddr,
  formatSipUri,
  formatVia,
  parseCSeq,
  parseNameAddr,
  parseSipUri,
  parseVia,
  tagOf,
  withTag,
} from '../../../embedded/wire/sip-address.ts';
import { SipParseError } from '../../../embedded/wire/sip-message.ts';
import { parseParameters, quote, splitOutsideQuotes, unquote } from '../../../embedded/wire/sip-syntax.ts';

const parsers: Readonly<Record<string, (text: string) => unknown>> = {
  parseNameAddr,
  parseSipUri,
  parseVia,
  parseCSeq,
  parseParameters,
  list: (text) => splitOutsideQuotes(text, ','),
};

function refusedOrRead(parse: (text: string) => unknown, text: string): void {
  try {
    parse(text);
  } catch (error) {
    expect(error).to.be.instanceOf(SipParseError);
  }
}

describe('SIP addresses', () => {
  it('are taken apart', () => {
    const uri = parseSipUri('SIP:alice:secret@example.com:5061;transport=TCP;lr?subject=x&y=z');
    expect(uri).to.deep.include({ scheme: 'sip', user: 'alice', password: 'secret', host: 'example.com', port: 5061 });
    expect([...uri.parameters]).to.deep.equal([
      ['transport', 'TCP'],
      ['lr', null],
    ]);
    expect(uri.headers).to.equal('subject=x&y=z');
    expect(parseSipUri('sips:[2001:db8::1]:5061')).to.include({ scheme: 'sips', host: '2001:db8::1', port: 5061 });
    expect(parseSipUri('sip:+1-212;phone-context=x@h').user).to.equal('+1-212;phone-context=x');
  });

  it('of every usual form are read', () => {
    expect(parseNameAddr('"A. \\"B\\", C" <sip:a@b;x=1>;tag=2')).to.deep.include({
      displayName: 'A. "B", C',
      uri: 'sip:a@b;x=1',
    });
    expect(parseNameAddr('Ann Smith <sip:a@b>').displayName).to.equal('Ann Smith');
    expect(parseNameAddr('<tel:+1555>').uri).to.equal('tel:+1555');
    const bare = parseNameAddr('sip:a@b;tag=2');
    expect(bare.uri).to.equal('sip:a@b');
    expect(bare.parameters.get('tag')).to.equal('2');
  });

  for (const wrong of [
    '',
    '<>',
    '<sip:a@b',
    '"x <sip:a@b>',
    'a"b <sip:c@d>',
    'sip:a b',
    '<sip:a b>',
    '"x"',
    '<sip:a@b>;=1',
    '<sip:a@b>;a="',
  ]) {
    it(`${JSON.stringify(wrong)} is refused`, () => {
      expect(() => parseNameAddr(wrong)).to.throw(SipParseError);
    });
  }

  for (const wrong of [
    'http://x',
    'sip:',
    'sip:@h',
    'sip:a@',
    'sip:a@h:0',
    'sip:a@h:65536',
    'sip:a@[::1',
    'sip:a@[zz]',
    'sip:a@h i',
    'sip:-a',
  ]) {
    it(`the URI ${JSON.stringify(wrong)} is refused`, () => {
      expect(() => parseSipUri(wrong)).to.throw(SipParseError);
    });
  }

  it('survive writing and reading', () => {
    const name = fc.string({ unit: 'grapheme', maxLength: 30 }).filter((text) => !/[\x00-\x1f\x7f]/.test(text));
    const value = fc.stringMatching(/^[a-zA-Z0-9.-]{1,10}$/);
    fc.assert(
      fc.property(name, value, fc.option(value), (displayName, user, tag) => {
        const parameters = new Map([['tag', tag]]);
        const address = { displayName, uri: `sip:${user}@example.com`, parameters };
        expect(parseNameAddr(formatNameAddr(address))).to.deep.equal(address);
        expect(unquote(quote(displayName))).to.equal(displayName);
      }),
    );
    for (const text of ['sip:a:b@h:1;x=1;y?z=1', 'sip:h', 'sips:[::1]:5061;lr']) {
      expect(formatSipUri(parseSipUri(text))).to.equal(text);
    }
    const via = 'SIP/2.0/TCP host.example.com:5070;rport;branch=z9hG4bK1;received=192.0.2.1';
    expect(formatVia(parseVia(via))).to.equal(via);
  });

  it('cannot break out of a quoted name', () => {
    const line = formatNameAddr({
      displayName: 'x" <sip:evil@h>\r\nX-Evil: 1\r\n',
      uri: 'sip:a@b',
      parameters: new Map(),
    });
    expect(line).to.not.match(/[\r\n]/);
    expect(parseNameAddr(line).uri).to.equal('sip:a@b');
  });

  it('get tags', () => {
    expect(withTag('"x;tag=0" <sip:a@b>', '9')).to.equal('"x;tag=0" <sip:a@b>;tag=9');
    expect(tagOf('"x;tag=0" <sip:a@b>')).to.equal(undefined);
    expect(tagOf(withTag('<sip:a@b>;tag=1', '2'))).to.equal('2');
    expect(tagOf('<sip:a@b;tag=1>')).to.equal(undefined);
    expect(tagOf('nonsense')).to.equal(undefined);
  });

  it('of any text are read or refused', () => {
    const text = fc.oneof(
      fc.string({ maxLength: 80 }),
      fc.string({ unit: fc.constantFrom(...Array.from('"<>;,=@: \\sip/[]?20.UDP\t')), maxLength: 60 }),
    );
    fc.assert(
      fc.property(text, (input) => {
        for (const parse of Object.values(parsers)) refusedOrRead(parse, input);
      }),
      { numRuns: 2_000 },
    );
  });

  it('of 64 KiB made to be slow are done in no time', () => {
    const size = 65_536;
    const inputs = [
      '"',
      '<',
      '>',
      ';',
      ',',
      ' ',
      '\t',
      '\\',
      '=',
      ':',
      '@',
      '[',
      'a',
      '"\\',
      '";',
      '<>',
      ' ;',
      'SIP/ ',
    ].flatMap((unit) =>
      ['', 'sip:', '"', '<sip:a@b>;a=', 'SIP/2.0/UDP ', 'SIP'].map((start) => start + unit.repeat(size / unit.length)),
    );
    for (const [name, parse] of Object.entries(parsers)) {
      for (const input of inputs) {
        const before = performance.now();
        refusedOrRead(parse, input);
        const took = performance.now() - before;
        expect(took, `${name} of ${JSON.stringify(input.slice(0, 20))}…`).to.be.below(250);
      }
    }
  });

  it('of Via may be spaced out', () => {
    const via = parseVia(
      'SIP / 2.0 /  UDP   first.example.com : 4000;ttl=16 ;maddr=224.2.0.1;branch=z9hG4bKa7c6a8dlze.1',
    );
    expect(via).to.include({ transport: 'UDP', host: 'first.example.com', port: 4000 });
    expect(via.parameters.get('maddr')).to.equal('224.2.0.1');
  });
});
