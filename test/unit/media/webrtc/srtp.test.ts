import { expect } from 'chai';
import { NativeMemory } from '../../../../embedded/media/webrtc/native-memory.ts';
import { loadOpenSsl } from '../../../../embedded/media/webrtc/openssl.ts';
import { deriveKeys, SrtpSession } from '../../../../embedded/media/webrtc/srtp.ts';
import { serializeRtp } from '../../../../embedded/wire/rtp.ts';

const openssl = loadOpenSsl();
const hex = (text: string): Buffer => Buffer.from(text.replace(/ /g, ''), 'hex');

describe('SRTP', () => {
  const memory = new NativeMemory(openssl, 8192);
  const [key, salt] = [hex('e1f97a0d3e018be0d64fa32c06de4139'), hex('0ec675ad498afeebb6960b3aabe6')];
  let sender: SrtpSession;
  let receiver: SrtpSession;

  beforeEach(() => {
    const other = { key: Buffer.alloc(16, 7), salt: Buffer.alloc(14, 8) };
    sender = SrtpSession.begin(openssl, memory, {
      localKey: key,
      localSalt: salt,
      remoteKey: other.key,
      remoteSalt: other.salt,
    });
    receiver = SrtpSession.begin(openssl, memory, {
      localKey: other.key,
      localSalt: other.salt,
      remoteKey: key,
      remoteSalt: salt,
    });
  });
  afterEach(() => {
    sender.free();
    receiver.free();
  });

  const rtp = (sequence: number, text = 'sound'): Buffer =>
    serializeRtp({
      marker: false,
      payloadType: 0,
      sequence,
      timestamp: 160 * sequence,
      ssrc: 0xcafebabe,
      payload: Buffer.from(text),
    });
  const protect = (packet: Buffer): Buffer => Buffer.from(sender.protectRtp(packet));
  const receive = (packet: Buffer): string | undefined => receiver.unprotectRtp(packet)?.subarray(12).toString();

  it('derives the keys of RFC 3711 appendix B.3', () => {
    const keys = deriveKeys(key, salt, { cipher: 0, auth: 1, salt: 2 });
    expect(keys.cipher).to.deep.equal(hex('c61e7a93744f39ee10734afe3ff7a087'));
    expect(keys.salt).to.deep.equal(hex('30cbbc08863d8c85d49db34a9ae1'));
    expect(keys.auth).to.deep.equal(hex('cebe321f6ff7716b6fd4ab49af256a156d38baa4'));
  });

  it('carries packets, extensions and all, and hides what is in them', () => {
    const packet = serializeRtp({
      ...{ marker: true, payloadType: 0, sequence: 9, timestamp: 1, ssrc: 2, csrcs: [3, 4] },
      extension: { profile: 0xbede, data: Buffer.from('abcd') },
      payload: Buffer.from('sound'),
    });
    const secret = protect(packet);
    expect(secret.length).to.equal(packet.length + 10);
    expect(secret.subarray(0, 28), 'the header stays readable').to.deep.equal(packet.subarray(0, 28));
    expect(secret.includes('sound')).to.equal(false);
    expect(receiver.unprotectRtp(secret)).to.deep.equal(packet);
  });

  it('goes on when the sequence number wraps', () => {
    const texts = [65_534, 65_535, 0, 1].map((sequence) => receive(protect(rtp(sequence, `sound ${sequence}`))));
    expect(texts).to.deep.equal(['sound 65534', 'sound 65535', 'sound 0', 'sound 1']);
  });

  it('takes a packet that is played again once only', () => {
    const packet = protect(rtp(1));
    expect([receive(packet), receive(packet), receive(packet)]).to.deep.equal(['sound', undefined, undefined]);
    expect(receiver.counters).to.deep.equal({ refused: 0, replayed: 2 });
    expect(receive(protect(rtp(2)))).to.equal('sound');
  });

  it('drops packets with a bit changed anywhere, plain ones and stumps, and goes on', () => {
    const packet = protect(rtp(1));
    for (let at = 0; at < packet.length; at++) {
      const changed = Buffer.from(packet);
      changed[at] = changed[at]! ^ 1;
      expect(receive(changed), `byte ${at}`).to.equal(undefined);
    }
    for (let length = 0; length < packet.length; length++)
      expect(receive(packet.subarray(0, length))).to.equal(undefined);
    expect(receive(rtp(1))).to.equal(undefined);
    expect(receive(Buffer.alloc(5000, 0x80))).to.equal(undefined);
    expect(receive(packet)).to.equal('sound');
  });

  it('carries reports, each once', () => {
    const report = hex('80c8000600000001000000020000000300000004000000050000000600000007'.slice(0, 56));
    const secret = Buffer.from(sender.protectRtcp(report));
    expect(secret.length).to.equal(report.length + 14);
    expect(secret.subarray(8, 28)).to.not.deep.equal(report.subarray(8, 28));
    expect(receiver.unprotectRtcp(secret)).to.deep.equal(report);
    expect(receiver.unprotectRtcp(secret)).to.equal(undefined);
    const changed = Buffer.from(sender.protectRtcp(report));
    changed[changed.length - 12] = changed[changed.length - 12]! ^ 1;
    expect(receiver.unprotectRtcp(changed), 'its index is signed').to.equal(undefined);
  });

  it('goes on in another thread', () => {
    const packet = protect(rtp(65_535));
    receive(packet);
    receiver = SrtpSession.resume(openssl, new NativeMemory(openssl, 8192), structuredClone(receiver.depart()));
    sender = SrtpSession.resume(openssl, memory, structuredClone(sender.depart()));
    expect(receive(packet)).to.equal(undefined);
    expect(receive(protect(rtp(0)))).to.equal('sound');
  });
});
