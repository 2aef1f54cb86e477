/** Changes to a message that keep it close enough to the real thing to get past the first check. */
import type { Random } from './random.ts';

const MAX_BYTES = 70_000;
const MAX_CHANGES = 6;
/** Bytes that mean something to one protocol or the other. */
const BYTES = [
  0x00, 0x09, 0x0a, 0x0d, 0x20, 0x22, 0x23, 0x25, 0x2c, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x5b, 0x5c, 0x7c, 0x7f, 0x80,
  0xff,
];
const PIECES = [
  '\r\n',
  '\r\n\r\n',
  '\r\n ',
  '"',
  '\\"',
  '<',
  '<>',
  '[::',
  ';;',
  ',,',
  '%00',
  '4294967296',
  '-1',
  '99999999999999999999999999',
  '0x10',
  'NaN',
  'é\u0000\u{1f600}',
  'Content-Length: 5\r\n',
  'Via: ',
  'a=',
  'm=audio 0 RTP/AVP 0\r\n',
].map((piece) => Buffer.from(piece));

type Change = (bytes: Buffer, random: Random, others: readonly Buffer[]) => Buffer;

const replace = (bytes: Buffer, at: number, length: number, by: Buffer) =>
  Buffer.concat([bytes.subarray(0, at), by, bytes.subarray(at + length)]);

const CHANGES: readonly Change[] = [
  function flipBit(bytes, random) {
    const changed = Buffer.from(bytes);
    const at = random.below(bytes.length);
    changed[at] = (changed[at] ?? 0) ^ (1 << random.below(8));
    return changed;
  },
  function setByte(bytes, random) {
    return replace(bytes, random.below(bytes.length), 1, Buffer.from([random.pick(BYTES)]));
  },
  function insertPiece(bytes, random) {
    return replace(bytes, random.below(bytes.length + 1), 0, random.pick(PIECES));
  },
  function cut(bytes, random) {
    return bytes.subarray(0, random.below(bytes.length));
  },
  function remove(bytes, random) {
    return replace(bytes, random.below(bytes.length), 1 + random.below(16), Buffer.alloc(0));
  },
  function repeat(bytes, random) {
    const at = random.below(bytes.length);
    const part = bytes.subarray(at, at + 1 + random.below(40));
    const times = 1 + random.below(random.below(20) === 0 ? 1_000 : 8);
    return replace(bytes, at, 0, Buffer.concat(Array.from({ length: times }, () => part)));
  },
  function changeNumber(bytes, random) {
    const text = bytes.toString('latin1');
    const numbers = [...text.matchAll(/[0-9]+/g)];
    if (numbers.length === 0) return bytes;
    const { 0: found, index } = random.pick(numbers);
    const other = random.pick([
      '0',
      '-1',
      '1',
      '255',
      '65535',
      '65536',
      '2147483648',
      '4294967296',
      '9'.repeat(30),
      '',
    ]);
    return Buffer.from(text.slice(0, index) + other + text.slice(index + found.length), 'latin1');
  },
  function swapLines(bytes, random) {
    const lines = bytes.toString('latin1').split('\n');
    const one = random.below(lines.length);
    const other = random.below(lines.length);
    [lines[one], lines[other]] = [lines[other] ?? '', lines[one] ?? ''];
    return Buffer.from(lines.join('\n'), 'latin1');
  },
  function join(bytes, random, others) {
    const other = random.pick(others);
    return Buffer.concat([
      bytes.subarray(0, random.below(bytes.length + 1)),
      other.subarray(random.below(other.length)),
    ]);
  },
];

/** @param examples of the same protocol, none empty */
export function mutate(examples: readonly Buffer[], random: Random): Buffer {
  let bytes = random.pick(examples);
  for (let changes = random.below(MAX_CHANGES); changes >= 0; changes--) {
    if (bytes.length === 0) break;
    bytes = random.pick(CHANGES)(bytes, random, examples).subarray(0, MAX_BYTES);
  }
  return bytes;
}
