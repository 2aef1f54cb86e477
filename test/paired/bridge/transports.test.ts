/** Phones that reach the whole service by TLS and secure WebSocket, and browsers that come through the web gateway. */
import { expect } from 'chai';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect } from 'node:tls';
import { StartError } from '../../../bridge/service/start-error.ts';
import { testTls } from '../../helpers/tls.ts';
import { until } from './caller.ts';
import { runService, type Running } from './running-service.ts';

describe('transports of the whole service', function () {
  this.timeout(30_000);

  const portOf = (running: Running, protocol: string) =>
    running.service.sipListeningPoints.find((point) => point.protocol === protocol)?.port ?? 0;

  describe('that are switched on', () => {
    let running: Running;
    before(async () => {
      running = await runService({ sipTlsPort: 0, sipWebSocketPort: 0, codeTimeoutSeconds: 1, codeTries: 1 });
    });
    after(() => running.stop());
    afterEach(() => running.quiet());

    it('let two phones hear each other, one by TLS and one by secure WebSocket', async () => {
      const meeting = await running.conference();
      const [alice, bob] = [await running.phone('tls'), await running.phone('wss')];
      await alice.connect(portOf(running, 'tls'), 440);
      alice.press(`${meeting.guestCode}#`);
      await bob.connect(portOf(running, 'wss'), 830);
      bob.press(`${meeting.guestCode}#`);
      await meeting.joined(2);
      await alice.hears(830);
      await bob.hears(440);
      await alice.hangUp();
      await bob.hangUp();
    });

    it('hang up on them through their own connections', async () => {
      const phones = [await running.phone('tls'), await running.phone('wss')];
      await phones[0]!.connect(portOf(running, 'tls'));
      await phones[1]!.connect(portOf(running, 'wss'));
      for (const phone of phones) await phone.letGo(40_000);
    }).timeout(60_000);

    it('do not take anybody who comes through the web gateway for a phone of this machine', async () => {
      const { webSocketPort } = running.service;
      expect(webSocketPort).to.be.above(0);
      const browser = await running.phone('ws');
      const call = browser.dial(webSocketPort);
      await until('it is refused', () => call.responses.some(({ status }) => status === 403));
      expect(running.service.counts().calls).to.equal(0);
    });
  });

  it('are off unless they are asked for, but for the gateway’s', async () => {
    const running = await runService();
    const points = running.service.sipListeningPoints;
    expect(points.map(({ protocol, address }) => `${protocol} ${address}`)).to.deep.equal([
      'udp 127.0.0.1',
      'tcp 127.0.0.1',
      'ws 127.0.0.1',
    ]);
    await running.stop();
  });

  it('show the certificate of the settings', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'partyline-tls-'));
    const [sipCertificateFile, sipKeyFile] = [path.join(folder, 'c.pem'), path.join(folder, 'k.pem')];
    await writeFile(sipCertificateFile, testTls.certificate);
    await writeFile(sipKeyFile, testTls.key);
    const running = await runService({ sipTlsPort: 0, sipCertificateFile, sipKeyFile });
    const socket = connect({ port: portOf(running, 'tls'), host: '127.0.0.1', ca: testTls.authorities });
    await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
    socket.destroy();
    await running.stop();
    await rm(folder, { recursive: true });
  });

  const refusal = async (settings: Parameters<typeof runService>[0]): Promise<Error> => {
    const error: unknown = await runService(settings).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(StartError);
    return error as Error;
  };

  it('stop the start with a sentence when the certificate cannot be read, or is none', async () => {
    const missing = { sipTlsPort: 0, sipCertificateFile: '/nonexistent/c.pem', sipKeyFile: '/nonexistent/k.pem' };
    expect((await refusal(missing)).message).to.match(
      /^The certificate for SIP over TLS cannot be read \(ENOENT.*\)\.$/,
    );
    const none = { sipTlsPort: 0, sipCertificateFile: 'package.json', sipKeyFile: 'package.json' };
    expect((await refusal(none)).message).to.match(/^The certificate for SIP over TLS cannot be read/);
  });

  it('stop the start with a sentence that names the port in use', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as AddressInfo;
    expect((await refusal({ sipTlsPort: port })).message).to.match(
      new RegExp(`^Port ${port} \\(setting sipTlsPort, PARTYLINE_SIP_TLS_PORT\\)`),
    );
    expect((await refusal({ sipWebSocketPort: port })).message).to.match(/PARTYLINE_SIP_WEB_SOCKET_PORT/);
    await new Promise((resolve) => holder.close(resolve));
  });
});
