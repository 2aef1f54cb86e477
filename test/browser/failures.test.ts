/** When sound fails, the page names the step that did, and offers the telephone: a link that keys the code by itself. */
import { expect } from 'chai';
import { badNetwork, type BadNetwork } from '../helpers/bad-network.ts';
import { TONES } from '../helpers/tones.ts';
import type { Meeting, Running } from '../paired/bridge/running-service.ts';
import { useBench } from '../peers/index.ts';
import { PagePerson, type PagePersonOptions } from './page-person.ts';
import { runWithPages } from './running-pages.ts';

const NUMBER = '+390212345678';
/** A browser that may use relays only, and has none. */
const NO_WAY_FOR_SOUND = `
  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(configuration) { super({ ...configuration, iceTransportPolicy: 'relay' }); }
  };`;

describe('a browser without sound is told which step failed, and how to come by telephone', function () {
  this.timeout(60_000);
  const bench = useBench();
  let running: Running;
  let meeting: Meeting;
  let network: BadNetwork;
  let person: PagePerson;

  before(async () => (running = await runWithPages({ dids: [{ number: NUMBER }] })));
  after(async () => running.stop());
  beforeEach(async () => {
    meeting = await running.conference();
    network = await badNetwork({ port: running.service.httpPort });
  });
  afterEach(async () => {
    const { faults } = person;
    await person.close();
    await network.close();
    expect(faults).to.deep.equal([]);
  });

  async function arrive(options: Omit<PagePersonOptions, 'name' | 'url' | 'code'> = {}): Promise<void> {
    person = await PagePerson.open(`${network.url}/j/${meeting.guestCode}`, { tone: TONES[0], ...options });
    await person.page.getByLabel('Your name').fill('Ada');
    // The numbers come from the server: without it there would be none.
    await person.page.getByRole('heading', { name: 'By telephone' }).waitFor();
  }

  /** In the alert, with these words, is a link that dials the number and keys the code. */
  async function isOffered(words: string): Promise<string> {
    const alert = person.page.getByRole('alert').filter({ hasText: words }).first();
    await alert.waitFor({ timeout: 30_000 });
    const href = await alert.getByRole('link', { name: NUMBER }).getAttribute('href');
    expect(href).to.equal(`tel:${NUMBER},,${meeting.guestCode}%23`);
    return href!;
  }

  it('the microphone was refused', async () => {
    await arrive({ flags: ['--use-fake-ui-for-media-stream=deny'], context: { permissions: [] } });
    await person.press('Join with sound');
    await isOffered('The microphone was not allowed');
    await person.press('Check the microphone');
    await person.page.getByRole('alert').nth(1).waitFor();
    await isOffered('allow the microphone for this page');
    expect((await meeting.room())?.participants ?? []).to.deep.equal([]);
  });

  it('the server cannot be reached', async () => {
    await arrive();
    network.lose();
    await person.press('Join with sound');
    await isOffered('The server cannot be reached');
  });

  it('the network lets no call out', async () => {
    await arrive();
    network.blockWebSockets();
    await person.press('Join with sound');
    await isOffered('your network does not let the call out');
  });

  it('the network blocks the sound', async () => {
    await arrive({ before: NO_WAY_FOR_SOUND });
    await person.press('Join with sound');
    await isOffered('your network blocks the sound');
  });

  it('and the telephone gets in by what the link says, into the same room', async () => {
    await arrive({ before: NO_WAY_FOR_SOUND });
    await person.press('Join with sound');
    const [, number, keys] = /^tel:(\+\d+),,(.*)$/.exec(decodeURIComponent(await isOffered('blocks the sound'))) ?? [];
    const phone = await bench.baresip({ tone: TONES[2], user: '4930123456', displayName: 'Ada’s phone' });
    await phone.dial(`sip:${number}@127.0.0.1:${running.port}`);
    await phone.established();
    await phone.keys(keys!);
    await person.sees('Ada’s phone', 'Phone');
    await person.sees('Ada’s phone', 'Speaking');
  });
});
