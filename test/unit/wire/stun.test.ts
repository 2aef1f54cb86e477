import { expect } from 'chai';
import fc from 'fast-check';
import { crc32 } from '../../../embedded/wire/crc32.ts';
import {
  parseStun,
  stunError,
  stunRequest,
  stunSuccess,
  STUN_BINDING_ERROR,
  STUN_BINDING_REQUEST,
  STUN_BINDING_SUCCESS,
} from '../../../embedded/wire/stun.ts';

const bytes = (...hex: string[]): Buffer => Buffer.from(hex.join('').replace(/ /g, ''), 'hex');

/** RFC 5769 section 2.1, with padding of blanks as printed there. */
const REQUEST = bytes(
  '00 01 00 58 21 12 a4 42 b7 e7 a7 01 bc 34 d6 86 fa 87 df ae',
  '80 22 00 10 53 54 55 4e 20 74 65 73 74 20 63 6c 69 65 6e 74',
  '00 24 00 04 6e 00 01 ff',
  '80 29 00 08 93 2f f9 b1 51 26 3b 36',
  '00 06 00 09 65 76 74 6a 3a 68 36 76 59 20 20 20',
  '00 08 00 14 9a ea a7 0c bf d8 cb 56 78 1e f2 b5 b2 d3 f2 49 c1 b5 71 a2',
  '80 28 00 04 e5 7a 3b cf',
);
const PASSWORD = 'VOkJxbRl1RmTxUk/WvJxBt';
const TRANSACTION = REQUEST.subarray(8, 20);

describe('STUN', () => {
  it('reads the request of RFC 5769 and its signature', () => {
    const message = parseStun(REQUEST)!;
    expect(message).to.include({ type: STUN_BINDING_REQUEST, username: 'evtj:h6vY', useCandidate: false });
    expect(message.role).to.equal('controlled');
    expect(message.isSignedWith(PASSWORD)).to.equal(true);
    expect(message.isSignedWith(`${PASSWORD}x`)).to.equal(false);
  });

  it('tells addresses as RFC 5769 sections 2.2 and 2.3 do', () => {
    const ipv4 = stunSuccess(TRANSACTION, '192.0.2.1', 32_853, PASSWORD);
    expect(ipv4.subarray(20, 32)).to.deep.equal(bytes('00 20 00 08 00 01 a1 47 e1 12 a6 43'));
    const ipv6 = stunSuccess(TRANSACTION, '2001:db8:1234:5678:11:2233:4455:6677', 32_853, PASSWORD);
    expect(ipv6.subarray(24, 44)).to.deep.equal(bytes('00 02 a1 47 01 13 a9 fa a5 d3 f1 79 bc 25 f4 b5 be d2 b9 d9'));
    expect(parseStun(ipv4)!.isSignedWith(PASSWORD)).to.equal(true);
    expect(parseStun(ipv4)!.type).to.equal(STUN_BINDING_SUCCESS);
  });

  it('reads what it prints', () => {
    const request = stunRequest({ transaction: TRANSACTION, username: 'ours:theirs', password: PASSWORD });
    const message = parseStun(request)!;
    expect(message).to.include({ username: 'ours:theirs', useCandidate: true, role: 'controlling' });
    expect(message.isSignedWith(PASSWORD)).to.equal(true);
    expect(parseStun(stunError(TRANSACTION, 487, 'Role Conflict', PASSWORD))!.type).to.equal(STUN_BINDING_ERROR);
  });

  it('takes no message with a byte changed for a signed one', () => {
    // The signature ends where FINGERPRINT begins.
    for (let at = 0; at < REQUEST.length - 8; at++) {
      const changed = Buffer.from(REQUEST);
      changed[at] = changed[at]! ^ 0x10;
      expect(parseStun(changed)?.isSignedWith(PASSWORD) ?? false, `byte ${at}`).to.equal(false);
    }
  });

  it('does not look at what comes after the signature', () => {
    const signed = stunRequest({ transaction: TRANSACTION, username: 'a', password: PASSWORD, useCandidate: false });
    const smuggled = Buffer.concat([signed.subarray(0, -8), bytes('00 25 00 00')]);
    smuggled.writeUInt16BE(smuggled.length - 20, 2);
    expect(parseStun(smuggled)).to.include({ useCandidate: false });
  });

  it('reads any bytes without throwing', () => {
    const noise = fc.uint8Array({ maxLength: 120 });
    fc.assert(
      fc.property(noise, fc.boolean(), (tail, asAttributes) => {
        const message = Buffer.concat([REQUEST.subarray(0, 20), tail.subarray(0, tail.length - (tail.length % 4))]);
        message.writeUInt16BE(message.length - 20, 2);
        parseStun(asAttributes ? message : tail)?.isSignedWith(PASSWORD);
      }),
    );
  });

  it('counts CRC-32 as everybody does', () => {
    expect(crc32(Buffer.from('123456789'))).to.equal(0xcbf43926);
  });
});
