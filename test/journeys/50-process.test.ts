/** The process tree: it ends as a whole, whoever is killed, and nothing that was kept is lost. */
import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConferenceView } from '../../config/contract/index.ts';
import { commandLine, eventually, isAlive, useBench, type Service } from '../peers/index.ts';

const END_MS = 10_000;
const UNREAD = 3_000;

describe('the process tree', function () {
  this.timeout(90_000);
  const bench = useBench();
  let dataDir: string;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'partyline-data-'));
  });
  afterEach(async () => rm(dataDir, { recursive: true, force: true }));

  async function allEnd(tree: readonly number[]): Promise<void> {
    await eventually(
      () => tree.filter(isAlive),
      (alive) => alive.length === 0,
      END_MS,
      (alive) => `still there: ${alive.map((pid) => `${pid} ${commandLine(pid)}`).join('; ')}`,
    );
  }

  async function meet(service: Service, meeting: Pick<Required<ConferenceView>, 'id' | 'guestCode'>): Promise<void> {
    const phone = await bench.baresip();
    await phone.dial(service.uri);
    await phone.established();
    await phone.keys(`${meeting.guestCode}#`);
    await service.participants(meeting.id, 1);
  }

  for (const through of ['node', 'npm'] as const) {
    it(`ends within seconds on SIGTERM, started by ${through}, with a call up`, async () => {
      const service = await bench.service({ through, dataDir });
      await meet(service, await service.createConference('Weekly'));
      const tree = service.tree;
      expect(tree.length).to.be.at.least(2); // Redis is one
      service.signal('SIGTERM');
      await allEnd(tree);
      const ended = await service.stop();
      expect(ended.code ?? ended.signal).to.be.oneOf([0, 143, 'SIGTERM']);
    });
  }

  it('ends in order when its terminal is closed, with a call up', async () => {
    const service = await bench.service({ dataDir });
    await meet(service, await service.createConference('Weekly'));
    const tree = service.tree;
    service.signal('SIGHUP');
    await allEnd(tree);
    expect((await service.stop()).code).to.equal(0);
    expect(service.endings).to.have.length(1);
  });

  for (const [reader, how] of [
    ['does not read', 'pause'],
    ['has ended', 'close'],
  ] as const) {
    it(`takes calls and ends in order when what reads its log ${reader}`, async () => {
      const service = await bench.service({ dataDir });
      const meeting = await service.createConference('Weekly');
      service.abandonLog(how);
      // More than a pipe holds: the service writes all it does, and who looked.
      for (let count = 0; count < UNREAD; count += 1) await service.request('GET', '/readyz');
      await meet(service, meeting);
      const tree = service.tree;
      service.signal('SIGTERM');
      await allEnd(tree);
      expect((await service.stop()).code).to.equal(0);
    });
  }

  it('ends at once when asked twice, also when what read its log ends in the same moment', async () => {
    const service = await bench.service({ dataDir });
    const tree = service.tree;
    // All of it arrives together: it has not noticed that nobody reads what it says about the first when it says more.
    service.signal('SIGSTOP');
    service.abandonLog('close');
    service.signal('SIGTERM');
    service.signal('SIGINT');
    service.signal('SIGCONT');
    await allEnd(tree);
    expect((await service.stop()).code).to.equal(130);
  });

  it('ends when the service itself is killed outright', async () => {
    const service = await bench.service({ dataDir });
    const tree = service.tree;
    process.kill(service.pid, 'SIGKILL');
    await allEnd(tree);
  });

  it('ends when npm is killed outright', async () => {
    const service = await bench.service({ through: 'npm', dataDir });
    const tree = service.tree;
    expect(tree.length).to.be.at.least(3);
    process.kill(service.pid, 'SIGKILL');
    await allEnd(tree);
  });

  it('loses nothing when all of it is killed at once', async () => {
    const first = await bench.service({ dataDir });
    const meeting = await first.createConference('Kept');
    await meet(first, meeting);
    await first.kill();
    const second = await bench.service({ dataDir });
    await second.logIn();
    const { body } = await second.request('GET', `/api/v1/conferences/${meeting.id}`);
    expect(body).to.include({ title: 'Kept', guestCode: meeting.guestCode, hostCode: meeting.hostCode });
    await second.participants(meeting.id, 0);
    await meet(second, meeting);
  });

  it('does not mind another one beside it', async () => {
    const [first, second] = [await bench.service(), await bench.service()];
    const [one, two] = [await first.createConference('One'), await second.createConference('Two')];
    await meet(first, one);
    await meet(second, two);
    expect((await first.room(one.id)).participants).to.have.length(1);
    expect((await second.room(two.id)).participants).to.have.length(1);
  });

  it('tells in a sentence what setting is wrong, and does not start', async () => {
    const failure = await bench.service({ environment: { PARTYLINE_CODE_TRIES: 'many' } }).then(
      () => '',
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    expect(failure).to.contain('codeTries');
    expect(failure).to.contain('PARTYLINE_CODE_TRIES');
    expect(failure).to.not.contain('    at ');
  });
});
