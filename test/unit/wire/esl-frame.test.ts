import { expect } from 'chai';
import fc from 'fast-check';
import {
  ESL_LIMITS_UNAUTHENTICATED,
  EslCommandReader,
  EslFrameError,
  EslFrameReader,
  serializeEslCommand,
  serializeEslEventFrame,
  serializeEslFrame,
  type EslCommand,
  type EslFrame,
} from '../../../embedded/wire/esl-frame.ts';

/** Feeds a reader in pieces of `size` bytes and takes all it gives. */
function readAll<T>(reader: { append(bytes: Buffer): void; next(): T | undefined }, bytes: Buffer, size: number): T[] {
  const taken: T[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    reader.append(bytes.subarray(at, at + size));
    for (let frame = reader.next(); frame; frame = reader.next()) taken.push(frame);
  }
  return taken;
}

const commands = (text: string, size = text.length): EslCommand[] =>
  readAll(new EslCommandReader(), Buffer.from(text), size);

describe('event socket frames', () => {
  const name = fc.stringMatching(/^[A-Za-z][A-Za-z-]{0,15}$/).filter((text) => !/^content-length$/i.test(text));
  const value = fc.stringMatching(/^[!-~äß€][ -~äß€]{0,30}$/).map((text) => text.trimEnd());
  const pieces = fc.integer({ min: 1, max: 60 });

  it('of a client survive writing and reading, however the stream is cut', () => {
    const command = fc.record({
      line: fc.stringMatching(/^[a-z]{1,10}( [!-~]{1,20})?$/),
      headers: fc.uniqueArray(fc.tuple(name, value), { maxLength: 6, selector: ([key]) => key.toLowerCase() }),
      body: fc.string({ maxLength: 60, unit: 'grapheme' }),
    });
    fc.assert(
      fc.property(fc.array(command, { maxLength: 5 }), pieces, (list, size) => {
        const stream = list.map(({ line, headers, body }) => serializeEslCommand(line, headers, body)).join('');
        const seen = commands(stream, size).map(({ line, headers, body }) => {
          const known = new Map(headers);
          known.delete('content-length');
          return { line, headers: [...known], body };
        });
        const sent = list.map(({ line, headers, body }) => ({
          line,
          headers: headers.map(([key, text]) => [key.toLowerCase(), text]),
          body,
        }));
        expect(seen).to.deep.equal(sent);
      }),
    );
  });

  it('of a server survive writing and reading, however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(name, value), { minLength: 1, maxLength: 5 }),
        fc.option(fc.string({ maxLength: 60, unit: 'grapheme' }), { nil: undefined }),
        pieces,
        (headers, body, size) => {
          const bytes = Buffer.from(serializeEslFrame(headers, body).repeat(2));
          const frames = readAll<EslFrame>(new EslFrameReader(), bytes, size);
          expect(frames.map((frame) => frame.body)).to.deep.equal([body ?? '', body ?? '']);
          for (const [key, text] of new Map(headers)) expect(frames[0]!.headers.get(key)).to.equal(text);
        },
      ),
    );
  });

  it('of any bytes are read or refused, nothing else', () => {
    const tokens = ['\n', '\r\n', '\n\n', 'auth x', 'Content-Length: ', '3', '-1', ':', 'a', '\0', 'ü'];
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
      fc.array(fc.constantFrom(...tokens), { maxLength: 40 }).map((parts) => Buffer.from(parts.join(''))),
    );
    fc.assert(
      fc.property(bytes, pieces, (stream, size) => {
        for (const reader of [
          new EslCommandReader(),
          new EslFrameReader(),
          new EslCommandReader(ESL_LIMITS_UNAUTHENTICATED),
        ]) {
          try {
            readAll<unknown>(reader, stream, size);
          } catch (error) {
            expect(error).to.be.instanceOf(EslFrameError);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('end with an empty line, with or without carriage returns', () => {
    const seen = commands('\n\r\napi a\r\n\r\napi b\n\nsendmsg\r\nx: 1\r\n\r\n');
    expect(seen.map(({ line }) => line)).to.deep.equal(['api a', 'api b', 'sendmsg']);
    expect(seen[2]!.headers.get('x')).to.equal('1');
  });

  it('count their body in bytes', () => {
    expect(commands('x\nContent-Length: 2\n\nüy\n\n').map(({ body, line }) => [line, body])).to.deep.equal([
      ['x', 'ü'],
      ['y', ''],
    ]);
  });

  it('keep the first of two headers of one name', () => {
    expect(commands('x\na: 1\nA: 2\n\n')[0]!.headers.get('a')).to.equal('1');
  });

  it('never carry a line break in a header', () => {
    expect(serializeEslFrame([['Reply-Text', '+OK\nEvil: 1\r\n\r\n']])).to.equal('Reply-Text: +OK Evil: 1 \n\n');
    expect(serializeEslCommand('api x\n\nexit')).to.equal('api x exit\n\n');
  });

  it('tell the length of an event first', () => {
    expect(serializeEslEventFrame('json', '{"ü":1}')).to.equal(
      'Content-Length: 8\nContent-Type: text/event-json\n\n{"ü":1}',
    );
  });

  it('are known to be begun', () => {
    const reader = new EslCommandReader();
    expect(reader.midFrame).to.equal(false);
    reader.append(Buffer.from('api'));
    expect(reader.next()).to.equal(undefined);
    expect(reader.midFrame).to.equal(true);
    reader.append(Buffer.from(' x\n\n\n'));
    expect(reader.next()?.line).to.equal('api x');
    expect(reader.next()).to.equal(undefined);
    expect(reader.midFrame).to.equal(false);
  });
});
