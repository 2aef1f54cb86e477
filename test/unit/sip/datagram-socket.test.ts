import { expect } from 'chai';
import { createSocket } from 'node:dgram';
import { openNodeDatagramSocket } from '../../../embedded/sip/index.ts';

/** Longer than a probe is waited for. */
const AFTER_PROBES_MS = 600;

describe('a datagram socket', () => {
  it('ends its probes once, with itself', async () => {
    const silent = createSocket('udp4');
    await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve));
    const socket = await openNodeDatagramSocket({
      address: '127.0.0.1',
      port: 0,
      onDatagram: () => {},
      onError: () => {},
    });
    const heard = new Promise((resolve) => silent.once('message', resolve));
    let unreachable = 0;
    socket.probe(silent.address().port, '127.0.0.1', () => unreachable++);
    await heard;
    await socket.close();
    await socket.close();
    // A probe closed twice would throw out of its timer.
    await new Promise((resolve) => setTimeout(resolve, AFTER_PROBES_MS));
    expect(unreachable).to.equal(0);
    await new Promise<void>((resolve) => silent.close(() => resolve()));
  });
});
