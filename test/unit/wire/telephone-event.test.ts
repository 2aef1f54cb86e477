import { expect } from 'chai';
import fc from 'fast-check';
import {
  eventOfKey,
  keyOfEvent,
  parseTelephoneEvent,
  serializeTelephoneEvent,
} from '../../../embedded/wire/telephone-event.ts';

describe('telephone-event', () => {
  it('reads the fields as RFC 4733 section 2.3 draws them', () => {
    const event = parseTelephoneEvent(Buffer.from('01940c80', 'hex'));
    expect(event).to.deep.equal({ event: 1, end: true, volume: 20, duration: 3200 });
  });

  it('reads back what it printed', () => {
    const event = fc.record({
      event: fc.integer({ min: 0, max: 255 }),
      end: fc.boolean(),
      volume: fc.integer({ min: 0, max: 63 }),
      duration: fc.integer({ min: 0, max: 0xffff }),
    });
    fc.assert(
      fc.property(event, (value) => {
        expect(parseTelephoneEvent(serializeTelephoneEvent(value))).to.deep.equal(value);
      }),
    );
  });

  it('stops counting at the end of the field', () => {
    const payload = serializeTelephoneEvent({ event: 1, end: false, volume: 0, duration: 70_000 });
    expect(parseTelephoneEvent(payload)?.duration).to.equal(65_535);
  });

  it('refuses fewer than four bytes and never throws', () => {
    expect(parseTelephoneEvent(Buffer.from('018003', 'hex'))).to.equal(undefined);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 12 }), (input) => void parseTelephoneEvent(input)));
  });

  it('knows sixteen keys and nothing else', () => {
    for (const [event, key] of Array.from('0123456789*#ABCD').entries()) {
      expect(keyOfEvent(event)).to.equal(key);
      expect(eventOfKey(key)).to.equal(event);
    }
    expect(eventOfKey('d')).to.equal(15);
    for (const event of [16, 32, 255]) expect(keyOfEvent(event)).to.equal(undefined);
    for (const key of ['', 'E', '12', 'w', ' ']) expect(eventOfKey(key)).to.equal(undefined);
  });
});
