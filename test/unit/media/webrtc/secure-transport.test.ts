/** ICE, DTLS and SRTP of a leg together, against a browser made of the same parts in their other role. */
import { expect } from 'chai';
import fc from 'fast-check';
import { createDtlsCertificate } from '../../../../embedded/media/webrtc/certificate.ts';
import { DtlsContext, DtlsHandshake } from '../../../../embedded/media/webrtc/dtls.ts';
import { loadOpenSsl } from '../../../../embedded/media/webrtc/openssl.ts';
import { CONSENT_MS, SecureTransport } from '../../../../embedded/media/webrtc/secure-transport.ts';
import { SrtpSession } from '../../../../embedded/media/webrtc/srtp.ts';
import type { RemoteMedia, SecureMedia } from '../../../../embedded/media/types.ts';
import { serializeRtp } from '../../../../embedded/wire/rtp.ts';
import { stunRequest } from '../../../../embedded/wire/stun.ts';
import { remote } from '../helpers.ts';

const LOCAL = { ufrag: 'ours', password: 'a password of enough length' };
const HOME = { address: '192.0.2.1', port: 4000 };
const REPORT = Buffer.from('80c8000600000001000000020000000300000004000000050000000600000007'.slice(0, 56), 'hex');

const openssl = loadOpenSsl();
const ours = createDtlsCertificate();
const theirs = createDtlsCertificate();

