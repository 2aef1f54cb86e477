import { expect } from 'chai';
import { nextDue } from '../../../bridge/conferences/room/index.ts';
import { roomCommand, roomCommandAccess } from '../../../config/contract/index.ts';
import { RoomPlay } from './room-play.ts';

const host = { role: 'host' } as const;
const line = (number: string) => ({ number, line: `trunk ${number}` });

/** A host and two guests, with everything said so far forgotten. */
function meeting(policy: ConstructorParameters<typeof RoomPlay>[0] = {}): RoomPlay {
  const room = new RoomPlay(policy);
  room.come('host', host);
  room.come('anna');
  room.come('ben');
  room.forget();
  return room;
}

describe('entering a room', () => {
  it('opens it with the first and removes it with the last', () => {
    const room = new RoomPlay();
    room.enter('a');
    expect(room.room).to.include({ version: 1, mediaServer: 'm1', title: 'Weekly' });
    room.goes('a');
    expect(room.last).to.include({ outcome: 'changed', room: null, ended: 'everybody-left' });
    expect(room.events.map(({ type }) => type)).to.deep.equal([
      'room-started',
      'participant-joining',
      'participant-left',
      'room-ended',
    ]);
  });

  it('takes nobody twice, nor into a full or locked room, nor on another media server', () => {
    const room = new RoomPlay({ maxParticipants: 2 });
    room.come('a');
    room.enter('other', {}, 'a');
    expect(room.why).to.equal('already-in-room');
    room.come('b');
    room.enter('c');
    expect(room.why).to.equal('full');
    room.enter('h', host);
    expect(room.why, 'the first host always fits').to.equal(undefined);
    room.enter('h2', host);
    expect(room.why).to.equal('full');
    const locked = meeting();
    locked.ask('host', { type: 'lock' });
    locked.enter('late');
    expect(locked.why).to.equal('locked');
    locked.enter('host2', host);
    expect(locked.why, 'hosts have the key').to.equal(undefined);
    const who = { id: 'x', name: 'x', number: '', line: '', role: 'guest', language: 'en' } as const;
    const leg = { kind: 'phone', callId: 'x', channelUuid: 'x' } as const;
    const plan = { title: '', policy: locked.room!.policy };
    locked.ask('host', { type: 'unlock' });
    locked.apply({ type: 'enter', plan, mediaServer: 'm2', who, leg });
    expect(locked.why).to.equal('elsewhere');
  });

  it('mutes guests on entry by a bit of their own, and never hosts', () => {
    const room = new RoomPlay({ muteOnEntry: true });
    room.come('a');
    room.come('h', host);
    expect([room.row('a').bits, room.row('h').bits]).to.deep.equal([['self'], []]);
  });

  it('puts the media server right when the bits changed on the way in', () => {
    const room = new RoomPlay();
    room.come('h', host);
    room.enter('a');
    room.ask('h', { type: 'mute', participantId: 'a' });
    room.forget();
    room.apply({ type: 'joined', callId: 'a', memberId: 9, speak: true, hear: true });
    expect(room.commanded()).to.deep.equal([{ type: 'set-speak', memberId: 9, speak: false }]);
  });

  it('is one row for one person: phone and web, and another phone takes over', () => {
    const room = meeting();
    room.connect('web-anna', { identity: 'anna@x' });
    room.enter('phone-anna', { identity: 'anna@x', ...line('+49301') }, 'call-1');
    room.join('call-1');
    expect(room.row('web-anna')).to.deep.include({ number: '+49301', connections: ['page-web-anna'] });
    expect(room.has('phone-anna')).to.equal(false);
    room.forget();
    room.enter('again', { identity: 'anna@x' }, 'call-2');
    expect(room.last).to.include({ participantId: 'web-anna' });
    expect(room.commanded(), 'the old leg goes').to.deep.equal([{ type: 'kick', memberId: 4 }]);
    expect(room.room?.farewells.at(-1)).to.include({ callId: 'call-1', reason: 'replaced' });
    room.goes('call-1');
    expect(room.row('web-anna').leg?.callId, 'the old call’s end is nobody’s').to.equal('call-2');
  });
});

describe('comings and goings', () => {
  it('are told by tone, by name, or not at all', () => {
    const tone = new RoomPlay({ announce: 'tone' });
    tone.come('a');
    expect(tone.announced()).to.deep.equal(['join-tone']);
    tone.at += 5_000;
    tone.come('b');
    tone.at += 5_000;
    tone.goes('b');
    expect(tone.announced()).to.deep.equal(['join-tone', 'leave-tone']);
    const name = new RoomPlay({ announce: 'name' });
    name.come('a', { nameSound: 'names/a.wav' });
    expect(name.announced()).to.deep.equal([{ meaning: 'recorded', file: 'names/a.wav' }, 'has-joined']);
    name.at += 5_000;
    name.come('b');
    expect(name.announced()).to.deep.equal([{ meaning: 'people-joined', count: 1 }]);
    const silent = new RoomPlay({ announce: 'silent' });
    silent.come('a');
    silent.come('b');
    silent.goes('b');
    expect(silent.announced()).to.deep.equal([]);
  });

  it('are told together when they come fast, and none is forgotten', () => {
    const room = new RoomPlay({ announce: 'name' });
    for (let index = 0; index < 40; index += 1) room.come(`p${index}`);
    expect(room.announced()).to.deep.equal([{ meaning: 'people-joined', count: 1 }]);
    room.tick(5);
    expect(room.announced()).to.deep.equal([{ meaning: 'people-joined', count: 39 }]);
    expect(nextDue(room.room!)).to.equal(null);
  });

  it('are not told of somebody who never got in', () => {
    const room = new RoomPlay({ announce: 'tone' });
    room.come('a');
    room.tick(5);
    room.forget();
    room.enter('b');
    room.goes('b');
    room.tick(5);
    expect(room.announced()).to.deep.equal([]);
  });
});

