/**
 * Keeps rooms as they should be: gives them the time, compares them with what the media servers say, looks whether their
 * mix still moves, and takes web pages out that have gone without a word. Time is given by every process, which does no harm;
 * the rest is done by one, which has the room's lease.
 */
import type { Logger } from '../../config/index.ts';
import type { RoomDocument, Store } from '../../store/index.ts';
import type { MediaPool } from '../media/index.ts';
import type { Clock } from '../support/clock.ts';
import { mediaRoomName } from './effects.ts';
import { MixProbe } from './mix-probe.ts';
import { readRoomNames, readMediaReport } from './media-report.ts';
import type { RecordingFolder } from './recordings.ts';
import type { RoomService } from './room-service.ts';
import type { RoomIdentity } from './room/index.ts';
import { commands } from '../media/index.ts';

const TICK_MS = 250;
const CHECK_MS = 5_000;
/** Longer than two checks: a process that is slow does not lose its rooms. */
const LEASE_MS = 15_000;

export interface RoomKeeperDeps {
  readonly store: Pick<Store, 'rooms' | 'roomRequests'>;
  readonly rooms: Pick<RoomService, 'apply' | 'read'>;
  readonly pool: Pick<MediaPool, 'server' | 'servers'>;
  readonly recordings: Pick<RecordingFolder, 'relative'>;
  readonly tenantIds: () => readonly string[];
  /** This process, for leases. */
  readonly node: string;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  /** A room whose mix does not move. */
  readonly onStalled: (room: RoomIdentity) => void;
}

export class RoomKeeper {
  readonly #deps: RoomKeeperDeps;
  readonly #probe: MixProbe;
  readonly #stopping = new AbortController();
  #running: Promise<unknown> | undefined;
  /** Mixes that no document knew at the last check. */
  #orphans: ReadonlySet<string> = new Set();
  /** Connections of pages that nobody seemed to be behind at the last check of their room. */
  readonly #deserted = new Map<string, ReadonlySet<string>>();

  constructor(deps: RoomKeeperDeps) {
    this.#deps = deps;
    this.#probe = new MixProbe(deps);
  }

