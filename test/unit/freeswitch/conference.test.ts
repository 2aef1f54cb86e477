/** A conference without sound: who is in it, what is told of it, when it ends. */
import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { ApplicationRunner } from '../../../embedded/freeswitch/channel/application-runner.ts';
import type { Channel } from '../../../embedded/freeswitch/channel/channel.ts';
import { createConferenceApi } from '../../../embedded/freeswitch/conference/conference-api.ts';
import { conferenceApplication } from '../../../embedded/freeswitch/conference/conference-application.ts';
import { ConferenceRegistry } from '../../../embedded/freeswitch/conference/conference-registry.ts';
import type { MediaPort, MediaRoom, MemberAudio } from '../../../embedded/media/index.ts';
import { logger, pieces, settle, type Pieces } from './pieces.ts';

/** A room that only remembers what it was told. */
class SilentRoom extends EventEmitter {
  readonly id = 'room';
  readonly audio = new Map<number, MemberAudio>();
  closed = false;
  /** Set: nobody can be put into it. */
  broken = false;

  addMember(id: number, _port: MediaPort, audio: MemberAudio): Promise<void> {
    if (this.broken) return Promise.reject(new Error('no more room'));
    this.audio.set(id, audio);
    return Promise.resolve();
  }
  removeMember(id: number): Promise<void> {
    this.audio.delete(id);
    return Promise.resolve();
  }
  setAudio(id: number, audio: Partial<MemberAudio>): void {
    this.audio.set(id, { ...this.audio.get(id)!, ...audio });
  }
  setRelation(): void {}
  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

describe('a conference', () => {
  let parts: Pieces;
  let conferences: ConferenceRegistry;
  let rooms: SilentRoom[];
  /** To channels that have left. */
  let played: string[];
  let api: (argument: string) => Promise<string>;

  beforeEach(() => {
    parts = pieces();
    rooms = [];
    played = [];
    conferences = new ConferenceRegistry({
      engine: {
        openRoom: () => {
          rooms.push(new SilentRoom());
          return Promise.resolve(rooms.at(-1) as unknown as MediaRoom);
        },
      },
      bus: parts.bus,
      clock: parts.clock,
      logger,
      domain: '192.0.2.1',
    });
    api = createConferenceApi({ conferences, transfer: () => true });
  });

  /** Puts a caller into it. `left` resolves when the application has returned. */
  async function join(
    target: string,
    variables: Record<string, string> = {},
  ): Promise<{ channel: Channel; left: Promise<void> }> {
    const channel = parts.channel();
    channel.port = {} as MediaPort;
    channel.variables.setAll(Object.entries(variables));
    const play = (_context: unknown, file: string): Promise<void> => {
      played.push(`${channel.uuid} ${file}`);
      return Promise.resolve();
    };
    const application = conferenceApplication(conferences, play, logger);
    const runner = new ApplicationRunner({ channel, find: () => application, logger });
    const left = runner.execute({ application: 'conference', argument: target });
    await settle();
    return { channel, left };
  }

  /** What was told of conferences: action and member. */
  const actions = (): string[] =>
    parts.events
      .filter(({ name }) => name === 'CUSTOM')
      .map((event) => [event.get('Action'), event.get('Member-ID')].filter((part) => part !== undefined).join(' '));

  it('lives from the first member to the last', async () => {
    const alice = await join('room');
    const bob = await join('room@wide');
    expect(await api('room list count')).to.equal('2');
    alice.channel.hangup('NORMAL_CLEARING');
    await alice.left;
    bob.channel.hangup('NORMAL_CLEARING');
    await bob.left;
    await settle();
    expect(actions()).to.deep.equal([
      'conference-create',
      'add-member 1',
      'add-member 2',
      'del-member 1',
      'del-member 2',
      'conference-destroy',
    ]);
    expect(rooms[0]!.closed).to.equal(true);
    expect(conferences.count).to.equal(0);
    expect(await api('room list')).to.equal('-ERR Conference room not found\n');
  });

  it('plays the sound to whom it has kicked, after the conference', async () => {
    const { left } = await join('room');
    expect(await api('room kick 1 /sounds/removed.wav')).to.equal('+OK kicked 1\n');
    await left;
    expect(played).to.deep.equal(['channel-1 /sounds/removed.wav']);
    const other = await join('room');
    await api('room kick 2');
    await other.left;
    expect(played).to.have.length(1);
  });

  it('tells its application who is in it, and forgets that afterwards', async () => {
    const { channel, left } = await join('room+flags{moderator}');
    const { variables } = channel;
    expect(variables.get('conference_name')).to.equal('room');
    expect(variables.get('conference_member_id')).to.equal('1');
    expect(variables.get('conference_moderator')).to.equal('true');
    expect(channel.readCodec?.name).to.equal('L16');
    await api('room kick 1');
    await left;
    expect(variables.get('conference_call_key')).to.equal(undefined);
  });

  it('lets a kicked caller go on with what comes next', async () => {
    const { channel, left } = await join('room');
    await join('room');
    await api('room kick 1');
    await left;
    expect(channel.gone.aborted).to.equal(false);
    expect(actions().slice(-2)).to.deep.equal(['kick-member 1', 'del-member 1']);
  });

  it('keeps the number of a caller who comes back', async () => {
    const { channel, left } = await join('room', { hangup_after_conference: 'false' });
    await api('room kick 1');
    await left;
    await join('room');
    expect(channel.conferenceMemberId).to.equal(1);
    expect(await api('room list')).to.match(/^2;/);
  });

  it('is closed to newcomers when locked or full', async () => {
    await join('room');
    await api('room lock');
    const late = await join('room');
    await late.left;
    await api('room unlock');
    await api('room set max_members 1');
    const tooMany = await join('room');
    await tooMany.left;
    expect(await api('room list count')).to.equal('1');
    expect(tooMany.channel.gone.aborted).to.equal(false);
  });

  it('ends for all when one with endconf leaves', async () => {
    const owner = await join('room+flags{endconf}');
    const guest = await join('room');
    const patient = await join('room', { hangup_after_conference: 'false' });
    owner.channel.hangup('NORMAL_CLEARING');
    await Promise.all([owner.left, guest.left, patient.left]);
    await settle();
    expect(guest.channel.hangupCause).to.equal('NORMAL_CLEARING');
    expect(patient.channel.gone.aborted).to.equal(false);
    expect(conferences.count).to.equal(0);
  });

  it('waits its grace time for one it cannot do without', async () => {
    const owner = await join('room+flags{mandatory_member_endconf}');
    const guest = await join('room');
    await api('room set endconference_grace_time 10');
    owner.channel.hangup('NORMAL_CLEARING');
    await owner.left;
    parts.clock.advance(9_000);
    await settle();
    expect(guest.channel.gone.aborted).to.equal(false);
    parts.clock.advance(1_000);
    await guest.left;
    expect(guest.channel.gone.aborted).to.equal(true);
  });

  it('is silent until its moderator has come', async () => {
    await join('room+flags{wait-mod}');
    expect(rooms[0]!.audio.get(1)).to.include({ speak: false, hear: false });
    await join('room+flags{moderator}');
    expect(rooms[0]!.audio.get(1)).to.include({ speak: true, hear: true });
  });

  it('does not count ghosts', async () => {
    await join('room+flags{ghost}');
    await join('room');
    expect(await api('room list count')).to.equal('1');
    expect(parts.events.at(-1)!.get('Conference-Ghosts')).to.equal('1');
  });

  it('takes nobody who may only join one that is there', async () => {
    const { channel, left } = await join('room+flags{join-only}');
    await left;
    expect(channel.gone.aborted).to.equal(true);
    expect(conferences.count).to.equal(0);
  });

  it('is gone when the first one cannot get in', async () => {
    await join('other');
    const before = rooms.length;
    const opened = join('room');
    rooms[before]!.broken = true;
    const { left } = await opened;
    await left;
    await settle();
    expect(conferences.count).to.equal(1);
    expect(actions()).to.include('conference-destroy');
  });

  it('tells who talks, but not of those who may not', async () => {
    await join('room');
    await join('room+flags{mute}');
    const [room] = rooms;
    for (const memberId of [1, 2, 99]) room!.emit('start-talking', { memberId, energy: 500 });
    room!.emit('floor-change', { from: null, to: 1 });
    room!.emit('stop-talking', { memberId: 1, energy: 0 });
    room!.emit('stop-talking', { memberId: 2, energy: 0 });
    expect(actions().slice(3)).to.deep.equal(['start-talking 1', 'floor-change 1', 'stop-talking 1']);
    const floor = parts.events.findLast((event) => event.get('Action') === 'floor-change')!;
    expect([floor.get('Old-ID'), floor.get('New-ID'), floor.get('Floor')]).to.deep.equal(['none', '1', 'true']);
  });

  it('mutes in the room what is muted in the list', async () => {
    await join('room');
    expect(await api('room mute 1')).to.equal('+OK mute 1\n');
    expect(rooms[0]!.audio.get(1)!.speak).to.equal(false);
    expect(await api('room list')).to.match(/;hear;0;0;100$/m);
    await api('room unmute all');
    await api('room deaf last');
    await settle();
    expect(rooms[0]!.audio.get(1)).to.include({ speak: true, hear: false });
  });

  const nonsense: [command: string, answer: string | RegExp][] = [
    ['room', "Conference command, not specified.\nTry 'help'\n"],
    ['room constructor', "-ERR Conference command 'constructor' not found.\n"],
    ['room __proto__', "-ERR Conference command '__proto__' not found.\n"],
    ['room get constructor', /^get /],
    ['room mute', /^mute /],
    ['room mute x', /^mute /],
    ['room mute 99', /99/],
    ['room say hello', '-ERR (say) Error!\nsay <text>'],
  ];
  for (const [command, answer] of nonsense) {
    it(`answers '${command}'`, async () => {
      await join('room');
      const given = await api(command);
      if (typeof answer === 'string') expect(given).to.equal(answer);
      else expect(given).to.match(answer);
    });
  }

  it('ends with the server', async () => {
    const { channel, left } = await join('room');
    await conferences.stop();
    await left;
    expect(channel.gone.aborted).to.equal(true);
    expect(conferences.count).to.equal(0);
  });
});
