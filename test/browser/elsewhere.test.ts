/** One person has one line: the page whose sound another line has taken over says so, and takes nothing back by itself. */
import { expect } from 'chai';
import { TONES } from '../helpers/tones.ts';
import type { Caller } from '../paired/bridge/caller.ts';
import type { Meeting, Running } from '../paired/bridge/running-service.ts';
import { PagePerson } from './page-person.ts';
import { runWithPages } from './running-pages.ts';

const [ADA, BEA, PHONE] = [TONES[0], TONES[2], TONES[4]];
/** Longer than a softphone waits before it calls again. */
const LOOKS = 6;

describe('the sound of one person', function () {
  this.timeout(90_000);
  let running: Running;
  let meeting: Meeting;
  let ada: PagePerson;
  let bea: PagePerson;
  let code: string;
  const people: PagePerson[] = [];

  before(async () => (running = await runWithPages()));
  after(async () => running.stop());
  beforeEach('an invitee and a host by browser', async () => {
    meeting = await running.conference({ announce: 'silent' });
    const made = await running.service.store.invitees.create({
      ...{ tenantId: 'default', conferenceId: meeting.id, name: 'Ada', role: 'guest', by: 'test' },
    });
    code = made.personalCode;
    ada = await join('Ada', ADA, code);
    bea = await join('Bea', BEA, meeting.hostCode);
    await bea.untilHeard([ADA]);
  });
  afterEach(async () => {
    const faults = people.flatMap((person) => person.faults);
    for (const person of people.splice(0)) await person.close();
    expect(faults).to.deep.equal([]);
  });

  async function join(name: string, tone: number, with_: string): Promise<PagePerson> {
    const url = `http://127.0.0.1:${running.service.httpPort}`;
    const person = await PagePerson.join({ name, url, code: with_, tone });
    people.push(person);
    return person;
  }

  async function dialIn(): Promise<Caller> {
    const phone = await running.phone();
    await phone.connect(running.port, PHONE);
    phone.press(`${code}#`);
    await ada.untilSound('elsewhere');
    await bea.untilHeard([PHONE]);
    return phone;
  }

  async function staysSo(tones: readonly number[]): Promise<void> {
    for (let look = 0; look < LOOKS; look += 1) expect(await bea.chromium.tonesHeard()).to.deep.equal(tones);
  }

  it('stays on the telephone with which they dial in, until they take it back on the page', async () => {
    const phone = await dialIn();
    await ada.says('Your sound is on your telephone now');
    await ada.says('Sound on another line');
    await ada.sees('Ada', 'Phone');
    await staysSo([PHONE]);
    expect(phone.wasLetGo).to.equal(false);
    expect(await bea.names()).to.deep.equal(['Ada', 'Bea']);
    await ada.press('Mute');
    await bea.untilHeard([]);
    await ada.press('Unmute');
    await bea.untilHeard([PHONE]);
    await ada.press('Take the sound back');
    await ada.untilSound('in-call');
    await phone.letGo();
    await Promise.all([bea.untilHeard([ADA]), ada.untilHeard([BEA])]);
    await ada.sees('Ada', 'Browser');
    expect(await bea.names()).to.deep.equal(['Ada', 'Bea']);
  });

  it('is left on the telephone by a page that is loaded anew, and is there to be had once that has hung up', async () => {
    const phone = await dialIn();
    await ada.page.reload();
    await ada.untilSound('elsewhere');
    await ada.says('Your sound is on your telephone now');
    await staysSo([PHONE]);
    await phone.hangUp();
    await ada.says('You have no sound now');
    await bea.untilHeard([]);
    await ada.press('Take the sound back');
    await bea.untilHeard([ADA]);
  });

  it('is left on the telephone when the page comes back from a network that was away', async () => {
    const { context } = ada.chromium;
    await context.setOffline(true);
    await ada.page.evaluate('window.testSound.connections.at(-1).close()');
    await ada.untilSound('reconnecting');
    const phone = await running.phone();
    await phone.connect(running.port, PHONE);
    phone.press(`${code}#`);
    await bea.untilHeard([PHONE]);
    await context.setOffline(false);
    await ada.untilSound('elsewhere');
    await staysSo([PHONE]);
    await phone.hangUp();
  });

  it('does not go to and fro between a tab and its copy', async () => {
    const [copy] = await Promise.all([
      ada.chromium.context.waitForEvent('page'),
      ada.page.evaluate('void window.open(location.href)'),
    ]);
    await ada.untilSound('elsewhere');
    await ada.says('Your sound is on another page of yours now');
    await copy.locator('[data-phone="in-call"]').waitFor();
    await bea.untilHeard([ADA]);
    const callId = async () => (await meeting.room())?.participants.find(({ name }) => name === 'Ada')?.leg?.callId;
    const before = await callId();
    await staysSo([ADA]);
    expect(await callId()).to.equal(before);
    expect(await bea.names()).to.deep.equal(['Ada', 'Bea']);
    expect(await copy.locator('[data-phone="in-call"]').count()).to.equal(1);
  });
});
