import { expect } from 'chai';
import type { ParticipantView, RoomView } from '../../../config/contract/index.ts';
import { announcements } from '../../../web-gateway/client/src/room/announcements.ts';
import {
  audioWords,
  durationWords,
  elsewhereWords,
  groupsOf,
  hueOf,
  initialsOf,
  mutedWords,
  ownMuteWords,
} from '../../../web-gateway/client/src/room/words.ts';
import { participantView, roomViewOf } from '../../helpers/room-views.ts';

const row = participantView;
const room = (participants: readonly ParticipantView[], change: Partial<RoomView> = {}) =>
  roomViewOf(participants, change);

describe('the room in words', () => {
  it('tells why somebody is not heard, the strongest reason first', () => {
    const why = (
      mutedBy: ParticipantView['mutedBy'],
      change: Partial<ParticipantView> = {},
      mode: RoomView['mode'] = 'qa',
    ) => mutedWords(row('a', { mutedBy, muted: mutedBy.length > 0, ...change }), mode);
    expect(why([])).to.equal(null);
    expect(why(['self'])).to.equal('Muted');
    expect(why(['self', 'host'])).to.equal('Muted by a host');
    expect(why(['mode'])).to.equal('Listening');
    expect(why(['mode'], { handPosition: 2 })).to.equal('Waiting to be called on');
    expect(why(['mode'], { handPosition: 2 }, 'presentation')).to.equal('Listening');
    expect(why(['host', 'hold'])).to.equal('On hold');
    expect(why(['waiting'])).to.equal('Waiting to be let in');
    expect(why(['self'], { audio: null })).to.equal(null);
  });

  it('tells the muted what they can do about it', () => {
    const own = (mutedBy: ParticipantView['mutedBy'], canUnmute: boolean, mode: RoomView['mode'] = 'conversation') =>
      ownMuteWords(row('a', { mutedBy, muted: mutedBy.length > 0, canUnmute }), mode);
    expect(own([], true)).to.equal('Everybody can hear you.');
    expect(own(['host'], false)).to.contain('Raise your hand');
    expect(own(['host'], true)).to.contain('may unmute yourself');
    expect(own(['mode'], false, 'qa')).to.contain('called on');
    expect(own(['mode'], false, 'presentation')).to.contain('Only hosts can speak');
    expect(own(['hold'], false)).to.contain('on hold');
  });

  it('tells where the sound is that this page had, and when it is nowhere', () => {
    expect(elsewhereWords('phone').title).to.equal('Your sound is on your telephone now');
    expect(elsewhereWords('browser').title).to.equal('Your sound is on another page of yours now');
    expect(elsewhereWords(null).title).to.equal('You have no sound now');
  });

  it('tells phones and browsers apart, and one person who has both', () => {
    expect(audioWords(row('a', { audio: 'phone', web: false, number: '•••123', name: 'Ada' }))).to.equal(
      'Phone •••123',
    );
    expect(audioWords(row('a', { audio: 'phone', web: false, number: '•••123', name: '•••123' }))).to.equal('Phone');
    expect(audioWords(row('a', { audio: 'phone', web: true }))).to.equal('Phone and browser');
    expect(audioWords(row('a', { audio: 'browser' }))).to.equal('Browser');
    expect(audioWords(row('a', { audio: null }))).to.equal('Browser, without sound');
    expect(audioWords(row('a', { state: 'away' }))).to.equal('Connection lost');
  });

  it('groups people: waiting and hands by their turn, hosts first', () => {
    const { waiting, hands, present } = groupsOf(
      room([
        row('guest'),
        row('second', { handPosition: 2 }),
        row('host', { role: 'host' }),
        row('first', { handPosition: 1 }),
        row('w2', { state: 'waiting', waitingPosition: 2 }),
        row('w1', { state: 'waiting', waitingPosition: 1 }),
      ]),
    );
    const ids = (rows: readonly ParticipantView[]) => rows.map(({ id }) => id);
    expect(ids(waiting)).to.deep.equal(['w1', 'w2']);
    expect(ids(hands)).to.deep.equal(['first', 'second']);
    expect(ids(present)).to.deep.equal(['host', 'guest', 'second', 'first']);
  });

  it('makes initials of names, and none of numbers', () => {
    expect(['Ada Lovelace', 'cher', '•••123', 'Ольга Иванова', '  ', '👩‍💻 Eve'].map(initialsOf)).to.deep.equal([
      'AL',
      'C',
      '',
      'ОИ',
      '',
      'E',
    ]);
  });

  it('gives a person one colour', () => {
    expect(hueOf('abc', 6)).to.equal(hueOf('abc', 6)).and.within(0, 5);
    expect(new Set(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((id) => hueOf(id, 6))).size).to.be.greaterThan(3);
  });

  it('writes durations', () => {
    expect([0, 59_999, 61_000, 3_723_000, -5].map(durationWords)).to.deep.equal([
      '0:00',
      '0:59',
      '1:01',
      '1:02:03',
      '0:00',
    ]);
  });
});

