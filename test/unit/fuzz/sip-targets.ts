import { expect } from 'chai';
import { parseCSeq, parseNameAddr, parseSipUri, parseVia } from '../../../embedded/wire/sip-address.ts';
import {
  MalformedSipMessage,
  parseIncompleteSipMessage,
  parseSipMessage,
  serializeSipMessage,
  SipParseError,
  type SipMessage,
} from '../../../embedded/wire/sip-message.ts';
import { SipStreamFramer } from '../../../embedded/wire/sip-stream.ts';
import {
  DrachtioFrameDecoder,
  DrachtioFrameError,
  parseDrachtioPayload,
} from '../../../embedded/wire/drachtio-frame.ts';
import { acknowledgementKey, markSource, responseHop, serverKey, topVia } from '../../../embedded/sip/matching.ts';
import { statelessResponse } from '../../../embedded/sip/responses.ts';
import { readFileSync } from 'node:fs';
import { examplesOfDrachtio, inPieces, only, type Target } from './target.ts';

interface Vector {
  readonly lines: readonly string[];
}

const SOURCE = { protocol: 'ws', address: '192.0.2.1', port: 5060 } as const;

const messages = ['rfc4475', 'rfc5118'].flatMap((rfc) => {
  const file = new URL(`../../vectors/torture/${rfc}.json`, import.meta.url);
  const vectors = JSON.parse(readFileSync(file, 'utf8')) as readonly Vector[];
  return vectors.map(({ lines }) => Buffer.from(lines.join('\r\n'), 'latin1'));
});

const shape = (message: SipMessage) => ({
  start: message.kind === 'request' ? [message.method, message.uri] : [message.status, message.reason],
  headers: [...message.headers].filter(([name]) => !/^(content-length|l)$/i.test(name)),
  body: message.body.toString('latin1'),
});

/** All that the layers above ask of a message without a guard of their own. */
function useMessage(message: SipMessage): void {
  const again = parseSipMessage(serializeSipMessage(message));
  expect(shape(again)).to.deep.equal(shape(message));
  parseNameAddr(message.headers.get('From') ?? '');
  parseCSeq(message.headers.get('CSeq') ?? '');
  if (message.kind === 'response') return;
  acknowledgementKey(message);
  markSource(message.headers, SOURCE);
  const via = topVia(message);
  expect(via.parameters.get('rport')).to.equal('5060');
  serverKey(message, via, message.method);
  responseHop(via, SOURCE, false);
  parseSipMessage(serializeSipMessage(statelessResponse(message, 503, 'Service Unavailable')));
}

const sipMessage: Target = {
  name: 'sip-message',
  examples: messages,
  check(bytes) {
    try {
      useMessage(only(SipParseError, () => parseSipMessage(bytes)));
    } catch (error) {
      if (error instanceof SipParseError) {
        expect(() => parseSipMessage(bytes), 'it was read, but cannot be used').to.throw(SipParseError);
        if (error instanceof MalformedSipMessage) expect([400, 505]).to.include(error.status);
      } else throw error;
    }
  },
};

const sipStream: Target = {
  name: 'sip-stream',
  examples: messages,
  check(bytes, random) {
    const cut = (pieces: readonly Buffer[]) => {
      const framer = new SipStreamFramer(65_535);
      const found: string[] = [];
      try {
        for (const piece of pieces) found.push(...framer.push(piece).messages.map((each) => each.toString('latin1')));
      } catch (error) {
        if (!(error instanceof SipParseError)) throw error;
        return undefined; // messages of the same chunk are lost with the connection
      }
      return found;
    };
    const whole = cut([bytes]);
    const pieces = cut(inPieces(bytes, random));
    if (whole && pieces) expect(pieces).to.deep.equal(whole);
  },
};

const sipAddress: Target = {
  name: 'sip-address',
  examples: [
    '"J Rosenberg \\\\\\"" <sip:jdrosen@example.com> ; tag = 98asjd8',
    'sip:user;par=u%40example.net@[2001:db8::1]:5070;transport=tcp?a=b',
    'SIP / 2.0 / UDP [2001:db8::9:1]:6050 ; branch = z9hG4bK1 ; rport ; received = 192.0.2.1',
    '139122385 INVITE',
  ].map((text) => Buffer.from(text)),
  check(bytes) {
    const text = bytes.toString();
    for (const parse of [parseNameAddr, parseSipUri, parseVia, parseCSeq]) {
      try {
        parse(text);
      } catch (error) {
        if (!(error instanceof SipParseError)) throw error;
      }
    }
  },
};

const drachtioFrame: Target = {
  name: 'drachtio-frame',
  examples: examplesOfDrachtio(),
  check(bytes, random) {
    const decoder = new DrachtioFrameDecoder();
    try {
      for (const piece of inPieces(bytes, random)) {
        for (const payload of decoder.push(piece, 65_536)) readPayload(payload);
      }
    } catch (error) {
      if (!(error instanceof DrachtioFrameError)) throw error;
    }
  },
};

function readPayload(payload: Buffer): void {
  expect(payload.length).to.be.within(1, 65_536);
  const { sip } = parseDrachtioPayload(payload);
  if (!sip) return;
  try {
    serializeSipMessage(parseIncompleteSipMessage(sip));
  } catch (error) {
    if (!(error instanceof SipParseError)) throw error;
  }
}

export const sipTargets: readonly Target[] = [sipMessage, sipStream, sipAddress, drachtioFrame];
