/** The rooms somebody looks at from here. A room is watched while it has a page, and for no longer. */
import { PartylineError } from '../../../config/contract/index.ts';
import type { Logger } from '../../../config/index.ts';
import type { Pass, Store } from '../../../store/index.ts';
import { RoomHub } from './room-hub.ts';
import type { PageServer } from './socket-server.ts';

interface Watched {
  readonly hub: RoomHub;
  readonly stop: () => void;
}

export interface RoomsOptions {
  readonly store: Store;
  readonly io: PageServer;
  readonly logger: Logger;
}

export class Rooms {
  readonly #options: RoomsOptions;
  readonly #watched = new Map<string, Promise<Watched>>();

  constructor(options: RoomsOptions) {
    this.#options = options;
  }

  /** @throws PartylineError conference/not-found, store/unavailable */
  async hubOf(pass: Pick<Pass, 'tenantId' | 'conferenceId'>): Promise<RoomHub> {
    const key = `${pass.tenantId} ${pass.conferenceId}`;
    const known = this.#watched.get(key);
    if (known !== undefined) return (await known).hub;
    const opening = this.#open(pass);
    this.#watched.set(key, opening);
    try {
      return (await opening).hub;
    } catch (error) {
      if (this.#watched.get(key) === opening) this.#watched.delete(key);
      throw error;
    }
  }

  /** To be called when a page has gone. */
  async forget({ tenantId, conferenceId }: Pick<Pass, 'tenantId' | 'conferenceId'>): Promise<void> {
    const key = `${tenantId} ${conferenceId}`;
    const watched = this.#watched.get(key);
    const { hub, stop } = (await watched?.catch(() => undefined)) ?? {};
    if (hub?.isEmpty !== true || this.#watched.get(key) !== watched) return;
    this.#watched.delete(key);
    stop?.();
    hub.close();
  }

  close(): void {
    for (const watched of this.#watched.values()) {
      void watched.then(
        ({ hub, stop }) => {
          stop();
          hub.close();
        },
        () => undefined,
      );
    }
    this.#watched.clear();
  }

  async #open({ tenantId, conferenceId }: Pick<Pass, 'tenantId' | 'conferenceId'>): Promise<Watched> {
    const { store, io } = this.#options;
    const conference = await store.conferences.get(tenantId, conferenceId);
    if (conference === null) throw new PartylineError('conference/not-found');
    const channel = channelOf(tenantId, conferenceId);
    const hub = new RoomHub({
      conference,
      // Each process follows the rooms of its own pages: nothing has to travel between them.
      broadcast: (audience, change) => io.local.to(channel(audience)).emit('room:change', change),
    });
    const stop = store.rooms.watch(tenantId, conferenceId, (document) => hub.update(document));
    return { hub, stop };
  }
}

/** Names of socket.io's rooms. */
export const channelOf = (tenantId: string, conferenceId: string) => (audience: string) =>
  `${tenantId} ${conferenceId} ${audience}`;
