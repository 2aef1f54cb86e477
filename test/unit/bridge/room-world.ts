/**
 * A room, its callers, and a media server that does what it is told: the world in which histories are played. After each
 * step everything that is promised is looked at; what is promised for the end is looked at in the end.
 */
import {
  canUnmute,
  mayHear,
  maySpeak,
  nextDue,
  reduce,
  type Newcomer,
  type Reduction,
  type RoomEffect,
  type RoomInput,
  type RoomKey,
} from '../../../bridge/conferences/room/index.ts';
import { roomCommandAccess, type ConferencePolicy, type RoomCommand } from '../../../config/contract/index.ts';
import type { Participant, RoomActor, RoomDocument } from '../../../store/index.ts';
import { roomDocumentSchema } from '../../../store/schemas.ts';

export type Step =
  | { readonly do: 'call'; readonly who: number; readonly role: 'host' | 'guest'; readonly elsewhere: boolean }
  | { readonly do: 'join' | 'hang-up' | 'lose' | 'spoke-muted'; readonly who: number }
  | { readonly do: 'talk'; readonly who: number; readonly on: boolean }
  | { readonly do: 'connect'; readonly who: number; readonly role: 'host' | 'guest' }
  | { readonly do: 'disconnect'; readonly who: number }
  | { readonly do: 'ask'; readonly who: number | 'person'; readonly command: RoomCommand; readonly about: number }
  | { readonly do: 'key'; readonly who: number; readonly action: RoomKey }
  | { readonly do: 'wait'; readonly seconds: number }
  /** The media server answers what it was asked about a recording. */
  | { readonly do: 'record'; readonly well: boolean }
  /** Something goes wrong on the media server, and nobody is told. */
  | { readonly do: 'break'; readonly what: 'flip' | 'lose' | 'ghost' | 'renumber'; readonly who: number }
  | { readonly do: 'report' };

interface Member {
  readonly channelUuid: string;
  speak: boolean;
  hear: boolean;
}

/** A telephone call: at the door, or in the mix. */
interface Call {
  readonly callId: string;
  readonly channelUuid: string;
  /** How the leg will be put in: as the room was when it was looked at. */
  readonly put: { speak: boolean; hear: boolean };
  memberId?: number;
}

const identity = { tenantId: 'default', conferenceId: 'c1' };
const SERVERS = ['m1', 'm2'] as const;

export class World {
  room: RoomDocument | null = null;
  at = 1_000_000;
  readonly #policy: ConferencePolicy;
  readonly #mix = new Map<number, Member>();
  readonly #calls = new Map<number, Call>();
  readonly #pages = new Map<number, string>();
  /** A host has been in this room: from then on it must not depend on another one to come. */
  #hadHost = false;
  /** Somebody on the web has led it while no host was in: then they have to go on. */
  #ledFromOutside = false;
  #pendingRecordings: { action: 'start' | 'stop'; file: string }[] = [];
  #confirmedFiles = new Set<string>();
  #runningFiles = new Set<string>();
  /** The media server has done something by itself that no report has told of yet. */
  #broken = false;
  #numbers = 0;

  constructor(policy: ConferencePolicy) {
    this.#policy = policy;
  }

  play(steps: readonly Step[]): void {
    for (const step of steps) {
      this.at += 100;
      this.#take(step);
    }
    this.#checkEnd();
  }