describe('being heard', () => {
  it('takes every bit to be gone, each by its owner', () => {
    const room = meeting();
    room.ask('anna', { type: 'mute-self' });
    room.ask('host', { type: 'mute', participantId: 'anna' });
    room.ask('anna', { type: 'unmute-self' });
    expect(room.row('anna').bits).to.deep.equal(['host']);
    expect(room.told('anna').slice(-2)).to.deep.equal(['muted-by-host', { keysFor: 'toggle-hand' }]);
    room.ask('host', { type: 'unmute', participantId: 'anna' });
    expect(room.row('anna').bits).to.deep.equal([]);
    expect(room.told('anna')).to.deep.equal(['unmuted-by-host']);
    const speech = room.commanded().map((effect) => (effect.type === 'set-speak' ? effect.speak : effect.type));
    expect(speech).to.deep.equal([false, true]);
  });

  it('is never forced by a host on somebody who muted themselves: they are asked', () => {
    const room = meeting();
    room.ask('anna', { type: 'mute-self' });
    room.forget();
    room.ask('host', { type: 'unmute', participantId: 'anna' });
    expect(room.row('anna').bits).to.deep.equal(['self']);
    expect(room.told('anna')).to.deep.equal(['host-asks-to-unmute', { keysFor: 'unmute' }]);
    expect(room.commanded()).to.deep.equal([]);
  });

  it('by one key: mutes whoever is heard, unmutes whoever is not', () => {
    const room = meeting();
    room.press('anna', 'toggle-mute');
    expect(room.told('anna')).to.deep.equal(['now-muted']);
    room.press('anna', 'toggle-mute');
    expect(room.told('anna')).to.deep.equal(['now-unmuted']);
    room.ask('host', { type: 'set-mode', mode: 'presentation' });
    room.press('anna', 'toggle-mute');
    expect(room.told('anna')).to.deep.equal(['mode-is-presentation']);
    expect(room.row('anna').bits, 'nothing is hidden behind the mode').to.deep.equal(['mode']);
  });

  it('is told to whoever speaks and is not, with what to press', () => {
    const room = meeting();
    room.ask('anna', { type: 'mute-self' });
    room.forget();
    room.apply({ type: 'spoke-muted', callId: 'anna' });
    expect(room.told('anna')).to.deep.equal(['you-are-muted', { keysFor: 'unmute' }]);
    expect(room.commanded(), 'FreeSWITCH tells again after a new mute').to.deep.equal([
      { type: 'set-speak', memberId: 2, speak: false },
    ]);
    room.apply({ type: 'spoke-muted', callId: 'anna', quiet: true });
    expect([room.told('anna'), room.commanded().length], 'only listened for again').to.deep.equal([[], 1]);
    room.apply({ type: 'spoke-muted', callId: 'ben' });
    expect(room.told('ben'), 'who is heard need not know').to.deep.equal([]);
  });

  it('is for all or for none of the guests, those to come as well', () => {
    const room = meeting();
    room.ask('host', { type: 'mute-all' });
    expect(room.announced()).to.deep.equal(['everybody-muted']);
    room.come('late');
    const bits = () => ['host', 'anna', 'late'].map((id) => room.row(id).bits.join());
    expect(bits()).to.deep.equal(['', 'host', 'host']);
    room.ask('anna', { type: 'mute-self' });
    room.forget();
    room.ask('host', { type: 'unmute-all' });
    expect(room.announced()).to.deep.equal(['everybody-unmuted']);
    expect(room.told('anna')).to.deep.equal(['host-asks-to-unmute', { keysFor: 'unmute' }]);
    room.come('later');
    expect([...bits(), room.row('later').bits.join()]).to.deep.equal(['', 'self', '', '']);
  });

  it('is shown as talking only while it is so', () => {
    const room = meeting();
    const talk = (on: boolean) => room.apply({ type: 'talking', callId: 'anna', on });
    talk(true);
    expect(room.row('anna').talking).to.equal(true);
    room.ask('anna', { type: 'mute-self' });
    expect(room.row('anna').talking).to.equal(false);
    talk(true);
    expect(room.row('anna').talking, 'its last words').to.equal(false);
  });

  it('has a volume, between its ends', () => {
    const room = meeting();
    const words = Array.from({ length: 5 }, () => {
      room.press('anna', 'louder');
      return room.told('anna')[0];
    });
    expect(words).to.deep.equal(['louder', 'louder', 'louder', 'loudest', 'loudest']);
    expect(room.row('anna').volume).to.equal(4);
    expect(room.commanded().at(-1)).to.deep.equal({ type: 'set-volume', memberId: 2, volume: 4 });
    room.press('anna', 'quieter');
    expect(room.told('anna')).to.deep.equal(['quieter']);
  });
});

