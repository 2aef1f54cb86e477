import { expect } from 'chai';
import { describePerson, personActions } from '../../../bridge/conferences/people-menu.ts';
import { HostMenu, hostMenuKeys, type MenuSeat } from '../../../bridge/conferences/host-menu.ts';
import { KeypadReader } from '../../../bridge/conferences/keypad.ts';
import type { Applied } from '../../../bridge/conferences/room-service.ts';
import type { Reduction } from '../../../bridge/conferences/room/index.ts';
import { DEFAULT_KEYPAD, roomCommand, type RoomCommandType } from '../../../config/contract/index.ts';
import type { Digit, Prompt, RecordableLeg } from '../../../ivr/index.ts';
import { participantRow } from '../../helpers/rooms.ts';
import { RoomPlay } from './room-play.ts';

/** A telephone in the room: keys go through the reader, the menus and the reducer, as on a real one. */
class KeyPhone {
  readonly heard: Prompt[] = [];
  readonly #room: RoomPlay;
  readonly #id: string;
  #keys: Digit[] = [];

  constructor(room: RoomPlay, id: string) {
    this.#room = room;
    this.#id = id;
  }

  async press(keys: string): Promise<void> {
    this.#keys = Array.from(keys) as Digit[];
    const reader = new KeypadReader(DEFAULT_KEYPAD);
    for (let key = this.#keys.shift(); key; key = this.#keys.shift()) {
      const action = reader.press(key);
      if (action === 'menu') await this.#menu().run();
      else if (action !== null && action !== 'nothing') this.#room.press(this.#id, action);
    }
  }

  #menu(): HostMenu {
    return new HostMenu({
      leg: this.#leg,
      seat: this.#seat,
      recordings: {
        absolute: (file) => `/recordings/${file}`,
        nameFile: (id) => `names/${id}.wav`,
        prepare: async () => undefined,
        holdsVoice: async () => true,
      },
      newId: () => 'new',
    });
  }

  get #leg(): RecordableLeg {
    return {
      language: 'en',
      signal: new AbortController().signal,
      play: async (prompts) => {
        this.heard.push(...prompts);
        return 'done';
      },
      nextDigit: async ({ signal, timeoutMs }) =>
        // While something plays, keys wait for the question after it.
        signal || timeoutMs === 0 ? null : (this.#keys.shift() ?? null),
      flushDigits: () => undefined,
      record: async () => true,
    };
  }

  get #seat(): MenuSeat {
    const room = this.#room;
    const id = this.#id;
    return {
      participantId: id,
      get row() {
        return room.room?.participants.find((row) => row.id === id);
      },
      get room() {
        return room.room;
      },
      ask: async (command, { quiet = false } = {}) => {
        const actor = { kind: 'participant', participantId: id } as const;
        return appliedOf(room.apply({ type: 'command', actor, command, quiet }), room);
      },
      nameRecorded: async (participantId, file) => {
        const by = { kind: 'participant', participantId: id } as const;
        return appliedOf(room.apply({ type: 'name-recorded', participantId, file, by }), room);
      },
    };
  }
}

function appliedOf(result: Reduction, { room }: RoomPlay): Applied {
  return result.outcome === 'rejected'
    ? { outcome: 'rejected', why: result.why, room }
    : { outcome: result.outcome, room };
}

interface Form {
  /** Keys in the room; null: by hanging up. */
  readonly keys: string | null;
  readonly by?: 'anna';
  readonly policy?: ConstructorParameters<typeof RoomPlay>[0];
  readonly before?: (room: RoomPlay) => void;
  readonly done: (room: RoomPlay) => unknown;
}

const MENU = DEFAULT_KEYPAD.menu;
const PEOPLE = `${MENU}${hostMenuKeys['menu-people']}`;
const key = (action: (typeof personActions)[keyof typeof personActions]) =>
  Object.entries(personActions).find(([, own]) => own === action)![0];
const says = (what: string) => (room: RoomPlay) => JSON.stringify(room.effects).includes(what);
const recording = (room: RoomPlay) => {
  room.ask('host', { type: 'start-recording' });
  room.apply({ type: 'recording', phase: 'started', file: room.room!.recording.file! });
  room.at += 5_000;
};
const hand = (room: RoomPlay) => void room.ask('anna', { type: 'raise-hand' });

