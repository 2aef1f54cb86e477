/**
 * The whole service under a flood: people in a room, honest calls that come and go, and one address that sends INVITEs
 * and acknowledges nothing. Tells what became of the honest ones and of the room's sound.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { descendants, Flood, processorSeconds, residentMebibytes, Service, type FloodCount } from '../peers/index.ts';
import { finalResponse, mediaPort, Caller } from '../paired/bridge/caller.ts';
import { gaps, TONES } from '../helpers/tones.ts';

/** `trusted`: INVITEs from there are taken. `stranger`: nothing from there is read. */
export type FloodSource = 'trusted' | 'stranger';

export interface FloodedServiceOptions {
  readonly seconds: number;
  readonly perSecond: number;
  readonly source: FloodSource;
  /** Wait until nothing of the flood is left: half a minute. */
  readonly untilForgotten?: boolean;
}

export interface RoomLeg {
  /** Packets that reached the phone, and what was due in that time. */
  readonly received: number;
  readonly due: number;
  /** By sequence number. */
  readonly lost: number;
  /** Milliseconds in which another phone's tone was not heard. */
  readonly silentMs: number;
  readonly longestSpacingMs: number;
}

export interface FloodedService {
  readonly flood: FloodCount;
  readonly honestCalls: number;
  /** Why some of them failed. */
  readonly failures: readonly string[];
  /** INVITE to 200, milliseconds, sorted. */
  readonly answeredAfterMs: readonly number[];
  readonly room: readonly RoomLeg[];
  /** Of the service's process tree while it was flooded. */
  readonly cores: number;
  readonly mebibytes: { readonly before: number; readonly after: number };
  /** Calls the service holds when the flood is over, and when it was waited for. */
  readonly calls: { readonly after: number; readonly forgotten: number | undefined };
}

const FLOOD_ADDRESS = '127.0.0.9';
const HONEST_ADDRESS = '127.0.0.1';
const HONEST_EVERY_MS = 200;
const IN_ROOM = 3;
const FRAME_MS = 20;
const HEARS_MS = 100;
/** A phone sends its INVITE again and again for 32 s; people give up earlier. */
const ANSWER_MS = 10_000;
const FORGOTTEN_MS = 60_000;

export async function floodService(options: FloodedServiceOptions): Promise<FloodedService> {
  const service = await Service.start({
    environment: {
      PARTYLINE_LOG_LEVEL: 'info',
      PARTYLINE_TRUSTED_SOURCES: options.source === 'stranger' ? HONEST_ADDRESS : '127.0.0.0/8',
    },
  });
  const phones: Caller[] = [];
  const phone = async (): Promise<Caller> => {
    const opened = await Caller.open();
    phones.push(opened);
    return opened;
  };
  try {
    const room = await fillRoom(service, phone);
    return await measure(service, room, phone, options);
  } finally {
    for (const opened of phones) await opened.close();
    await service.stop();
  }
}

async function fillRoom(service: Service, phone: () => Promise<Caller>): Promise<Caller[]> {
  const conference = await service.createConference('Weekly');
  const room: Caller[] = [];
  for (const tone of TONES.filter((_, index) => index % 2 === 0).slice(0, IN_ROOM)) {
    const member = await phone();
    await member.connect(service.sipPort, tone);
    member.press(`${conference.guestCode}#`);
    room.push(member);
    await service.participants(conference.id, room.length);
  }
  const [first, second] = TONES.filter((_, index) => index % 2 === 0);
  await room[2]?.hears(first!, second!);
  return room;
}

async function measure(
  service: Service,
  room: readonly Caller[],
  phone: () => Promise<Caller>,
  { seconds, perSecond, untilForgotten = false }: FloodedServiceOptions,
): Promise<FloodedService> {
  const before = residentMebibytes(service.pid);
  const tree = [service.pid, ...descendants(service.pid)];
  const used = () => tree.reduce((sum, pid) => sum + processorSeconds(pid), 0);
  const usedBefore = used();
  const listening = room.map((member, index) => listen(member, index, seconds));
  const flood = await Flood.start({ address: FLOOD_ADDRESS, sipPort: service.sipPort, perSecond });
  const honest = await honestCalls(service.sipPort, phone, seconds);
  const count = await flood.stop();
  const cores = (used() - usedBefore) / seconds;
  const legs = await Promise.all(listening);
  const after = { mebibytes: residentMebibytes(service.pid), calls: await callsOf(service) };
  return {
    flood: count,
    ...honest,
    room: legs,
    cores,
    mebibytes: { before, after: after.mebibytes },
    calls: { after: after.calls, forgotten: untilForgotten ? await fewestCalls(service) : undefined },
  };
}

async function honestCalls(
  sipPort: number,
  phone: () => Promise<Caller>,
  seconds: number,
): Promise<Pick<FloodedService, 'honestCalls' | 'failures' | 'answeredAfterMs'>> {
  const failures: string[] = [];
  const answeredAfterMs: number[] = [];
  const calls: Promise<void>[] = [];
  const end = performance.now() + seconds * 1_000;
  while (performance.now() < end) {
    const made = honestCall(sipPort, await phone()).then(
      (milliseconds) => void answeredAfterMs.push(milliseconds),
      (error: unknown) => void failures.push(error instanceof Error ? error.message : String(error)),
    );
    calls.push(made);
    await delay(HONEST_EVERY_MS);
  }
  await Promise.all(calls);
  answeredAfterMs.sort((one, other) => one - other);
  return { honestCalls: calls.length, failures, answeredAfterMs };
}

/** Is answered, hears the greeting's first sound, hangs up. @returns INVITE to 200 in milliseconds */
async function honestCall(sipPort: number, caller: Caller): Promise<number> {
  const begun = performance.now();
  const call = caller.dial(sipPort);
  const answer = await finalResponse(call, ANSWER_MS);
  const took = performance.now() - begun;
  if (answer.status !== 200) throw new Error(`answered ${answer.status}`);
  call.ack();
  caller.rtp.talk(mediaPort(answer), 0);
  await caller.rtp.hear(HEARS_MS);
  caller.rtp.quiet();
  const bye = await call.request('BYE');
  if (bye.status !== 200) throw new Error(`BYE answered ${bye.status}`);
  return took;
}

async function listen({ rtp }: Caller, index: number, seconds: number): Promise<RoomLeg> {
  const first = rtp.packets.length;
  const begun = performance.now();
  const sound = await rtp.hear(seconds * 1_000, 0, seconds * 1_000 + 10_000);
  const due = (performance.now() - begun) / FRAME_MS;
  const packets = rtp.packets.slice(first);
  const steps = packets.slice(1).map((packet, at) => ({
    missing: ((packet.sequence - packets[at]!.sequence + 65_536) % 65_536) - 1,
    spacing: packet.atMs - packets[at]!.atMs,
  }));
  const other = TONES[index === 0 ? 2 : 0];
  return {
    received: packets.length,
    due: Math.round(due),
    lost: steps.reduce((sum, { missing }) => sum + missing, 0),
    silentMs: gaps(sound, other).reduce((sum, { lengthMs }) => sum + lengthMs, 0),
    longestSpacingMs: Math.round(Math.max(0, ...steps.map(({ spacing }) => spacing))),
  };
}

async function callsOf(service: Service): Promise<number> {
  return (await service.metrics()).get('partyline_calls') ?? NaN;
}

async function fewestCalls(service: Service): Promise<number> {
  const end = performance.now() + FORGOTTEN_MS;
  for (;;) {
    const calls = await callsOf(service);
    if (calls <= IN_ROOM || performance.now() > end) return calls;
    await delay(1_000);
  }
}