describe('modes and hands', () => {
  it('let whoever is called on speak, in the order of hands, one at a time', () => {
    const room = meeting({ mode: 'qa' });
    expect([room.row('host').bits, room.row('anna').bits]).to.deep.equal([[], ['mode']]);
    room.press('ben', 'toggle-hand');
    expect(room.told('ben')).to.deep.equal(['hand-raised', { meaning: 'hand-place', position: 1 }]);
    expect(room.announced('hosts')).to.deep.equal(['hand-tone']);
    room.press('anna', 'toggle-hand');
    room.ask('host', { type: 'call-on-next' });
    expect(room.told('ben')).to.deep.equal(['you-are-called-on']);
    expect([room.row('ben').bits, room.row('anna').bits]).to.deep.equal([[], ['mode']]);
    room.ask('host', { type: 'call-on-next' });
    expect(room.told('ben')).to.deep.equal(['your-turn-is-over']);
    expect([room.row('ben').bits, room.row('anna').bits]).to.deep.equal([['mode'], []]);
    room.press('anna', 'toggle-hand');
    expect(room.told('anna').at(-1)).to.equal('your-turn-is-over');
    expect(room.row('anna').bits).to.deep.equal(['mode']);
    room.ask('host', { type: 'call-on-next' });
    expect([room.why, room.told('host').at(-1)]).to.deep.equal(['not-possible', 'nobody-has-hand-up']);
  });

  it('call on somebody out of order, and lower a hand for them', () => {
    const room = meeting({ mode: 'qa' });
    room.press('anna', 'toggle-hand');
    room.press('ben', 'toggle-hand');
    room.ask('host', { type: 'call-on', participantId: 'ben' });
    expect(room.row('ben').calledOn).to.equal(true);
    room.ask('host', { type: 'lower-hand-of', participantId: 'anna' });
    expect(room.row('anna').hand).to.equal(undefined);
    expect(room.told('anna').at(-1)).to.equal('hand-lowered');
    room.ask('host', { type: 'call-on', participantId: 'anna' });
    expect(room.why, 'no hand is up').to.equal('not-possible');
  });

  it('mute and unmute guests as they change, and end every turn', () => {
    const room = meeting();
    room.press('anna', 'toggle-hand');
    room.press('host', 'next-mode');
    room.ask('host', { type: 'call-on-next' });
    expect(room.announced()).to.deep.equal(['mode-qa-now']);
    room.press('host', 'next-mode');
    expect([room.row('anna').bits, room.row('anna').calledOn]).to.deep.equal([['mode'], false]);
    room.press('host', 'next-mode');
    expect(room.announced()).to.deep.equal(['mode-presentation-now', 'mode-conversation-now']);
    expect(room.row('anna').bits).to.deep.equal([]);
  });

  it('let a host unmute somebody in a presentation: then it is their turn', () => {
    const room = meeting({ mode: 'presentation' });
    room.ask('host', { type: 'unmute', participantId: 'anna' });
    expect([room.row('anna').bits, room.row('anna').calledOn]).to.deep.equal([[], true]);
    room.ask('host', { type: 'mute', participantId: 'anna' });
    expect(room.row('anna').bits).to.have.members(['mode', 'host']);
    room.press('ben', 'toggle-hand');
    room.ask('host', { type: 'call-on-next' });
    expect(room.why, 'in a presentation only hosts speak').to.equal('not-possible');
  });
});

describe('the waiting room', () => {
  it('keeps guests until a host is there, deaf and muted', () => {
    const room = new RoomPlay({ waitingRoom: 'until-host' });
    room.come('anna');
    expect(room.row('anna')).to.include({ state: 'waiting', admitted: false });
    expect(room.row('anna').bits).to.deep.equal(['waiting']);
    room.enter('host', host);
    room.enter('ben');
    expect(room.row('ben').state, 'the host cannot be heard yet').to.equal('waiting');
    room.forget();
    room.join('host');
    expect(['anna', 'ben'].map((id) => room.row(id).state)).to.deep.equal(['present', 'present']);
    expect(room.commanded()).to.deep.include.members([
      { type: 'set-speak', memberId: 1, speak: true },
      { type: 'set-hear', memberId: 1, hear: true },
    ]);
    expect(room.told('anna')).to.deep.equal(['joining-now']);
    room.come('late');
    expect(room.row('late').state).to.equal('present');
  });

  it('lets in one by one, in the order of coming; by the same key again all', () => {
    const room = new RoomPlay({ waitingRoom: 'admit' });
    room.come('host', host);
    for (const id of ['a', 'b', 'c', 'd']) room.come(id);
    expect(room.announced('hosts')).to.deep.equal(['wait-tone', 'somebody-waits']);
    room.press('host', 'admit-next');
    const states = () => ['a', 'b', 'c', 'd'].map((id) => room.row(id).state).join();
    expect(states()).to.equal('present,waiting,waiting,waiting');
    room.ask('host', { type: 'admit', participantId: 'c' });
    expect(states()).to.equal('present,waiting,present,waiting');
    room.press('host', 'admit-next');
    expect(states()).to.equal('present,present,present,present');
    expect(room.told('host').at(-1)).to.deep.equal({ meaning: 'people-admitted', count: 2 });
    room.at += 10_000;
    room.press('host', 'admit-next');
    expect(room.told('host')).to.deep.equal(['nobody-waits']);
  });

  it('tells whoever comes in what they need to know', () => {
    const room = new RoomPlay({ waitingRoom: 'admit', mode: 'presentation', recording: 'automatic' });
    room.come('host', host);
    const { file } = room.room!.recording;
    room.apply({ type: 'recording', phase: 'started', file: file! });
    room.come('anna');
    room.forget();
    room.ask('host', { type: 'admit-all' });
    expect(room.told('anna')).to.deep.equal(['joining-now', 'conference-is-recorded', 'mode-is-presentation']);
  });

  it('lets idle waiters go with kind words', () => {
    const room = new RoomPlay({ waitingRoom: 'admit', waitingMinutes: 1 });
    room.come('host', host);
    room.come('anna');
    room.tick(59);
    expect(room.has('anna')).to.equal(true);
    room.tick(2);
    expect(room.has('anna')).to.equal(false);
    expect(room.room?.farewells.at(-1)).to.include({ callId: 'anna', reason: 'waited-too-long' });
    const alone = new RoomPlay({ waitingRoom: 'until-host', waitingMinutes: 1 });
    alone.come('anna');
    alone.apply({ type: 'tick' });
    alone.at += 61_000;
    expect(alone.apply({ type: 'tick' }), 'also who was alone').to.include({ room: null, ended: 'waited-too-long' });
  });

  it('holds whoever is muted while held while waiting as long as any of the three is true', () => {
    const room = meeting({ hostGone: 'wait', hostGoneGraceSeconds: 0 });
    room.ask('host', { type: 'hold', participantId: 'anna' });
    room.ask('host', { type: 'mute', participantId: 'anna' });
    room.goes('host');
    expect(room.row('anna').bits).to.have.members(['hold', 'host', 'waiting']);
    room.come('host', host, 'host-2');
    expect(room.row('anna').bits).to.have.members(['hold', 'host']);
    room.ask('host', { type: 'resume', participantId: 'anna' });
    expect(room.row('anna').bits).to.deep.equal(['host']);
    room.ask('host', { type: 'unmute', participantId: 'anna' });
    expect(room.row('anna').bits).to.deep.equal([]);
  });
});