  start(): void {
    this.#running ??= Promise.all([
      this.#repeat(TICK_MS, () => this.tick()),
      this.#repeat(CHECK_MS, () => this.checkAll()),
    ]);
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Rooms in which something is due. @throws PartylineError store/unavailable */
  async tick(): Promise<void> {
    const { store, rooms, tenantIds, wallClock } = this.#deps;
    for (const tenantId of tenantIds()) {
      const at = wallClock();
      const due = await store.rooms.due(tenantId, at);
      await Promise.all(due.map((conferenceId) => rooms.apply({ tenantId, conferenceId }, { type: 'tick', at })));
    }
  }

  /** All rooms that are this process's to keep, and mixes that are nobody's. @throws PartylineError store/unavailable */
  async checkAll(): Promise<void> {
    const { store, tenantIds, node } = this.#deps;
    // First what the media servers have, then what there should be: a room that begins in between is in both.
    const mixes = await this.#mixes();
    const live = new Set<string>();
    const checked = new Set<string>();
    for (const tenantId of tenantIds()) {
      const ids = await store.rooms.ids(tenantId);
      for (const id of ids) live.add(mediaRoomName(id));
      const mine = await store.rooms.lease(tenantId, ids, node, LEASE_MS);
      await Promise.all(mine.map((conferenceId) => this.check({ tenantId, conferenceId })));
      for (const conferenceId of mine) checked.add(`${tenantId}/${conferenceId}`);
    }
    for (const key of this.#deserted.keys()) if (!checked.has(key)) this.#deserted.delete(key);
    const orphans = mixes.filter(({ name }) => !live.has(name));
    // One that is just ending is gone the next time.
    await Promise.all(orphans.filter(({ name }) => this.#orphans.has(name)).map((mix) => this.#clearOrphan(mix)));
    this.#orphans = new Set(orphans.map(({ name }) => name));
  }

  /** Compares one room with its media server, and puts right whichever is wrong. Never rejects. */
  async check(identity: RoomIdentity): Promise<void> {
    const { rooms, logger } = this.#deps;
    try {
      const room = await rooms.read(identity);
      if (!room) return;
      await this.#report(identity, room.mediaServer);
      await this.#forgetDeadPages(identity, room);
      if (room.mediaServer !== null && room.participants.some(({ leg }) => leg?.memberId !== undefined)) {
        await this.#probe.look({ tenantId: identity.tenantId, conferenceId: identity.conferenceId }, room.mediaServer);
      }
    } catch (error) {
      logger.warn({ err: error, conferenceId: identity.conferenceId }, 'a room could not be compared');
    }
  }

  async #report(identity: RoomIdentity, mediaServer: string | null): Promise<void> {
    const { pool, rooms, recordings, wallClock } = this.#deps;
    const server = mediaServer === null ? undefined : pool.server(mediaServer);
    // Of a server that cannot be reached nothing is known: its legs may live.
    if (mediaServer === null || server?.ready !== true) return;
    const askedAt = wallClock();
    const listed = await server.send(commands.listMembers(mediaRoomName(identity.conferenceId)));
    const report = readMediaReport(listed, (path) => recordings.relative(path));
    if (report === null) return;
    await rooms.apply(identity, { type: 'media-report', at: wallClock(), askedAt, mediaServer, ...report });
  }

  /** One that is missing may be about to be shown: it is believed the second time. */
  async #forgetDeadPages(identity: RoomIdentity, { participants }: RoomDocument): Promise<void> {
    const { store, rooms, wallClock } = this.#deps;
    const key = `${identity.tenantId}/${identity.conferenceId}`;
    const before = this.#deserted.get(key);
    this.#deserted.delete(key);
    const connections = participants.flatMap((row) => row.connections);
    if (connections.length === 0) return;
    const living = await store.roomRequests.living(connections);
    const missing = new Set(connections.filter((connectionId) => !living.has(connectionId)));
    if (missing.size > 0) this.#deserted.set(key, missing);
    for (const { id: participantId, connections: own } of participants) {
      for (const connectionId of own) {
        if (!missing.has(connectionId) || before?.has(connectionId) !== true) continue;
        await rooms.apply(identity, { type: 'disconnect', at: wallClock(), participantId, connectionId });
      }
    }
  }

  async #mixes(): Promise<{ mediaServer: string; name: string }[]> {
    const all = await Promise.all(
      this.#deps.pool.servers.map(async (server) => {
        if (!server.ready) return [];
        const names = readRoomNames(await server.send(commands.listRooms()).catch(() => ''));
        return names.map((name) => ({ mediaServer: server.name, name }));
      }),
    );
    return all.flat();
  }

  /** A mix of ours that no document knows: whoever is in it is heard by people nobody sees. */
  async #clearOrphan({ mediaServer, name }: { mediaServer: string; name: string }): Promise<void> {
    const { pool, logger } = this.#deps;
    const server = pool.server(mediaServer);
    try {
      const report = readMediaReport((await server?.send(commands.listMembers(name))) ?? '', () => null);
      for (const { channelUuid } of report?.members ?? []) await server?.killChannel(channelUuid);
      if (report) logger.warn({ mediaServer, members: report.members.length }, 'a mix that was nobody’s was cleared');
    } catch (error) {
      logger.warn({ err: error, mediaServer }, 'a mix that is nobody’s could not be cleared');
    }
  }

  async #repeat(everyMs: number, work: () => Promise<void>): Promise<void> {
    const { clock, logger } = this.#deps;
    const { signal } = this.#stopping;
    for (;;) {
      await clock.sleep(everyMs, signal);
      if (signal.aborted) return;
      await work().catch((error: unknown) => logger.debug({ err: error }, 'rooms could not be kept'));
    }
  }
}
