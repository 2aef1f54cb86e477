/** The phones by themselves, before anything of ours stands between them: what they report can be believed. */
import { expect } from 'chai';
import { gaps, tonesHeard, usualLevel } from '../helpers/tones.ts';
import { isAlive, openPorts, scenarios, Sipp, useBench } from '../peers/index.ts';

describe('the phones of the journeys', () => {
  const bench = useBench();

  it('two baresips hear each other, key digits and hang up', async () => {
    const alice = await bench.baresip({ tone: 440 });
    const bob = await bench.baresip({ tone: 830 });
    await alice.dial(bob.uri);
    await Promise.all([alice.established(), bob.established()]);
    const [atAlice, atBob] = await Promise.all([alice.listen(800), bob.listen(800)]);
    expect(tonesHeard(atAlice)).to.deep.equal([830]);
    expect(tonesHeard(atBob)).to.deep.equal([440]);
    expect(usualLevel(atBob, 440)).to.be.closeTo(-12, 1);
    await alice.keys('1#');
    await bob.hearsKeys('1#');
    await alice.hangUp();
    expect(await bob.closed()).to.equal('Connection reset by peer');
  });

  it('a baresip without a tone is silent', async () => {
    const alice = await bench.baresip();
    const bob = await bench.baresip({ tone: 830 });
    await bob.dial(alice.uri);
    await bob.established();
    expect(tonesHeard(await bob.listen(400))).to.deep.equal([]);
    const atAlice = await alice.listen(400);
    expect(gaps(atAlice, 830)).to.deep.equal([]);
  });

  it('a baresip tells why a call failed', async () => {
    const alice = await bench.baresip();
    const bob = await bench.baresip();
    await alice.dial(bob.uri.replace('phone@', 'nobody@'));
    expect(await alice.closed()).to.equal('404 Not Found');
  });

  it('SIPp keys digits that baresip hears, and hangs up', async () => {
    const bob = await bench.baresip();
    const caller = await bench.sipp({
      scenario: scenarios.keysAndHangsUp('123#', 200, { number: 'phone' }),
      target: `127.0.0.1:${bob.sipPort}`,
    });
    await bob.hearsKeys('123#');
    expect(await bob.closed()).to.equal('Connection reset by peer');
    expect((await caller.finished()).code).to.equal(0);
  });

  it('SIPp is refused for a codec nobody has', async () => {
    const bob = await bench.baresip();
    const outcome = await Sipp.run({
      scenario: scenarios.refusedWith(488, { number: 'phone', offer: scenarios.G729_OFFER }),
      target: `127.0.0.1:${bob.sipPort}`,
    });
    expect(outcome.code, outcome.errors).to.equal(0);
    const wrong = await Sipp.run({
      scenario: scenarios.refusedWith(488, { number: 'phone' }),
      target: `127.0.0.1:${bob.sipPort}`,
    });
    expect(wrong.code).to.equal(1);
  });

  it('SIPp tells an answer from none', async () => {
    const bob = await bench.baresip();
    const target = `127.0.0.1:${bob.sipPort}`;
    expect((await Sipp.run({ scenario: scenarios.unanswered(500, { number: 'phone' }), target })).code).to.equal(1);
    const quiet = await Sipp.run({ scenario: scenarios.unanswered(500), target: '127.0.0.1:9' });
    expect(quiet.code, quiet.errors).to.equal(0);
  });

  it('SIPp calls from another address of loopback', async () => {
    const bob = await bench.baresip();
    const outcome = await Sipp.run({
      scenario: scenarios.hangsUpAfter(50, { number: 'phone' }),
      target: `127.0.0.1:${bob.sipPort}`,
      address: '127.0.0.2',
    });
    expect(outcome.code, outcome.errors).to.equal(0);
    expect(bob.log).to.contain('127.0.0.2');
  });

  it('SIPp notices when it is let go', async () => {
    const bob = await bench.baresip();
    const caller = await bench.sipp({
      scenario: scenarios.isLetGo('1', 5_000, { number: 'phone' }),
      target: `127.0.0.1:${bob.sipPort}`,
    });
    await bob.hearsKeys('1');
    await bob.hangUp();
    expect((await caller.finished()).code).to.equal(0);
  });

  it('nothing of a phone is left when it is stopped', async () => {
    const alice = await bench.baresip({ tone: 440 });
    expect(openPorts(alice.pid).some(({ port }) => port === alice.sipPort)).to.equal(true);
    await alice.stop();
    expect(isAlive(alice.pid)).to.equal(false);
    expect(openPorts(alice.pid)).to.deep.equal([]);
  });
});
