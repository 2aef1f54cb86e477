import { expect } from 'chai';
import fc from 'fast-check';
import {
  EMPTY_BODY,
  MalformedSipMessage,
  parseIncompleteSipMessage,
  parseSipMessage,
  serializeSipMessage,
  SipHeaders,
  SipParseError,
  type SipMessage,
  type SipRequest,
} from '../../../embedded/wire/sip-message.ts';

const TOKEN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~";
const token = fc.string({ unit: fc.constantFrom(...Array.from(TOKEN)), minLength: 1, maxLength: 12 });
const text = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((value) => !/[\x00-\x1f\x7f]/.test(value));
const body = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
/** A name of its own, so that it cannot be a second From. */
const extraHeader = fc.tuple(
  token.map((name) => `X-${name}`),
  text.map((value) => value.trim()),
);

const request: fc.Arbitrary<SipRequest> = fc
  .record({ method: token, user: token, extra: fc.array(extraHeader, { maxLength: 8 }), body, sequence: fc.nat() })
  .map(({ method, user, extra, body: content, sequence }) => ({
    kind: 'request' as const,
    method,
    uri: `sip:${user}@example.com`,
    headers: new SipHeaders([
      ['Via', 'SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport'],
      ['From', '"Ann" <sip:ann@example.com>;tag=1'],
      ['To', '<sip:bob@example.com>'],
      ['Call-ID', 'a@b'],
      ['CSeq', `${sequence} ${method}`],
      ...extra,
      ['Content-Length', String(content.length)],
    ]),
    body: content,
  }));

export const INVITE = [
  'INVITE sip:bob@example.com SIP/2.0',
  'Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport',
  'Max-Forwards: 70',
  'From: "Ann" <sip:ann@example.com>;tag=1',
  'To: <sip:bob@example.com>',
  'Call-ID: a@b',
  'CSeq: 1 INVITE',
  'Contact: <sip:ann@192.0.2.1>',
  'Content-Type: application/sdp',
  'Content-Length: 5',
  '',
  'v=0\r\n',
];

function bytesOf(lines: readonly string[], change: Record<string, string | null> = {}): Buffer {
  const changed = lines.flatMap((line, at) => {
    const name = line.slice(0, Math.max(0, line.indexOf(':')));
    const replacement = at > 0 ? (change[name] === undefined ? line : change[name]) : line;
    return replacement === null ? [] : [replacement];
  });
  return Buffer.from(changed.join('\r\n'));
}

function plain(message: SipMessage): unknown {
  return { ...message, headers: [...message.headers], body: message.body.toString('hex') };
}

function problemOf(bytes: Buffer): string {
  try {
    parseSipMessage(bytes);
    return 'none';
  } catch (error) {
    expect(error).to.be.instanceOf(SipParseError);
    return (error as SipParseError).problem;
  }
}