describe('secure transport', () => {
  const context = new DtlsContext(openssl, ours);
  const browserContext = new DtlsContext(openssl, theirs);
  after(() => {
    context.free();
    browserContext.free();
  });

  let nowMs: number;
  let told: string[];
  /** What the transport sent and the browser has not had yet. */
  let sent: { bytes: Buffer; address: string; port: number }[];
  let transport: SecureTransport;
  let handshake: DtlsHandshake;
  let srtp: SrtpSession | undefined;

  const events = {
    send: (bytes: Buffer, address: string, port: number) =>
      void sent.push({ bytes: Buffer.from(bytes), address, port }),
    rtp: (bytes: Buffer) => void told.push(bytes.subarray(12).toString()),
    rtcp: (bytes: Buffer) => void told.push(`report of ${bytes.length}`),
    secured: () => void told.push('secured'),
    failed: (reason: string) => void told.push(reason),
    consentLost: () => void told.push('consent lost'),
  };
  const media = (secure: Partial<SecureMedia> = {}): RemoteMedia =>
    remote({
      secure: { local: LOCAL, remote: { ufrag: 'theirs' }, fingerprint: theirs.fingerprint, role: 'client', ...secure },
    });

  function begin(secure: Partial<SecureMedia> = {}): void {
    [nowMs, told, sent, srtp] = [0, [], [], undefined];
    transport = new SecureTransport(context, events);
    transport.arm(media(secure), nowMs);
    handshake = new DtlsHandshake(browserContext, {
      role: secure.role === 'server' ? 'client' : 'server',
      fingerprint: ours.fingerprint,
      events: {
        send: (datagram) => transport.receive(Buffer.from(datagram), HOME.address, HOME.port, nowMs),
        connected: (keys) => (srtp = SrtpSession.begin(openssl, browserContext.memory, keys)),
        failed: (reason) => told.push(`browser: ${reason}`),
      },
    });
  }
  beforeEach(() => begin());
  afterEach(() => {
    transport.close();
    handshake.close();
    srtp?.free();
  });

  const check = (from = HOME): void => {
    const bytes = stunRequest({ transaction: Buffer.alloc(12, 1), username: 'ours:theirs', password: LOCAL.password });
    transport.receive(bytes, from.address, from.port, nowMs);
  };
  const isDtls = ({ bytes }: { bytes: Buffer }): boolean => bytes[0]! >= 20 && bytes[0]! < 64;
  /** Lets the browser have what was sent to it; what it answers comes back at once. */
  function deliver(): void {
    for (let next = sent.shift(); next; next = sent.shift()) if (isDtls(next)) handshake.receive(next.bytes);
  }
  function connect(): void {
    check();
    deliver();
    expect(told).to.deep.equal(['secured']);
    told.length = 0;
  }
  const rtp = (sequence: number): Buffer =>
    serializeRtp({
      ...{ marker: false, payloadType: 0, sequence, timestamp: 160 * sequence, ssrc: 7 },
      payload: Buffer.from(`sound ${sequence}`),
    });
  const fromBrowser = (packet: Buffer, from = HOME): void => transport.receive(packet, from.address, from.port, nowMs);
  const heardByBrowser = (): (string | undefined)[] =>
    sent.splice(0).map(({ bytes }) => srtp!.unprotectRtp(bytes)?.subarray(12).toString());

  for (const role of ['client', 'server'] as const) {
    it(`carries sound and reports both ways, as the ${role} of the handshake`, () => {
      begin({ role });
      check();
      if (role === 'server') handshake.start();
      deliver();
      expect(told.splice(0)).to.deep.equal(['secured']);
      fromBrowser(Buffer.from(srtp!.protectRtp(rtp(1))));
      fromBrowser(Buffer.from(srtp!.protectRtcp(REPORT)));
      expect(told).to.deep.equal(['sound 1', `report of ${REPORT.length}`]);
      transport.sendRtp(rtp(2));
      expect(sent[0]).to.include(HOME);
      expect(heardByBrowser()).to.deep.equal(['sound 2']);
      transport.sendRtcp(REPORT);
      expect(srtp!.unprotectRtcp(sent[0]!.bytes)).to.deep.equal(REPORT);
    });
  }

  it('sends nothing and hears nothing before the handshake', () => {
    transport.sendRtp(rtp(1));
    fromBrowser(rtp(1));
    check();
    transport.sendRtp(rtp(2));
    fromBrowser(rtp(2));
    expect(sent.filter(({ bytes }) => bytes[0]! >= 128)).to.deep.equal([]);
    expect(told).to.deep.equal([]);
    expect(transport.ready).to.equal(false);
  });

  it('is not disturbed by records of strangers during the handshake', () => {
    check();
    for (const type of [20, 21, 22, 23, 63]) {
      const record = Buffer.from(`${type.toString(16)}fefd0000000000000000000401020304`, 'hex');
      transport.receive(record, '192.0.2.66', 4000, nowMs);
      transport.receive(record, HOME.address, 4001, nowMs);
    }
    // A ServerHello of somebody else: the browser's own, sent from elsewhere.
    const hello = sent.find(isDtls)!;
    const impostor = new DtlsHandshake(browserContext, {
      role: 'server',
      fingerprint: ours.fingerprint,
      events: {
        send: (datagram) => transport.receive(Buffer.from(datagram), '192.0.2.66', 4000, nowMs),
        connected: () => told.push('impostor connected'),
        failed: () => undefined,
      },
    });
    impostor.receive(hello.bytes);
    deliver();
    impostor.close();
    expect(told).to.deep.equal(['secured']);
    expect(transport.refused).to.be.at.least(11);
  });

  it('is not disturbed by rubbish from the right address during the handshake', () => {
    check();
    for (let type = 20; type < 64; type++) {
      fromBrowser(Buffer.from(`${type.toString(16)}fefd000000000000000000ff01`, 'hex'));
      fromBrowser(Buffer.from([type]));
    }
    deliver();
    expect(told).to.deep.equal(['secured']);
  });

  it('takes nobody whose certificate is not the one of the SDP', () => {
    begin({ fingerprint: createDtlsCertificate().fingerprint });
    check();
    deliver();
    expect(told.filter((what) => !what.startsWith('browser'))).to.deep.equal(['wrong-fingerprint']);
    if (srtp) fromBrowser(Buffer.from(srtp.protectRtp(rtp(1))));
    transport.sendRtp(rtp(2));
    expect(told).to.not.include('sound 1');
    expect(sent.filter(({ bytes }) => bytes[0]! >= 128)).to.deep.equal([]);
  });

  it('drops plain packets, forged ones, and those that are played again; the call goes on', () => {
    connect();
    const packet = Buffer.from(srtp!.protectRtp(rtp(1)));
    fromBrowser(rtp(1));
    for (let times = 0; times < 3; times++) fromBrowser(packet);
    const forged = Buffer.from(srtp!.protectRtp(rtp(2)));
    forged[15] = forged[15]! ^ 1;
    fromBrowser(forged);
    fromBrowser(Buffer.from(srtp!.protectRtp(rtp(3))), { ...HOME, address: '192.0.2.66' });
    fromBrowser(Buffer.from(srtp!.protectRtp(rtp(4))));
    expect(told).to.deep.equal(['sound 1', 'sound 4']);
    expect(transport.refused).to.equal(5);
  });

  it('gives up after ten seconds without a handshake', () => {
    for (; nowMs <= 10_000; nowMs += 20) transport.tick(nowMs);
    expect(told).to.deep.equal([]);
    for (; nowMs <= 10_200; nowMs += 20) transport.tick(nowMs);
    expect(told).to.deep.equal(['no-handshake']);
    check();
    expect(sent).to.deep.equal([]);
  });

  it('stops sending when the peer has not asked for half a minute, and goes on when it asks again', () => {
    connect();
    nowMs = CONSENT_MS;
    transport.tick(nowMs);
    expect(told).to.deep.equal(['consent lost']);
    sent.length = 0;
    transport.sendRtp(rtp(1));
    expect(sent).to.deep.equal([]);
    check();
    sent.length = 0;
    transport.sendRtp(rtp(2));
    expect(heardByBrowser()).to.deep.equal(['sound 2']);
  });

  it('moves to another thread in the middle of a call', () => {
    connect();
    const packet = Buffer.from(srtp!.protectRtp(rtp(1)));
    fromBrowser(packet);
    const elsewhere = new DtlsContext(openssl, ours);
    transport = new SecureTransport(elsewhere, events, structuredClone(transport.depart()));
    fromBrowser(packet);
    fromBrowser(Buffer.from(srtp!.protectRtp(rtp(2))));
    transport.sendRtp(rtp(3));
    expect(told).to.deep.equal(['sound 1', 'sound 2']);
    expect(heardByBrowser()).to.deep.equal(['sound 3']);
    transport.close();
    elsewhere.free();
  });

  it('begins anew for a peer with another certificate', () => {
    connect();
    const newcomer = createDtlsCertificate();
    sent.length = 0;
    transport.arm(media({ fingerprint: newcomer.fingerprint, remote: { ufrag: 'newer' } }), nowMs);
    expect(transport.ready).to.equal(false);
    expect(sent.some(isDtls), 'a new handshake is begun').to.equal(true);
  });

  it('reads whatever comes, from strangers and from the right address, during the handshake and after it', () => {
    const noise = fc.tuple(
      fc.oneof(fc.constantFrom(0, 1, 3, 20, 21, 22, 23, 25, 63, 64, 127, 128, 191, 192, 255), fc.nat(255)),
      fc.oneof(
        fc.uint8Array({ maxLength: 300 }),
        // A DTLS 1.2 record whose length is right, with a handshake message's beginning.
        fc
          .tuple(fc.constantFrom(1, 2, 3, 11, 12, 14, 16, 20), fc.uint8Array({ maxLength: 200 }))
          .map(([type, body]) => {
            const content = Buffer.concat([
              Buffer.from([type, 0, 0, body.length, 0, 1, 0, 0, 0, 0, 0, body.length]),
              body,
            ]);
            return Buffer.concat([
              Buffer.from('fefd0000000000000007', 'hex'),
              Buffer.from([0, content.length]),
              content,
            ]);
          }),
      ),
    );
    const feed = (from = HOME): void => {
      fc.assert(
        fc.property(noise, ([first, rest]) => {
          fromBrowser(Buffer.concat([Buffer.from([first]), rest]), from);
        }),
      );
    };
    check();
    feed({ ...HOME, port: 4001 });
    deliver();
    expect(told).to.deep.equal(['secured']);
    feed({ ...HOME, port: 4001 });
    feed();
    fromBrowser(Buffer.from(srtp!.protectRtp(rtp(1))));
    expect(told.filter((what) => what !== 'secured')).to.deep.equal(['sound 1']);
    begin();
    check();
    // Forged from the right address a handshake may fail; nothing else may.
    feed();
  });
});
