/** A whole service in this process, on ports and in a folder of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startService, type Service } from '../../../bridge/main.ts';
import type { TransportProtocol } from '../../../embedded/sip/index.ts';
import { createLogger, loadSettings, type SettingsInput } from '../../../config/index.ts';
import type { ConferencePolicy, RoomDocument } from '../../../store/index.ts';
import { Caller, until } from './caller.ts';
import { shortVoice } from '../../helpers/short-voice.ts';

export interface Running {
  readonly service: Service;
  readonly port: number;
  /** Everything that was logged. */
  readonly log: string[];
  readonly dataDir: string;
  /** A conference and its codes. */
  conference(policy?: Partial<ConferencePolicy>): Promise<Meeting>;
  phone(protocol?: TransportProtocol, address?: string): Promise<Caller>;
  /** Waits until nothing of any call is left. */
  quiet(): Promise<void>;
  /** Lines of the log with this message. */
  lines(message: string): Record<string, unknown>[];
  stop(): Promise<void>;
}

export interface Meeting {
  readonly id: string;
  readonly guestCode: string;
  readonly hostCode: string;
  room(): Promise<RoomDocument | null>;
  /** Waits until so many have been joined. */
  joined(count: number): Promise<RoomDocument>;
}

/** Services that nobody has stopped; also those that a hook did not wait for any longer. */
const left = new Set<Promise<Running>>();

// A test that fails leaves its service behind, and mocha would not end by itself. Benches have no mocha.
if (typeof after === 'function') {
  after('stop what failed tests have left', async function () {
    this.timeout(60_000);
    for (const starting of left) await starting.then(({ stop }) => stop()).catch(() => undefined);
  });
}

/** @param options.voice `short`: each prompt is a fraction of a second (default); `real`: as callers hear it */
export function runService(overrides: SettingsInput = {}, options: RunOptions = {}): Promise<Running> {
  const starting = start(overrides, options, () => left.delete(starting));
  left.add(starting);
  starting.catch(() => left.delete(starting));
  return starting;
}

interface RunOptions {
  /** See startService. */
  readonly onFault?: (error: Error) => void;
  readonly voice?: 'short' | 'real';
  readonly tones?: Readonly<Record<string, number>>;
}

async function start(overrides: SettingsInput, options: RunOptions, stopped: () => void): Promise<Running> {
  const dataDir = overrides.dataDir ?? (await mkdtemp(path.join(tmpdir(), 'partyline-bridge-')));
  const voice = options.voice === 'real' ? {} : { soundsDir: await shortVoice(dataDir, options.tones) };
  const settings = loadSettings({
    environment: {},
    overrides: { sipPort: 0, httpPort: 0, rtpPorts: [0, 0], logLevel: 'trace', ...voice, ...overrides, dataDir },
  });
  const log: string[] = [];
  const logger = createLogger(settings, { write: (line: string) => void log.push(line) });
  const service = await startService({ settings, logger, ...(options.onFault && { onFault: options.onFault }) });
  const phones: Caller[] = [];
  const { store } = service;
  return {
    service,
    port: service.sipPort,
    log,
    dataDir,
    conference: async (policy = {}) => {
      const made = await store.conferences.create({ tenantId: 'default', title: 'Test', policy, createdBy: 'test' });
      const { id } = made.conference;
      const room = () => store.rooms.read('default', id);
      return {
        id,
        guestCode: made.guestCode,
        hostCode: made.hostCode,
        room,
        joined: (count) =>
          until<RoomDocument | null>(`${count} joined`, async () => {
            const document = await room();
            const joined = document?.participants.filter(({ leg }) => leg?.memberId !== undefined);
            return joined?.length === count ? document : null;
          }),
      };
    },
    phone: async (protocol, address) => {
      const phone = await Caller.open(protocol, address);
      phones.push(phone);
      return phone;
    },
    quiet: () => quiet(service),
    lines: (message) =>
      log.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ msg }) => msg === message),
    stop: async () => {
      stopped();
      await Promise.all(phones.map((phone) => phone.close()));
      await service.stop();
      if (overrides.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** What a service has that nobody calls: one application connected to its own servers. */
async function quiet(service: Service): Promise<void> {
  await until('nothing left behind', async () => {
    const { drachtio, freeswitch, ...bridge } = service.counts();
    const live = [await service.store.calls.live('default'), await service.store.rooms.list('default')].flat();
    const left = [
      ...Object.values(bridge),
      live.length,
      drachtio ? drachtio.dialogs + drachtio.pendingRequests + drachtio.sentRequests : 0,
      freeswitch
        ? freeswitch.channels +
          freeswitch.conferences +
          freeswitch.outboundSockets +
          freeswitch.ports +
          freeswitch.rooms
        : 0,
    ] as number[];
    return left.every((count) => count === 0);
  });
}
