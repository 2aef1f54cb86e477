/** A room while one input is worked into it: what it is so far, what has happened, and what is to be done. */
import type { AudioBit, Participant, RoomDocument, RoomEvent } from '../../../store/index.ts';
import type { RoomEffect, Words } from './inputs.ts';

/** Fields that a row may lack. */
type Optional = 'identity' | 'nameSound' | 'leg' | 'hand';

export class Draft {
  readonly at: number;
  readonly events: RoomEvent[] = [];
  readonly effects: RoomEffect[] = [];
  /** How legs were put into the mix by this input: what the media server knows before any command. */
  readonly put = new Map<number, { readonly speak: boolean; readonly hear: boolean }>();
  /** Why the conference ends for everybody. */
  end: string | undefined;
  /** Whoever asked for this. On a phone they are told what came of it; a page shows it. */
  asker: { readonly participantId: string; readonly byKey: boolean } | undefined;
  #room: RoomDocument;

  constructor(room: RoomDocument, at: number) {
    this.#room = room;
    this.at = at;
  }

  get room(): RoomDocument {
    return this.#room;
  }

  get people(): readonly Participant[] {
    return this.#room.participants;
  }

  set(change: Partial<RoomDocument>): void {
    this.#room = { ...this.#room, ...change };
  }

  find(id: string): Participant | undefined {
    return this.people.find((row) => row.id === id);
  }

  byCall(callId: string): Participant | undefined {
    return this.people.find(({ leg }) => leg?.callId === callId);
  }

  add(row: Participant): Participant {
    this.set({ participants: [...this.people, row] });
    return row;
  }

  remove(row: Participant): void {
    this.set({ participants: this.people.filter(({ id }) => id !== row.id) });
  }

  /** @returns the row as it is then */
  update(row: Participant, change: Partial<Participant>, without: readonly Optional[] = []): Participant {
    const current = this.find(row.id) ?? row;
    const kept = Object.entries({ ...current, ...change }).filter(([field]) => !without.includes(field as Optional));
    const updated = Object.fromEntries(kept) as unknown as Participant;
    this.set({ participants: this.people.map((other) => (other.id === row.id ? updated : other)) });
    return updated;
  }

  /** @returns the row as it is then; the same one when nothing changed */
  bits(
    row: Participant,
    change: { readonly set?: readonly AudioBit[]; readonly clear?: readonly AudioBit[] },
  ): Participant {
    const { set = [], clear = [] } = change;
    const current = this.find(row.id) ?? row;
    const kept = current.bits.filter((bit) => !clear.includes(bit));
    const bits = [...kept, ...set.filter((bit) => !kept.includes(bit))];
    const same = bits.length === current.bits.length && bits.every((bit) => current.bits.includes(bit));
    return same ? current : this.update(current, { bits });
  }

  event(type: string, fields: Record<string, unknown> = {}): void {
    this.events.push({ type, at: this.at, ...fields });
  }

  /** Whoever has no leg in the mix hears nothing; so does nobody else. */
  tell(row: Pick<Participant, 'id'>, ...words: Words[]): void {
    if (words.length > 0) this.effects.push({ type: 'tell', participantId: row.id, words });
  }

  answer(...words: Words[]): void {
    const row = this.asker && this.find(this.asker.participantId);
    if (row && (this.asker?.byKey === true || row.leg?.kind === 'phone')) this.tell(row, ...words);
  }

  announce(to: 'room' | 'hosts', ...words: Words[]): void {
    if (words.length > 0) this.effects.push({ type: 'announce', to, words });
  }
}