describe('what a screen reader is told', () => {
  const me = row('me');
  const told = (before: RoomView, after: RoomView) => announcements(before, after, 'me');

  it('says who came and went, and counts when they are many', () => {
    const before = room([me, row('old', { name: 'Old' })]);
    expect(told(before, room([me, row('a', { name: 'Ada' }), row('b', { name: 'Bob' })]))).to.deep.equal([
      'Ada and Bob have joined.',
      'Old has left.',
    ]);
    const many = ['a', 'b', 'c', 'd'].map((id) => row(id));
    expect(told(room([me]), room([me, ...many]))).to.deep.equal(['4 people have joined.']);
    expect(told(before, before)).to.deep.equal([]);
  });

  it('does not tell who talks', () => {
    expect(told(room([me, row('a')]), room([me, row('a', { talking: true })]))).to.deep.equal([]);
  });

  it('tells me what becomes of me', () => {
    const mine = (change: Partial<ParticipantView>) => room([row('me', change)]);
    const waiting = mine({ state: 'waiting', mutedBy: ['waiting'], muted: true });
    expect(told(waiting, mine({}))).to.deep.equal(['You are in the conference now.', 'Everybody can hear you.']);
    expect(told(mine({}), mine({ role: 'host' }))).to.deep.equal(['You are a host now.']);
    expect(told(mine({}), mine({ mutedBy: ['host'], muted: true, canUnmute: false }))[0]).to.contain(
      'A host has muted you',
    );
    expect(told(mine({}), mine({ handPosition: 3 }))).to.deep.equal(['Your hand is up. You are number 3.']);
    expect(told(mine({ handPosition: 3 }), mine({ handPosition: 1 }))).to.deep.equal(['You are next to speak.']);
    expect(told(mine({ handPosition: 1 }), mine({}))).to.deep.equal(['Your hand is down.']);
    const inQueue = mine({ handPosition: 1, mutedBy: ['mode'], muted: true });
    expect(told(inQueue, mine({}))).to.deep.equal(['Everybody can hear you.', 'It is your turn to speak.']);
  });

  it('tells hosts, and nobody else, who waits, raises a hand or asks for help', () => {
    const others = [
      row('w', { name: 'Wanda', state: 'waiting', waitingPosition: 1 }),
      row('h', { name: 'Hal', handPosition: 1 }),
      row('q', { name: 'Quinn', asksForHelp: true }),
    ];
    const calm = [row('h', { name: 'Hal' }), row('q', { name: 'Quinn' })];
    const host = row('me', { role: 'host' });
    expect(told(room([host, ...calm]), room([host, ...others]))).to.deep.equal([
      'Wanda is waiting to be let in.',
      'Hal has raised a hand.',
      'Quinn asks for help.',
    ]);
    expect(told(room([me, ...calm]), room([me, ...others]))).to.deep.equal([]);
  });

  it('tells what becomes of the room', () => {
    const locked = room([me], { locked: true, mode: 'presentation', recording: { state: 'on', since: 1 } });
    expect(told(room([me]), locked)).to.deep.equal([
      'Only hosts can speak.',
      'The conference is locked.',
      'This conference is being recorded.',
    ]);
    expect(told(locked, room([me]))).to.deep.equal([
      'Everybody can speak.',
      'The conference is open again.',
      'The recording has ended.',
    ]);
  });
});
