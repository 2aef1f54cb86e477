import { expect } from 'chai';
import { TONES, level, makeTone, toneLevel, tonesHeard } from '../../helpers/tones.ts';
import { readWav, writeWav } from '../../helpers/wav.ts';
import { MediaBench, next, remoteOf, onBothNetworks } from './bench.ts';

const [A, B] = TONES;

onBothNetworks('media port, paired with a plain phone', (udp) => {
  const bench = new MediaBench();
  before(() => bench.start(udp));
  afterEach(() => bench.clear());
  after(() => bench.stop());

  it('sends silence without a break when there is nothing to say, in RTP that has no seam', async () => {
    const { phone } = await bench.leg();
    const sound = await phone.hear(400);
    expect(level(sound)).to.be.lessThan(-80);
    const [first, ...rest] = phone.packets;
    expect(first?.marker).to.equal(true);
    for (const [index, packet] of rest.entries()) {
      expect(packet.sequence).to.equal((first!.sequence + index + 1) % 65_536);
      expect(packet.timestamp).to.equal((first!.timestamp + 160 * (index + 1)) >>> 0);
      expect(packet.ssrc).to.equal(first!.ssrc);
      expect(packet.marker).to.equal(false);
    }
  });

  it('keeps time: packets sent agree with time gone by', async () => {
    const { phone } = await bench.leg();
    await phone.hear(3000);
    const [first, last] = [phone.packets[0]!, phone.packets.at(-1)!];
    // 20 ms for 160 units of timestamp; a slow clock of 1 % would already be 30 ms off. Wide, for a busy machine.
    const toldMs = ((last.timestamp - first.timestamp) >>> 0) / 8;
    expect(last.atMs - first.atMs).to.be.closeTo(toldMs, 150);
  });

  it('plays files of every kind and tones, and tells how it ended', async () => {
    const { phone, port } = await bench.leg();
    await writeWav(bench.file('a.wav'), makeTone(A, 500));
    await writeWav(bench.file('b.wav'), makeTone(B, 400, { rate: 16_000 }));
    for (const [file, tone, ms] of [
      ['a.wav', A, 500],
      ['b.wav', B, 400],
    ] as const) {
      const [played, heard] = [port.play(bench.file(file)), phone.hear(250, 120)];
      expect(await played.result).to.deep.equal({ outcome: 'done', playedMilliseconds: ms, lastOffset: ms * 8 });
      expect(tonesHeard(await heard)).to.deep.equal([tone]);
    }
    expect((await port.play(bench.file('none.wav')).result).outcome).to.equal('not-found');
    expect((await port.play('shout://radio').result).outcome).to.equal('not-found');
    await writeWav(bench.file('a.wav'), makeTone(B, 100));
    expect((await port.play(bench.file('a.wav')).result).playedMilliseconds, 'the file was changed').to.equal(100);
  });

  it('lets the newest sound interrupt, goes on with the one before, and stops at once when asked to', async () => {
    const { phone, port } = await bench.leg();
    const first = port.play(`tone_stream://%(1000,0,${A});loops=-1`);
    expect(tonesHeard(await phone.hear(200, 200))).to.deep.equal([A]);
    const second = port.play(`tone_stream://%(1000,0,${B})`);
    expect(tonesHeard(await phone.hear(200, 100))).to.deep.equal([B]);
    second.stop();
    expect((await second.result).outcome).to.equal('stopped');
    expect(tonesHeard(await phone.hear(200, 100))).to.deep.equal([A]);
    first.stop();
    const { outcome, playedMilliseconds } = await first.result;
    expect(outcome).to.equal('stopped');
    expect(playedMilliseconds).to.be.within(400, 1500);
    expect(tonesHeard(await phone.hear(100, 100))).to.deep.equal([]);
    first.stop();
  });

  it('plays the music on hold, which is neither loud nor silent', async () => {
    const { phone, port } = await bench.leg();
    const music = port.play('local_stream://moh');
    expect(level(await phone.hear(2000, 1500))).to.be.within(-26, -10);
    music.stop();
    expect((await music.result).outcome).to.equal('stopped');
  });

  it('tells each key once, by RTP or INFO or both, while sound goes on', async () => {
    const { phone, port } = await bench.leg();
    const told: string[] = [];
    port.on('digit', ({ digit, source }) => told.push(digit + source));
    phone.talk(port.localPort, A);
    phone.press(port.localPort, '1337#');
    await next(port, 'digit', ({ digit }: { digit: string }) => digit === '#');
    port.injectDigit('#', 100);
    port.injectDigit('*', 100);
    await next(port, 'digit');
    expect(told).to.deep.equal(['1RTP', '3RTP', '3RTP', '7RTP', '#RTP', '*INFO']);
  });

  it('sends keys as telephone events: one start, updates, three ends', async () => {
    const { phone, port } = await bench.leg();
    port.sendDigits('5#', 100);
    await phone.hear(600);
    const [five, hash] = [5, 11].map((event) => phone.events.filter((heard) => heard.event === event));
    for (const events of [five!, hash!]) {
      expect(new Set(events.map(({ timestamp }) => timestamp)).size).to.equal(1);
      expect(events.map(({ duration }) => duration)).to.deep.equal([160, 320, 480, 640, 800, 800, 800]);
      expect(events.map(({ end }) => end)).to.deep.equal([false, false, false, false, true, true, true]);
    }
  });

  it('sends keys as tones to a phone that knows no events', async () => {
    const { phone, port } = await bench.leg({ remote: { telephoneEventPayloadType: undefined as never } });
    await phone.hear(100);
    port.sendDigits('5', 300);
    const heard = await phone.hear(160, 100);
    expect(tonesHeard(heard, [697, 770, 852, 1209, 1336, 1477])).to.deep.equal([770, 1336]);
  });

  it('never lets a stranger be heard or answered', async () => {
    const { phone, port } = await bench.leg();
    port.setEcho(true);
    const stranger = await bench.phone('127.0.0.2');
    stranger.talk(port.localPort, B);
    await phone.hear(300);
    phone.talk(port.localPort, A);
    const heard = await phone.hear(400, 300);
    expect(tonesHeard(heard)).to.deep.equal([A]);
    stranger.press(port.localPort, '123');
    let digits = 0;
    port.on('digit', () => digits++);
    await phone.hear(200);
    expect(digits).to.equal(0);
    expect(stranger.packets).to.deep.equal([]);
    const { packetsRefused, packetsReceived } = await port.statistics();
    // Once the phone has been heard, the kernel may refuse others by itself.
    expect(packetsRefused).to.be.greaterThan(10);
    expect(packetsReceived).to.be.greaterThan(20);
  });

  it('listens to the new address after a new SDP, and no more to the old one', async () => {
    const { phone, port } = await bench.leg();
    const other = await bench.phone();
    port.setEcho(true);
    phone.talk(port.localPort, A);
    await phone.hear(200);
    port.setRemote(remoteOf(other));
    other.talk(port.localPort, B);
    expect(tonesHeard(await other.hear(300, 300))).to.deep.equal([B]);
    const before = phone.packets.length;
    await other.hear(100);
    expect(phone.packets.length).to.equal(before);
  });

  it('opens without an SDP and waits for it', async () => {
    const port = await bench.port();
    const phone = await bench.phone();
    phone.talk(port.localPort, A);
    port.setEcho(true);
    const started = next(port, 'media-started');
    port.setRemote(remoteOf(phone));
    await started;
    expect(tonesHeard(await phone.hear(200, 300))).to.deep.equal([A]);
  });

  it('speaks A-law, and packets of other lengths', async () => {
    const { phone, port } = await bench.leg({ remote: { audioPayloadType: 8, ptime: 30 } });
    port.play(`tone_stream://%(1000,0,${A})`);
    await phone.hear(300);
    expect(new Set(phone.packets.map(({ payloadType }) => payloadType))).to.deep.equal(new Set([8]));
    expect(new Set(phone.packets.map(({ bytes }) => bytes))).to.deep.equal(new Set([240]));
    port.setRemote(remoteOf(phone, { ptime: 10 }));
    phone.packets.length = 0;
    await phone.hear(100, 60);
    expect(phone.packets.at(-1)).to.include({ bytes: 80, payloadType: 0 });
  });

  it('says nothing on hold, and neither hears nor misses anything', async () => {
    const { phone, port } = await bench.leg({ inactivityTimeoutSeconds: 1 });
    await phone.hear(100);
    let missed = false;
    port.on('media-timeout', () => (missed = true));
    port.setRemote(remoteOf(phone, { direction: 'inactive' }));
    await port.statistics();
    await new Promise((resolve) => setImmediate(resolve));
    const before = phone.packets.length;
    // The engine's own clock tells when a second and more is over: another leg hears it go by.
    const clock = await bench.leg();
    await clock.phone.hear(1300);
    expect(phone.packets.length - before).to.be.at.most(1);
    expect(missed).to.equal(false);
    port.setRemote(remoteOf(phone));
    await phone.hear(100);
  });

  it('tells when nothing has come for too long, once', async () => {
    const { port, phone } = await bench.leg({ inactivityTimeoutSeconds: 1 });
    let times = 0;
    port.on('media-timeout', () => times++);
    await next(port, 'media-timeout');
    await phone.hear(1200);
    expect(times).to.equal(1);
  });

  it('records what is said and what is played, mixed', async () => {
    const { phone, port } = await bench.leg();
    phone.talk(port.localPort, A);
    await phone.hear(200);
    await port.startRecording(bench.file('leg.wav'));
    port.play(`tone_stream://%(2000,0,${B})`);
    await phone.hear(800);
    await port.stopRecording(bench.file('leg.wav'));
    const recorded = await readWav(bench.file('leg.wav'));
    expect(tonesHeard(recorded)).to.deep.equal([A, B]);
  });

  it('counts what came and went, and says how good it was', async () => {
    const { phone, port } = await bench.leg();
    phone.talk(port.localPort, A);
    await phone.hear(500);
    const statistics = await port.statistics();
    expect(statistics.packetsReceived).to.be.within(15, 40);
    expect(statistics.bytesReceived).to.equal(statistics.packetsReceived * 160);
    expect(statistics.bytesSent).to.equal(statistics.packetsSent * 160);
    expect(statistics).to.include({ packetsLost: 0, packetsRefused: 0 });
    expect(statistics.mos).to.be.within(4, 4.5);
    // Every second packet from now on is missing.
    phone.quiet();
    for (let n = 0; n < 20; n++) {
      phone.send(1, 0, Buffer.alloc(160));
      phone.send(port.localPort, 0, Buffer.alloc(160));
    }
    await phone.hear(100);
    const worse = await port.statistics();
    expect(worse.packetsLost).to.be.within(18, 20);
    expect(worse.mos).to.be.lessThan(statistics.mos - 0.5);
  });

  it('reports by RTCP, reads reports, and says goodbye; rubbish there does no harm', async () => {
    const { phone, port } = await bench.leg();
    phone.talk(port.localPort, A);
    await phone.hear(200);
    for (const hex of ['', '80', '80c90007', '81c80000', 'ff'.repeat(2000)]) {
      phone.sendReport(port.localPort + 1, Buffer.from(hex, 'hex'));
    }
    // The peer reports that half of what we send gets lost.
    const report = Buffer.from('81c9000700000001' + '00000000' + '80000000' + '00000000'.repeat(4), 'hex');
    report.writeUInt32BE(phone.packets[0]!.ssrc, 8);
    phone.sendReport(port.localPort + 1, report);
    await phone.hear(100);
    expect((await port.statistics()).mos).to.be.lessThan(3);
    const goodbye = phone.report(203);
    await port.close();
    const compound = await goodbye;
    expect(compound[1], 'begins with a sender report').to.equal(200);
    expect(compound.readUInt32BE(4)).to.equal(phone.packets[0]!.ssrc);
    expect(compound.readUInt32BE(20), 'packets sent').to.be.within(10, phone.packets.length + 5);
  });

  it('bears anything that is thrown at it', async () => {
    const { phone, port } = await bench.leg();
    phone.talk(port.localPort, A);
    await phone.hear(100);
    const thrower = await bench.phone();
    for (let n = 0; n < 300; n++) {
      const bytes = Buffer.from(Array.from({ length: n % 64 }, () => Math.floor(Math.random() * 256)));
      thrower.throw(port.localPort, bytes);
      phone.send(port.localPort, n % 128, bytes, n % 2 === 0, n * 7919);
    }
    phone.talk(port.localPort, A);
    port.setEcho(true);
    expect(toneLevel(await phone.hear(200, 800), A)).to.be.greaterThan(-30);
  });
});
