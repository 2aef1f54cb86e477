/** Every key and every policy of a room, with telephones that are not ours; each sentence is a tone of its own here. */
import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ConferencePolicy, ConferenceView } from '../../config/contract/index.ts';
import { frequenciesFor, toneVoice } from '../helpers/tone-voice.ts';
import { Ear, Service, useBench } from '../peers/index.ts';

const [HOST, ANNA, BEN] = [440, 620, 830] as const;
const SAID = [
  ...['tones/join-tone', 'tones/leave-tone', 'tones/hand-tone', 'tones/wait-tone', 'tones/hold-music'],
  ...['en/to-toggle-mute', 'en/to-menu', 'en/now-muted', 'en/now-unmuted', 'en/hand-raised', 'en/hand-lowered'],
  ...['en/people-in-conference-3', 'en/somebody-needs-help', 'en/help-is-asked-for', 'en/not-for-you'],
  ...['en/recording-started', 'en/recording-stopped', 'en/conference-is-recorded', 'en/mode-qa-now'],
  ...['en/mode-presentation-now', 'en/mode-conversation-now', 'en/mode-is-qa', 'en/you-are-called-on'],
  ...['en/locked-now', 'en/unlocked-now', 'en/conference-locked', 'en/you-are-next', 'en/waiting-for-host'],
  ...['en/joining-now', 'en/host-left-wait', 'en/host-left-continues', 'en/host-left-hand-over', 'en/host-is-back'],
  ...['en/you-are-host-now', 'en/conference-ended', 'en/ended-by-host', 'en/muted-by-host', 'en/on-hold'],
  ...['en/off-hold', 'en/removed', 'en/has-joined', 'en/has-left', 'en/menu-of-the-host'],
  ...[
    'en/to-help',
    'en/say-your-name',
    'en/keep-name-or-again',
    'en/leave-without-ending-done',
    'en/recording-resumed',
  ],
  ...['en/everybody-muted', 'en/everybody-unmuted', 'en/announcements-tone', 'en/recording-paused', 'en/menu-back'],
] as const;
type Said = (typeof SAID)[number];
type Person = Ear<Said>;

