/** Tells whoever looks at a room of each change: one look at Redis for all of them, and none for what came from here. */
import type { StoreContext } from './context.ts';
import { tenantKeys } from './keys.ts';
import type { RoomListener } from './store.ts';
import type { RoomDocument } from './types.ts';

interface Watched {
  readonly tenantId: string;
  readonly conferenceId: string;
  readonly listeners: Set<RoomListener>;
  /** Undefined: not known yet. */
  room: RoomDocument | null | undefined;
  reading: boolean;
  /** Something happened since the reading began. */
  dirty: boolean;
}

interface TenantChannel {
  readonly rooms: Map<string, Watched>;
  readonly stop: () => void;
}

/** A read may fail while Redis is there: nothing else would ask again. */
const READ_AGAIN_MS = 1_000;

export class RoomWatch {
  readonly #context: Pick<StoreContext, 'connection' | 'subscriber' | 'logger'>;
  readonly #read: (tenantId: string, conferenceId: string) => Promise<RoomDocument | null>;
  readonly #readAgainMs: number;
  readonly #tenants = new Map<string, TenantChannel>();

  constructor(
    context: Pick<StoreContext, 'connection' | 'subscriber' | 'logger'>,
    read: (tenantId: string, conferenceId: string) => Promise<RoomDocument | null>,
    readAgainMs = READ_AGAIN_MS,
  ) {
    this.#context = context;
    this.#read = read;
    this.#readAgainMs = readAgainMs;
    context.subscriber.onGap(() => this.#lookAgain());
    context.connection.onAvailability((available) => {
      if (available) this.#lookAgain();
    });
  }

  watch(tenantId: string, conferenceId: string, listener: RoomListener): () => void {
    const tenant = this.#tenants.get(tenantId) ?? this.#open(tenantId);
    const watched = tenant.rooms.get(conferenceId) ?? {
      tenantId,
      conferenceId,
      listeners: new Set(),
      room: undefined,
      reading: false,
      dirty: false,
    };
    tenant.rooms.set(conferenceId, watched);
    // Two who watch with one function are two.
    const own: RoomListener = (room) => listener(room);
    watched.listeners.add(own);
    const { room } = watched;
    if (room === undefined) this.#refresh(watched);
    else queueMicrotask(() => watched.room === room && watched.listeners.has(own) && this.#tellOne(own, room));
    return () => {
      watched.listeners.delete(own);
      if (watched.listeners.size > 0 || tenant.rooms.get(conferenceId) !== watched) return;
      tenant.rooms.delete(conferenceId);
      if (tenant.rooms.size > 0 || this.#tenants.get(tenantId) !== tenant) return;
      this.#tenants.delete(tenantId);
      tenant.stop();
    };
  }

  /** A commit of this process: nobody has to ask Redis for what is known here. */
  committed(tenantId: string, conferenceId: string, expectedVersion: number, document: RoomDocument | null): void {
    const watched = this.#tenants.get(tenantId)?.rooms.get(conferenceId);
    if (!watched) return;
    const known = watched.room;
    const follows = known === undefined || (known?.version ?? 0) === expectedVersion;
    if (watched.reading || !follows) this.#refresh(watched);
    else this.#tell(watched, document);
  }

  #open(tenantId: string): TenantChannel {
    const rooms = new Map<string, Watched>();
    const stop = this.#context.subscriber.listen(tenantKeys(tenantId).roomChanges, (message) => {
      const [conferenceId = '', version = ''] = message.split(' ');
      const watched = rooms.get(conferenceId);
      if (watched) this.#changed(watched, Number(version));
    });
    const tenant: TenantChannel = { rooms, stop };
    this.#tenants.set(tenantId, tenant);
    return tenant;
  }

  #changed(watched: Watched, version: number): void {
    const { room, reading } = watched;
    const known = !reading && room !== undefined && (version === 0 ? room === null : (room?.version ?? -1) >= version);
    if (!known) this.#refresh(watched);
  }

  #lookAgain(): void {
    for (const { rooms } of this.#tenants.values()) for (const watched of rooms.values()) this.#refresh(watched);
  }

  #refresh(watched: Watched): void {
    watched.dirty = true;
    if (!watched.reading) void this.#readUntilClean(watched);
  }

  async #readUntilClean(watched: Watched): Promise<void> {
    watched.reading = true;
    try {
      while (watched.dirty && watched.listeners.size > 0) {
        watched.dirty = false;
        const room = await this.#read(watched.tenantId, watched.conferenceId);
        this.#tell(watched, room);
      }
    } catch (error) {
      this.#context.logger.debug({ err: error }, 'a watched room could not be read');
      watched.room = undefined;
      this.#readLater(watched);
    } finally {
      watched.reading = false;
    }
  }

  /** While Redis is away there is no need: when it is back, everything is looked at again. */
  #readLater(watched: Watched): void {
    const timer = setTimeout(() => {
      if (watched.room === undefined && this.#context.connection.available) this.#refresh(watched);
    }, this.#readAgainMs);
    timer.unref();
  }

  #tell(watched: Watched, room: RoomDocument | null): void {
    const before = watched.room;
    watched.room = room;
    const same =
      room === null ? before === null : before?.version === room.version && before.startedAt === room.startedAt;
    if (same) return;
    for (const listener of [...watched.listeners]) this.#tellOne(listener, room);
  }

  #tellOne(listener: RoomListener, room: RoomDocument | null): void {
    try {
      listener(room);
    } catch (error) {
      this.#context.logger.error({ err: error }, 'a listener of a room failed');
    }
  }
}
