/** Clients of the event socket that do not behave, and those who must not come in. */
import { connect } from 'node:net';
import { once } from 'node:events';
import { expect } from 'chai';
import { ManualClock } from '../../helpers/manual-clock.ts';
import { EslClient } from '../../helpers/esl-client.ts';
import { until } from '../../helpers/bench.ts';
import { FreeswitchBench, PASSWORD } from './bench.ts';

describe('embedded FreeSWITCH: limits of the event socket', function () {
  this.timeout(15_000);
  let bench: FreeswitchBench;
  const clock = new ManualClock();
  let allowed = true;

  before(async () => {
    bench = await FreeswitchBench.open({ clock, eventSocketFilter: () => allowed });
  });
  after(() => bench.close());
  afterEach(async () => {
    allowed = true;
    await until(
      'only the bench is connected',
      () => bench.server.counts().inboundSockets,
      (count) => count === 1,
    );
  });

  const stranger = (): Promise<EslClient> => EslClient.open(bench.server.eventSocketPort);
  const known = (): Promise<EslClient> => EslClient.authenticated(bench.server.eventSocketPort, PASSWORD);

  it('sends an address away that is not allowed', async () => {
    allowed = false;
    const socket = connect(bench.server.eventSocketPort, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (bytes) => chunks.push(bytes));
    await once(socket, 'close');
    expect(Buffer.concat(chunks).toString()).to.equal(
      'Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n',
    );
  });

  it('waits 25 s for the password', async () => {
    const client = await stranger();
    await client.next('auth/request');
    clock.advance(24_000);
    expect(client.closed).to.equal(false);
    clock.advance(1_000);
    await client.untilClosed();
  });

  it('takes no more than 4 KiB from somebody it does not know', async () => {
    const client = await stranger();
    client.socket.write('x'.repeat(4_200));
    await client.untilClosed();
  });

  it('takes no body from somebody it does not know', async () => {
    const client = await stranger();
    client.socket.write('auth x\nContent-Length: 1\n\n');
    await client.untilClosed();
  });

  const bad: [what: string, bytes: string][] = [
    ['more than 64 headers', `sendmsg\n${'a: b\n'.repeat(65)}\n`],
    ['a head of more than 64 KiB', 'x'.repeat(66_000)],
    ['a body of more than 1 MiB', 'sendmsg\nContent-Length: 1048577\n\n'],
    ['a length below zero', 'sendmsg\nContent-Length: -1\n\n'],
    ['a length that is no number', 'sendmsg\nContent-Length: 1e3\n\n'],
  ];
  for (const [what, bytes] of bad) {
    it(`closes the connection at ${what}`, async () => {
      const client = await known();
      client.socket.write(bytes);
      await client.untilClosed();
    });
  }

  it('waits 10 s for the rest of a command', async () => {
    const client = await known();
    client.socket.write('api sta');
    await until(
      'the server has begun to read',
      () => clock.running,
      (names) => names.includes('event socket command'),
    );
    clock.advance(10_000);
    await client.untilClosed();
  });

  it('is patient with who has nothing to say', async () => {
    const client = await known();
    clock.advance(3_600_000);
    expect(await client.api('echo still here')).to.equal('still here');
    await client.close();
  });

  it('answers five hundred commands at once, in order', async () => {
    const client = await known();
    client.socket.write(Array.from({ length: 500 }, (_, index) => `api echo ${index}\n\n`).join(''));
    for (let index = 0; index < 500; index++) {
      expect((await client.next('api/response')).body).to.equal(String(index));
    }
    await client.close();
  });

  it('keeps line breaks out of headers', async () => {
    const client = await known();
    expect(await client.ask('getvar a\rb')).to.equal('-ERR command not found');
    client.socket.write('bgapi echo\nJob-UUID: x\ry: z\n\n');
    expect((await client.next('command/reply')).headers.get('y')).to.equal(undefined);
    await client.close();
  });

  it('compares passwords of any length', async () => {
    for (const password of ['', ' ', PASSWORD.slice(1), `${PASSWORD}x`, 'ß'.repeat(500)]) {
      const client = await stranger();
      expect(await client.ask(`auth ${password}`)).to.match(/^-ERR/);
      await client.untilClosed();
    }
  });
});
