/**
 * One live room and the pages that look at it: the whole for a page that comes, then changes in order, the same ones for
 * all who may see the same. A page whose row is gone is told why, and is done.
 */
import { randomUUID } from 'node:crypto';
import { diffRoomViews, type RoomView, type SessionEndReason } from '../../../config/contract/index.ts';
import type { Conference, RoomDocument } from '../../../store/index.ts';
import { toRoomView } from '../room-view.ts';
import { audienceKey, audienceOf, viewFor, type Audience } from './audience.ts';
import { endReasonOf } from './end-reason.ts';

/** A connected page, as the room needs it. */
export interface Page {
  /** Its row; it may have become another's since it joined. */
  readonly participantId: string;
  readonly connectionId: string;
  /** The room has taken it for gone, though it is here: it has to come again. */
  comeAgain(): void;
  /**
   * What it gets from now on.
   * @param epoch another one whenever the audience was begun anew
   * @returns whether it has been told all of that epoch so far: it was lost for a moment, and what it missed was kept
   */
  enterAudience(key: string, epoch: string): boolean;
  leaveAudience(key: string): void;
  sendView(view: RoomView): void;
  end(reason: SessionEndReason): void;
}

export interface RoomHubOptions {
  readonly conference: Pick<Conference, 'id' | 'title' | 'policy'>;
  /** To all pages of an audience. */
  readonly broadcast: (audienceKey: string, change: NonNullable<ReturnType<typeof diffRoomViews>>) => void;
  /** Changes that come faster than this are told together, in milliseconds. */
  readonly gatherMs?: number;
}

const GATHER_MS = 40;

interface Seat {
  readonly page: Page;
  /** Null until the page's row was seen. */
  audience: Audience | null;
  /** Whether the room knew, when it was last looked at, that the page is there. */
  isKnown: boolean;
}

export class RoomHub {
  readonly #options: RoomHubOptions;
  readonly #gatherMs: number;
  readonly #seats = new Set<Seat>();
  /** What each audience has been told. */
  readonly #told = new Map<string, { readonly epoch: string; view: RoomView }>();
  #document: RoomDocument | null | undefined;
  #view: RoomView | undefined;
  #toldAt = -Infinity;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RoomHubOptions) {
    this.#options = options;
    this.#gatherMs = options.gatherMs ?? GATHER_MS;
  }

  get isEmpty(): boolean {
    return this.#seats.size === 0;
  }

  /** @returns how to take it away */
  add(page: Page): () => void {
    const seat: Seat = { page, audience: null, isKnown: false };
    this.#seats.add(seat);
    // What is told late to the others is told now, so that all of one audience stand at the same version.
    if (this.#timer !== undefined) this.#tell();
    else this.#place(seat);
    return () => {
      this.#seats.delete(seat);
    };
  }

  /** The room as it is now; null when it is not live. */
  update(document: RoomDocument | null): void {
    this.#document = document;
    this.#view = toRoomView(this.#options.conference, document);
    const wait = this.#toldAt + this.#gatherMs - performance.now();
    if (wait <= 0) this.#tell();
    else this.#timer ??= setTimeout(() => this.#tell(), wait);
  }

  /** The room as a participant may see it; null when they are not in it (yet). */
  viewOf(participantId: string): RoomView | null {
    const audience = this.#audience(participantId);
    return audience === null || this.#view === undefined ? null : viewFor(audience, this.#view);
  }

  /** A participant's row; undefined when they are not in the room. */
  rowOf(participantId: string): RoomView['participants'][number] | undefined {
    return this.#view?.participants.find(({ id }) => id === participantId);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#seats.clear();
  }

  #audience(participantId: string): Audience | null {
    const row = this.rowOf(participantId);
    return row === undefined ? null : audienceOf(row);
  }

  #tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#toldAt = performance.now();
    this.#tellChanges();
    for (const seat of [...this.#seats]) this.#place(seat);
    this.#forgetAudiences();
  }

  #tellChanges(): void {
    const view = this.#view;
    if (view === undefined) return;
    const seen = new Map<string, Audience>();
    for (const { audience } of this.#seats) if (audience !== null) seen.set(audienceKey(audience), audience);
    for (const [key, audience] of seen) {
      const told = this.#told.get(key);
      if (told === undefined) continue;
      const after = viewFor(audience, view);
      const change = diffRoomViews(told.view, after);
      told.view = after;
      if (change !== null) this.#options.broadcast(key, change);
    }
  }

  /** Where the page belongs now: somebody who was let in, or became a host, sees more from then on. */
  #place(seat: Seat): void {
    const { page } = seat;
    const audience = this.#audience(page.participantId);
    if (audience === null) {
      this.#endWhenGone(seat);
      return;
    }
    this.#callAgain(seat);
    const key = audienceKey(audience);
    const before = seat.audience === null ? null : audienceKey(seat.audience);
    if (before === key) return;
    if (before !== null) page.leaveAudience(before);
    seat.audience = audience;
    const told = this.#told.get(key) ?? { epoch: randomUUID(), view: viewFor(audience, this.#view!) };
    this.#told.set(key, told);
    if (!page.enterAudience(key, told.epoch)) page.sendView(told.view);
  }

  /** Whoever keeps rooms may have missed this process's signs of life. */
  #callAgain(seat: Seat): void {
    const { participantId, connectionId } = seat.page;
    const row = this.#document?.participants.find(({ id }) => id === participantId);
    const isKnown = row?.connections.includes(connectionId) === true;
    if (seat.isKnown && !isKnown) seat.page.comeAgain();
    seat.isKnown = isKnown;
  }

  #endWhenGone(seat: Seat): void {
    const wasThere = seat.audience !== null;
    const reason = endReasonOf(this.#document, seat.page.participantId, wasThere);
    if (reason === null) return;
    this.#seats.delete(seat);
    seat.page.end(reason);
  }

  /** An audience nobody belongs to is begun anew when somebody does. */
  #forgetAudiences(): void {
    const used = new Set(
      [...this.#seats].flatMap(({ audience }) => (audience === null ? [] : [audienceKey(audience)])),
    );
    for (const key of [...this.#told.keys()]) if (!used.has(key)) this.#told.delete(key);
  }
}
