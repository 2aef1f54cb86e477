/** The store's own errors; both are PartylineErrors with a stable code. */
import { PartylineError } from '../config/contract/index.ts';

/** Redis did not answer in time, or cannot be reached. Trying again later may help; a write may or may not have happened. */
export class StoreUnavailable extends PartylineError {
  constructor(options: { detail?: string; cause?: unknown } = {}) {
    super('store/unavailable', options);
  }
}

/** A stored value does not fit its schema. The message names the kind of value and the field, never what it held. */
export class CorruptValue extends PartylineError {
  constructor(what: string, where: string) {
    super('store/corrupt', { detail: `(${what}: ${where})` });
  }
}

export function isStoreUnavailable(error: unknown): error is PartylineError {
  return error instanceof PartylineError && error.code === 'store/unavailable';
}

/**
 * Error replies that mean "not now" rather than "wrong": Redis is loading, failing over, out of memory, or lost its
 * quorum. Everything else it says is a fault of ours.
 */
const NOT_NOW =
  /^(LOADING|READONLY|CLUSTERDOWN|MASTERDOWN|MISCONF|NOREPLICAS|OOM|TRYAGAIN|BUSY|NOAUTH|WRONGPASS|NOPERM|MOVED|ASK)\b/;

/** Translates what the redis package throws into our words. */
export function translateRedisError(error: unknown): PartylineError {
  if (error instanceof PartylineError) return error;
  if (!(error instanceof Error)) return new StoreUnavailable({ cause: error });
  if (!isErrorReply(error) || NOT_NOW.test(error.message)) return new StoreUnavailable({ cause: error });
  if (error.message.includes('WRONGTYPE')) return new CorruptValue('key', 'holds another type of value');
  // What our own scripts say of a value they cannot read.
  if (error.message.startsWith('CORRUPT')) return new CorruptValue('key', 'has the wrong form');
  return new PartylineError('internal/unexpected', { cause: error });
}

/** The redis package names replies that begin with "-" ErrorReply, SimpleError or BlobError. */
function isErrorReply(error: Error): boolean {
  return ['ErrorReply', 'SimpleError', 'BlobError', 'MultiErrorReply'].includes(error.constructor.name);
}
