/**
 * Two people with Chromium and sip.js, one with a telephone, in one room: each hears the others and not itself. Unmodified
 * drachtio-srf and drachtio-fsmrf between them and the servers.
 */
import { expect } from 'chai';
import { openBench, subjectName, until, type Bench } from '../helpers/bench.ts';
import type { Endpoint } from '../helpers/fsmrf-client.ts';
import { skipBecause } from '../helpers/skip.ts';
import type { SrfDialog } from '../helpers/srf-client.ts';
import { tonesHeard } from '../helpers/tones.ts';
import { Chromium } from '../peers/index.ts';
import { servePage, type PageServer } from './page-server.ts';

const ROOM = 'browsers';

describe(`browsers in a room (${subjectName()})`, function () {
  this.timeout(60_000);
  let bench: Bench;
  let pages: PageServer;
  const people: Chromium[] = [];
  let one: Chromium;
  let other: Chromium;
  const legs: { endpoint: Endpoint; dialog: SrfDialog }[] = [];
  const digits: string[] = [];

  before(async function () {
    bench = await openBench(this);
    if (bench.webSocketPort === undefined) skipBecause(this, 'the real drachtio-server has no ws listener');
    pages = await servePage(new URL('./page/softphone.mjs', import.meta.url));
    bench.onInvite = (request, response) => {
      void bench.mediaServer.connectCaller(request, response).then(({ endpoint, dialog }) => {
        legs.push({ endpoint, dialog });
        dialog.on('destroy', () => void endpoint.destroy());
        dialog.on('modify', (offer: { body: string }, answer: { send(status: number, o: object): void }) => {
          void endpoint.modify(offer.body).then(() => answer.send(200, { body: endpoint.local.sdp }));
        });
        endpoint.on('dtmf', ({ dtmf }: { dtmf: string }) => digits.push(dtmf));
        return endpoint.join(ROOM);
      });
    };
  });
  after(async () => {
    for (const person of people) await person.close();
    await pages.close();
    await bench.close();
  });

  async function person(tone: number): Promise<Chromium> {
    const chromium = await Chromium.launch({ tone });
    people.push(chromium);
    const page = await chromium.open(pages.url);
    await page.evaluate(`softphone.connect('ws://127.0.0.1:${bench.webSocketPort}')`);
    await page.evaluate(`softphone.call('sip:room@127.0.0.1')`);
    return chromium;
  }

  it('hear each other and a telephone, and not themselves', async () => {
    [one, other] = await Promise.all([person(440), person(830)]);
    const phone = await bench.phone();
    await phone.dial(bench.sipPort);
    phone.talk(1_330);
    await one.untilHeard([830, 1_330]);
    await other.untilHeard([440, 1_330]);
    await until(
      'the phone hears both',
      async () => tonesHeard(await phone.rtp.hear(400)).join(),
      (tones) => tones === '440,830',
    );
  });

  it('are put on hold and taken off it by themselves', async () => {
    await one.page.evaluate('softphone.hold(true)');
    await one.untilHeard([]);
    await one.page.evaluate('softphone.hold(false)');
    await other.untilHeard([440, 1_330]);
    await one.untilHeard([830, 1_330]);
  });

  it('stay in the room when they restart ICE, as after a change of network', async () => {
    const ufrag = (): Promise<string> =>
      one.page.evaluate<string>('/ice-ufrag:(.*)/.exec(testSound.connections[0].remoteDescription.sdp)[1]');
    const before = await ufrag();
    await one.page.evaluate('softphone.restartIce()');
    // RFC 8839 section 4.4.3.1; FreeSWITCH keeps its own.
    if (bench.subject === 'embedded') expect(await ufrag()).to.not.equal(before);
    await one.page.evaluate('softphone.untilIceConnected()');
    await other.untilHeard([440, 1_330]);
    await one.untilHeard([830, 1_330]);
    expect(await one.connectionState()).to.equal('connected');
  });

  it('press keys', async () => {
    digits.length = 0;
    await one.page.evaluate(`softphone.press('1#')`);
    await until(
      'two keys',
      () => digits.join(''),
      (keys) => keys === '1#',
    );
  });

  it('leave, and nothing is left of them', async () => {
    await one.page.evaluate('softphone.hangUp()');
    await other.untilHeard([1_330]);
    await Promise.all(legs.filter(({ endpoint }) => endpoint.connected).map(({ endpoint }) => endpoint.destroy()));
    if (bench.embedded) {
      await until(
        'no call is left',
        () => bench.embedded!.counts().freeswitch,
        ({ channels, ports, rooms, dialogs }) => channels + ports + rooms + dialogs === 0,
      );
    }
    expect([...one.failures, ...other.failures]).to.deep.equal([]);
  });
});