describe('SIP messages', () => {
  it('survive writing and reading', () => {
    fc.assert(
      fc.property(request, (message) => {
        expect(plain(parseSipMessage(serializeSipMessage(message)))).to.deep.equal(plain(message));
      }),
    );
  });

  it('of any bytes are read or refused, never anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => void problemOf(Buffer.from(bytes))),
      { numRuns: 500 },
    );
  });

  it('with any bytes changed are read or refused', () => {
    const original = bytesOf(INVITE);
    const change = fc.array(fc.tuple(fc.nat(original.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 6 });
    fc.assert(
      fc.property(change, fc.nat(original.length), (changes, length) => {
        const bytes = Buffer.from(original);
        for (const [at, value] of changes) bytes[at] = value;
        problemOf(bytes.subarray(0, length === 0 ? bytes.length : length));
      }),
      { numRuns: 2_000 },
    );
  });

  it('know compact names', () => {
    const message = parseSipMessage(
      Buffer.from(
        'BYE sip:b@c SIP/2.0\r\nv: SIP/2.0/UDP a\r\nf: <sip:a@b>;tag=1\r\nt: <sip:b@c>\r\ni: x\r\nCSeq: 2 BYE\r\nl: 0\r\n\r\n',
      ),
    );
    expect(message.headers.get('Via')).to.equal('SIP/2.0/UDP a');
    expect(message.headers.get('call-id')).to.equal('x');
    expect(message.headers.has('V')).to.equal(true);
    expect([...message.headers][0]).to.deep.equal(['v', 'SIP/2.0/UDP a']);
  });

  it('count bytes, not characters', () => {
    const content = Buffer.from('Grüße 👋');
    const headers = new SipHeaders([...parseSipMessage(bytesOf(INVITE)).headers]);
    const sent = serializeSipMessage({ kind: 'request', method: 'INVITE', uri: 'sip:b@c', headers, body: content });
    expect(sent.toString()).to.include(`Content-Length: ${content.length}\r\n`);
    expect(parseSipMessage(sent).body.equals(content)).to.equal(true);
  });

  it('lose what follows the announced body, and may leave the length out of a datagram', () => {
    expect(parseSipMessage(Buffer.concat([bytesOf(INVITE), Buffer.from('rubbish')])).body.toString()).to.equal(
      'v=0\r\n',
    );
    const without = bytesOf(INVITE, { 'Content-Length': null });
    expect(parseSipMessage(without).body.toString()).to.equal('v=0\r\n');
  });

  it('may be folded', () => {
    const message = parseSipMessage(bytesOf(INVITE, { 'Call-ID': 'Call-ID:\r\n  a@b', CSeq: 'CSeq: 1\r\n\tINVITE' }));
    expect(message.headers.get('Call-ID')).to.equal('a@b');
    expect(message.headers.get('CSeq')).to.equal('1 INVITE');
  });

  it('may end their lines with LF alone and begin with empty lines', () => {
    const lines = bytesOf(INVITE, { 'Content-Length': 'Content-Length: 4' }).toString();
    const bytes = Buffer.from(`\r\n\r\n${lines.replaceAll('\r\n', '\n')}`);
    expect(parseSipMessage(bytes).headers.get('Call-ID')).to.equal('a@b');
  });

  const faults: readonly (readonly [string, Buffer, string])[] = [
    ['without Via', bytesOf(INVITE, { Via: null }), 'missing-header'],
    ['without From', bytesOf(INVITE, { From: null }), 'missing-header'],
    ['with two To', bytesOf(INVITE, { To: 'To: <sip:a@b>\r\nTo: <sip:c@d>' }), 'repeated-header'],
    ['with two Call-ID', bytesOf(INVITE, { 'Call-ID': 'Call-ID: a\r\ni: b' }), 'repeated-header'],
    ['with a CSeq of another method', bytesOf(INVITE, { CSeq: 'CSeq: 1 BYE' }), 'method-mismatch'],
    ['with a CSeq beyond 32 bits', bytesOf(INVITE, { CSeq: 'CSeq: 4294967296 INVITE' }), 'cseq'],
    ['with a negative CSeq', bytesOf(INVITE, { CSeq: 'CSeq: -1 INVITE' }), 'cseq'],
    ['with a length beyond the body', bytesOf(INVITE, { 'Content-Length': 'Content-Length: 6' }), 'content-length'],
    ['with a negative length', bytesOf(INVITE, { 'Content-Length': 'Content-Length: -1' }), 'content-length'],
    ['with two lengths', bytesOf(INVITE, { 'Content-Length': 'Content-Length: 5\r\nl: 4' }), 'content-length'],
    ['with a huge length', bytesOf(INVITE, { 'Content-Length': `l: ${'9'.repeat(400)}` }), 'content-length'],
    ['with a NUL in a header', bytesOf(INVITE, { Contact: 'Contact: <sip:a\0@b>' }), 'header-syntax'],
    ['with a bare CR in a header', bytesOf(INVITE, { Contact: 'Contact: a\rX: b' }), 'header-syntax'],
    ['with a line without colon', bytesOf(INVITE, { Contact: 'Contact' }), 'header-syntax'],
    ['with a space in a header name', bytesOf(INVITE, { Contact: 'Con tact: x' }), 'header-syntax'],
    ['of another version', Buffer.from(bytesOf(INVITE).toString().replace('SIP/2.0\r\nV', 'SIP/7.0\r\nV')), 'version'],
    ['that end within the headers', bytesOf(INVITE).subarray(0, 80), 'truncated'],
    ['of nothing', Buffer.alloc(0), 'truncated'],
    ['larger than 65,535 bytes', Buffer.concat([bytesOf(INVITE), Buffer.alloc(65_536)]), 'too-large'],
    ['with more than 256 headers', bytesOf(INVITE, { Contact: 'X: 1\r\n'.repeat(300).trim() }), 'too-many-headers'],
  ];
  for (const [what, bytes, problem] of faults) {
    it(`${what} are refused`, () => {
      expect(problemOf(bytes)).to.equal(problem);
    });
  }

  it('that are refused can be answered when their headers were readable', () => {
    try {
      parseSipMessage(bytesOf(INVITE, { CSeq: 'CSeq: 1 BYE' }));
      expect.fail('it was not refused');
    } catch (error) {
      expect(error).to.be.instanceOf(MalformedSipMessage);
      expect((error as MalformedSipMessage).status).to.equal(400);
      expect((error as MalformedSipMessage).partial.headers.get('Call-ID')).to.equal('a@b');
    }
  });

  it('refuse line breaks on the way out', () => {
    const headers = new SipHeaders();
    expect(() => headers.set('Subject', 'a\r\nX-Evil: 1')).to.throw(SipParseError);
    expect(() => headers.append('Sub\nject', 'a')).to.throw(SipParseError);
    expect(() => headers.prepend('Via', 'a\0b')).to.throw(SipParseError);
    const evil: SipRequest = { kind: 'request', method: 'BYE', uri: 'sip:a\r\nX: 1', headers, body: EMPTY_BODY };
    expect(() => serializeSipMessage(evil)).to.throw(SipParseError);
  });

  it('of programs may be incomplete', () => {
    const message = parseIncompleteSipMessage(Buffer.from('BYE sip:placeholder SIP/2.0\r\nContent-Length: 0\r\n\r\n'));
    expect(message).to.include({ kind: 'request', method: 'BYE', uri: 'sip:placeholder' });
  });
});

describe('SIP headers', () => {
  it('keep their order and are found by any spelling', () => {
    const headers = new SipHeaders([
      ['Via', 'one, two'],
      ['X-A', '1'],
      ['v', 'three'],
    ]);
    expect(headers.getAll('VIA')).to.deep.equal(['one, two', 'three']);
    expect(headers.getList('via')).to.deep.equal(['one', 'two', 'three']);
    headers.replaceFirst('Via', 'first');
    expect([...headers].map(([, value]) => value)).to.deep.equal(['first', '1', 'three']);
    headers.set('Via', 'only').append('X-B', '2').prepend('Via', 'top');
    expect([...headers].map(([, value]) => value)).to.deep.equal(['top', 'only', '1', '2']);
    expect(headers.delete('via')).to.equal(true);
    expect(headers.delete('via')).to.equal(false);
    expect(headers.size).to.equal(2);
  });

  it('split lists outside of quotes and brackets', () => {
    const headers = new SipHeaders([['Contact', '"a, \\"b" <sip:x@y?h=1,2>;q=1 , <sip:z@y>,']]);
    expect(headers.getList('m')).to.deep.equal(['"a, \\"b" <sip:x@y?h=1,2>;q=1', '<sip:z@y>']);
  });
});