  #take(step: Step): void {
    switch (step.do) {
      case 'call': {
        this.#call(step.who, step.role, step.elsewhere);
        return;
      }
      case 'join': {
        this.#join(step.who);
        return;
      }
      case 'hang-up':
      case 'lose': {
        this.#goes(step.who, step.do === 'lose' ? 'lost' : 'hung-up');
        return;
      }
      case 'spoke-muted': {
        this.#ofCall(step.who, (callId) => ({ type: 'spoke-muted', callId }));
        return;
      }
      case 'talk': {
        this.#ofCall(step.who, (callId) => ({ type: 'talking', callId, on: step.on }));
        return;
      }
      case 'connect': {
        this.#connect(step.who, step.role);
        return;
      }
      case 'disconnect': {
        this.#disconnect(step.who);
        return;
      }
      case 'ask': {
        this.#ask(step);
        return;
      }
      case 'key':
        this.#apply({ type: 'key', participantId: this.#rowOf(step.who), action: step.action });
        return;
      case 'wait': {
        this.#wait(step.seconds);
        return;
      }
      case 'record': {
        this.#record(step.well);
        return;
      }
      case 'break': {
        this.#break(step.what, step.who);
        return;
      }
      case 'report': {
        this.#report();
        return;
      }
    }
  }

  /** Even ones are known by who they are, the first four by their line. */
  #newcomer(who: number, role: 'host' | 'guest'): Newcomer {
    return {
      id: this.#rowOf(who),
      ...(who % 2 === 0 ? { identity: `person-${who}` } : {}),
      name: `p${who}`,
      number: who < 4 ? `+4930${who}` : '',
      line: who < 4 ? `trunk +4930${who}` : '',
      role,
      language: 'en',
    };
  }

  /** The row somebody has now, else the one they would get. */
  #rowOf(who: number): string {
    const callId = this.#calls.get(who)?.callId;
    const page = this.#pages.get(who);
    const row = this.room?.participants.find(
      ({ leg, connections }) =>
        (callId !== undefined && leg?.callId === callId) || (page !== undefined && connections.includes(page)),
    );
    return row?.id ?? `row-${who}-${(this.#numbers += 1)}`;
  }

  #call(who: number, role: 'host' | 'guest', elsewhere: boolean): void {
    if (this.#calls.has(who)) this.#goes(who, 'hung-up');
    const number = (this.#numbers += 1);
    const leg = { kind: 'phone', callId: `call-${number}`, channelUuid: `channel-${number}` } as const;
    const server = elsewhere ? SERVERS[1] : SERVERS[0];
    const before = this.room;
    const result = this.#apply({
      type: 'enter',
      plan: { title: 'x', policy: this.#policy },
      mediaServer: server,
      who: this.#newcomer(who, role),
      leg,
    });
    if (result.outcome === 'rejected') {
      must(result.why !== 'elsewhere' || before?.mediaServer !== server, 'never two rooms');
      return;
    }
    const row = this.room?.participants.find((other) => other.leg?.callId === leg.callId);
    must(result.outcome === 'changed' && row?.id === result.participantId, 'the row is told');
    if (row) this.#calls.set(who, { ...leg, put: { speak: maySpeak(row), hear: mayHear(row) } });
  }

  #join(who: number): void {
    const call = this.#calls.get(who);
    if (!call || call.memberId !== undefined) return;
    const memberId = (this.#numbers += 1);
    // The leg is in the mix before anybody is told.
    this.#mix.set(memberId, { channelUuid: call.channelUuid, ...call.put });
    call.memberId = memberId;
    const result = this.#apply({ type: 'joined', callId: call.callId, memberId, ...call.put });
    // Let go meanwhile: the call finds out, and leaves the mix.
    if (result.outcome === 'rejected') this.#end(who);
  }

  #goes(who: number, how: 'hung-up' | 'lost'): void {
    const call = this.#end(who);
    if (call) this.#apply({ type: 'leg-gone', callId: call.callId, how });
  }

  #end(who: number): Call | undefined {
    const call = this.#calls.get(who);
    if (!call) return undefined;
    this.#calls.delete(who);
    for (const [memberId, { channelUuid }] of this.#mix) {
      if (channelUuid === call.channelUuid) this.#mix.delete(memberId);
    }
    return call;
  }

  #connect(who: number, role: 'host' | 'guest'): void {
    if (this.#pages.has(who)) return;
    const connectionId = `page-${(this.#numbers += 1)}`;
    const plan = { title: 'x', policy: this.#policy };
    const result = this.#apply({ type: 'connect', plan, who: this.#newcomer(who, role), connectionId });
    if (result.outcome !== 'rejected') this.#pages.set(who, connectionId);
  }

  #disconnect(who: number): void {
    const connectionId = this.#pages.get(who);
    if (connectionId === undefined) return;
    const participantId = this.#rowOf(who);
    this.#pages.delete(who);
    this.#apply({ type: 'disconnect', participantId, connectionId });
  }

  #ofCall(who: number, input: (callId: string) => WithoutTime<RoomInput>): void {
    const call = this.#calls.get(who);
    if (call) this.#apply(input(call.callId));
  }

  #ask({ who, command, about }: Extract<Step, { do: 'ask' }>): void {
    const target = this.#rowOf(about);
    const asked = 'participantId' in command ? { ...command, participantId: target } : command;
    const actor =
      who === 'person'
        ? ({ kind: 'person', personId: 'admin' } as const)
        : ({ kind: 'participant', participantId: this.#rowOf(who) } as const);
    const before = this.room;
    if (actor.kind === 'person' && !before?.participants.some(isHostIn)) this.#ledFromOutside = true;
    const me = actor.kind === 'participant' ? this.#find(actor.participantId) : undefined;
    const firstHand = before?.participants
      .filter(({ hand, state }) => hand !== undefined && state === 'present')
      .sort((one, other) => one.hand! - other.hand!)[0];
    const result = this.#apply({ type: 'command', actor, command: asked });
    const isHost = actor.kind === 'person' || (me?.role === 'host' && me.state === 'present');
    if (roomCommandAccess[asked.type] === 'host' && !isHost) {
      must(result.outcome === 'rejected' && this.room === before, `${asked.type} is for hosts`);
    }
    if (asked.type === 'call-on-next' && result.outcome === 'changed' && firstHand) {
      must(this.#find(firstHand.id)?.hand === undefined, 'the first hand is called on');
    }
  }

  #wait(seconds: number): void {
    const until = this.at + seconds * 1_000;
    for (
      let due = this.room && nextDue(this.room);
      due !== null && due <= until;
      due = this.room && nextDue(this.room)
    ) {
      this.at = Math.max(this.at + 1, due);
      this.#apply({ type: 'tick' });
      const next = this.room && nextDue(this.room);
      must(next === null || next >= this.at, 'what was due is done');
    }
    this.at = Math.max(this.at, until);
  }

  #record(well: boolean): void {
    const pending = this.#pendingRecordings.shift();
    if (!pending) return;
    const { action, file } = pending;
    if (action === 'start' && well) {
      this.#confirmedFiles.add(file);
      this.#runningFiles.add(file);
    }
    if (action === 'stop') this.#runningFiles.delete(file);
    const phase = action === 'stop' ? 'stopped' : well ? 'started' : 'failed';
    this.#apply({ type: 'recording', phase, file });
  }

  #break(what: 'flip' | 'lose' | 'ghost' | 'renumber', who: number): void {
    const members = [...this.#mix];
    const [memberId, member] = members[who % Math.max(1, members.length)] ?? [];
    this.#broken = true;
    if (what === 'ghost') this.#mix.set((this.#numbers += 1), { channelUuid: 'ghost', speak: true, hear: true });
    if (memberId === undefined || !member) return;
    if (what === 'flip') member.speak = !member.speak;
    if (what === 'lose') this.#mix.delete(memberId);
    if (what === 'renumber') {
      this.#mix.delete(memberId);
      this.#mix.set((this.#numbers += 1), member);
    }
  }

  #report(): void {
    const { room } = this;
    const mediaServer = room?.mediaServer ?? SERVERS[0];
    // Long enough after the last join to count.
    this.at += 10_000;
    this.#apply({
      type: 'media-report',
      mediaServer,
      askedAt: this.at,
      members: [...this.#mix].map(([memberId, member]) => ({ memberId, ...member })),
      recordings: [...this.#runningFiles].map((file) => ({ file, paused: false })),
    });
    this.#broken = false;
    // Whatever the report put right is right now; calls whose legs are lost have ended.
    for (const [who, call] of [...this.#calls]) {
      if (!this.room?.participants.some(({ leg }) => leg?.callId === call.callId)) this.#end(who);
    }
    this.#check(null);
  }

  #apply(input: WithoutTime<RoomInput>): Reduction {
    const before = this.room;
    freeze(before);
    const timed = { ...input, at: this.at } as RoomInput;
    const result = reduce(identity, before, timed);
    if (result.outcome === 'changed') {
      this.room = result.room;
      must(!result.room || result.room.version === (before?.version ?? 0) + 1, 'one version each');
      if (result.room === null) this.#pages.clear();
      if (result.room === null) this.#hadHost = this.#ledFromOutside = false;
      else this.#hadHost ||= result.room.participants.some(isHostIn);
    }
    this.#allow(timed, before);
    for (const effect of result.effects) this.#carryOut(effect);
    this.#leaveMix();
    this.#check(before);
    return result;
  }

  /** Who becomes a host by this input, or is one again, has a right to it. */
  #allow(input: RoomInput, before: RoomDocument | null): void {
    const entered = input.type === 'enter' || input.type === 'connect' ? input.who : undefined;
    for (const row of this.room?.participants ?? []) {
      const was = before?.participants.find(({ id }) => id === row.id);
      const isThem =
        entered !== undefined &&
        (entered.id === row.id || (row.identity !== undefined && entered.identity === row.identity));
      const byCode = entered?.role === 'host' && (isThem || entered.line === row.line);
      if (row.role === 'host' && was?.state === 'away' && row.state !== 'away') {
        must(isThem || byCode, `${row.id} is host again by right`);
      }
      if (row.role !== 'host' || was?.role === 'host') continue;
      const byWord =
        input.type === 'command' &&
        (input.command.type === 'make-host' || input.command.type === 'hand-over') &&
        input.command.participantId === row.id;
      const byPolicy =
        this.#policy.hostGone === 'hand-over' &&
        !before?.participants.some(
          (other) =>
            other.role === 'host' &&
            other.state === 'present' &&
            this.#find(other.id)?.role === 'host' &&
            this.#find(other.id)?.state === 'present',
        );
      must(byCode || byWord || byPolicy, `${row.id} is host by right`);
    }
  }

  #carryOut(effect: RoomEffect): void {
    switch (effect.type) {
      case 'set-speak':
      case 'set-hear': {
        const member = this.#mix.get(effect.memberId);
        if (member && effect.type === 'set-speak') member.speak = effect.speak;
        if (member && effect.type === 'set-hear') member.hear = effect.hear;
        return;
      }
      case 'kick':
        this.#mix.delete(effect.memberId);
        return;
      case 'kill':
        for (const [memberId, { channelUuid }] of this.#mix) {
          if (channelUuid === effect.channelUuid) this.#mix.delete(memberId);
        }
        return;
      case 'record':
        if (effect.action === 'start' || effect.action === 'stop') {
          this.#pendingRecordings.push({ action: effect.action, file: effect.file });
        }
        return;
      default:
    }
  }

  /** Calls that were let go hear so, and end. */
  #leaveMix(): void {
    for (const [who, call] of [...this.#calls]) {
      const row = this.room?.participants.find(({ leg }) => leg?.callId === call.callId);
      if (!row && !this.#broken) this.#end(who);
    }
    if (this.#mix.size === 0 || this.room === null) this.#runningFiles.clear();
  }

  #check(before: RoomDocument | null): void {
    const { room } = this;
    if (!room) return;
    const people = room.participants;
    must(people.some(isThere), 'no room without people');
    const there = people.filter(isThere);
    must(there.length <= this.#policy.maxParticipants + 1, 'capacity');
    unique(
      'rows',
      people.map(({ id }) => id),
    );
    unique(
      'calls',
      people.flatMap(({ leg }) => leg?.callId ?? []),
    );
    unique(
      'identities',
      people.flatMap((row) => row.identity ?? []),
    );
    unique(
      'pages',
      people.flatMap(({ connections }) => connections),
    );
    unique(
      'hands',
      people.flatMap(({ hand }) => hand ?? []),
    );
    must(people.some(({ leg }) => leg) === (room.mediaServer !== null), 'a media server where there are legs');
    for (const row of people) this.#checkRow(row, room);
    if (!this.#broken) this.#checkMix(people);
    if (before) checkHands(before, room);
    if (room.recording.state === 'on' || room.recording.state === 'paused') {
      must(this.#confirmedFiles.has(room.recording.file ?? ''), 'recording only when it is told to run');
    }
  }

  #checkRow(row: Participant, room: RoomDocument): void {
    unique('bits', row.bits);
    must(row.bits.includes('waiting') === (row.state === 'waiting'), 'waiting is a state and a bit');
    must(isThere(row) === (row.state !== 'away'), 'whoever is not away is there');
    if (row.state === 'away') must(!row.leg && row.connections.length === 0, 'whoever is away is not there');
    if (row.talking) must(maySpeak(row) && row.leg !== undefined, 'talking is being heard');
    const own = row.bits.filter((bit) => bit !== 'self' && bit !== 'host').length === 0;
    must(row.role === 'guest' || own, 'neither modes nor waiting mute hosts, and nobody holds them');
    if (room.mode !== 'conversation' && row.role === 'guest') {
      must(row.bits.includes('mode') !== row.calledOn, 'the mode mutes whose turn it is not');
    }
    must(row.bits.length === 0 || !maySpeak(row), 'muted is not heard');
  }

  /** The heart of it: the media server agrees with the document, and nobody is in the mix whom nobody sees. */
  #checkMix(people: readonly Participant[]): void {
    for (const row of people) {
      if (row.leg?.memberId === undefined) continue;
      const member = this.#mix.get(row.leg.memberId);
      must(member?.channelUuid === row.leg.channelUuid, `${row.id} is in the mix`);
      must(member.speak === maySpeak(row) && member.hear === mayHear(row), `${row.id} speaks and hears as shown`);
    }
    for (const { channelUuid } of this.#mix.values()) {
      must(
        people.some(({ leg }) => leg?.channelUuid === channelUuid),
        'nobody is invisible',
      );
    }
  }

  /** Everybody who is not heard can be, by somebody or in time. */
  #checkEnd(): void {
    this.#report();
    must(!this.room || roomDocumentSchema.safeParse(this.room).success, 'what is written can be read again');
    const ids = this.room?.participants.filter(isThere).map(({ id }) => id) ?? [];
    const saved = { room: this.room, at: this.at };
    for (const id of ids) {
      this.room = saved.room;
      this.at = saved.at;
      must(this.#rescue(id), `${id} has a way out`);
    }
  }

  #rescue(id: string): boolean {
    for (let tries = 0; tries < 40; tries += 1) {
      const row = this.#find(id);
      // Let go with words is a way out, too.
      if (!row || row.state === 'away') return true;
      if (maySpeak(row)) return true;
      if (row.state === 'present' && canUnmute(row)) {
        this.#command({ kind: 'participant', participantId: id }, { type: 'unmute-self' });
        continue;
      }
      const host = this.room?.participants.find((other) => other.role === 'host' && other.state === 'present');
      if (host) {
        const about = { participantId: id };
        const actor = { kind: 'participant', participantId: host.id } as const;
        for (const type of ['admit', 'resume', 'unmute'] as const) this.#command(actor, { type, ...about });
        continue;
      }
      const due = this.room && nextDue(this.room);
      if (due === null) {
        // Planned so that only hosts speak, and none has been there yet: one who calls always gets in.
        if (this.#ledFromOutside) {
          const actor = { kind: 'person', personId: 'admin' } as const;
          for (const type of ['resume', 'unmute'] as const) this.#command(actor, { type, participantId: id });
        } else if (this.#hadHost || !this.#hostCalls()) return false;
        continue;
      }
      this.at = Math.max(this.at, due);
      this.#rescueApply({ type: 'tick' });
    }
    const row = this.#find(id);
    return !row || maySpeak(row);
  }

  #hostCalls(): boolean {
    const plan = { title: 'x', policy: this.#policy };
    const mediaServer = this.room?.mediaServer ?? SERVERS[0];
    const who = { id: 'rescuer', name: 'r', number: '', line: '', role: 'host', language: 'en' } as const;
    const leg = { kind: 'phone', callId: 'rescue', channelUuid: 'rescue' } as const;
    this.#rescueApply({ type: 'enter', plan, mediaServer, who, leg });
    this.#rescueApply({ type: 'joined', callId: 'rescue', memberId: 1_000_000, speak: true, hear: true });
    return this.#find('rescuer') !== undefined;
  }

  #command(actor: RoomActor, command: RoomCommand): void {
    this.#rescueApply({ type: 'command', actor, command });
  }

  #rescueApply(input: WithoutTime<RoomInput>): void {
    const result = reduce(identity, this.room, { ...input, at: this.at });
    if (result.outcome === 'changed') this.room = result.room;
  }

  #find(id: string): Participant | undefined {
    return this.room?.participants.find((row) => row.id === id);
  }
}

type WithoutTime<T> = T extends unknown ? Omit<T, 'at'> : never;

/** Thousands of histories are looked at after each step: this costs nothing where it holds. */
function must(holds: boolean, promise: string): asserts holds {
  if (!holds) throw new Error(`broken: ${promise}`);
}

function isThere({ state, leg, connections }: Participant): boolean {
  return state !== 'away' && (leg !== undefined || connections.length > 0);
}

function isHostIn({ role, state, leg, connections }: Participant): boolean {
  return role === 'host' && state === 'present' && (leg?.memberId !== undefined || connections.length > 0);
}

function unique(what: string, all: readonly (string | number)[]): void {
  must(new Set(all).size === all.length, `${what} are unique`);
}

/** Hands that were up and are up have kept their order. */
function checkHands(before: RoomDocument, after: RoomDocument): void {
  const order = (room: RoomDocument) =>
    room.participants
      .filter(({ hand }) => hand !== undefined)
      .sort((one, other) => one.hand! - other.hand!)
      .map(({ id }) => id);
  const now = order(after);
  const kept = order(before).filter((id) => now.includes(id));
  must(now.filter((id) => kept.includes(id)).join() === kept.join(), 'hands keep their order');
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const inner of Object.values(value)) freeze(inner);
}
