/** A browser whose network lets nothing through but a relay: coturn, with credentials made for each join. */
import { expect } from 'chai';
import { TONES } from '../helpers/tones.ts';
import type { Running } from '../paired/bridge/running-service.ts';
import { TurnServer } from '../peers/index.ts';
import { PagePerson } from './page-person.ts';
import { runWithPages } from './running-pages.ts';

const SECRET = 'a-secret-the-relay-knows';
const [ADA, BEA] = [TONES[0], TONES[2]];
/** Where a browser may use nothing but relays (RTCConfiguration, WebRTC section 4.2.3). */
const RELAY_ONLY = `
  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(configuration) { super({ ...configuration, iceTransportPolicy: 'relay' }); }
  };`;

describe('a browser that needs a relay', function () {
  this.timeout(90_000);
  let turn: TurnServer;
  let running: Running;
  const people: PagePerson[] = [];

  before(async () => {
    turn = await TurnServer.start(SECRET);
    running = await runWithPages({ turnUrls: [turn.url], turnSecret: SECRET });
  });
  after(async () => {
    await running.stop();
    await turn.stop();
  });
  afterEach(async () => {
    for (const person of people.splice(0)) await person.close();
  });

  it('hears and is heard through coturn, by a credential that ends', async () => {
    const meeting = await running.conference();
    const url = `http://127.0.0.1:${running.service.httpPort}`;
    const ada = await PagePerson.join({ url, code: meeting.guestCode, name: 'Ada', tone: ADA, before: RELAY_ONLY });
    people.push(ada);
    const bea = await PagePerson.join({ url, code: meeting.guestCode, name: 'Bea', tone: BEA });
    people.push(bea);
    await Promise.all([ada.untilHeard([BEA]), bea.untilHeard([ADA])]);
    const kinds = await ada.page.evaluate<string[]>(`(async () => {
      const stats = [...(await window.testSound.connections.at(-1).getStats()).values()];
      const pair = stats.find((each) => each.type === 'candidate-pair' && each.nominated && each.state === 'succeeded');
      return stats.filter(({ id }) => id === pair.localCandidateId).map(({ candidateType }) => candidateType);
    })()`);
    expect(kinds).to.deep.equal(['relay']);
    expect(turn.log).to.match(/user <\d+:[0-9a-f-]+>.*processed, success/);
  });
});
