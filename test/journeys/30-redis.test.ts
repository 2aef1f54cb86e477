/** Redis is away for ten seconds while people talk. */
import { expect } from 'chai';
import { setTimeout as delay } from 'node:timers/promises';
import { level, longestGap, TONES, tonesHeard } from '../helpers/tones.ts';
import { eventually, useBench, type Baresip } from '../peers/index.ts';

const [ALICE, BOB] = [TONES[0], TONES[2]];
const AWAY_MS = 10_000;

describe('Redis away in the middle of a call', function () {
  this.timeout(90_000);
  const bench = useBench();

  async function meet(): Promise<{
    service: Awaited<ReturnType<typeof bench.service>>;
    alice: Baresip;
    bob: Baresip;
    id: string;
    code: string;
  }> {
    const service = await bench.service();
    const { id, guestCode: code } = await service.createConference('Weekly');
    const alice = await bench.baresip({ tone: ALICE });
    const bob = await bench.baresip({ tone: BOB });
    for (const [index, phone] of [alice, bob].entries()) {
      await phone.dial(service.uri);
      await phone.established();
      await phone.keys(`${code}#`);
      await service.participants(id, index + 1);
    }
    await bob.listenUntil((sound) => tonesHeard(sound).includes(ALICE));
    await service.callsJoined(2);
    return { service, alice, bob, id, code };
  }

  it('hanging: the call lives, a new caller is asked to try again, and afterwards all is as before', async () => {
    const { service, alice, bob, id, code } = await meet();
    const redis = service.redisPid;
    process.kill(redis, 'SIGSTOP');
    const stoppedAt = Date.now();
    try {
      const carol = await bench.baresip();
      await carol.dial(service.uri);
      await carol.established();
      await carol.keys(`${code}#`);
      const sound = await bob.listen(AWAY_MS);
      expect(longestGap(sound, ALICE), 'Alice is heard all the time').to.be.at.most(100);
      expect(await carol.closed(30_000), 'the new caller is let go').to.equal('Connection reset by peer');
      expect(level(await carol.heard()), 'with words').to.be.greaterThan(-40);
      await delay(Math.max(0, stoppedAt + AWAY_MS - Date.now()));
    } finally {
      process.kill(redis, 'SIGCONT');
    }
    await eventually(
      async () => (await service.request('GET', '/readyz')).status,
      (status) => status === 200,
      20_000,
      (status) => `/readyz answers ${status}`,
    );
    expect(alice.isInCall && bob.isInCall, 'both are still there').to.equal(true);
    expect(service.endings).to.deep.equal(['store-unavailable']);
    await service.participants(id, 2);
    const dave = await bench.baresip();
    await dave.dial(service.uri);
    await dave.established();
    await dave.keys(`${code}#`);
    await service.participants(id, 3);
    await alice.hangUp();
    await service.participants(id, 2);
  });

  it('killed: the call lives, and the private Redis comes back with everything', async () => {
    const { service, bob, id } = await meet();
    process.kill(service.redisPid, 'SIGKILL');
    const sound = await bob.listen(3_000);
    expect(longestGap(sound, ALICE), 'Alice is heard all the time').to.be.at.most(100);
    await eventually(
      async () => (await service.request('GET', '/readyz')).status,
      (status) => status === 200,
      20_000,
      (status) => `/readyz answers ${status}`,
    );
    await service.participants(id, 2);
  });
});
