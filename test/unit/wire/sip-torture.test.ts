/**
 * Messages after the manner of RFC 4475: each names the section whose idea it carries. The valid ones must be read as
 * meant; the others be refused, with headers good enough to answer where the section asks for an answer.
 */
import { expect } from 'chai';
import { parseCSeq, parseNameAddr, parseSipUri, parseVia } from '../../../embedded/wire/sip-address.ts';
import {
  MalformedSipMessage,
  parseSipMessage,
  SipParseError,
  type SipMessage,
} from '../../../embedded/wire/sip-message.ts';

interface Draft {
  readonly start?: string;
  readonly via?: string | null;
  readonly from?: string | null;
  readonly to?: string | null;
  readonly callId?: string | null;
  readonly cseq?: string | null;
  readonly more?: readonly string[];
  readonly length?: string;
  readonly body?: string;
}

function draft(changes: Draft): Buffer {
  const line = (name: string, value: string | null | undefined, usual: string) =>
    value === null ? [] : [`${name}: ${value ?? usual}`];
  const body = changes.body ?? '';
  return Buffer.from(
    [
      changes.start ?? 'OPTIONS sip:user@example.com SIP/2.0',
      ...line('Via', changes.via, 'SIP/2.0/UDP host.example.com;branch=z9hG4bKkdjuw'),
      ...line('From', changes.from, '<sip:caller@example.net>;tag=323'),
      ...line('To', changes.to, '<sip:user@example.com>'),
      ...line('Call-ID', changes.callId, 'torture.asdf@192.0.2.1'),
      ...line('CSeq', changes.cseq, '1 OPTIONS'),
      ...(changes.more ?? []),
      changes.length ?? `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  );
}

const address = (message: SipMessage, name: string) => parseNameAddr(message.headers.get(name)!);

const valid: readonly (readonly [
  section: string,
  idea: string,
  message: Buffer,
  check: (message: SipMessage) => void,
])[] = [
  [
    '3.1.1.1',
    'white space, folding and odd spelling everywhere',
    Buffer.from(
      [
        'INVITE sip:vivek@chair.example.com;unknownparam SIP/2.0',
        'TO :',
        ' sip:vivek@chair.example.com ;   tag    = 1918181833n',
        'from   : "J Rosen \\\\\\""       <sip:jd@example.com>',
        '  ;',
        '  tag = 98asjd8',
        'MaX-fOrWaRdS: 0068',
        'Call-ID: wsinv.ndaks@192.0.2.1',
        'Content-Length   : 0',
        'cseq: 0009',
        '  INVITE',
        'Via  : SIP  /   2.0',
        ' /UDP',
        '    192.0.2.2;branch=390skdjuw',
        's :',
        'NewFangledHeader:   newfangled value',
        ' continued newfangled value',
        'UnknownHeaderWithUnusualValue: ;;,,;;,;',
        'Route:',
        ' <sip:services.example.com;lr;unknownwith=value;unknown-no-value>',
        'v:  SIP  / 2.0  / TCP     spindle.example.com   ;',
        '  branch  =   z9hG4bK9ikj8  ,',
        ' SIP  /    2.0   / UDP  192.168.255.111   ; branch=',
        ' z9hG4bK30239',
        'm:"Quoted string \\"\\"" <sip:jd@example.com> ; newparam =',
        '      newvalue ;',
        '  secondparam ; q = 0.33',
        '',
        '',
      ].join('\r\n'),
    ),
    (message) => {
      expect(address(message, 'To').parameters.get('tag')).to.equal('1918181833n');
      expect(address(message, 'From').displayName).to.equal('J Rosen \\"');
      expect(address(message, 'From').parameters.get('tag')).to.equal('98asjd8');
      expect(parseCSeq(message.headers.get('CSeq')!)).to.deep.equal({ sequence: 9, method: 'INVITE' });
      const vias = message.headers.getList('Via').map(parseVia);
      expect(vias.map(({ transport, host }) => `${transport} ${host}`)).to.deep.equal([
        'UDP 192.0.2.2',
        'TCP spindle.example.com',
        'UDP 192.168.255.111',
      ]);
      expect(vias[2]!.parameters.get('branch')).to.equal('z9hG4bK30239');
      expect(message.headers.get('subject')).to.equal('');
      expect(message.headers.get('newfangledheader')).to.equal('newfangled value continued newfangled value');
      expect(address(message, 'Contact').parameters.get('q')).to.equal('0.33');
    },
  ],
  [
    '3.1.1.2',
    'every character a token may have',
    draft({
      start:
        "!interesting-Method0123456789_*+`.%indeed'~ sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d@example.com SIP/2.0",
      cseq: "139122385 !interesting-Method0123456789_*+`.%indeed'~",
      to: '"BEL:\\\u0007 NUL:\\\u0000 DEL:\\\u007f" <sip:1@example.com>',
      from: "token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\"работает\";tag=_token~1'+`*%!-.",
      more: ["extensionHeader-!.%*+_`'~: 大停電"],
    }),
    (message) => {
      expect(message).to.include({ kind: 'request', method: "!interesting-Method0123456789_*+`.%indeed'~" });
      expect(address(message, 'From').parameters.get('tag')).to.equal("_token~1'+`*%!-.");
      expect(address(message, 'To').displayName).to.equal('BEL:  NUL:  DEL: ');
      expect(message.headers.get("extensionheader-!.%*+_`'~")).to.equal('大停電');
    },
  ],
  [
    '3.1.1.3',
    'escapes inside a URI',
    draft({ start: 'OPTIONS sip:sips%3Auser%40example.com@example.net SIP/2.0', to: '<sip:%75se%72@example.com>' }),
    (message) => {
      expect(parseSipUri((message as { uri: string }).uri)).to.include({
        user: 'sips%3Auser%40example.com',
        host: 'example.net',
      });
    },
  ],
  [
    '3.1.1.4',
    'escaped NUL in the user part',
    draft({ to: '<sip:null-%00-null@example.com>' }),
    (message) => expect(address(message, 'To').uri).to.equal('sip:null-%00-null@example.com'),
  ],
  [
    '3.1.1.5',
    'percent signs that are no escapes',
    draft({
      start: 'RE%47IST%45R sip:registrar.example.com SIP/2.0',
      cseq: '29344 RE%47IST%45R',
      to: '"%Z%45" <sip:resource@example.com>',
    }),
    (message) => expect(address(message, 'To').displayName).to.equal('%Z%45'),
  ],
  [
    '3.1.1.6',
    'no space between a display name and its bracket',
    draft({ from: 'caller<sip:caller@example.com>;tag=323' }),
    (message) => expect(address(message, 'From').displayName).to.equal('caller'),
  ],
  [
    '3.1.1.7',
    'long values',
    draft({
      to: `"I have a user name of ${'extremeness '.repeat(200)}" <sip:user@example.com:6000;unknownparam1=very${'long'.repeat(200)}>`,
      more: [`Unknown-${'Long'.repeat(100)}-Name: ${'unknown value '.repeat(300)}`],
    }),
    (message) => expect(parseSipUri(address(message, 'To').uri).port).to.equal(6000),
  ],
  [
    '3.1.1.8',
    'a second message in the same datagram is not read',
    Buffer.concat([draft({}), draft({ callId: 'second' })]),
    (message) => expect(message.headers.get('Call-ID')).to.equal('torture.asdf@192.0.2.1'),
  ],
  [
    '3.1.1.9',
    'a semicolon in the user part',
    draft({ start: 'OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0' }),
    (message) => expect(parseSipUri((message as { uri: string }).uri).user).to.equal('user;par=u%40example.net'),
  ],
  [
    '3.1.1.10',
    'transports nobody has heard of',
    draft({ via: 'SIP/2.0/UDP t1.example.com;branch=z9hG4bK1, SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bK2' }),
    (message) => expect(parseVia(message.headers.getList('Via')[1]!).transport).to.equal('UNKNOWN'),
  ],
  [
    '3.1.1.11',
    'a body with NUL and CRLF of its own',
    draft({ more: ['Content-Type: multipart/mixed;boundary=x'], body: '--x\r\n\r\na\0b\r\n\r\n--x--' }),
    (message) => expect(message.body.toString()).to.equal('--x\r\n\r\na\0b\r\n\r\n--x--'),
  ],
  [
    '3.1.1.12',
    'a reason phrase beyond ASCII',
    draft({ start: 'SIP/2.0 200 = 2**3 * 5**2 но сто девяносто девять - простое' }),
    (message) => expect((message as { reason: string }).reason).to.include('девяносто'),
  ],
  [
    '3.1.1.13',
    'an empty reason phrase',
    draft({ start: 'SIP/2.0 100 ' }),
    (message) => expect(message).to.include({ status: 100, reason: '' }),
  ],
  [
    '3.3.5',
    'a URI scheme nobody has heard of, in To',
    draft({ to: 'isbn:2983792873' }),
    (message) => expect(address(message, 'To').uri).to.equal('isbn:2983792873'),
  ],
];

