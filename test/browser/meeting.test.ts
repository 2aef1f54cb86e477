/** The service as a user starts it: people at browsers and on telephones in one conference. */
import { expect } from 'chai';
import type { ConferenceView } from '../../config/contract/index.ts';
import { TONES, tonesHeard } from '../helpers/tones.ts';
import { Service, useBench, type Baresip } from '../peers/index.ts';
import { PagePerson } from './page-person.ts';

const [ADA, BEA, KONRAD] = [TONES[0], TONES[2], TONES[4]];

describe('a meeting by browser and telephone', function () {
  this.timeout(90_000);
  const bench = useBench();
  let service: Service;
  let conference: Required<ConferenceView>;
  let url: string;
  const people: PagePerson[] = [];

  before('start the service', async () => {
    service = await Service.start();
    url = `http://127.0.0.1:${service.httpPort}`;
  });
  after('stop the service', async () => service.stop());
  beforeEach(async () => {
    conference = await service.createConference('Weekly');
  });
  afterEach('everybody goes, and no page has broken its own rules', async () => {
    const faults = people.flatMap((person) => person.faults);
    for (const person of people.splice(0)) await person.close();
    expect(faults).to.deep.equal([]);
  });

  async function join(name: string, tone: number, code: string): Promise<PagePerson> {
    const person = await PagePerson.join({ name, url, code, tone });
    people.push(person);
    return person;
  }

  async function dial(tone: number, code: string): Promise<Baresip> {
    const phone = await bench.baresip({ tone, user: '493012345678', displayName: 'Konrad' });
    await phone.dial(service.uri);
    await phone.established();
    await phone.keys(`${code}#`);
    return phone;
  }

  it('is one room: two browsers and a phone hear each other, see each other, and not themselves', async () => {
    const ada = await join('Ada', ADA, conference.hostCode);
    const bea = await join('Bea', BEA, conference.guestCode);
    const konrad = await dial(KONRAD, conference.guestCode);
    await ada.untilHeard([BEA, KONRAD], 20_000);
    await bea.untilHeard([ADA, KONRAD], 20_000);
    await konrad.listenUntil((sound) => tonesHeard(sound).join() === [ADA, BEA].join());
    for (const person of [ada, bea]) {
      expect(await person.names()).to.deep.equal(['Ada', 'Bea', 'Konrad']);
      await person.sees('Konrad', 'Phone •••••••••678');
      await person.sees('Konrad', 'Speaking');
    }
    await konrad.hangUp();
    await ada.seesNo('Konrad');
    await ada.untilHeard([BEA]);
    await bea.press('Leave');
    await bea.says('You have left');
    await ada.seesNo('Bea');
    expect(await ada.names()).to.deep.equal(['Ada']);
  });

  it('takes keys of the page as those of a telephone', async () => {
    const ada = await join('Ada', ADA, conference.hostCode);
    await ada.press('Keypad');
    for (const key of ['star', '6']) await ada.press(key);
    await ada.sees('Ada', 'Muted');
    await ada.page.keyboard.press('Escape');
    await ada.press('Unmute');
    await ada.says('Everybody can hear you.');
  });
});
