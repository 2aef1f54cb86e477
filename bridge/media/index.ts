/** The door of bridge/media: the only room that knows drachtio-fsmrf and drachtio-modesl. */
export { commands, type ApiCommand, type MemberCommandName, type MemberFlag } from './commands.ts';
export type { ConferenceEvent } from './conference-events.ts';
export { Leg, type LegEvents } from './leg.ts';
export { MediaPool } from './media-pool.ts';
export { createMrf } from './media-ports.ts';
export { MediaServer, terminationOfCause, type LegRequest, type MediaServerOptions } from './media-server.ts';
