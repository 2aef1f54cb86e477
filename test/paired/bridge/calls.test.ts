import { expect } from 'chai';
import { runService, type Running } from './running-service.ts';

describe('telephone calls through the whole service', () => {
  let running: Running;
  before(async () => {
    running = await runService();
  });
  after(() => running.stop());
  afterEach(() => running.quiet());

  it('lets two callers who key the code hear each other and not themselves', async () => {
    const meeting = await running.conference();
    const [alice, bob] = [await running.phone(), await running.phone('tcp')];
    await alice.connect(running.port, 440);
    alice.press(`${meeting.guestCode}#`);
    await meeting.joined(1);
    await bob.connect(running.port, 830, { from: '"Bob" <sip:+15551230002@127.0.0.1>' });
    bob.press(`${meeting.hostCode}#`);
    const room = await meeting.joined(2);
    expect(room.participants.map(({ name, role }) => [name, role])).to.deep.equal([
      ['Alice', 'guest'],
      ['Bob', 'host'],
    ]);
    await alice.hears(830);
    await bob.hears(440);
    await alice.hangUp();
    await bob.hears();
    await bob.hangUp();
  });
});
