import { expect } from 'chai';
import fc from 'fast-check';
import {
  decodeEslValue,
  encodeEslValue,
  flattenEslValue,
  serializeEventJson,
  serializeEventPlain,
} from '../../../embedded/wire/esl-event.ts';

const headers = new Map<string, string | string[]>([
  ['Event-Name', 'CUSTOM'],
  ['Event-Subclass', 'conference::maintenance'],
  ['variable_list', ['a', 'b c']],
  ['Text', 'line\nEvil: 1'],
]);

describe('event socket events', () => {
  it('encode values as FreeSWITCH does', () => {
    expect(encodeEslValue('conference::maintenance')).to.equal('conference%3A%3Amaintenance');
    expect(encodeEslValue('Sun, 22 Nov 2026 08:27:49 GMT')).to.equal('Sun,%2022%20Nov%202026%2008%3A27%3A49%20GMT');
    expect(encodeEslValue("a/b-c_d.e~f(g)*!$'")).to.equal("a/b-c_d.e~f(g)*!$'");
    expect(encodeEslValue('ü\r\n"%')).to.equal('%C3%BC%0D%0A%22%25');
  });

  it('decode what they encode', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 50 }), (text) => {
        const encoded = encodeEslValue(text);
        expect(encoded).to.match(/^[!-~]*$/);
        expect(decodeEslValue(encoded)).to.equal(text);
      }),
    );
    expect(decodeEslValue('100%')).to.equal('100%');
  });

  it('as plain text have one line a header', () => {
    expect(serializeEventPlain({ headers })).to.equal(
      'Event-Name: CUSTOM\nEvent-Subclass: conference%3A%3Amaintenance\n' +
        'variable_list: ARRAY%3A%3Aa%7C%3Ab%20c\nText: line%0AEvil%3A%201\n\n',
    );
  });

  it('tell the length of their body in bytes', () => {
    expect(serializeEventPlain({ headers: new Map([['A', 'b']]), body: 'ü' })).to.equal('A: b\nContent-Length: 2\n\nü');
  });

  it('as JSON keep lists, and have the body in _body', () => {
    expect(JSON.parse(serializeEventJson({ headers, body: 'ü' }))).to.deep.equal({
      ...Object.fromEntries(headers),
      'Content-Length': '2',
      _body: 'ü',
    });
  });

  it('name the elements of a list', () => {
    expect(flattenEslValue(['x'])).to.equal('ARRAY::x');
    expect(flattenEslValue('x')).to.equal('x');
  });
});