describe('hold', () => {
  it('neither hears nor is heard, and is told both times', () => {
    const room = meeting();
    room.ask('host', { type: 'hold', participantId: 'anna' });
    expect(room.commanded()).to.deep.equal([
      { type: 'set-speak', memberId: 2, speak: false },
      { type: 'set-hear', memberId: 2, hear: false },
    ]);
    expect(room.told('anna')).to.deep.equal(['on-hold']);
    room.ask('host', { type: 'resume', participantId: 'anna' });
    expect(room.commanded()).to.deep.equal([
      { type: 'set-speak', memberId: 2, speak: true },
      { type: 'set-hear', memberId: 2, hear: true },
    ]);
    expect(room.told('anna')).to.deep.equal(['off-hold']);
  });

  it('is not for hosts, who could not help themselves', () => {
    const room = meeting();
    room.come('host2', host);
    room.ask('host', { type: 'hold', participantId: 'host2' });
    expect(room.why).to.equal('not-possible');
    room.ask('host', { type: 'hold', participantId: 'anna' });
    room.ask('host', { type: 'make-host', participantId: 'anna' });
    expect(room.row('anna').bits).to.deep.equal([]);
  });
});

describe('hosts', () => {
  it('alone may ask what is for hosts', () => {
    const room = meeting();
    for (const option of roomCommand.options) {
      const [type] = option.shape.type.values;
      if (roomCommandAccess[type!] !== 'host') continue;
      const about = 'participantId' in option.shape ? { participantId: 'ben' } : {};
      const more = { mode: 'qa', announce: 'name', name: 'x' };
      const wanted = Object.fromEntries(Object.entries(more).filter(([field]) => field in option.shape));
      const before = room.room;
      room.ask('anna', roomCommand.parse({ type, ...about, ...wanted }));
      expect(room.why, type).to.equal('not-allowed');
      expect(room.room, type).to.equal(before);
    }
  });

  it('keys pressed by a guest are answered, and change nothing', () => {
    const room = meeting();
    for (const action of ['toggle-recording', 'admit-next', 'next-mode', 'toggle-lock'] as const) {
      const before = room.room;
      room.press('anna', action);
      expect(room.told('anna'), action).to.deep.equal(['error-tone', 'not-for-you']);
      expect(room.room).to.equal(before);
    }
  });

  it('two who press at once want it once; one who presses twice wants it twice', () => {
    const room = meeting();
    room.come('host2', host);
    room.press('host', 'toggle-lock');
    room.press('host2', 'toggle-lock');
    expect(room.room?.locked).to.equal(true);
    room.press('host2', 'toggle-lock');
    expect(room.room?.locked, 'still at once').to.equal(true);
    room.at += 3_000;
    room.press('host2', 'toggle-lock');
    expect(room.room?.locked).to.equal(false);
    room.at += 3_000;
    room.press('host', 'next-mode');
    room.press('host2', 'next-mode');
    room.press('host', 'next-mode');
    expect(room.room?.mode).to.equal('presentation');
  });

  it('are made, and hand over', () => {
    const room = meeting({ mode: 'presentation' });
    room.ask('host', { type: 'make-host', participantId: 'anna' });
    expect([room.row('anna').role, room.row('anna').bits]).to.deep.equal(['host', []]);
    expect(room.told('anna')).to.deep.equal(['you-are-host-now', { keysFor: 'help' }]);
    room.ask('anna', { type: 'hand-over', participantId: 'ben' });
    expect([room.row('anna').role, room.row('ben').role]).to.deep.equal(['guest', 'host']);
    expect(room.row('anna').bits, 'a guest of a presentation').to.deep.equal(['mode']);
    expect(room.told('anna')).to.deep.equal(['you-are-guest-now']);
    expect(room.announced()).to.deep.equal(['new-host']);
    room.ask('ben', { type: 'hand-over', participantId: 'ben' });
    expect(room.why).to.equal('not-possible');
  });

  it('remove somebody for a reason, not themselves, and shut them out', () => {
    const room = meeting();
    room.ask('host', { type: 'remove', participantId: 'anna', reason: 'noise' });
    expect(room.has('anna')).to.equal(false);
    expect(room.room?.farewells.at(-1)).to.include({ callId: 'anna', reason: 'removed-noise' });
    expect(room.commanded()).to.deep.equal([
      { type: 'kick', memberId: 2 },
      { type: 'shut-out', participantId: 'anna' },
    ]);
    room.ask('host', { type: 'remove', participantId: 'host', reason: 'unspecified' });
    expect(room.why).to.equal('not-possible');
  });

  it('end the conference for everybody', () => {
    const room = meeting();
    room.ask('host', { type: 'end' });
    expect(room.last).to.include({ room: null, ended: 'ended-by-host' });
    expect(room.commanded().filter(({ type }) => type === 'kick')).to.have.length(3);
  });

  it('are called for help, or whoever calls hears that there is none', () => {
    const room = meeting();
    room.apply({ type: 'name-recorded', participantId: 'anna', file: 'names/a.wav', by: actor('anna') });
    room.press('anna', 'ask-for-help');
    expect(room.announced('hosts')).to.deep.equal([{ meaning: 'recorded', file: 'names/a.wav' }, 'needs-help']);
    expect(room.told('anna')).to.deep.equal(['help-is-asked-for']);
    expect(room.row('anna').asksForHelp).to.equal(true);
    room.ask('host', { type: 'unmute', participantId: 'anna' });
    expect(room.row('anna').asksForHelp, 'the host deals with them').to.equal(false);
    const alone = new RoomPlay({ waitingRoom: 'until-host' });
    alone.come('anna');
    alone.press('anna', 'ask-for-help');
    expect(alone.told('anna')).to.deep.equal(['no-host-here']);
  });

  it('hear the same one again only after a while, however often they ask or raise their hand', () => {
    const room = meeting();
    for (let times = 0; times < 100; times += 1) {
      room.press('anna', 'ask-for-help');
      room.press('anna', 'toggle-hand');
    }
    expect(room.announced('hosts')).to.deep.equal(['somebody-needs-help']);
    expect(
      room.told('anna').filter((words) => words === 'help-is-asked-for'),
      'answered each time',
    ).to.have.length(100);
    room.press('ben', 'toggle-hand');
    room.at += 2_000;
    room.press('ben', 'toggle-hand');
    room.press('ben', 'toggle-hand');
    expect(room.announced('hosts'), 'one tone for all hands').to.deep.equal(['hand-tone']);
    room.at += 16_000;
    room.press('anna', 'ask-for-help');
    expect(room.announced('hosts'), 'it may have been missed').to.deep.equal(['somebody-needs-help']);
  });

  it('hear who needs help even when a hand was raised just before', () => {
    const room = meeting();
    room.press('anna', 'toggle-hand');
    room.press('anna', 'ask-for-help');
    expect(room.announced('hosts')).to.deep.equal(['hand-tone', 'somebody-needs-help']);
  });

  it('name others by voice; guests only themselves', () => {
    const room = meeting();
    const record = (of: string, by: string) =>
      room.apply({ type: 'name-recorded', participantId: of, file: `names/${by}.wav`, by: actor(by) });
    record('anna', 'host');
    expect(room.row('anna').nameSound).to.equal('names/host.wav');
    record('anna', 'ben');
    expect(room.why).to.equal('not-allowed');
  });
});

