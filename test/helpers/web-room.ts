/**
 * A room for tests of the web side without a bridge: it answers what pages ask by writing rows straight into the store,
 * and keeps what was asked. What a room really does is tested with the bridge.
 */
import type { Participant, RoomDocument, RoomEvent, RoomRequestEnvelope, Store } from '../../store/index.ts';
import { participantRow, roomDocument } from './rooms.ts';

type Make = (room: RoomDocument) => Partial<RoomDocument>;

export interface WebRoom {
  /** What was asked, in order; connections left out. */
  readonly asked: RoomRequestEnvelope[];
  /** Changes the room as it is; writes again when somebody was faster. */
  change(make: Make): Promise<void>;
  row(id: string, change: Partial<Participant>): Promise<void>;
  add(...rows: Participant[]): Promise<void>;
  /** Lets somebody go, with the reason that pages are told. */
  remove(id: string, reason: string): Promise<void>;
  end(): Promise<void>;
  stop(): void;
}

export interface WebRoomOptions {
  readonly store: Store;
  readonly conferenceId: string;
  readonly title?: string;
  readonly startedAt?: number;
  /** What a row begins with when its page connects. */
  readonly onConnect?: (id: string) => Partial<Participant>;
  /** Awaited before a page's connection is written. */
  readonly beforeConnect?: (connectionId: string) => Promise<void>;
  /** What a command comes to; whatever it throws is the answer. */
  readonly onCommand?: (envelope: RoomRequestEnvelope) => void | Promise<void>;
}

export function serveWebRoom(options: WebRoomOptions): WebRoom {
  const {
    store,
    conferenceId,
    title = 'Weekly',
    startedAt = Date.now(),
    onConnect,
    beforeConnect,
    onCommand,
  } = options;
  const asked: RoomRequestEnvelope[] = [];
  const commit = async (make: Make | null, mayBegin = true) => {
    for (;;) {
      const now = await store.rooms.read('default', conferenceId);
      if (now === null && !mayBegin) return;
      const before = now ?? roomDocument({ conferenceId, title, version: 0, startedAt });
      const document = make === null ? null : { ...before, ...make(before), version: before.version + 1 };
      const expectedVersion = now?.version ?? 0;
      const events: readonly RoomEvent[] = [];
      if (await store.rooms.commit({ tenantId: 'default', conferenceId, expectedVersion, document, events })) return;
    }
  };
  const change = (make: Make) => commit(make);
  const replace = (id: string, make: (row: Participant) => Partial<Participant>) =>
    commit(
      ({ participants }) => ({
        participants: participants.map((row) => (row.id === id ? { ...row, ...make(row) } : row)),
      }),
      false,
    );
  const connect = async (request: Extract<RoomRequestEnvelope['request'], { type: 'connect' }>) => {
    const { participantId: id, connectionId, name, role } = request;
    await beforeConnect?.(connectionId);
    await change(({ participants }) => {
      const known = participants.find((row) => row.id === id);
      const { leg: _none, ...bare } = participantRow(id, { name, role, number: '', joinedAt: Date.now() });
      const row = { ...(known ?? { ...bare, ...onConnect?.(id) }) };
      const rows = participants.filter((each) => each.id !== id);
      return { participants: [...rows, { ...row, connections: [...row.connections, connectionId] }] };
    });
    return id;
  };
  const stop = store.roomRequests.serve(async (envelope) => {
    const { request } = envelope;
    if (envelope.conferenceId !== conferenceId) return { version: 0 };
    if (request.type === 'connect') return { version: 0, participantId: await connect(request) };
    if (request.type === 'disconnect') {
      await replace(request.participantId, ({ connections }) => ({
        connections: connections.filter((id) => id !== request.connectionId),
      }));
      return { version: 0 };
    }
    asked.push(envelope);
    await onCommand?.(envelope);
    return { version: 0 };
  });
  return {
    asked,
    change,
    row: (id, values) => replace(id, () => values),
    add: (...rows) => change(({ participants }) => ({ participants: [...participants, ...rows] })),
    remove: (id, reason) =>
      change(({ participants, farewells }) => ({
        participants: participants.filter((row) => row.id !== id),
        farewells: [...farewells, { participantId: id, callId: id, reason, at: Date.now() }],
      })),
    end: () => commit(null),
    stop,
  };
}
