/**
 * A waiting room, and what can be done to one leg: music for one who neither hears the room nor is heard in it, before or in
 * the conference; sounds that end both ways; who is muted or louder outside of any conference; recordings of one leg.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openBench, pause, until, type Bench } from '../helpers/bench.ts';
import type { Endpoint, EslEvent } from '../helpers/fsmrf-client.ts';
import { level, tonesHeard, TONES } from '../helpers/tones.ts';
import type { Telephone } from '../helpers/telephone.ts';
import { readWav } from '../helpers/wav.ts';

interface Party {
  readonly phone: Telephone;
  readonly endpoint: Endpoint;
}

/** Softer than a phone's tone and louder than comfort noise. */
const MUSIC_DB = -35;
const [A, B, C] = TONES;

describe('waiting room', function () {
  this.timeout(30_000);
  let bench: Bench;
  let folder: string;
  let room: string;
  let rooms = 0;
  const parties: Party[] = [];
  const stopped: EslEvent[] = [];

  async function call(tone: number): Promise<Party> {
    const phone = await bench.phone();
    const endpoint = new Promise<Endpoint>((resolve, reject) => {
      bench.onInvite = (request, response) => {
        bench.mediaServer.connectCaller(request, response).then((pair) => resolve(pair.endpoint), reject);
      };
    });
    await phone.dial(bench.sipPort);
    phone.talk(tone);
    const party = { phone, endpoint: await endpoint };
    parties.push(party);
    return party;
  }

  const api = (command: string): Promise<string> => bench.mediaServer.api(command);
  const conference = (command: string): Promise<string> => api(`conference ${room} ${command}`);
  const idOf = ({ endpoint }: Party): number => endpoint.conf.memberId!;

  /** Something that is none of the phones' tones. */
  async function untilHearsMusic({ phone }: Party): Promise<void> {
    await until(
      'music is heard, and no tone',
      async () => {
        const heard = await phone.rtp.hear(400);
        return { tones: tonesHeard(heard, [A, B, C], -30), level: Math.round(level(heard)) };
      },
      (heard) => heard.tones.length === 0 && heard.level > MUSIC_DB,
    );
  }

  async function untilHearsNothing({ phone }: Party): Promise<void> {
    await until(
      'nothing is heard',
      async () => Math.round(level(await phone.rtp.hear(200))),
      (heard) => heard < -55,
    );
  }

  before(async function () {
    bench = await openBench(this);
    folder = await mkdtemp(join(tmpdir(), 'waiting-'));
    const { conn } = bench.mediaServer;
    conn.on('esl::event::CUSTOM::*', (event: EslEvent) => {
      if (event.getHeader('Action') === 'play-file-member-done') stopped.push(event);
    });
    await new Promise<void>((done) => conn.subscribe(['HEARTBEAT', 'CUSTOM', 'conference::maintenance'], done));
  });
  after(async () => {
    await bench.close();
    await rm(folder, { recursive: true });
  });
  beforeEach(() => (room = `waiting-${Date.now()}-${++rooms}`));
  afterEach(async () => {
    for (const { phone, endpoint } of parties.splice(0)) {
      await phone.hangUp();
      await api(`uuid_kill ${endpoint.uuid}`);
    }
  });

  it('plays music without end to one who is muted and deaf; nobody else hears it, nor the waiter the room', async () => {
    const [alice, bob] = [await call(A), await call(B)];
    await alice.endpoint.join(room);
    await bob.endpoint.join(room, { flags: { mute: true, deaf: true } });
    expect(await conference(`play local_stream://moh ${idOf(bob)}`)).to.equal(
      `+OK (play) Playing file local_stream://moh to member ${idOf(bob)}\n`,
    );
    await untilHearsMusic(bob);
    await untilHearsNothing(alice);
    expect(await conference(`stop all ${idOf(bob)}`)).to.equal('+OK Stopped 1 files.\n');
    await untilHearsNothing(bob);
    await until(
      'the end of the music is told',
      () => stopped.map((event) => event.getHeader('Member-ID')),
      (ids) => ids.includes(String(idOf(bob))),
    );
    await conference(`undeaf ${idOf(bob)}`);
    await conference(`unmute ${idOf(bob)}`);
    await Promise.all([bob.phone.untilHears([A]), alice.phone.untilHears([B])]);
  });

  it('plays music to each of several waiters, and to each alone', async () => {
    const [alice, bob] = [await call(A), await call(B)];
    for (const party of [alice, bob]) {
      await party.endpoint.join(room, { flags: { mute: true, deaf: true } });
      await conference(`play local_stream://moh ${idOf(party)}`);
    }
    await Promise.all([untilHearsMusic(alice), untilHearsMusic(bob)]);
    await conference(`stop all ${idOf(alice)}`);
    await untilHearsNothing(alice);
    await untilHearsMusic(bob);
  });

  it('plays something over the room or, with nomux, instead of it', async () => {
    const [alice, bob] = [await call(A), await call(B)];
    await alice.endpoint.join(room);
    await bob.endpoint.join(room);
    const tone = `tone_stream://%(20000,0,${C})`;
    await conference(`play ${tone} ${idOf(bob)}`);
    await bob.phone.untilHears([A, C]);
    await conference(`stop all ${idOf(bob)}`);
    await bob.phone.untilHears([A]);
    await conference(`play ${tone} ${idOf(bob)} nomux`);
    await bob.phone.untilHears([C]);
    await alice.phone.untilHears([B]);
  });

  it('plays music to a parked leg until it is broken off; the room comes afterwards', async () => {
    const [alice, bob] = [await call(A), await call(B)];
    await alice.endpoint.join(room);
    const playing = bob.endpoint.play('local_stream://moh').catch(() => undefined);
    await untilHearsMusic(bob);
    expect(await api(`uuid_break ${bob.endpoint.uuid}`)).to.equal('+OK\n');
    await playing;
    await untilHearsNothing(bob);
    await bob.endpoint.join(room);
    await Promise.all([bob.phone.untilHears([A]), alice.phone.untilHears([B])]);
  });

  it('holds a sound up while its leg is in a conference, and lets it go on afterwards', async () => {
    const [alice, bob] = [await call(A), await call(B)];
    await alice.endpoint.join(room);
    const playing = bob.endpoint.play(`tone_stream://%(20000,0,${C})`).catch(() => undefined);
    await bob.phone.untilHears([C]);
    await bob.endpoint.join(room);
    await Promise.all([bob.phone.untilHears([A]), alice.phone.untilHears([B])]);
    await conference(`kick ${idOf(bob)}`);
    await bob.phone.untilHears([C]);
    await api(`uuid_break ${bob.endpoint.uuid}`);
    await playing;
    await untilHearsNothing(bob);
  });

  it('lets a sound that is sent to a leg interrupt the room for it, both ways', async () => {
    const [alice, bob] = [await call(A), await call(B)];
    await alice.endpoint.join(room);
    await bob.endpoint.join(room);
    await alice.phone.untilHears([B]);
    await api(`uuid_broadcast ${bob.endpoint.uuid} tone_stream://%(3000,0,${C}) aleg`);
    await bob.phone.untilHears([C]);
    await untilHearsNothing(alice);
    await Promise.all([bob.phone.untilHears([A]), alice.phone.untilHears([B])]);
  });

  it('mutes a leg towards the room and towards itself, whatever the conference thinks', async () => {
    const [alice, bob] = [await call(A), await call(B)];
    await alice.endpoint.join(room);
    await bob.endpoint.join(room);
    await alice.phone.untilHears([B]);
    expect(await api(`uuid_audio ${bob.endpoint.uuid} start read mute 1`)).to.equal('+OK\n');
    await untilHearsNothing(alice);
    await bob.phone.untilHears([A]);
    expect(await api(`uuid_audio ${bob.endpoint.uuid} start write mute 1`)).to.equal('+OK\n');
    await untilHearsNothing(bob);
    expect(await api(`uuid_audio ${bob.endpoint.uuid} stop`)).to.equal('+OK\n');
    await Promise.all([bob.phone.untilHears([A]), alice.phone.untilHears([B])]);
    expect(await api(`uuid_audio ${bob.endpoint.uuid} start`)).to.match(/^-USAGE: <uuid> \[start/);
  });

  it('makes a leg softer before the conference hears it', async () => {
    const [alice, bob] = [await call(A), await call(B)];
    await alice.endpoint.join(room);
    await bob.endpoint.join(room);
    await alice.phone.untilHears([B]);
    const loud = level(await alice.phone.rtp.hear(200));
    expect(await api(`uuid_audio ${bob.endpoint.uuid} start read level -4`)).to.equal('+OK\n');
    await until(
      'bob is softer by 14 dB',
      async () => loud - level(await alice.phone.rtp.hear(200)),
      (difference) => Math.abs(difference - 14) < 2,
    );
  });

  it('records what a leg says and hears', async () => {
    const [alice, bob] = [await call(A), await call(B)];
    await alice.endpoint.join(room);
    await bob.endpoint.join(room);
    await Promise.all([bob.phone.untilHears([A]), alice.phone.untilHears([B])]);
    const path = join(folder, 'leg.wav');
    expect(await api(`uuid_record ${bob.endpoint.uuid} start ${path}`)).to.equal('+OK Success\n');
    await pause(1_200);
    expect(await api(`uuid_record ${bob.endpoint.uuid} stop ${path}`)).to.equal('+OK Success\n');
    const recorded = await until(
      'the file is whole',
      () => readWav(path).catch(() => undefined),
      (wav) => wav !== undefined && wav.samples.length > 8 * 800,
    );
    expect(tonesHeard(recorded!, [A, B, C])).to.deep.equal([A, B]);
    expect(await api(`uuid_record ${bob.endpoint.uuid} stop /nowhere.wav`)).to.equal(
      '-ERR Cannot stop record session!\n',
    );
  });

  it('records a conference whole, and nothing while it is paused', async () => {
    const [alice, bob] = [await call(A), await call(B)];
    await alice.endpoint.join(room);
    await bob.endpoint.join(room);
    await Promise.all([bob.phone.untilHears([A]), alice.phone.untilHears([B])]);
    const path = join(folder, 'mix.wav');
    await conference(`recording start ${path}`);
    await pause(1_000);
    await conference(`recording pause ${path}`);
    alice.phone.talk(C);
    await bob.phone.untilHears([C]);
    await pause(300);
    alice.phone.talk(A);
    await bob.phone.untilHears([A]);
    await conference(`recording resume ${path}`);
    await pause(500);
    await conference(`recording stop ${path}`);
    const recorded = await until(
      'the file is whole',
      () => readWav(path).catch(() => undefined),
      (wav) => wav !== undefined && wav.samples.length > 8 * 900,
    );
    expect(tonesHeard(recorded!, [A, B, C])).to.deep.equal([A, B]);
  });
});