const actor = (participantId: string) => ({ kind: 'participant', participantId }) as const;

describe('a host who is gone', () => {
  const gone = (policy: ConstructorParameters<typeof RoomPlay>[0]) => {
    const room = meeting({ hostGoneGraceSeconds: 30, ...policy });
    room.goes('host');
    expect(room.room?.hostGone?.then).to.equal(policy?.hostGone);
    room.tick(29);
    expect(room.announced(), 'grace').to.deep.equal([]);
    room.tick(2);
    return room;
  };

  it('is waited for, with music', () => {
    const room = gone({ hostGone: 'wait' });
    expect(room.row('anna')).to.include({ state: 'waiting' });
    expect(room.told('anna')).to.deep.equal(['host-left-wait']);
    expect(room.room?.awaitsHost).to.equal(true);
    room.come('host', host, 'host-2');
    expect(room.row('anna').state).to.equal('present');
    expect(room.announced()).to.deep.equal(['host-is-back']);
  });

  it('is not missed: everybody can help themselves, and nobody is heard by surprise', () => {
    const room = meeting({ hostGone: 'continue', hostGoneGraceSeconds: 0 });
    room.ask('host', { type: 'mute', participantId: 'anna' });
    room.ask('host', { type: 'hold', participantId: 'ben' });
    room.forget();
    room.goes('host');
    expect(room.announced()).to.deep.equal(['host-left-continues']);
    expect([room.row('anna').bits, room.row('ben').bits]).to.deep.equal([['self'], []]);
    expect(room.told('anna')).to.deep.equal(['host-left-continues', 'you-are-muted', { keysFor: 'unmute' }]);
    expect(room.told('ben')).to.deep.equal(['off-hold']);
  });

  it('is followed by whoever was there longest', () => {
    const room = gone({ hostGone: 'hand-over' });
    expect(room.row('anna').role).to.equal('host');
    expect(room.announced()).to.deep.equal(['host-left-hand-over', 'new-host']);
    expect(room.told('anna')[0]).to.equal('you-are-host-now');
  });

  it('takes the conference along', () => {
    const room = gone({ hostGone: 'end' });
    expect(room.room).to.equal(null);
    expect(room.events.at(-1)).to.include({ type: 'room-ended', reason: 'host-gone' });
  });

  it('is back in time: nothing happens', () => {
    const room = meeting({ hostGone: 'end', hostGoneGraceSeconds: 30 });
    room.goes('host', 'lost');
    expect(room.row('host').state).to.equal('away');
    room.tick(20);
    room.come('host', host, 'host-2');
    room.tick(60);
    expect(room.announced()).to.deep.equal(['host-is-back']);
    expect(room.room?.hostGone).to.equal(null);
  });

  it('is the host again by the host code on the same line, for a while', () => {
    const room = meeting({ hostGone: 'wait' });
    room.come('deputy', { ...host, ...line('+49301') });
    room.goes('deputy', 'lost');
    room.come('other', { ...host, ...line('+49302') });
    expect(room.has('other'), 'another line is another host').to.equal(true);
    room.come('new-row', { ...host, ...line('+49301') }, 'deputy-2');
    expect(room.row('deputy')).to.include({ role: 'host', state: 'present' });
    expect(room.has('new-row')).to.equal(false);
    room.goes('deputy-2', 'lost');
    room.tick(61);
    room.come('too-late', { ...host, ...line('+49301') });
    expect(room.row('too-late').role).to.equal('host');
  });

  it('is the host again as the same person, by whatever line and code, and once a host has made them one', () => {
    const room = meeting();
    room.come('ada', { identity: 'ada@x', ...line('+49301') });
    room.ask('host', { type: 'make-host', participantId: 'ada' });
    room.goes('ada', 'lost');
    room.come('again', { identity: 'ada@x', ...line('+49309') }, 'ada-2');
    expect(room.row('ada')).to.include({ role: 'host', state: 'present' });
  });

  it('is nobody else who shows the same number: not with the guest code, and not by another identity', () => {
    const room = meeting({ waitingRoom: 'admit' });
    room.come('boss', { ...host, ...line('+49301') });
    room.goes('boss');
    room.ask('host', { type: 'lock' });
    room.enter('impostor', line('+49301'));
    expect([room.why, room.row('boss').state], 'locked is locked').to.deep.equal(['locked', 'away']);
    room.ask('host', { type: 'unlock' });
    room.come('impostor', line('+49301'));
    expect(room.row('impostor')).to.include({ role: 'guest', state: 'waiting' });
    room.come('xenia', { identity: 'x', name: 'Xenia', ...line('+49302') });
    room.ask('host', { type: 'admit', participantId: 'xenia' });
    room.goes('xenia', 'lost');
    room.come('yuri', { identity: 'y', ...line('+49302') });
    room.come('somebody', line('+49302'));
    expect(['yuri', 'somebody'].map((id) => room.row(id).state)).to.deep.equal(['waiting', 'waiting']);
    room.come('xenia-again', { identity: 'x', ...line('+49302') }, 'xenia-2');
    expect(room.row('xenia')).to.include({ state: 'present', name: 'Xenia' });
    expect(room.row('yuri').leg?.callId, 'nobody is put out').to.equal('yuri');
  });

  it('gives a guest’s line its row again, and neither admission nor the way through a lock', () => {
    const room = meeting({ waitingRoom: 'admit' });
    room.come('carla', line('+49301'));
    room.ask('host', { type: 'admit', participantId: 'carla' });
    room.ask('host', { type: 'mute', participantId: 'carla' });
    room.goes('carla', 'lost');
    room.ask('host', { type: 'lock' });
    room.enter('carla-2', line('+49301'));
    expect(room.why).to.equal('locked');
    room.ask('host', { type: 'unlock' });
    room.come('carla-2', line('+49301'));
    expect(room.row('carla')).to.include({ state: 'waiting', admitted: false });
    expect(room.row('carla').bits).to.have.members(['host', 'waiting']);
  });

  it('goes by their own will without ending it', () => {
    const room = meeting({ hostGone: 'end', hostGoneGraceSeconds: 0 });
    room.ask('host', { type: 'leave-without-ending' });
    expect(room.announced()).to.deep.equal(['host-left-continues']);
    expect(room.room?.farewells.at(-1)).to.include({ callId: 'host', reason: 'left-without-ending' });
    room.tick(100);
    expect(room.room?.participants.map(({ id }) => id)).to.deep.equal(['anna', 'ben']);
  });
});

