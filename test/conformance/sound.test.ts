/** What is heard: two phones in a conference, who is muted or deaf, sounds for one or for all. */
import { expect } from 'chai';
import { openBench, until, type Bench } from '../helpers/bench.ts';
import type { Endpoint, EslEvent } from '../helpers/fsmrf-client.ts';
import type { Telephone } from '../helpers/telephone.ts';

interface Party {
  readonly phone: Telephone;
  readonly endpoint: Endpoint;
}

describe('sound of a conference', function () {
  this.timeout(30_000);
  let bench: Bench;
  let alice: Party;
  let bob: Party;
  let room: string;
  let rooms = 0;

  async function call(tone: number): Promise<Party> {
    const phone = await bench.phone();
    const endpoint = new Promise<Endpoint>((resolve, reject) => {
      bench.onInvite = (request, response) => {
        bench.mediaServer.connectCaller(request, response).then((pair) => resolve(pair.endpoint), reject);
      };
    });
    await phone.dial(bench.sipPort);
    phone.talk(tone);
    return { phone, endpoint: await endpoint };
  }

  const conference = (command: string): Promise<string> => bench.mediaServer.api(`conference ${room} ${command}`);

  before(async function () {
    bench = await openBench(this);
  });
  after(() => bench.close());

  beforeEach(async () => {
    room = `sound-${++rooms}`;
    alice = await call(440);
    bob = await call(830);
    await alice.endpoint.join(room);
    await bob.endpoint.join(room);
  });
  afterEach(async () => {
    await alice.phone.hangUp();
    await bob.phone.hangUp();
  });

  const idOf = ({ endpoint }: Party): number => endpoint.conf.memberId!;

  it('carries each to the other, and nobody hears himself', async () => {
    await Promise.all([alice.phone.untilHears([830]), bob.phone.untilHears([440])]);
  });

  it('mutes and unmutes', async () => {
    await conference(`mute ${idOf(alice)}`);
    await bob.phone.untilHears([]);
    await alice.phone.untilHears([830]);
    await conference(`unmute ${idOf(alice)}`);
    await bob.phone.untilHears([440]);
  });

  it('makes deaf and hearing', async () => {
    await conference(`deaf ${idOf(alice)}`);
    await alice.phone.untilHears([]);
    await bob.phone.untilHears([440]);
    await conference(`undeaf ${idOf(alice)}`);
    await alice.phone.untilHears([830]);
  });

  it('plays to everybody, and stops', async () => {
    await conference('play tone_stream://%(20000,0,1330)');
    await Promise.all([alice.phone.untilHears([830, 1_330]), bob.phone.untilHears([440, 1_330])]);
    await conference('stop all');
    await Promise.all([alice.phone.untilHears([830]), bob.phone.untilHears([440])]);
  });

  it('plays to one alone, who still hears the others', async () => {
    await conference(`play tone_stream://%(20000,0,1610) ${idOf(alice)}`);
    await alice.phone.untilHears([830, 1_610]);
    expect(await bob.phone.hears()).to.deep.equal([440]);
  });

  it('separates two who relate so, one way', async () => {
    await conference(`relate ${idOf(alice)} ${idOf(bob)} nospeak`);
    await bob.phone.untilHears([]);
    await alice.phone.untilHears([830]);
    await conference(`relate ${idOf(alice)} ${idOf(bob)} clear`);
    await bob.phone.untilHears([440]);
  });

  it('takes out of the room whoever is kicked; the other hears nobody', async () => {
    await conference(`kick ${idOf(alice)}`);
    await bob.phone.untilHears([]);
    await until(
      'one member',
      () => conference('list count'),
      (count) => count.trim() === '1',
    );
  });

  it('tells who talks', async () => {
    const said: string[] = [];
    bench.mediaServer.conn.on('esl::event::CUSTOM::*', (event: EslEvent) => {
      if (event.getHeader('Conference-Name') !== room) return;
      said.push(`${event.getHeader('Action')} ${event.getHeader('Member-ID')}`);
    });
    await new Promise<void>((done) => bench.mediaServer.conn.subscribe(['CUSTOM', 'conference::maintenance'], done));
    await bob.phone.untilHears([440]);
    alice.phone.talk(0);
    await until(
      'alice has stopped',
      () => said,
      (list) => list.includes(`stop-talking ${idOf(alice)}`),
    );
    alice.phone.talk(440);
    await until(
      'alice talks',
      () => said,
      (list) => list.includes(`start-talking ${idOf(alice)}`),
    );
  });

  it('changes how loud one is heard', async () => {
    await bob.phone.untilHears([440]);
    await conference(`volume_in ${idOf(alice)} -4`);
    const level = async (): Promise<number> => {
      const { samples } = await bob.phone.rtp.hear(200);
      return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
    };
    await until('alice is quiet', level, (quiet) => quiet > 0 && quiet < 2_000);
  });

  it('does not let be heard who is on hold; he hears on', async () => {
    await conference(`hold ${idOf(alice)}`);
    await bob.phone.untilHears([]);
    await alice.phone.untilHears([830]);
    await conference(`unhold ${idOf(alice)}`);
    await bob.phone.untilHears([440]);
  });
});
