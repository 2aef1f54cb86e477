/** One engine for all tests of a file; its ports and rooms, and the plain phones, are gone after each test. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../../../config/index.ts';
import {
  startMediaEngine,
  type MediaEngine,
  type MediaPort,
  type MediaRoom,
  type MemberAudio,
  type PortOptions,
  type RemoteMedia,
  type UdpChoice,
} from '../../../embedded/media/index.ts';
import { musicFile } from '../../../ivr/index.ts';
import { RtpPhone } from '../../helpers/rtp-phone.ts';
import { TONES, toneLevel, tonesHeard } from '../../helpers/tones.ts';

export const MEMBER: MemberAudio = {
  speak: true,
  hear: true,
  volumeIn: 0,
  volumeOut: 0,
  energyLevel: 100,
  muteDetect: false,
};

const batchedKnown = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);

/** `describe` once for each way of UDP. */
export function onBothNetworks(title: string, tests: (udp: UdpChoice) => void): void {
  describe(`${title}, over dgram`, () => tests('dgram'));
  if (batchedKnown) describe(`${title}, over batched UDP`, () => tests('batched'));
  else it.skip(`${title}, over batched UDP: only on Linux, x64 or arm64`);
}

export interface Leg {
  readonly phone: RtpPhone;
  readonly port: MediaPort;
}

export class MediaBench {
  folder = '';
  #engine: MediaEngine | undefined;
  readonly #phones: RtpPhone[] = [];
  readonly #open: { close(): Promise<void> }[] = [];

  get engine(): MediaEngine {
    if (!this.#engine) throw new Error('the engine is not started');
    return this.#engine;
  }

  /** @param workers two, so that half of all legs move to the worker of their room */
  async start(udp: UdpChoice = 'auto', workers = 2): Promise<void> {
    this.folder = await mkdtemp(join(tmpdir(), 'media-'));
    const logger = createLogger({ logLevel: 'silent' });
    this.#engine = await startMediaEngine({ rtpPorts: [0, 0], workers, udp, music: musicFile(), logger });
  }

  /** Every one of them, also when another cannot be closed: what stays open keeps mocha from ending. */
  async clear(): Promise<void> {
    const open = [...this.#open.splice(0), ...this.#phones.splice(0)];
    const closed = await Promise.allSettled(open.map((opened) => opened.close()));
    for (const result of closed) if (result.status === 'rejected') throw result.reason;
    const { ports, rooms } = this.engine.load();
    if (ports > 0 || rooms > 0) throw new Error(`${ports} ports and ${rooms} rooms are left`);
  }

  async stop(): Promise<void> {
    await this.#engine?.stop();
    if (this.folder) await rm(this.folder, { recursive: true, force: true });
  }

  async room(id = 'room', near?: MediaPort): Promise<MediaRoom> {
    const room = await this.engine.openRoom(id, { near });
    this.#open.push(room);
    return room;
  }

  async port(options: PortOptions = { address: '127.0.0.1' }): Promise<MediaPort> {
    const port = await this.engine.openPort(options);
    this.#open.push(port);
    return port;
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  /** @param address others than 127.0.0.1 are other machines */
  async phone(address?: string): Promise<RtpPhone> {
    const phone = await RtpPhone.open(address);
    this.#phones.push(phone);
    return phone;
  }

  async leg(options: { remote?: Partial<RemoteMedia>; inactivityTimeoutSeconds?: number } = {}): Promise<Leg> {
    const phone = await this.phone();
    const { inactivityTimeoutSeconds = 0 } = options;
    const port = await this.port({
      address: '127.0.0.1',
      remote: remoteOf(phone, options.remote),
      inactivityTimeoutSeconds,
    });
    return { phone, port };
  }
}

/** What a phone's own tone measures when it is heard as it was sent. */
export const SENT_DB = -12.25;
/** A machine busy with other things breaks sounds: then it is listened again. What is wrong stays wrong. */
const LISTEN_AGAIN_MS = 10_000;

/** @param listen one look. @returns when it satisfies. @throws with the last look when that never happens */
export async function listenUntil<T>(listen: () => Promise<T>, satisfies: (heard: T) => boolean): Promise<void> {
  const end = performance.now() + LISTEN_AGAIN_MS;
  for (;;) {
    const heard = await listen();
    if (satisfies(heard)) return;
    if (performance.now() > end) throw new Error(`heard to the end: ${JSON.stringify(heard)}`);
  }
}

/** Until each hears exactly these tones, all at the same time. */
export async function untilTheyHear(legs: readonly Leg[], tones: readonly (readonly number[])[]): Promise<void> {
  const wanted = JSON.stringify(tones);
  await listenUntil(
    () => Promise.all(legs.map(async ({ phone }) => tonesHeard(await phone.hear(200, 100), TONES))),
    (heard) => JSON.stringify(heard) === wanted,
  );
}

/** Until it hears the tones (in Hz) at these levels, 1 dB more or less. */
export async function untilItHearsLevels({ phone }: Leg, ...levels: [tone: number, db: number][]): Promise<void> {
  await listenUntil(
    async () => {
      const sound = await phone.hear(200, 100);
      return levels.map(([tone, db]) => ({ tone, db, heard: toneLevel(sound, tone) }));
    },
    (heard) => heard.every((one) => Math.abs(one.heard - one.db) < 1),
  );
}

export function remoteOf(phone: RtpPhone, fields: Partial<RemoteMedia> = {}): RemoteMedia {
  return {
    address: '127.0.0.1',
    port: phone.port,
    audioPayloadType: 0,
    telephoneEventPayloadType: 101,
    ptime: 20,
    direction: 'sendrecv',
    ...fields,
  };
}

interface Tells {
  on(event: string, listener: (...args: never[]) => void): unknown;
  off(event: string, listener: (...args: never[]) => void): unknown;
}

/** The next time that `who` tells of `event`; `fits` chooses among several. */
export function next<T = unknown>(who: object, event: string, fits: (value: T) => boolean = () => true): Promise<T> {
  const teller = who as Tells;
  return new Promise((resolve) => {
    const listener = (value: T): void => {
      if (!fits(value)) return;
      teller.off(event, listener);
      resolve(value);
    };
    teller.on(event, listener);
  });
}