describe('recording', () => {
  const started = () => {
    const room = meeting();
    room.press('host', 'toggle-recording');
    const { file } = room.room!.recording;
    room.apply({ type: 'recording', phase: 'started', file: file! });
    return { room, file: file! };
  };

  it('is true and told once the media server says so', () => {
    const room = meeting();
    room.press('host', 'toggle-recording');
    expect(room.room?.recording.state).to.equal('starting');
    expect(room.announced()).to.deep.equal([]);
    const { file } = room.room!.recording;
    expect(file).to.match(/^c1\/\d+-\d+\.wav$/);
    expect(room.commanded()).to.deep.equal([{ type: 'record', action: 'start', file }]);
    room.apply({ type: 'recording', phase: 'started', file: file! });
    expect(room.room?.recording.state).to.equal('on');
    expect(room.announced()).to.deep.equal(['record-tone', 'recording-started']);
  });

  it('pauses, goes on and stops, each told', () => {
    const { room, file } = started();
    room.forget();
    room.ask('host', { type: 'pause-recording' });
    room.ask('host', { type: 'resume-recording' });
    room.at += 3_000;
    room.press('host', 'toggle-recording');
    expect(room.announced()).to.deep.equal(['recording-paused', 'recording-resumed']);
    room.apply({ type: 'recording', phase: 'stopped', file, milliseconds: 5_000 });
    expect(room.announced()).to.deep.equal(['recording-stopped']);
    expect(room.events.at(-1)).to.include({ type: 'recording-stopped', file, milliseconds: 5_000 });
    expect(room.commanded().map((effect) => effect.type === 'record' && effect.action)).to.deep.equal([
      'pause',
      'resume',
      'stop',
    ]);
  });

  it('that fails or stops by itself is told', () => {
    const room = meeting();
    room.press('host', 'toggle-recording');
    room.apply({ type: 'recording', phase: 'failed', file: room.room!.recording.file! });
    expect(room.announced()).to.deep.equal(['recording-failed']);
    const other = started();
    other.room.forget();
    other.room.apply({ type: 'recording', phase: 'stopped', file: other.file });
    expect(other.room.announced()).to.deep.equal(['recording-failed']);
    const silent = meeting();
    silent.press('host', 'toggle-recording');
    silent.tick(11);
    expect(silent.announced(), 'no answer').to.deep.equal(['recording-failed']);
  });

  it('is not allowed where the policy says so, and begins by itself where it says that', () => {
    const off = meeting({ recording: 'off' });
    off.press('host', 'toggle-recording');
    expect(off.told('host')).to.deep.equal(['recording-not-allowed']);
    const automatic = new RoomPlay({ recording: 'automatic', waitingRoom: 'until-host' });
    automatic.come('anna');
    expect(automatic.room?.recording.state, 'not the waiting room').to.equal('off');
    automatic.come('host', host);
    expect(automatic.room?.recording.state).to.equal('starting');
    automatic.apply({ type: 'recording', phase: 'failed', file: automatic.room!.recording.file! });
    automatic.come('ben');
    expect(automatic.room?.recording.state, 'not again and again').to.equal('off');
  });

  it('outlives the last host, who leaves while it starts', () => {
    const room = meeting({ hostGone: 'continue', hostGoneGraceSeconds: 0 });
    room.press('host', 'toggle-recording');
    const file = room.room!.recording.file!;
    room.goes('host');
    room.forget();
    room.apply({ type: 'recording', phase: 'started', file });
    expect(room.room?.recording.state).to.equal('on');
    expect(room.announced()).to.deep.equal(['record-tone', 'recording-started']);
    room.goes('anna');
    room.goes('ben');
    expect(room.events.find(({ type }) => type === 'recording-stopped')).to.include({ file, why: 'everybody-left' });
  });
});

