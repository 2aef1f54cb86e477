/** A host at a browser does everything a host can to somebody on the phone; a host on the phone does it to the browser. */
import { expect } from 'chai';
import type { ConferencePolicy } from '../../config/contract/index.ts';
import { TONES, tonesHeard } from '../helpers/tones.ts';
import type { Meeting, Running } from '../paired/bridge/running-service.ts';
import { useBench, type Baresip } from '../peers/index.ts';
import { PagePerson } from './page-person.ts';
import { runWithPages } from './running-pages.ts';

const [ADA, KONRAD, ZOE] = [TONES[0], TONES[2], TONES[4]];
const heard = (...tones: number[]) => tones.join();

describe('a host at a browser', function () {
  this.timeout(90_000);
  const bench = useBench();
  let running: Running;
  let meeting: Meeting;
  const people: PagePerson[] = [];

  before(async () => (running = await runWithPages()));
  after(async () => running.stop());
  afterEach(async () => {
    const faults = people.flatMap((person) => person.faults);
    for (const person of people.splice(0)) await person.close();
    expect(faults).to.deep.equal([]);
  });

  async function join(name: string, code: string, tone: number): Promise<PagePerson> {
    const url = `http://127.0.0.1:${running.service.httpPort}`;
    const person = await PagePerson.join({ name, url, code, tone });
    people.push(person);
    return person;
  }

  async function dial(code: string, tone: number, displayName: string): Promise<Baresip> {
    const phone = await bench.baresip({ tone, user: '4930123456', displayName });
    await phone.dial(`sip:1000@127.0.0.1:${running.port}`);
    await phone.established();
    await phone.keys(`${code}#`);
    return phone;
  }

  /** Ada hosts at a browser; Konrad is a guest on the phone. */
  async function two(policy: Partial<ConferencePolicy> = {}): Promise<{ ada: PagePerson; konrad: Baresip }> {
    meeting = await running.conference(policy);
    const ada = await join('Ada', meeting.hostCode, ADA);
    const konrad = await dial(meeting.guestCode, KONRAD, 'Konrad');
    return { ada, konrad };
  }

  const hears = (phone: Baresip, ...tones: number[]) =>
    phone.listenUntil((sound) => tonesHeard(sound).join() === heard(...tones));

  it('mutes one and all, and gives them their voices back', async () => {
    const { ada, konrad } = await two();
    await ada.untilHeard([KONRAD]);
    await ada.choose('Konrad', 'Mute');
    await ada.sees('Konrad', 'Muted by a host');
    await ada.untilHeard([]);
    await ada.choose('Konrad', 'Unmute');
    await ada.untilHeard([KONRAD]);
    await ada.press('Mute all');
    await ada.sees('Konrad', 'Muted by a host');
    await ada.untilHeard([]);
    await hears(konrad, ADA);
    await ada.press('Unmute all');
    await ada.untilHeard([KONRAD]);
  });

  it('sees and hears what people on the phone do for themselves', async () => {
    const { ada, konrad } = await two();
    await ada.untilHeard([KONRAD]);
    await konrad.keys('*6');
    await ada.row('Konrad').getByText('Muted', { exact: true }).first().waitFor();
    await ada.untilHeard([]);
    await konrad.keys('*9');
    await ada.says('Raised hands (1)');
    await ada.sees('Konrad', 'Hand up, number 1');
    await konrad.keys('*6');
    await ada.untilHeard([KONRAD]);
    await konrad.keys('*9');
    await ada.page.getByText('Raised hands').waitFor({ state: 'detached' });
  });

  it('changes who may speak, and calls on hands in their order', async () => {
    const { ada, konrad } = await two();
    await ada.untilHeard([KONRAD]);
    await ada.page.locator('label', { hasText: 'Questions' }).click();
    await ada.sees('Konrad', 'Listening');
    await ada.untilHeard([]);
    await konrad.keys('*9');
    await ada.says('Raised hands (1)');
    await ada.sees('Konrad', 'Waiting to be called on');
    await ada.press('Let speak Konrad');
    await ada.untilHeard([KONRAD]);
    await ada.page.locator('label', { hasText: 'Presentation' }).click();
    await ada.untilHeard([]);
    await ada.page.locator('label', { hasText: 'Conversation' }).click();
    await ada.untilHeard([KONRAD]);
    await konrad.keys('*9');
    await ada.press('Lower the hand of Konrad');
    await ada.page.getByText('Raised hands').waitFor({ state: 'detached' });
  });

  it('locks and opens the conference', async () => {
    const { ada, konrad } = await two();
    await hears(konrad, ADA);
    await ada.page.getByRole('switch', { name: 'Locked' }).press('Space');
    await ada.page.getByText('Locked', { exact: true }).first().waitFor();
    const late = await dial(meeting.guestCode, ZOE, 'Zoe');
    await late.closed();
    await ada.page.getByRole('switch', { name: 'Locked' }).press('Space');
    await dial(meeting.guestCode, ZOE, 'Zoe');
    await ada.sees('Zoe', 'Phone');
    await hears(konrad, ADA, ZOE);
  });

  it('lets in whoever waits, one by one and all, and turns away', async () => {
    const { ada, konrad } = await two({ waitingRoom: 'admit' });
    await ada.says('Waiting to be let in (1)');
    await ada.untilHeard([]);
    await ada.press('Admit Konrad');
    await ada.untilHeard([KONRAD]);
    await hears(konrad, ADA);
    const zoe = await dial(meeting.guestCode, ZOE, 'Zoe');
    await ada.press('Turn away Zoe');
    await zoe.closed();
    const browser = join('Bea', meeting.guestCode, ZOE);
    await ada.says('Waiting to be let in (1)');
    await dial(meeting.guestCode, TONES[1], 'Max');
    await ada.says('Waiting to be let in (2)');
    await ada.press('Admit all');
    const bea = await browser;
    await bea.sees('Max', 'Phone');
    await ada.untilHeard([TONES[1], KONRAD, ZOE].sort((a, b) => a - b));
  });

  it('renames a caller, and puts them on a hold that is one', async () => {
    const { ada, konrad } = await two();
    await hears(konrad, ADA);
    await ada.choose('Konrad', 'Rename …');
    await ada.page.getByRole('textbox', { name: 'Name' }).fill('<b>Konrad</b> Zuse');
    await ada.press('Rename');
    await ada.sees('<b>Konrad</b> Zuse', 'Phone');
    await ada.choose('<b>Konrad</b> Zuse', 'Put on hold');
    await ada.sees('<b>Konrad</b> Zuse', 'On hold');
    await ada.untilHeard([]);
    await konrad.listenUntil((sound) => !tonesHeard(sound).includes(ADA));
    await ada.choose('<b>Konrad</b> Zuse', 'Back from hold');
    await ada.untilHeard([KONRAD]);
    await hears(konrad, ADA);
  });

  it('removes somebody with a reason that is spoken', async () => {
    const { ada, konrad } = await two();
    await ada.untilHeard([KONRAD]);
    await ada.choose('Konrad', 'Remove …');
    await ada.page.getByRole('radio', { name: 'Noise on the line' }).check();
    await ada.press('Remove');
    await konrad.closed();
    await ada.seesNo('Konrad');
    expect(running.lines('call ended').at(-1)?.['termination']).to.include({ reason: 'removed-by-host' });
  });

  it('makes more hosts, and hands the conference over', async () => {
    const { ada, konrad } = await two();
    await ada.sees('Konrad', 'Phone');
    await ada.choose('Konrad', 'Make a host');
    await ada.sees('Konrad', 'Host');
    const bea = await join('Bea', meeting.guestCode, ZOE);
    await ada.choose('Bea', 'Hand over to them …');
    await ada.press('Hand over');
    await ada.page.getByRole('complementary', { name: 'Host controls' }).waitFor({ state: 'detached' });
    await bea.page.getByRole('complementary', { name: 'Host controls' }).waitFor();
    await konrad.keys('*8');
    await bea.page.getByText('Locked', { exact: true }).first().waitFor();
  });

  it('records, pauses and ends the recording, and everybody sees it', async () => {
    const { ada } = await two();
    const bea = await join('Bea', meeting.guestCode, ZOE);
    await ada.press('Start recording');
    for (const person of [ada, bea]) await person.page.getByText('Recording', { exact: true }).waitFor();
    await ada.press('Pause recording');
    for (const person of [ada, bea]) await person.page.getByText('Recording paused').waitFor();
    await ada.press('Resume recording');
    await ada.press('Stop recording');
    await bea.page.getByText('Recording', { exact: true }).waitFor({ state: 'detached' });
  });

  it('changes how people who come and go are told', async () => {
    const { ada } = await two();
    await ada.page.getByLabel('Comings and goings are told').selectOption('Not at all');
    while ((await meeting.room())?.announce !== 'silent') await ada.page.waitForTimeout(20);
  });

  it('leaves without ending, or ends for everybody', async () => {
    const { ada, konrad } = await two();
    const bea = await join('Bea', meeting.hostCode, ZOE);
    await bea.press('Leave or end');
    await bea.page.getByRole('menuitem', { name: 'Leave, and let it go on' }).click();
    await bea.says('You have left');
    await hears(konrad, ADA);
    const guest = await join('Max', meeting.guestCode, ZOE);
    await ada.press('Leave or end');
    await ada.page.getByRole('menuitem', { name: 'End for everybody …' }).click();
    await ada.press('End for everybody');
    for (const person of [ada, guest]) await person.says('The conference is over');
    await konrad.closed();
  });

  it('is muted, moded, locked and let in by a host on the phone as well', async () => {
    meeting = await running.conference({ waitingRoom: 'admit' });
    const host = await dial(meeting.hostCode, KONRAD, 'Konrad');
    await meeting.joined(1);
    const coming = join('Ada', meeting.guestCode, ADA);
    const waiting = async () => (await meeting.room())?.participants.some(({ state }) => state === 'waiting') === true;
    while (!(await waiting())) await new Promise((resolve) => setTimeout(resolve, 20));
    await host.keys('*3');
    const ada = await coming;
    await ada.untilHeard([KONRAD]);
    await host.keys('*8');
    await ada.page.getByText('Locked', { exact: true }).first().waitFor();
    await host.keys('*5');
    await ada.says('Raise your hand to ask something.');
    await host.keys('*5');
    await ada.says('Only hosts can speak just now.');
    await host.keys('*5');
    await ada.says('Everybody can hear you.');
    await hears(host, ADA);
    await host.keys('**2');
    await ada.says('A host has muted you.');
    await hears(host);
    await host.keys('3');
    await ada.says('Everybody can hear you.');
    await host.keys('91');
    await ada.says('The conference is over');
  });
});
