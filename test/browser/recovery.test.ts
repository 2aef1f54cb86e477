/** Bad days: sockets are cut, the network goes and comes, pages are loaded anew, WebSockets do not pass. */
import { expect } from 'chai';
import { badNetwork, type BadNetwork } from '../helpers/bad-network.ts';
import { TONES } from '../helpers/tones.ts';
import type { Meeting, Running } from '../paired/bridge/running-service.ts';
import { PagePerson, type PagePersonOptions } from './page-person.ts';
import { runWithPages } from './running-pages.ts';

const [ADA, BEA, CLEO] = [TONES[0], TONES[2], TONES[4]];

describe('a browser on a bad day', function () {
  this.timeout(90_000);
  let running: Running;
  let meeting: Meeting;
  let network: BadNetwork;
  const people: PagePerson[] = [];

  before(async () => (running = await runWithPages()));
  after(async () => running.stop());
  beforeEach(async () => {
    meeting = await running.conference();
    network = await badNetwork({ port: running.service.httpPort });
  });
  afterEach(async () => {
    const faults = people.flatMap((person) => person.faults);
    for (const person of people.splice(0)) await person.close();
    await network.close();
    expect(faults).to.deep.equal([]);
  });

  async function join(options: Partial<PagePersonOptions> & { name: string; tone: number }): Promise<PagePerson> {
    const url = `http://127.0.0.1:${running.service.httpPort}`;
    const person = await PagePerson.join({ url, code: meeting.guestCode, ...options });
    people.push(person);
    return person;
  }

  /** Ada is on the bad network, Bea on a good one. */
  async function two(options: Partial<PagePersonOptions> = {}): Promise<{ ada: PagePerson; bea: PagePerson }> {
    const ada = await join({ name: 'Ada', tone: ADA, url: network.url, ...options });
    const bea = await join({ name: 'Bea', tone: BEA });
    await Promise.all([ada.untilHeard([BEA]), bea.untilHeard([ADA])]);
    return { ada, bea };
  }

  const callOf = async (name: string) =>
    (await meeting.room())?.participants.find((row) => row.name === name)?.leg?.callId;

  async function newCall(name: string, old: string | undefined): Promise<void> {
    const deadline = Date.now() + 20_000;
    for (;;) {
      const call = await callOf(name);
      if (call !== undefined && call !== old) return;
      if (Date.now() > deadline) throw new Error(`${name} has no new call`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  it('comes back by itself when its sockets are cut: the same row, one of each, heard until the new call is there', async () => {
    const { ada, bea } = await two();
    const before = await callOf('Ada');
    network.cut();
    // Sound goes on without the sockets: the old call is heard until the new one takes its place.
    let heard = await bea.chromium.tonesHeard();
    while ((await callOf('Ada')) === before) {
      expect(heard).to.deep.equal([ADA]);
      heard = await bea.chromium.tonesHeard();
    }
    await newCall('Ada', before);
    await ada.untilSound('in-call');
    await ada.untilLink('live');
    await Promise.all([ada.untilHeard([BEA]), bea.untilHeard([ADA])]);
    expect(await bea.names()).to.deep.equal(['Ada', 'Bea']);
    expect(await ada.names()).to.deep.equal(['Ada', 'Bea']);
  });

  it('comes back when the network was away for a while, and sees all that happened meanwhile', async () => {
    const { ada, bea } = await two();
    const before = await callOf('Ada');
    await ada.chromium.context.setOffline(true);
    network.lose();
    await ada.untilSound('reconnecting');
    await ada.says('Sound is coming back');
    await bea.press('Raise hand');
    await bea.press('Lower hand');
    await bea.press('Mute');
    await bea.press('Raise hand');
    const cleo = await join({ name: 'Cleo', tone: CLEO });
    await cleo.press('Raise hand');
    await bea.sees('Cleo', 'Hand up, number 2');
    network.restore();
    await ada.chromium.context.setOffline(false);
    await newCall('Ada', before);
    await ada.untilSound('in-call');
    await ada.untilLink('live');
    await ada.sees('Bea', 'Muted');
    await ada.sees('Bea', 'Hand up, number 1');
    await ada.sees('Cleo', 'Hand up, number 2');
    await Promise.all([ada.untilHeard([CLEO]), bea.untilHeard([ADA, CLEO])]);
    for (const person of [ada, bea, cleo]) expect(await person.names()).to.deep.equal(['Ada', 'Bea', 'Cleo']);
    // And what comes now, comes in order.
    await bea.press('Lower hand');
    await ada.sees('Cleo', 'Hand up, number 1');
  });

  it('comes back when its sound dies and nothing else', async () => {
    const { ada, bea } = await two();
    const before = await callOf('Ada');
    await ada.page.evaluate('window.testSound.connections.at(-1).close()');
    await newCall('Ada', before);
    await ada.untilSound('in-call');
    await Promise.all([ada.untilHeard([BEA]), bea.untilHeard([ADA])]);
    expect(await bea.names()).to.deep.equal(['Ada', 'Bea']);
  });

  it('stays muted through it', async () => {
    const { ada, bea } = await two();
    await ada.press('Mute');
    await bea.sees('Ada', 'Muted');
    await bea.untilHeard([]);
    const before = await callOf('Ada');
    network.cut();
    await newCall('Ada', before);
    await ada.untilSound('in-call');
    await ada.untilHeard([BEA]);
    expect(await bea.chromium.tonesHeard()).to.deep.equal([]);
    await bea.sees('Ada', 'Muted');
  });

  it('comes back into its row when the page is loaded anew', async () => {
    const { ada, bea } = await two();
    const before = await callOf('Ada');
    await ada.page.reload();
    await newCall('Ada', before);
    await ada.untilSound('in-call');
    await Promise.all([ada.untilHeard([BEA]), bea.untilHeard([ADA])]);
    expect(await bea.names()).to.deep.equal(['Ada', 'Bea']);
  });

  it('does not come back after leaving, nor after being removed', async () => {
    const { ada, bea } = await two();
    await ada.press('Leave');
    await ada.says('You have left');
    await bea.seesNo('Ada');
    await ada.page.reload();
    await ada.page.getByLabel('Access code').waitFor();
    expect(await bea.names()).to.deep.equal(['Bea']);
  });

  it('shows the room by long polling where WebSockets do not pass, and says why there is no sound', async () => {
    network.blockWebSockets();
    const ada = await PagePerson.open(`${network.url}/j/${meeting.hostCode}`, { tone: ADA });
    people.push(ada);
    const { page } = ada;
    await page.getByLabel('Your name').fill('Ada');
    await page.getByRole('button', { name: 'Join with sound' }).click();
    await ada.says('No sound: your network does not let the call out');
    const bea = await join({ name: 'Bea', tone: BEA });
    await ada.sees('Bea', 'Browser');
    await ada.choose('Bea', 'Mute');
    await bea.says('A host has muted you.');
    await page.locator('[data-transport="polling"]').waitFor();
    network.restore();
    await ada.press('Try again');
    await ada.untilSound('in-call');
    await ada.says('Connected');
    await bea.untilHeard([ADA]);
  });
});
