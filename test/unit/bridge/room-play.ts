/** One room, played step by step in a test: what people are told, and what the media server is. */
import {
  reduce,
  type Newcomer,
  type Reduction,
  type RoomEffect,
  type RoomInput,
  type RoomKey,
  type Words,
} from '../../../bridge/conferences/room/index.ts';
import { DEFAULT_POLICY, type RoomCommand } from '../../../config/contract/index.ts';
import type { ConferencePolicy, Participant, RoomDocument, RoomEvent } from '../../../store/index.ts';

type WithoutTime<T> = T extends unknown ? Omit<T, 'at'> : never;

export class RoomPlay {
  room: RoomDocument | null = null;
  at = 1_000_000;
  last: Reduction = { outcome: 'unchanged', effects: [] };
  readonly effects: RoomEffect[] = [];
  readonly events: RoomEvent[] = [];
  readonly #plan: { title: string; policy: ConferencePolicy };
  #members = 0;

  constructor(policy: Partial<ConferencePolicy> = {}) {
    this.#plan = { title: 'Weekly', policy: { ...DEFAULT_POLICY, announce: 'silent', ...policy } };
  }

  apply(input: WithoutTime<RoomInput>): Reduction {
    this.at += 10;
    const result = reduce({ tenantId: 'default', conferenceId: 'c1' }, this.room, {
      ...input,
      at: this.at,
    });
    this.last = result;
    this.effects.push(...result.effects);
    if (result.outcome === 'changed') {
      this.room = result.room;
      this.events.push(...result.events);
    }
    return result;
  }

  /** A leg at the door; its call is named after the participant. */
  enter(id: string, change: Partial<Newcomer> = {}, call = id): Reduction {
    const who = { id, name: id, number: '', line: '', role: 'guest', language: 'en', ...change } as const;
    const leg = { kind: 'phone', callId: call, channelUuid: `channel-${call}` } as const;
    return this.apply({ type: 'enter', plan: this.#plan, mediaServer: 'm1', who, leg });
  }

  join(call: string): Reduction {
    const row = this.room?.participants.find(({ leg }) => leg?.callId === call);
    const muted = row === undefined || row.bits.length > 0;
    const deaf = row === undefined || row.state !== 'present' || row.bits.includes('hold');
    return this.apply({ type: 'joined', callId: call, memberId: (this.#members += 1), speak: !muted, hear: !deaf });
  }

  /** Comes in all the way. */
  come(id: string, change: Partial<Newcomer> = {}, call = id): void {
    this.enter(id, change, call);
    this.join(call);
  }

  connect(id: string, change: Partial<Newcomer> = {}, connectionId = `page-${id}`): Reduction {
    const who = { id, name: id, number: '', line: '', role: 'guest', language: 'en', ...change } as const;
    return this.apply({ type: 'connect', plan: this.#plan, who, connectionId });
  }

  goes(call: string, how: 'hung-up' | 'lost' = 'hung-up'): Reduction {
    return this.apply({ type: 'leg-gone', callId: call, how });
  }

  ask(id: string, command: RoomCommand): Reduction {
    return this.apply({ type: 'command', actor: { kind: 'participant', participantId: id }, command });
  }

  press(id: string, action: RoomKey): Reduction {
    return this.apply({ type: 'key', participantId: id, action });
  }

  /** Time passes, and what is due is done when it is due. */
  tick(seconds: number): void {
    const until = this.at + seconds * 1_000;
    while (this.at < until) {
      this.at = Math.min(until, this.at + 250);
      const { at } = this;
      this.apply({ type: 'tick' });
      this.at = at;
    }
  }

  row(id: string): Participant {
    const row = this.room?.participants.find((other) => other.id === id);
    if (!row) throw new Error(`${id} is not in the room`);
    return row;
  }

  has(id: string): boolean {
    return this.room?.participants.some((other) => other.id === id) === true;
  }

  get why(): string | undefined {
    return this.last.outcome === 'rejected' ? this.last.why : undefined;
  }

  /** What somebody was told, last sentence last; forgotten afterwards. */
  told(id: string): Words[] {
    const told = this.effects.flatMap((effect) =>
      effect.type === 'tell' && effect.participantId === id ? effect.words : [],
    );
    this.forget((effect) => effect.type === 'tell' && effect.participantId === id);
    return told;
  }

  /** What everybody, or the hosts, were told; forgotten afterwards. */
  announced(to: 'room' | 'hosts' = 'room'): Words[] {
    const told = this.effects.flatMap((effect) => (effect.type === 'announce' && effect.to === to ? effect.words : []));
    this.forget((effect) => effect.type === 'announce' && effect.to === to);
    return told;
  }

  /** What the media server was told; forgotten afterwards. */
  commanded(): Exclude<RoomEffect, { type: 'tell' | 'announce' }>[] {
    const commands = this.effects.filter((effect) => effect.type !== 'tell' && effect.type !== 'announce');
    this.forget((effect) => effect.type !== 'tell' && effect.type !== 'announce');
    return commands;
  }

  forget(which: (effect: RoomEffect) => boolean = () => true): void {
    const kept = this.effects.filter((effect) => !which(effect));
    this.effects.splice(0, this.effects.length, ...kept);
  }
}
