/** The host's menus by key: the conference, and the people in it one by one. Keys here are fixed; each sentence says its own. */
import type { PolicyAnnounce, RoomCommand } from '../../config/contract/index.ts';
import { askName, runMenu, type Digit, type Prompt, type RecordableLeg } from '../../ivr/index.ts';
import type { Participant, RoomDocument } from '../../store/index.ts';
import { describePerson, personActions, type PersonKey } from './people-menu.ts';
import type { RecordingFolder } from './recordings.ts';
import type { Applied } from './room-service.ts';

const KEY_TIMEOUT_MS = 8_000;
const CONFIRM_MS = 5_000;
const NAME_LONGEST_MS = 5_000;

/** What a menu needs of the host's own row. */
export interface MenuSeat {
  readonly participantId: string;
  readonly row: Participant | undefined;
  readonly room: RoomDocument | null;
  ask(command: RoomCommand, options?: { quiet?: boolean }): Promise<Applied>;
  nameRecorded(participantId: string, file: string): Promise<Applied>;
}

export interface HostMenuDeps {
  readonly leg: RecordableLeg;
  readonly seat: MenuSeat;
  readonly recordings: Pick<RecordingFolder, 'absolute' | 'nameFile' | 'prepare' | 'holdsVoice'>;
  readonly newId: () => string;
}

const BACK: Digit = '#';
const REPEAT: Digit = '*';
const CONFIRM: Digit = '1';

/** The keys of the first menu, in the order in which they are told. */
export const hostMenuKeys = {
  'menu-people': '1',
  'menu-mute-all': '2',
  'menu-unmute-all': '3',
  'menu-announcements': '4',
  'menu-roll': '5',
  'menu-call-on': '6',
  'menu-pause-recording': '7',
  'menu-leave': '8',
  'menu-end': '9',
  'menu-repeat': REPEAT,
  'menu-back': BACK,
} as const satisfies Readonly<Record<string, Digit>>;
export type HostMenuItem = keyof typeof hostMenuKeys;

const NEXT_ANNOUNCE: Readonly<Record<PolicyAnnounce, PolicyAnnounce>> = {
  tone: 'name',
  name: 'silent',
  silent: 'tone',
};

/** Said next; null: back in the conference. */
type Said = readonly Prompt[] | null;
const IMPOSSIBLE: Said = ['error-tone', 'not-possible-now'];
const NOT_UNDERSTOOD: readonly Prompt[] = ['error-tone', 'not-understood'];

export class HostMenu {
  readonly #leg: RecordableLeg;
  readonly #seat: MenuSeat;
  readonly #deps: HostMenuDeps;

  constructor(deps: HostMenuDeps) {
    this.#deps = deps;
    this.#leg = deps.leg;
    this.#seat = deps.seat;
  }

