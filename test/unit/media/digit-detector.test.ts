import { expect } from 'chai';
import fc from 'fast-check';
import { DigitDetector, MAX_DIGITS_PER_SECOND, type Digit } from '../../../embedded/media/stages/digit-detector.ts';
import { eventOfKey, serializeTelephoneEvent } from '../../../embedded/wire/telephone-event.ts';
import { rtp } from './helpers.ts';

class Bench {
  readonly told: Digit[] = [];
  readonly detector = new DigitDetector((digit) => this.told.push(digit));
  nowMs = 0;

  /** One packet of a key that began at `timestamp`. */
  packet(
    key: string | number,
    timestamp: number,
    duration: number,
    fields: { end?: boolean; marker?: boolean; ssrc?: number } = {},
  ): void {
    const event = typeof key === 'number' ? key : eventOfKey(key)!;
    const payload = serializeTelephoneEvent({ event, end: fields.end ?? false, volume: 10, duration });
    const { marker = false, ssrc = 1 } = fields;
    this.detector.packet(rtp({ payloadType: 101, timestamp: timestamp >>> 0, payload, marker, ssrc }), this.nowMs);
  }

  key(key: string, timestamp: number, fields: { ssrc?: number } = {}): void {
    this.packet(key, timestamp, 160, { marker: true, ...fields });
    this.packet(key, timestamp, 320, fields);
    for (let copy = 0; copy < 3; copy++) this.packet(key, timestamp, 480, { end: true, ...fields });
  }

  wait(ms: number): void {
    this.nowMs += ms;
    this.detector.tick(this.nowMs);
  }

  get keys(): string {
    return this.told.map(({ digit }) => digit).join('');
  }
}