describe('speaking to one', () => {
  it('calls the roll: how many, then the names that were said', () => {
    const room = meeting();
    room.apply({ type: 'name-recorded', participantId: 'ben', file: 'names/b.wav', by: actor('ben') });
    room.press('anna', 'roll');
    expect(room.told('anna')).to.deep.equal([
      { meaning: 'people-in-conference', count: 3 },
      { meaning: 'recorded', file: 'names/b.wav' },
      { meaning: 'others-without-name', count: 2 },
    ]);
    const alone = new RoomPlay();
    alone.come('a');
    alone.press('a', 'roll');
    expect(alone.told('a')).to.deep.equal(['only-you-are-here']);
  });

  it('helps each by what they are', () => {
    const room = new RoomPlay({ waitingRoom: 'admit' });
    room.come('host', host);
    room.come('anna');
    for (const id of ['host', 'anna']) room.press(id, 'help');
    expect([room.told('host').at(-1), room.told('anna')]).to.deep.equal([
      { helpFor: 'host' },
      [{ helpFor: 'waiting' }],
    ]);
    room.press('anna', 'roll');
    expect(room.told('anna'), 'who is inside is not for those who wait').to.deep.equal(['error-tone', 'not-for-you']);
  });
});

describe('the media server’s own list', () => {
  const report = (room: RoomPlay, change: (members: Member[]) => Member[] = (members) => members) => {
    const members = room.room!.participants.flatMap(({ leg, bits, state }): Member[] =>
      leg?.memberId === undefined
        ? []
        : [
            {
              memberId: leg.memberId,
              channelUuid: leg.channelUuid,
              speak: bits.length === 0,
              hear: state === 'present' && !bits.includes('hold'),
            },
          ],
    );
    room.at += 10_000;
    return room.apply({
      type: 'media-report',
      mediaServer: 'm1',
      askedAt: room.at,
      members: change(members),
      recordings: [],
    });
  };
  type Member = { memberId: number; channelUuid: string; speak: boolean; hear: boolean };

  it('that agrees changes nothing', () => {
    const room = meeting();
    expect(report(room)).to.deep.equal({ outcome: 'unchanged', effects: [] });
  });

  it('that has somebody heard who is muted, or deaf who is not, is put right', () => {
    const room = meeting();
    room.ask('anna', { type: 'mute-self' });
    room.forget();
    report(room, (members) => members.map((member) => ({ ...member, speak: true, hear: member.memberId !== 3 })));
    expect(room.commanded()).to.deep.equal([
      { type: 'set-speak', memberId: 2, speak: false },
      { type: 'set-hear', memberId: 3, hear: true },
    ]);
  });

  it('that has somebody nobody knows has them out', () => {
    const room = meeting();
    report(room, (members) => [...members, { memberId: 99, channelUuid: 'ghost', speak: true, hear: true }]);
    expect(room.commanded()).to.deep.equal([{ type: 'kill', channelUuid: 'ghost' }]);
  });

  it('that lacks somebody makes them away, and their line may come back', () => {
    const room = meeting();
    report(room, (members) => members.filter(({ memberId }) => memberId !== 2));
    expect(room.row('anna')).to.include({ state: 'away' });
    expect(room.row('anna').leg).to.equal(undefined);
    expect(room.commanded()).to.deep.equal([{ type: 'kill', channelUuid: 'channel-anna' }]);
  });

  it('does not yet have those who have just joined', () => {
    const room = meeting();
    room.come('late');
    const askedAt = room.at;
    const members = [1, 2, 3].map((memberId) => ({
      memberId,
      channelUuid: `channel-${['host', 'anna', 'ben'][memberId - 1]}`,
      speak: true,
      hear: true,
    }));
    room.forget();
    room.apply({ type: 'media-report', mediaServer: 'm1', askedAt, members, recordings: [] });
    expect(room.row('late').leg).to.not.equal(undefined);
    expect(room.commanded()).to.deep.equal([]);
  });

  it('that has somebody under another number teaches us, and their sound is put right', () => {
    const room = meeting();
    room.ask('anna', { type: 'mute-self' });
    room.forget();
    report(room, (members) =>
      members.map((member) => (member.memberId === 2 ? { ...member, memberId: 20, speak: true } : member)),
    );
    expect(room.row('anna').leg?.memberId).to.equal(20);
    expect(room.commanded()).to.deep.equal([{ type: 'set-speak', memberId: 20, speak: false }]);
  });

  it('shows a recording that does not run, and one that nobody wants', () => {
    const room = meeting();
    room.press('host', 'toggle-recording');
    room.apply({ type: 'recording', phase: 'started', file: room.room!.recording.file! });
    room.forget();
    report(room);
    expect(room.announced()).to.deep.equal(['recording-failed']);
    room.at += 10_000;
    room.apply({
      type: 'media-report',
      mediaServer: 'm1',
      askedAt: room.at,
      members: [],
      recordings: [{ file: 'c1/old.wav', paused: false }],
    });
    expect(room.commanded()).to.deep.include({ type: 'record', action: 'stop', file: 'c1/old.wav' });
  });

  it('of a room that is not there has nobody to keep', () => {
    const room = new RoomPlay();
    room.apply({
      type: 'media-report',
      mediaServer: 'm1',
      askedAt: 0,
      members: [{ memberId: 1, channelUuid: 'ghost', speak: true, hear: true }],
      recordings: [],
    });
    expect(room.commanded()).to.deep.equal([{ type: 'kill', channelUuid: 'ghost' }]);
  });
});

