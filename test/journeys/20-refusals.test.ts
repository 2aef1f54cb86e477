/** Callers who do not get in: they are told politely, told nothing, or told by a status. */
import { expect } from 'chai';
import { connect } from 'node:net';
import { level } from '../helpers/tones.ts';
import { Service, scenarios, Sipp, useBench } from '../peers/index.ts';

const PEER_HUNG_UP = 'Connection reset by peer';
/** Three prompts and a goodbye, spoken. */
const SPOKEN_MS = 60_000;

/** What comes back in a second, or until the other side closes. */
async function sayOverTcp(from: string, port: number, text: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, localAddress: from });
  let heard = '';
  socket.setEncoding('utf8').on('data', (data: string) => (heard += data));
  socket.on('error', () => undefined); // a reset is no answer either
  socket.write(text);
  socket.setTimeout(1_000, () => socket.destroy());
  await new Promise((resolve) => socket.once('close', resolve));
  return heard;
}

describe('callers who do not get in', function () {
  this.timeout(90_000);
  const bench = useBench();
  let service: Service;
  let ended = 0;

  before('start the service', async () => {
    service = await Service.start({
      environment: { PARTYLINE_TRUSTED_SOURCES: '127.0.0.1/32', PARTYLINE_CODE_TIMEOUT_SECONDS: '1' },
    });
    await service.createConference('Weekly');
  });
  after('stop the service', async () => service.stop());
  beforeEach(() => (ended = service.endings.length));

  /** The reason of the one call that ended in this test. */
  async function reason(): Promise<string | undefined> {
    return (await service.callsEnded(ended + 1)).at(-1);
  }

  it('tells a wrong code politely, three times, then lets the caller go', async () => {
    const alice = await bench.baresip();
    await alice.dial(service.uri);
    await alice.established();
    for (const code of ['111111111#', '222222222#', '333333333#']) await alice.keys(code);
    expect(await alice.closed(SPOKEN_MS)).to.equal(PEER_HUNG_UP);
    expect(level(await alice.heard()), 'something was said').to.be.greaterThan(-40);
    expect(await reason()).to.equal('no-valid-code');
  });

  it('lets callers go who key nothing, whether their phone sends sound or nothing at all', async () => {
    const alice = await bench.baresip();
    const silent = await bench.sipp({
      scenario: scenarios.isLetGo('', SPOKEN_MS),
      target: service.sipTarget,
      timeoutSeconds: SPOKEN_MS / 1_000,
    });
    await alice.dial(service.uri);
    await alice.established();
    expect(await alice.closed(SPOKEN_MS)).to.equal(PEER_HUNG_UP);
    const outcome = await silent.finished();
    expect(outcome.code, outcome.errors).to.equal(0);
    expect((await service.callsEnded(ended + 2)).slice(ended)).to.deep.equal(['no-digits', 'no-digits']);
  });

  it('does not mind a hang-up in the middle of a prompt', async () => {
    for (const afterMs of [20, 300, 1_500]) {
      const outcome = await Sipp.run({ scenario: scenarios.hangsUpAfter(afterMs), target: service.sipTarget });
      expect(outcome.code, outcome.errors).to.equal(0);
    }
    expect((await service.callsEnded(ended + 3)).slice(ended)).to.deep.equal(Array(3).fill('caller-hung-up'));
  });

  it('answers 488 when there is no common codec', async () => {
    const outcome = await Sipp.run({
      scenario: scenarios.refusedWith(488, { offer: scenarios.G729_OFFER }),
      target: service.sipTarget,
    });
    expect(outcome.code, outcome.errors).to.equal(0);
    expect(await reason()).to.equal('no-common-codec');
  });

  it('says nothing to strangers', async () => {
    const outcome = await Sipp.run({
      scenario: scenarios.unanswered(2_500),
      target: service.sipTarget,
      address: '127.0.0.2',
    });
    expect(outcome.code, outcome.errors).to.equal(0);
    const heardOverTcp = await sayOverTcp('127.0.0.2', service.sipPort, 'OPTIONS sip:x@127.0.0.1 SIP/2.0\r\n\r\n');
    expect(heardOverTcp).to.equal('');
    expect(service.endings.length, 'no call was begun').to.equal(ended);
  });

  it('answers 487 to a caller who gives up during an early greeting', async () => {
    const early = await bench.service({ environment: { PARTYLINE_EARLY_GREETING: 'true' } });
    const outcome = await Sipp.run({ scenario: scenarios.cancelsAfter(300), target: early.sipTarget });
    expect(outcome.code, outcome.errors).to.equal(0);
    expect(await early.callsEnded(1)).to.deep.equal(['caller-cancelled']);
  });

  it('still takes a good caller after all that', async () => {
    const meeting = await service.createConference('After');
    const alice = await bench.baresip();
    await alice.dial(service.uri);
    await alice.established();
    await alice.keys(`${meeting.guestCode}#`);
    await service.participants(meeting.id, 1);
  });
});
