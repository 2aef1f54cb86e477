/** Errors between threads: of the classes and fields of an error, the system's own way of copying keeps next to nothing. */

export interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** `code`, `syscall`, `port` and the like. */
  readonly fields: Readonly<Record<string, string | number | boolean>>;
  readonly cause: PlainError | undefined;
}

export function toPlainError(error: unknown): PlainError {
  if (!(error instanceof Error)) {
    return { name: 'Error', message: String(error), stack: undefined, fields: {}, cause: undefined };
  }
  const fields = Object.entries(error).filter(([key, value]) => !(key in NAMED) && SIMPLE.includes(typeof value));
  return {
    name: error.name,
    message: error.message,
    stack: error.stack,
    fields: Object.fromEntries(fields),
    cause: error.cause === undefined ? undefined : toPlainError(error.cause),
  };
}

/** An Error with everything but its class. */
export function fromPlainError({ name, message, stack, fields, cause }: PlainError): Error {
  const error = new Error(message, cause && { cause: fromPlainError(cause) });
  Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true });
  if (stack !== undefined) error.stack = stack;
  return Object.assign(error, fields);
}

const NAMED = { name: true, message: true, stack: true, cause: true };
const SIMPLE = ['string', 'number', 'boolean'];
