export * from './api.ts';
export * from './conferences.ts';
export * from './join.ts';
export { applyRoomChange } from './apply-room-change.ts';
export * from './names.ts';
export * from './room.ts';
export * from './socket.ts';
export { errorCatalogue, PartylineError, type ErrorCode, type ErrorEntry, type FaultClass } from './errors.ts';
export { terminationReasons, type TerminationReason } from './terminations.ts';