describe('rows on the web', () => {
  it('are there without sound, and keep a room', () => {
    const room = new RoomPlay();
    room.connect('anna', host);
    expect(room.room).to.include({ mediaServer: null, led: true });
    expect(room.row('anna').leg).to.equal(undefined);
    room.enter('ben');
    expect(room.room?.mediaServer).to.equal('m1');
    room.goes('ben');
    expect(room.room?.mediaServer, 'the next leg may be anywhere').to.equal(null);
    room.apply({ type: 'disconnect', participantId: 'anna', connectionId: 'page-anna' });
    expect(room.room).to.equal(null);
  });

  it('have so many pages and no more', () => {
    const room = new RoomPlay();
    for (let page = 1; page <= 50; page += 1) room.connect('anna', {}, `page-${page}`);
    expect([room.why, room.row('anna').connections.length]).to.deep.equal(['too-many-pages', 8]);
    room.apply({ type: 'disconnect', participantId: 'anna', connectionId: 'page-1' });
    room.connect('anna', {}, 'page-51');
    expect(room.why).to.equal(undefined);
  });

  it('are away while a page is loaded anew', () => {
    const room = meeting({ hostGone: 'end', hostGoneGraceSeconds: 0 });
    room.connect('web', { ...host, identity: 'w' });
    room.ask('host', { type: 'leave' });
    room.apply({ type: 'disconnect', participantId: 'web', connectionId: 'page-web' });
    expect(room.row('web').state).to.equal('away');
    room.tick(10);
    room.connect('web', { ...host, identity: 'w' }, 'page-2');
    room.tick(60);
    expect(room.row('web').state).to.equal('present');
    expect(room.room?.hostGone).to.equal(null);
  });

  it('stay when the line goes, and the line stays when the page goes', () => {
    const room = meeting();
    room.connect('anna');
    room.goes('anna', 'lost');
    expect(room.row('anna')).to.include({ state: 'present' });
    room.come('anna', {}, 'anna-2');
    room.apply({ type: 'disconnect', participantId: 'anna', connectionId: 'page-anna' });
    expect(room.row('anna').leg?.callId).to.equal('anna-2');
  });
});