const invalid: readonly (readonly [section: string, idea: string, message: Buffer, answer: number | undefined])[] = [
  ['3.1.2.1', 'stray separators in Via', draft({ via: 'SIP/2.0/UDP 192.0.2.15;;,;,,' }), 400],
  ['3.1.2.2', 'a length larger than the message', draft({ length: 'Content-Length: 9999' }), 400],
  ['3.1.2.3', 'a negative length', draft({ length: 'Content-Length: -999' }), 400],
  ['3.1.2.4', 'numbers beyond all measure', draft({ cseq: '36893488147419103232 OPTIONS' }), 400],
  ['3.1.2.6', 'a quoted string without end', draft({ to: '"Mr. J. User <sip:j.user@example.com>' }), 400],
  ['3.1.2.7', 'brackets around the Request-URI', draft({ start: 'OPTIONS <sip:user@example.com> SIP/2.0' }), 400],
  ['3.1.2.8', 'white space in the Request-URI', draft({ start: 'OPTIONS sip:user@example.com; lr SIP/2.0' }), 400],
  ['3.1.2.9', 'several spaces in the request line', draft({ start: 'OPTIONS  sip:user@example.com  SIP/2.0' }), 400],
  [
    '3.1.2.10',
    'spaces at the end of the request line',
    draft({ start: 'OPTIONS sip:user@example.com SIP/2.0  ' }),
    400,
  ],
  ['3.1.2.13', 'spaces inside an address', draft({ to: '"Watson, Thomas" < sip:t.watson@example.org >' }), 400],
  [
    '3.1.2.14',
    'a display name with a stray quote',
    draft({ from: 'Bell, "A" B <sip:a.g.bell@example.com>;tag=43' }),
    400,
  ],
  ['3.1.2.15', 'another version', draft({ start: 'OPTIONS sip:t.watson@example.org SIP/7.0' }), 505],
  ['3.1.2.16', 'a method that differs from CSeq', draft({ cseq: '8 INVITE' }), 400],
  [
    '3.1.2.17',
    'an unknown method that differs from CSeq',
    draft({ start: 'NEWMETHOD sip:user@example.com SIP/2.0' }),
    400,
  ],
  ['3.1.2.18', 'a status beyond all measure', draft({ start: 'SIP/2.0 4294967301 better not break' }), undefined],
  ['3.1.2.19', 'a header whose name is nothing', draft({ more: [': nothing'] }), undefined],
  ['3.3.1', 'no Call-ID', draft({ callId: null }), 400],
  ['3.3.1', 'no From and no To', draft({ from: null, to: null }), 400],
  [
    '3.3.9',
    'two of each',
    draft({ more: ['From: <sip:x@y>;tag=2', 'To: <sip:z@y>', 'Call-ID: b', 'CSeq: 2 OPTIONS'] }),
    400,
  ],
  ['3.3.9', 'two lengths that differ', draft({ more: ['Content-Length: 8'], length: 'Content-Length: 0' }), 400],
];

describe('torture messages', () => {
  for (const [section, idea, message, check] of valid) {
    it(`${section}: ${idea}`, () => check(parseSipMessage(message)));
  }

  for (const [section, idea, message, answer] of invalid) {
    it(`${section}: ${idea}: refused${answer === undefined ? '' : ` with ${answer}`}`, () => {
      try {
        parseSipMessage(message);
        expect.fail('it was taken');
      } catch (error) {
        expect(error).to.be.instanceOf(SipParseError);
        expect(error instanceof MalformedSipMessage ? error.status : undefined).to.equal(answer);
      }
    });
  }
});