  /** Until the host goes back, leaves, or presses nothing. @throws LegGone, PartylineError store/unavailable */
  async run(): Promise<void> {
    await runMenu(this.#leg, {
      prompts: this.#offer(),
      notUnderstood: NOT_UNDERSTOOD,
      timeoutMs: KEY_TIMEOUT_MS,
      onKey: (key) => this.#onKey(key),
    });
    await this.#leg.play(['menu-back']);
  }

  #offer(): readonly Prompt[] {
    const items = Object.entries(hostMenuKeys).map(([action, keys]) => ({ action: action as HostMenuItem, keys }));
    return ['menu-of-the-host', ...items.map((item): Prompt => ({ meaning: 'action', ...item }))];
  }

  async #onKey(key: Digit): Promise<Said | undefined> {
    const item = Object.entries(hostMenuKeys).find(([, own]) => own === key)?.[0] as HostMenuItem | undefined;
    return item && this.#items[item]();
  }

  readonly #items: Readonly<Record<HostMenuItem, () => Promise<Said>>> = {
    'menu-people': async () => {
      await this.#people();
      return this.#offer();
    },
    'menu-mute-all': () => this.#do({ type: 'mute-all' }),
    'menu-unmute-all': () => this.#do({ type: 'unmute-all' }),
    'menu-announcements': () => {
      const announce = NEXT_ANNOUNCE[this.#seat.room?.announce ?? 'silent'];
      return this.#do({ type: 'set-announcements', announce }, [`announcements-${announce}`]);
    },
    'menu-roll': () => this.#do({ type: 'speak-roll' }),
    'menu-call-on': () => this.#do({ type: 'call-on-next' }, [], ['nobody-has-hand-up']),
    'menu-pause-recording': () => {
      const paused = this.#seat.room?.recording.state === 'paused';
      return this.#do({ type: paused ? 'resume-recording' : 'pause-recording' });
    },
    'menu-leave': () => this.#do({ type: 'leave-without-ending' }),
    'menu-end': () => this.#confirmed('confirm-end', { type: 'end' }),
    'menu-repeat': async () => this.#offer(),
    'menu-back': async () => null,
  };

  /** @param then said when it is done; what everybody hears is not said again */
  async #do(command: RoomCommand, then: Said = [], impossible: Said = IMPOSSIBLE): Promise<Said> {
    const applied = await this.#seat.ask(command, { quiet: true });
    return applied.outcome === 'rejected' ? impossible : then;
  }

  async #confirmed(question: 'confirm-end' | 'confirm-remove', command: RoomCommand): Promise<Said> {
    await this.#leg.play([question]);
    const key = await this.#leg.nextDigit({ timeoutMs: CONFIRM_MS });
    return key === CONFIRM ? this.#do(command) : ['menu-back'];
  }

  /** One after the other, as the room is: whoever leaves meanwhile is passed over. */
  async #people(): Promise<void> {
    let current = this.#others()[0];
    if (!current) {
      await this.#leg.play(['menu-nobody']);
      return;
    }
    const describe = (withKeys: boolean): readonly Prompt[] => {
      const others = this.#others();
      const index = Math.max(
        0,
        others.findIndex(({ id }) => id === current?.id),
      );
      current = others[index];
      if (!current) return ['menu-nobody'];
      return describePerson(current, index + 1, withKeys, (file) => this.#deps.recordings.absolute(file));
    };
    const step = (by: number): readonly Prompt[] => {
      const others = this.#others();
      const index = others.findIndex(({ id }) => id === current?.id);
      current = others[(index + by + others.length) % Math.max(1, others.length)];
      return describe(false);
    };
    await runMenu(this.#leg, {
      prompts: ['menu-of-people', ...describe(true)],
      notUnderstood: NOT_UNDERSTOOD,
      timeoutMs: KEY_TIMEOUT_MS,
      onKey: async (key) => {
        if (key === BACK) return null;
        if (key === REPEAT) return describe(true);
        const action = personActions[key as PersonKey] as (typeof personActions)[PersonKey] | undefined;
        if (action === undefined) return undefined;
        if (action === 'person-next') return step(1);
        if (action === 'person-previous') return step(-1);
        const person = this.#others().find(({ id }) => id === current?.id);
        if (!person) return describe(false);
        const said = await this.#deal(action, person);
        return said?.length === 0 ? describe(false) : said;
      },
    });
  }

  async #deal(
    action: (typeof personActions)[PersonKey],
    { id: participantId, bits, ...person }: Participant,
  ): Promise<Said> {
    switch (action) {
      case 'person-mute': {
        const silenced = bits.includes('host') || bits.includes('mode');
        return this.#do({ type: silenced ? 'unmute' : 'mute', participantId });
      }
      case 'person-hold':
        return this.#do({ type: bits.includes('hold') ? 'resume' : 'hold', participantId });
      case 'person-call-on':
        if (person.state === 'waiting') return this.#do({ type: 'admit', participantId });
        return this.#do({ type: person.calledOn ? 'lower-hand-of' : 'call-on', participantId });
      case 'person-remove':
        return this.#confirmed('confirm-remove', { type: 'remove', participantId, reason: 'unspecified' });
      case 'person-make-host':
        return this.#do({ type: 'make-host', participantId });
      case 'person-hand-over':
        return this.#do({ type: 'hand-over', participantId });
      case 'person-name':
        return this.#name(participantId);
      case 'person-next':
      case 'person-previous':
        return [];
    }
  }

  /** The host speaks it, unheard by the others. */
  async #name(participantId: string): Promise<Said> {
    const { recordings, newId } = this.#deps;
    const file = recordings.nameFile(newId());
    const wasMuted = this.#seat.row?.bits.includes('self') === true;
    if (!wasMuted) await this.#seat.ask({ type: 'mute-self' }, { quiet: true });
    try {
      await recordings.prepare(file);
      const named = await askName(this.#leg, {
        prompts: ['say-name-of-person'],
        file: recordings.absolute(file),
        holdsVoice: () => recordings.holdsVoice(file),
        longestMs: NAME_LONGEST_MS,
        confirmTimeoutMs: CONFIRM_MS,
      });
      if (!named) return ['name-not-heard'];
      const applied = await this.#seat.nameRecorded(participantId, file);
      return applied.outcome === 'rejected' ? IMPOSSIBLE : ['name-is-kept'];
    } finally {
      if (!wasMuted) await this.#seat.ask({ type: 'unmute-self' }, { quiet: true });
    }
  }

  #others(): readonly Participant[] {
    const people = this.#seat.room?.participants ?? [];
    const others = people.filter(({ id, state }) => id !== this.#seat.participantId && state !== 'away');
    // Whoever waits, or wants to say something, comes first.
    const rank = ({ state, hand }: Participant) => (state === 'waiting' ? 0 : hand === undefined ? 2 : 1);
    return [...others].sort((one, other) => rank(one) - rank(other));
  }
}
