/** A service that is bound to an IPv6 address: signalling and sound, and what cannot be had there. */
import { expect } from 'chai';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { StartError } from '../../../bridge/service/start-error.ts';
import { RawCaller } from './raw-caller.ts';
import { runService } from './running-service.ts';
import { until } from './caller.ts';

describe('a service on an IPv6 address', () => {
  it('takes a call by UDP, and sends its sound there', async () => {
    const running = await runService({ bind: '::1' });
    const caller = await RawCaller.open('::1');
    const rtp = createSocket('udp6');
    rtp.bind(0, '::1');
    await once(rtp, 'listening');
    let packets = 0;
    rtp.on('message', () => packets++);
    try {
      expect(running.service.dial).to.equal(`sip:1000@[::1]:${running.port}`);
      const { text } = await caller.connect(running.port, '<sip:a@[::1]>', { rtpPort: rtp.address().port });
      expect(text).to.match(/^Contact: <sip:\[::1\]:\d+/im);
      expect(text).to.match(/^c=IN IP6 ::1\r$/m);
      await until('sound', () => packets >= 25);
      await caller.hangUp();
      await running.quiet();
    } finally {
      caller.close();
      rtp.close();
      await running.stop();
    }
  });

  it('answers by TCP', async () => {
    const running = await runService({ bind: '::1' });
    const socket = connect(running.port, '::1');
    try {
      await once(socket, 'connect');
      const lines = ['Via: SIP/2.0/TCP [::1]:9;branch=z9hG4bKv6', 'From: <sip:a@[::1]>;tag=1', 'To: <sip:b@[::1]>'];
      const more = ['Call-ID: v6', 'CSeq: 1 OPTIONS', 'Max-Forwards: 70', 'Content-Length: 0', '', ''];
      socket.write(['OPTIONS sip:1000@[::1] SIP/2.0', ...lines, ...more].join('\r\n'));
      const [answer] = (await once(socket, 'data')) as [Buffer];
      expect(answer.toString()).to.match(/^SIP\/2\.0 200 /);
    } finally {
      socket.destroy();
      await running.stop();
    }
  });

  it('is refused with one sentence where it would be all addresses', async () => {
    const failure = await runService({ bind: '::' }).then(
      (running) => running.stop(),
      (error: unknown) => error,
    );
    expect(failure).to.be.instanceOf(StartError);
    expect((failure as Error).message).to.equal(
      'The address :: (setting bind, PARTYLINE_BIND) stands for all IPv6 addresses, which the embedded servers cannot use: name one address, or 0.0.0.0 for all of IPv4.',
    );
  });
});