/** What a phone can do for each thing that can be asked on the web. Forgetting one is an error of types. */
const forms = {
  'mute-self': { keys: DEFAULT_KEYPAD['toggle-mute'], done: (room) => room.row('host').bits.includes('self') },
  'unmute-self': {
    keys: DEFAULT_KEYPAD['toggle-mute'],
    before: (room) => room.ask('host', { type: 'mute-self' }),
    done: (room) => room.row('host').bits.length === 0,
  },
  'raise-hand': {
    keys: DEFAULT_KEYPAD['toggle-hand'],
    by: 'anna',
    done: (room) => room.row('anna').hand !== undefined,
  },
  'lower-hand': {
    keys: DEFAULT_KEYPAD['toggle-hand'],
    by: 'anna',
    before: hand,
    done: (room) => room.row('anna').hand === undefined,
  },
  'change-volume': { keys: DEFAULT_KEYPAD.quieter, by: 'anna', done: (room) => room.row('anna').volume === -1 },
  'speak-help': { keys: DEFAULT_KEYPAD.help, by: 'anna', done: says('"helpFor":"guest"') },
  'speak-roll': { keys: `${MENU}${hostMenuKeys['menu-roll']}`, done: says('people-in-conference') },
  'ask-for-help': { keys: DEFAULT_KEYPAD['ask-for-help'], by: 'anna', done: (room) => room.row('anna').asksForHelp },
  leave: { keys: null, by: 'anna', done: (room) => !room.has('anna') },
  mute: { keys: `${PEOPLE}${key('person-mute')}`, done: (room) => room.row('anna').bits.includes('host') },
  unmute: {
    keys: `${PEOPLE}${key('person-mute')}`,
    before: (room) => room.ask('host', { type: 'mute', participantId: 'anna' }),
    done: (room) => room.row('anna').bits.length === 0,
  },
  'mute-all': { keys: `${MENU}${hostMenuKeys['menu-mute-all']}`, done: (room) => room.room?.guestsMuted },
  'unmute-all': {
    keys: `${MENU}${hostMenuKeys['menu-unmute-all']}`,
    before: (room) => room.ask('host', { type: 'mute-all' }),
    done: (room) => !room.room?.guestsMuted,
  },
  'set-mode': { keys: DEFAULT_KEYPAD['next-mode'], done: (room) => room.room?.mode === 'qa' },
  lock: { keys: DEFAULT_KEYPAD['toggle-lock'], done: (room) => room.room?.locked },
  unlock: {
    keys: DEFAULT_KEYPAD['toggle-lock'],
    before: (room) => room.ask('host', { type: 'lock' }),
    done: (room) => !room.room?.locked,
  },
  admit: {
    keys: `${PEOPLE}${key('person-call-on')}`,
    policy: { waitingRoom: 'admit' },
    done: (room) => room.row('anna').state === 'present',
  },
  'admit-next': {
    keys: DEFAULT_KEYPAD['admit-next'],
    policy: { waitingRoom: 'admit' },
    done: (room) => room.row('anna').state === 'present',
  },
  'admit-all': {
    keys: `${DEFAULT_KEYPAD['admit-next']}${DEFAULT_KEYPAD['admit-next']}`,
    policy: { waitingRoom: 'admit' },
    before: (room) => {
      room.come('ben');
      room.come('carl');
    },
    done: (room) => ['anna', 'ben', 'carl'].every((id) => room.row(id).state === 'present'),
  },
  'call-on': {
    keys: `${PEOPLE}${key('person-call-on')}`,
    policy: { mode: 'qa' },
    before: hand,
    done: (room) => room.row('anna').calledOn,
  },
  'call-on-next': {
    keys: `${MENU}${hostMenuKeys['menu-call-on']}`,
    policy: { mode: 'qa' },
    before: hand,
    done: (room) => room.row('anna').calledOn,
  },
  'lower-hand-of': {
    keys: `${PEOPLE}${key('person-call-on')}${key('person-call-on')}`,
    policy: { mode: 'qa' },
    before: hand,
    done: (room) => !room.row('anna').calledOn && room.row('anna').hand === undefined,
  },
  hold: { keys: `${PEOPLE}${key('person-hold')}`, done: (room) => room.row('anna').bits.includes('hold') },
  resume: {
    keys: `${PEOPLE}${key('person-hold')}`,
    before: (room) => room.ask('host', { type: 'hold', participantId: 'anna' }),
    done: (room) => !room.row('anna').bits.includes('hold'),
  },
  rename: {
    keys: `${PEOPLE}${key('person-name')}#`,
    done: (room) => room.row('anna').nameSound === 'names/new.wav' && room.row('host').bits.length === 0,
  },
  remove: { keys: `${PEOPLE}${key('person-remove')}1`, done: (room) => !room.has('anna') },
  'make-host': { keys: `${PEOPLE}${key('person-make-host')}`, done: (room) => room.row('anna').role === 'host' },
  'hand-over': { keys: `${PEOPLE}${key('person-hand-over')}`, done: (room) => room.row('host').role === 'guest' },
  'start-recording': {
    keys: DEFAULT_KEYPAD['toggle-recording'],
    done: (room) => room.room?.recording.state === 'starting',
  },
  'stop-recording': {
    keys: DEFAULT_KEYPAD['toggle-recording'],
    before: recording,
    done: (room) => room.room?.recording.state === 'stopping',
  },
  'pause-recording': {
    keys: `${MENU}${hostMenuKeys['menu-pause-recording']}`,
    before: recording,
    done: (room) => room.room?.recording.state === 'paused',
  },
  'resume-recording': {
    keys: `${MENU}${hostMenuKeys['menu-pause-recording']}`,
    before: (room) => {
      recording(room);
      room.ask('host', { type: 'pause-recording' });
    },
    done: (room) => room.room?.recording.state === 'on',
  },
  'set-announcements': {
    keys: `${MENU}${hostMenuKeys['menu-announcements']}`,
    done: (room) => room.room?.announce === 'tone',
  },
  end: { keys: `${MENU}${hostMenuKeys['menu-end']}1`, done: (room) => room.room === null },
  'leave-without-ending': {
    keys: `${MENU}${hostMenuKeys['menu-leave']}`,
    done: (room) => !room.has('host') && room.room?.hostGone === null,
  },
} as const satisfies Readonly<Record<RoomCommandType, Form>>;

