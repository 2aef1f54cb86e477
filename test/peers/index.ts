export { Baresip, type BaresipOptions } from './baresip.ts';
export { OwnedProcess, type Ended } from './owned-process.ts';
export * from './proc.ts';
export * as carriers from './carriers.ts';
export * as scenarios from './scenarios.ts';
export { eventually, Service, type Answer, type ServiceOptions } from './service.ts';
export { Sipp, type SippOptions, type SippOutcome } from './sipp.ts';
export { useBench, type Bench } from './bench.ts';
