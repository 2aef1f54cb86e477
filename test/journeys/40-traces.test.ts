/** Twenty calls in and out leave nothing behind. */
import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually, openFiles, openPorts, scenarios, Service, Sipp, useBench } from '../peers/index.ts';

const CALLS = 20;

describe('what calls leave behind', function () {
  this.timeout(90_000);
  useBench();
  let service: Service;

  before('start the service', async () => {
    service = await Service.start();
  });
  after('stop the service', async () => service.stop());

  interface Traces {
    readonly ports: number;
    readonly files: number;
    readonly processes: number;
    readonly keys: readonly string[];
  }

  async function traces(): Promise<Traces> {
    return {
      ports: openPorts(service.pid).length,
      files: openFiles(service.pid),
      processes: service.tree.length,
      keys: await redisKeys(service.dataDir),
    };
  }

  it('is what is meant to stay, and nothing else', async () => {
    const meeting = await service.createConference('Busy');
    const oneCall = async (calls: number) => {
      const outcome = await Sipp.run({
        scenario: scenarios.keysAndHangsUp(`${meeting.guestCode}#`, 200),
        target: service.sipTarget,
        calls,
        callsPerSecond: 4,
        callLimit: calls,
        timeoutSeconds: 60,
      });
      expect(outcome.code, outcome.errors).to.equal(0);
    };
    // The first call builds what stays: workers, connections, indexes.
    await oneCall(1);
    await service.callsEnded(1);
    await service.participants(meeting.id, 0);
    const before = await traces();
    await oneCall(CALLS);
    expect(await service.callsEnded(1 + CALLS)).to.deep.equal(Array(1 + CALLS).fill('caller-hung-up'));
    await service.participants(meeting.id, 0);
    const after = await eventually(
      traces,
      ({ ports, files, processes }) => ports <= before.ports && files <= before.files && processes === before.processes,
      10_000,
      (now) =>
        `${JSON.stringify({ ...now, keys: now.keys.length })}, before ${JSON.stringify({ ...before, keys: before.keys.length })}`,
    );
    // A call's record stays: that is what it is for. Nothing else does.
    const added = after.keys.filter((key) => !before.keys.includes(key));
    expect(added.filter((key) => !/call/.test(key))).to.deep.equal([]);
    expect(added.length).to.be.at.most(CALLS);
  });

  async function redisKeys(dataDir: string): Promise<readonly string[]> {
    const { stdout } = await promisify(execFile)('redis-cli', ['-s', join(dataDir, 'redis/redis.sock'), '--scan']);
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .sort();
  }
});