describe('digit detector', () => {
  it('tells a key once, at its end, with its duration in timestamp units', () => {
    const bench = new Bench();
    bench.packet('5', 1000, 160, { marker: true });
    bench.packet('5', 1000, 800);
    expect(bench.told).to.deep.equal([]);
    for (let copy = 0; copy < 3; copy++) bench.packet('5', 1000, 960, { end: true });
    expect(bench.told).to.deep.equal([{ digit: '5', duration: 960, source: 'RTP' }]);
  });

  it('tells the same key twice when it was pressed twice', () => {
    const bench = new Bench();
    for (const timestamp of [1000, 3000, 5000]) bench.key('1', timestamp);
    expect(bench.keys).to.equal('111');
  });

  it('does without the beginning', () => {
    const bench = new Bench();
    bench.packet('7', 1000, 800, { end: true });
    expect(bench.keys).to.equal('7');
  });

  it('does without the end: when the updates stop, or the next key begins', () => {
    const bench = new Bench();
    bench.packet('1', 1000, 160);
    bench.packet('1', 1000, 480);
    bench.packet('2', 3000, 160);
    expect(bench.keys).to.equal('1');
    bench.wait(100);
    expect(bench.keys).to.equal('1');
    bench.wait(100);
    expect(bench.told.at(-1)).to.deep.equal({ digit: '2', duration: 160, source: 'RTP' });
    bench.packet('2', 3000, 640, { end: true });
    expect(bench.keys, 'the end came after all').to.equal('12');
  });

  it('ignores replays of keys that are over, also much later ones', () => {
    const bench = new Bench();
    bench.key('1', 1000);
    bench.key('2', 3000);
    bench.wait(5000);
    bench.key('1', 1000);
    bench.key('2', 3000);
    bench.packet('9', 3000, 160, { end: true });
    expect(bench.keys).to.equal('12');
  });

  it('ignores packets of an older key that come while the next is pressed', () => {
    const bench = new Bench();
    bench.packet('2', 3000, 160);
    bench.packet('1', 1000, 480, { end: true });
    bench.packet('2', 3000, 480, { end: true });
    expect(bench.keys).to.equal('2');
  });

  it('takes a jump of the timestamps, and a new source, for a new beginning', () => {
    const bench = new Bench();
    bench.key('1', 900_000);
    bench.key('2', 5000);
    bench.key('3', 0xffff0000, { ssrc: 2 });
    bench.key('4', 0xffffff00, { ssrc: 2 });
    bench.key('5', 200, { ssrc: 2 });
    expect(bench.keys).to.equal('12345');
  });

  it('takes a key held for longer than the field can tell for one key', () => {
    const bench = new Bench();
    bench.packet('8', 1000, 160, { marker: true });
    bench.packet('8', 1000, 0xffff);
    bench.packet('8', 1000 + 0xffff, 1600);
    bench.packet('8', 1000 + 0xffff, 3200, { end: true });
    expect(bench.told).to.deep.equal([{ digit: '8', duration: 0xffff + 3200, source: 'RTP' }]);
  });

  it('ignores events that are no keys, and payloads that are too short', () => {
    const bench = new Bench();
    for (const event of [16, 32, 36, 255]) bench.packet(event, 1000 + event * 1000, 160, { end: true });
    bench.detector.packet(rtp({ payload: Uint8Array.of(1, 0x80) }), 0);
    expect(bench.told).to.deep.equal([]);
  });

  it(`lets ${MAX_DIGITS_PER_SECOND} keys a second pass and drops the rest`, () => {
    const bench = new Bench();
    for (let n = 0; n < 50; n++) bench.key('1', 1000 + n * 1000);
    expect(bench.told).to.have.length(MAX_DIGITS_PER_SECOND);
    expect(bench.detector.capped).to.equal(50 - MAX_DIGITS_PER_SECOND);
    bench.wait(1001);
    bench.key('2', 900_000);
    expect(bench.keys.at(-1)).to.equal('2');
  });

  describe('with keys that also come by INFO', () => {
    it('tells a key once, whichever came first', () => {
      const bench = new Bench();
      bench.key('1', 1000);
      bench.detector.inject('1', 100, bench.nowMs);
      bench.wait(300);
      bench.detector.inject('2', 100, bench.nowMs);
      bench.key('2', 5000);
      expect(bench.told.map(({ digit, source }) => digit + source)).to.deep.equal(['1RTP', '2INFO']);
    });

    it('tells "11" as two keys when both ways tell of both', () => {
      const bench = new Bench();
      bench.key('1', 1000);
      bench.key('1', 3000);
      bench.detector.inject('1', 100, 250);
      bench.detector.inject('1', 100, 500);
      expect(bench.keys).to.equal('11');
    });

    it('ignores what is no key, and writes keys in capitals', () => {
      const bench = new Bench();
      for (const key of ['x', '', '11', ' ', 'flash', 'd']) bench.detector.inject(key, 100, 0);
      expect(bench.keys).to.equal('D');
    });

    it('tells keys that come by INFO alone, each', () => {
      const bench = new Bench();
      for (const key of '11#') bench.detector.inject(key, 250, bench.nowMs);
      expect(bench.told.map(({ digit, duration }) => [digit, duration])).to.deep.equal([
        ['1', 2000],
        ['1', 2000],
        ['#', 2000],
      ]);
    });
  });

  it('tells every key once, in order, whichever of its packets are lost or doubled', () => {
    const keys = fc.array(
      fc.record({
        key: fc.constantFrom(...Array.from('0123456789*#')),
        lost: fc.array(fc.integer({ min: 0, max: 7 })),
        twice: fc.boolean(),
      }),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(keys, (pressed) => {
        const bench = new Bench();
        for (const [index, { key, lost, twice }] of pressed.entries()) {
          for (let n = 0; n < 8; n++) {
            // One packet at least arrives.
            if (lost.includes(n) && n !== 3) continue;
            const duration = Math.min(n + 1, 6) * 160;
            for (let copy = 0; copy < (twice ? 2 : 1); copy++)
              bench.packet(key, 1000 + index * 3200, duration, { end: n >= 5 });
            bench.wait(20);
          }
          bench.wait(240);
        }
        expect(bench.keys).to.equal(pressed.map(({ key }) => key).join(''));
      }),
    );
  });
});