describe('a room by phone', function () {
  this.timeout(90_000);
  const bench = useBench();
  const frequencies = frequenciesFor(SAID);
  let folder = '';
  let service: Service;
  let phones = 0;

  before('start the service', async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'partyline-voice-'));
    const sounds = await toneVoice(folder, frequencies);
    service = await Service.start({ environment: { PARTYLINE_SOUNDS_DIR: sounds } });
  });
  after('stop the service', async () => {
    await service.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const conference = (policy: Partial<ConferencePolicy>): Promise<Required<ConferenceView>> =>
    service.createConference('Weekly', policy);

  /** Dials and keys the code; what comes of it is heard. */
  async function come(code: string, tone: number): Promise<Person> {
    const phone = await bench.baresip({ tone, user: `4930900${(phones += 1)}` });
    const person: Person = new Ear(phone, frequencies, [HOST, ANNA, BEN]);
    await dial(person, code);
    return person;
  }

  async function dial({ phone }: Person, code: string): Promise<void> {
    await phone.dial(service.uri);
    await phone.established();
    await phone.keys(`${code}#`);
  }

  const all = (people: readonly Person[], ...names: Said[]) => Promise.all(people.map((each) => each.hears(...names)));

  it('obeys everybody’s keys, and tells each what concerns them', async () => {
    const { id, hostCode, guestCode } = await conference({ announce: 'tone' });
    const host = await come(hostCode, HOST);
    await host.hears('tones/join-tone');
    const anna = await come(guestCode, ANNA);
    await Promise.all([host.hears('tones/join-tone'), anna.hears('tones/join-tone'), host.hearsVoices(ANNA)]);
    const ben = await come(guestCode, BEN);
    await Promise.all([host.hears('tones/join-tone'), host.hearsVoices(ANNA, BEN), ben.hearsVoices(HOST, ANNA)]);
    await ben.hears('tones/join-tone');
    const [marked, markedByBen] = [anna.mark, ben.mark];

    await anna.phone.keys('*1');
    await host.phone.keys('*1');
    await Promise.all([
      anna.hears('en/to-toggle-mute', 'en/to-help'),
      host.hears('en/to-toggle-mute', 'en/to-menu', 'en/to-help'),
    ]);
    expect(await anna.saidSince(marked), 'what only hosts can do').to.not.include('en/to-menu');

    await anna.phone.keys('*6');
    await Promise.all([anna.hears('en/now-muted'), host.hearsVoices(BEN)]);
    await anna.phone.keys('*6');
    await Promise.all([anna.hears('en/now-unmuted'), host.hearsVoices(ANNA, BEN)]);
    await anna.phone.keys('*9');
    await Promise.all([anna.hears('en/hand-raised'), host.hears('tones/hand-tone')]);
    await anna.phone.keys('*9');
    await anna.hears('en/hand-lowered');
    await anna.phone.keys('*#');
    await anna.hears('en/people-in-conference-3');
    await anna.phone.keys('*0');
    await Promise.all([anna.hears('en/help-is-asked-for'), host.hears('en/somebody-needs-help')]);
    await anna.phone.keys('*8');
    await anna.hears('en/not-for-you');
    expect((await service.room(id)).locked).to.equal(false);

    const before = await anna.levelOf(HOST);
    await anna.phone.keys('*7*7');
    await anna.levelBecomes(HOST, (level) => level < before - 3);
    await anna.phone.keys('*4*4*4');
    await anna.levelBecomes(HOST, (level) => level > before + 1);

    await anna.phone.hangUp();
    await Promise.all([host.hears('tones/leave-tone'), host.hearsVoices(BEN)]);
    expect(await ben.saidSince(markedByBen), 'of all that').to.deep.equal(['tones/leave-tone']);
  });

  it('obeys the host’s keys, and everybody hears what has changed', async () => {
    const { hostCode, guestCode } = await conference({ announce: 'silent' });
    const [host, anna] = await Promise.all([come(hostCode, HOST), come(guestCode, ANNA)]);
    await Promise.all([host.hearsVoices(ANNA), anna.hearsVoices(HOST)]);
    await host.phone.keys('*2');
    await all([host, anna], 'en/recording-started');
    const ben = await come(guestCode, BEN);
    await Promise.all([ben.hears('en/conference-is-recorded'), host.hearsVoices(ANNA, BEN)]);
    await host.phone.keys('**7');
    await all([host, anna, ben], 'en/recording-paused');
    await host.phone.keys('7');
    await all([host, anna, ben], 'en/recording-resumed');
    await host.phone.keys('#');
    await host.hears('en/menu-back');
    await host.phone.keys('*2');
    await all([host, anna, ben], 'en/recording-stopped');

    await host.phone.keys('*5');
    await all([host, anna, ben], 'en/mode-qa-now');
    // They go on speaking, and are told why nobody hears them.
    await Promise.all([host.hearsVoices(), anna.hears('en/mode-is-qa')]);
    await ben.phone.keys('*9');
    await Promise.all([host.hears('tones/hand-tone'), ben.hears('en/hand-raised')]);
    await anna.phone.keys('*9');
    await host.hears('tones/hand-tone');
    await host.phone.keys('**6#');
    await Promise.all([ben.hears('en/you-are-called-on'), host.hearsVoices(BEN), anna.hearsVoices(HOST, BEN)]);
    await host.phone.keys('*5');
    await all([host, anna, ben], 'en/mode-presentation-now');
    await host.hearsVoices();
    await host.phone.keys('*5');
    await all([host, anna, ben], 'en/mode-conversation-now');
    await host.hearsVoices(ANNA, BEN);

    await host.phone.keys('*8');
    await all([host, anna, ben], 'en/locked-now');
    const late = await come(guestCode, BEN);
    await Promise.all([late.hears('en/conference-locked'), late.phone.closed(15_000)]);
    await host.phone.keys('*8');
    await all([host, anna, ben], 'en/unlocked-now');
    const said = [...(await anna.saidSince(0)), ...(await host.saidSince(0))];
    expect(said, 'comings and goings').to.not.include.members(['tones/join-tone', 'en/has-joined']);
    expect(said).to.not.include.members(['tones/leave-tone', 'en/has-left']);
  });

  it('obeys the host’s menus', async () => {
    const { hostCode, guestCode } = await conference({ announce: 'silent' });
    const host = await come(hostCode, HOST);
    const anna = await come(guestCode, ANNA);
    await host.hearsVoices(ANNA);
    const ben = await come(guestCode, BEN);
    await host.hearsVoices(ANNA, BEN);
    await host.phone.keys('**');
    await host.hears('en/menu-of-the-host');
    await host.phone.keys('2');
    await Promise.all([all([host, anna, ben], 'en/everybody-muted'), host.hearsVoices()]);
    await host.phone.keys('3');
    await Promise.all([all([host, anna, ben], 'en/everybody-unmuted'), host.hearsVoices(ANNA, BEN)]);
    await host.phone.keys('4');
    await host.hears('en/announcements-tone');
    await host.phone.keys('5');
    await host.hears('en/people-in-conference-3');
    await host.phone.keys('*');
    await host.hears('en/menu-of-the-host');

    await host.phone.keys('14'); // the first of the people
    await Promise.all([anna.hears('en/muted-by-host'), host.hearsVoices(BEN)]);
    await host.phone.keys('4');
    await host.hearsVoices(ANNA, BEN);
    await host.phone.keys('5');
    await Promise.all([anna.hears('en/on-hold', 'tones/hold-music'), host.hearsVoices(BEN), anna.hearsVoices()]);
    await host.phone.keys('5');
    await Promise.all([anna.hears('en/off-hold'), anna.hearsVoices(HOST, BEN), host.hearsVoices(ANNA, BEN)]);
    await host.phone.keys('71');
    await Promise.all([anna.hears('en/removed'), anna.phone.closed(15_000), host.hearsVoices(BEN)]);
    await host.phone.keys('##');
    await host.hears('en/menu-back');
    await host.phone.keys('**8');
    await Promise.all([ben.hears('en/host-left-continues'), host.phone.closed(15_000)]);
    await ben.hearsVoices();
  });

  it('lets people wait with music, for the host or to be let in one by one', async () => {
    const forHost = async () => {
      const { hostCode, guestCode } = await conference({ waitingRoom: 'until-host', announce: 'silent' });
      const [anna, ben] = await Promise.all([come(guestCode, ANNA), come(guestCode, BEN)]);
      await all([anna, ben], 'en/waiting-for-host', 'tones/hold-music');
      await Promise.all([anna.hearsVoices(), ben.hearsVoices()]);
      const host = await come(hostCode, HOST);
      await all([anna, ben], 'en/joining-now');
      await Promise.all([anna.hearsVoices(HOST, BEN), ben.hearsVoices(HOST, ANNA), host.hearsVoices(ANNA, BEN)]);
    };
    const oneByOne = async () => {
      const { hostCode, guestCode } = await conference({ waitingRoom: 'admit', announce: 'silent' });
      const host = await come(hostCode, HOST);
      const anna = await come(guestCode, ANNA);
      await Promise.all([host.hears('tones/wait-tone'), anna.hears('en/you-are-next', 'tones/hold-music')]);
      const ben = await come(guestCode, BEN);
      await Promise.all([ben.hears('tones/hold-music'), host.hearsVoices(), anna.hearsVoices()]);
      await host.phone.keys('*3');
      await Promise.all([anna.hears('en/joining-now'), anna.hearsVoices(HOST), ben.hears('en/you-are-next')]);
      await host.phone.keys('*3');
      await Promise.all([ben.hears('en/joining-now'), ben.hearsVoices(HOST, ANNA), host.hearsVoices(ANNA, BEN)]);
    };
    await Promise.all([forHost(), oneByOne()]);
  });

  it('does what it is told to when the host is gone, and says so', async () => {
    const meet = async (hostGone: ConferencePolicy['hostGone']) => {
      const { hostCode, guestCode } = await conference({ hostGone, hostGoneGraceSeconds: 1, announce: 'silent' });
      const [host, anna] = await Promise.all([come(hostCode, HOST), come(guestCode, ANNA)]);
      await Promise.all([anna.hearsVoices(HOST), host.hearsVoices(ANNA)]);
      await host.phone.hangUp();
      return { host, anna, hostCode };
    };
    const waits = async () => {
      const { host, anna, hostCode } = await meet('wait');
      await anna.hears('en/host-left-wait', 'tones/hold-music');
      host.forget();
      // The same line, and the host code: the same row, and the host again.
      await dial(host, hostCode);
      await Promise.all([anna.hears('en/host-is-back'), anna.hearsVoices(HOST)]);
    };
    const goesOn = async () => {
      const { anna } = await meet('continue');
      await anna.hears('en/host-left-continues');
    };
    const changesHands = async () => {
      const { anna } = await meet('hand-over');
      await anna.hears('en/host-left-hand-over', 'en/you-are-host-now');
      await anna.phone.keys('**91');
      await Promise.all([anna.hears('en/ended-by-host'), anna.phone.closed(15_000)]);
    };
    const ends = async () => {
      const { anna } = await meet('end');
      await Promise.all([anna.hears('en/conference-ended'), anna.phone.closed(15_000)]);
    };
    await Promise.all([waits(), goesOn(), changesHands(), ends()]);
  });

  it('names those who come and go, where it records their names', async () => {
    const { hostCode, guestCode } = await conference({ announce: 'name', recordNames: true });
    const sayName = async (person: Person) => {
      await person.hears('en/say-your-name');
      await person.phone.listen(700);
      await person.phone.keys('#');
      await person.hears('en/keep-name-or-again');
      await person.phone.keys('#');
      return person;
    };
    const host = await sayName(await come(hostCode, HOST));
    await host.hears('en/has-joined');
    const anna = await sayName(await come(guestCode, ANNA));
    await Promise.all([host.hears('en/has-joined'), host.hearsVoices(ANNA)]);
    await anna.phone.hangUp();
    await host.hears('en/has-left');
  });
});
