export { DEFAULT_DRACHTIO_LIMITS, type DrachtioLimits } from './limits.ts';
export { systemNames, type NameService } from './names.ts';
export { startDrachtio, type DrachtioCounts, type DrachtioOptions, type DrachtioServer } from './start.ts';
