export * from './api.ts';
export * from './conferences.ts';
export * from './identity.ts';
export * from './join.ts';
export * from './keypad.ts';
export * from './room.ts';
export { diffRoomViews } from './room-change.ts';
export { errorCatalogue, PartylineError, type ErrorCode, type ErrorEntry, type FaultClass } from './errors.ts';
export { terminationReasons, type TerminationReason } from './terminations.ts';
