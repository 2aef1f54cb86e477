/** The door of bridge/calls: one machine per call. */
export { endLostCalls, type AdoptionDeps } from './adoption.ts';
export { Call, type CallDeps, type CallSettings, type CallSummary } from './call.ts';
export { CallDesk, type CallDeskOptions } from './call-desk.ts';
export type { Identified } from './identify.ts';
export { CallMachine, IllegalMove, type CallState } from './call-machine.ts';
export { isDead, nodeName, systemProcesses, type ProcessTable } from './node.ts';
export type { CallerSide, CallLeg, CallStore, LegMaker } from './ports.ts';
export type { CallIntervals } from './summary.ts';
