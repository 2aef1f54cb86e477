/** The thread of the embedded servers: what it tells, and what becomes of the service without it. */
import { expect } from 'chai';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { until } from './caller.ts';
import { runService } from './running-service.ts';

/** The first thread that is made from now on: the servers'. */
function nextThread(): Promise<Worker> {
  return new Promise((resolve) => process.once('worker', resolve));
}

const SERVERS_LINE = 'media engine started';

describe('the thread of the embedded servers', () => {
  it('logs to the log of the service, and only what that asks for', async () => {
    const quiet = await runService({ logLevel: 'warn' });
    await quiet.stop();
    expect(quiet.lines(SERVERS_LINE)).to.have.length(0);
    const talkative = await runService({ logLevel: 'info' });
    await talkative.stop();
    expect(talkative.lines(SERVERS_LINE)).to.have.length(1);
    expect(talkative.lines(SERVERS_LINE)[0]).to.include({ level: 30, browsers: true });
  }).timeout(60_000);

  it('counts calls and what they need, and nothing when they are over', async () => {
    const running = await runService();
    try {
      const phone = await running.phone();
      await phone.connect(running.port);
      await until('counted', () => {
        const { drachtio, freeswitch } = running.service.counts();
        return drachtio!.dialogs > 0 && freeswitch!.channels === 1 && freeswitch!.ports === 1;
      });
      expect((await running.service.embeddedMemory())?.heapBytes).to.be.greaterThan(1_000_000);
      await phone.hangUp();
      await running.quiet();
    } finally {
      await running.stop();
    }
  }).timeout(60_000);

  it('goes on after an error that nobody caught, and has the service stopped in order', async () => {
    const thread = nextThread();
    const faults: Error[] = [];
    const running = await runService({}, { onFault: (error) => faults.push(error) });
    // No request: what reads it throws where nobody catches.
    (await thread).postMessage(null);
    await until('told', () => faults.length === 1);
    expect(faults[0]).to.be.instanceOf(Error);
    expect(faults[0]!.stack).to.contain('answers.ts');
    expect((await fetch(`${running.service.url}/readyz`)).status).to.equal(200);
    expect(await running.service.stop(), 'closed in order').to.equal(true);
    await running.stop();
  }).timeout(60_000);

  it('ends the service with it when it dies: told once, not ready meanwhile, stopped within seconds', async () => {
    const thread = nextThread();
    const faults: Error[] = [];
    const running = await runService({}, { onFault: (error) => faults.push(error) });
    const phone = await running.phone();
    await phone.connect(running.port);
    await (await thread).terminate();
    await until('told', () => faults.length > 0);
    expect(faults.map(String)).to.deep.equal(['Error: the thread of the embedded servers has died']);
    expect(String(faults[0]!.cause)).to.contain('ended with code 1');
    const ready = await fetch(`${running.service.url}/readyz`);
    expect(ready.status).to.equal(503);
    expect(await ready.text()).to.contain('the embedded servers have died');
    const began = performance.now();
    await running.service.stop();
    expect(performance.now() - began).to.be.below(14_000);
    expect(faults).to.have.length(1);
    await running.stop();
  }).timeout(60_000);

  it('ends the process with a bad code when it dies, for whoever starts it again', async () => {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'partyline-bridge-'));
    const settings = { sipPort: 0, httpPort: 0, rtpPorts: [0, 0], logFormat: 'json', dataDir };
    const command = fileURLToPath(new URL('../../helpers/service-command.ts', import.meta.url));
    const child = fork(command, [JSON.stringify(settings)], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
    let log = '';
    child.stdout!.on('data', (chunk: Buffer) => (log += chunk.toString()));
    await once(child, 'message');
    const exited = once(child, 'exit');
    child.send('kill');
    expect((await exited)[0]).to.equal(1);
    const fatal = log.split('\n').filter((line) => line.startsWith('{"level":60'));
    expect(fatal).to.have.length(1);
    expect(fatal[0]).to.contain('the thread of the embedded servers has died: the thread ended with code 1');
    await rm(dataDir, { recursive: true, force: true });
  }).timeout(60_000);
});
