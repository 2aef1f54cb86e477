export * from './api.ts';
export { errorCatalogue, PartylineError, type ErrorCode, type ErrorEntry, type FaultClass } from './errors.ts';
export { terminationReasons, type TerminationReason } from './terminations.ts';