describe('every command of a room', () => {
  it('is known to this table, and to the API’s schema', () => {
    const types = roomCommand.options.flatMap((option) => [...option.shape.type.values]);
    expect(types).to.have.members(Object.keys(forms));
  });

  for (const [type, form] of Object.entries<Form>(forms)) {
    it(`can be given by phone: ${type}${form.keys === null ? ' (by hanging up)' : `, ${form.keys}`}`, async () => {
      const room = new RoomPlay(form.policy);
      room.come('host', { role: 'host' });
      room.come('anna');
      form.before?.(room);
      room.forget();
      room.at += 10_000;
      expect(Boolean(form.done(room)), 'not done before').to.equal(false);
      if (form.keys === null) room.goes('anna');
      else await new KeyPhone(room, form.by ?? 'host').press(form.keys);
      expect(Boolean(form.done(room)), 'done').to.equal(true);
    });
  }
});

describe('the host’s menus', () => {
  async function heardAfter(keys: string, prepare: (room: RoomPlay) => void = () => undefined) {
    const room = new RoomPlay();
    room.come('host', { role: 'host' });
    room.come('anna', { number: '+49 30 901820' });
    prepare(room);
    const phone = new KeyPhone(room, 'host');
    await phone.press(keys);
    return { room, heard: phone.heard };
  }

  it('say what every key does, and go back by themselves when nobody presses any', async () => {
    const { heard } = await heardAfter(MENU);
    expect(heard[0]).to.equal('menu-of-the-host');
    const told = heard.flatMap((prompt) => (typeof prompt === 'object' && prompt.meaning === 'action' ? [prompt] : []));
    expect(told.map(({ action, keys }) => [action, keys])).to.deep.equal(Object.entries(hostMenuKeys));
    expect(heard.at(-1)).to.equal('menu-back');
  });

  it('say when a key does nothing', async () => {
    const { heard } = await heardAfter(`${MENU}0`);
    expect(heard).to.include.members(['error-tone', 'not-understood']);
  });

  it('ask before they end everything or remove somebody', async () => {
    const { room, heard } = await heardAfter(`${MENU}${hostMenuKeys['menu-end']}5`);
    expect(room.room).to.not.equal(null);
    expect(heard).to.include('confirm-end');
    const kept = await heardAfter(`${PEOPLE}${key('person-remove')}2`);
    expect(kept.room.has('anna')).to.equal(true);
  });

  it('describe people by name, number or place, and how they are', async () => {
    const absolute = (file: string) => `/r/${file}`;
    const of = (change: Parameters<typeof participantRow>[1]) =>
      describePerson(participantRow('x', change), 2, false, absolute);
    expect(of({ nameSound: 'names/x.wav', bits: ['self'] })).to.deep.equal([
      { meaning: 'recorded', file: '/r/names/x.wav' },
      'menu-is-muted',
    ]);
    expect(of({ number: '+49 30 901820', state: 'waiting', bits: ['waiting'] })).to.deep.equal([
      { meaning: 'person-number', value: 2 },
      { meaning: 'caller-ending', digits: '820' },
      'menu-is-waiting',
    ]);
    expect(of({ number: '', hand: 1 })).to.deep.equal([{ meaning: 'person-number', value: 2 }, 'menu-hand-up']);
    expect(of({ number: '', bits: ['hold'] }).at(-1)).to.equal('menu-is-on-hold');
  });

  it('go from one person to the next and back, those who wait first', async () => {
    const { heard } = await heardAfter(`${PEOPLE}33#`, (room) => {
      room.come('ben', { number: '+49309999' });
      room.come('carl', { number: '+49301111' });
      room.ask('carl', { type: 'raise-hand' });
    });
    const numbers = heard.flatMap((prompt) =>
      typeof prompt === 'object' && prompt.meaning === 'caller-ending' ? [prompt.digits] : [],
    );
    expect(numbers).to.deep.equal(['111', '820', '999']);
    const alone = new RoomPlay();
    alone.come('host', { role: 'host' });
    const phone = new KeyPhone(alone, 'host');
    await phone.press(PEOPLE);
    expect(phone.heard).to.include('menu-nobody');
  });
});
