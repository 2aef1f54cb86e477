/** `npm run embedded` as its users have it, and the application that docs/embedded.md shows. */
import { expect } from 'chai';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Telephone } from '../../helpers/telephone.ts';
import { event, startPhone, type SipPhone } from '../../helpers/sip-phone.ts';
import { connectSrf, killSrf } from '../../helpers/srf-client.ts';
import { OwnedProcess } from '../../peers/index.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PAGE = join(ROOT, 'docs/embedded.md');

describe('the embedded servers on their own', function () {
  this.timeout(30_000);
  const processes: OwnedProcess[] = [];
  const phones: Telephone[] = [];

  afterEach(async () => {
    await Promise.all(phones.splice(0).map((phone) => phone.close()));
    await Promise.all(processes.splice(0).map((running) => running.stop()));
  });

  async function embedded(...args: string[]): Promise<OwnedProcess> {
    const running = await OwnedProcess.start(process.execPath, ['scripts/embedded.mjs', ...args], { cwd: ROOT });
    processes.push(running);
    return running;
  }

  const portOf = async (running: OwnedProcess, line: RegExp) => Number((await running.printed(line, 20_000))[1]);
  const sipPort = (running: OwnedProcess, protocol: string) =>
    portOf(running, new RegExp(`SIP +${protocol} \\S+:(\\d+)$`, 'm'));

  async function telephone(): Promise<Telephone> {
    const phone = await Telephone.open();
    phones.push(phone);
    return phone;
  }

  it('run the application of docs/embedded.md: two phones hear each other', async () => {
    const servers = await embedded(
      ...['--sip', '127.0.0.1:0', '--drachtio', '127.0.0.1:0:cymru', '--freeswitch', '127.0.0.1:0:ClueCon'],
      ...['--rtp', '0-0'],
    );
    const drachtio = await portOf(servers, /^ +drachtio +127\.0\.0\.1:(\d+)$/m);
    const freeswitch = await portOf(servers, /^ +FreeSWITCH +127\.0\.0\.1:(\d+)$/m);
    const shown = /```js\n([^]*?)```/.exec(await readFile(PAGE, 'utf8'))?.[1] ?? '';
    expect(shown.trim().split('\n').length, 'ten lines or so').to.be.within(8, 16);
    const folder = await mkdtemp(join(tmpdir(), 'partyline-embedded-'));
    try {
      const file = join(folder, 'lobby.cjs');
      await writeFile(
        file,
        shown.replace('port: 9022', `port: ${drachtio}`).replace('port: 8021', `port: ${freeswitch}`),
      );
      const environment = { ...process.env, NODE_PATH: join(ROOT, 'node_modules') };
      processes.push(await OwnedProcess.start(process.execPath, [file], { environment }));
      const [one, other] = [await telephone(), await telephone()];
      await dialUntilTaken(one, await sipPort(servers, 'udp'));
      await other.dial(await sipPort(servers, 'udp'));
      one.talk(440);
      other.talk(830);
      await one.untilHears([830]);
      await other.untilHears([440]);
      await one.hangUp();
      await other.untilHears([]);
      await other.hangUp();
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  /** Until the application has connected, nobody takes INVITEs. */
  async function dialUntilTaken(phone: Telephone, port: number): Promise<void> {
    for (;;) {
      const refusal = await phone.dial(port).then(
        () => undefined,
        (error: unknown) => error as Error,
      );
      if (!refusal) return;
      if (!refusal.message.includes('503')) throw refusal;
    }
  }

  it('end on SIGTERM with exit code 0, and on the arguments with 2 and one sentence', async () => {
    const running = await embedded('--drachtio', '127.0.0.1:0:x', '--sip', 'udp:127.0.0.1:0');
    await running.printed(/The embedded servers are running/, 20_000);
    running.signal('SIGTERM');
    expect(await running.exited).to.deep.equal({ code: 0, signal: null });
    const refused = await embedded('--drachtio', '127.0.0.1');
    expect(await refused.exited).to.deep.equal({ code: 2, signal: null });
    expect(refused.output).to.match(/^--drachtio must be address:port:secret, .*\.\n$/);
  });

  it('start drachtio-server alone, on every protocol asked for, with a certificate of its own', async () => {
    const protocols = ['udp', 'tcp', 'tls', 'ws', 'wss'] as const;
    const running = await embedded(
      ...protocols.flatMap((protocol) => ['--sip', `${protocol}:127.0.0.1:0`]),
      ...['--drachtio', '127.0.0.1:0:s3cret'],
    );
    const port = await portOf(running, /^ +drachtio +127\.0\.0\.1:(\d+)$/m);
    expect(running.output).to.not.include('FreeSWITCH').and.to.not.include('s3cret');
    const srf = await connectSrf(port, 's3cret', (fresh) => fresh.invite((_request, response) => response.send(486)));
    const callers: SipPhone[] = [];
    for (const protocol of protocols) {
      const phone = await startPhone(protocol, undefined, { verifyServers: false });
      callers.push(phone);
      const refused = event<{ status: number }>(phone.call(await sipPort(running, protocol)), 'failed');
      expect((await refused).status, protocol).to.equal(486);
    }
    killSrf(srf);
    await Promise.all(callers.map((phone) => phone.layer.stop()));
  });

  describe('at a port in use', () => {
    let holder: Server;
    before(async () => {
      holder = createServer();
      await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    });
    after(() => new Promise((resolve) => holder.close(resolve)));

    for (const option of ['sip', 'drachtio', 'freeswitch']) {
      it(`say so for --${option}, and leave nothing open`, async () => {
        const { port } = holder.address() as AddressInfo;
        const [place, secret] = [`127.0.0.1:${port}`, option === 'sip' ? '' : ':x'];
        const others = {
          sip: '127.0.0.1:0',
          drachtio: '127.0.0.1:0:x',
          freeswitch: '127.0.0.1:0:x',
          [option]: place + secret,
        };
        const running = await embedded(...Object.entries(others).flatMap(([name, value]) => [`--${name}`, value]));
        expect(await running.exited).to.deep.equal({ code: 1, signal: null });
        expect(running.output).to.equal(`${place} is in use by another program.\n`);
      });
    }
  });
});
