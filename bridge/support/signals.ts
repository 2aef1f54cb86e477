/** Several signals as one, unlinked afterwards: `AbortSignal.any` on a call's long-lived signal would pile up. */
export interface LinkedSignal {
  readonly signal: AbortSignal;
  abort(): void;
  /** Stops listening to the sources. */
  unlink(): void;
}

/** The reason nobody asks for. Without one, each abort makes an exception with a stack of its own. */
const OVER = new Error('It is over');

export function linkSignals(sources: readonly AbortSignal[]): LinkedSignal {
  const controller = new AbortController();
  const onAbort = () => controller.abort(OVER);
  for (const source of sources) {
    if (source.aborted) onAbort();
    else source.addEventListener('abort', onAbort, { once: true });
  }
  return {
    signal: controller.signal,
    abort: onAbort,
    unlink: () => {
      for (const source of sources) source.removeEventListener('abort', onAbort);
    },
  };
}
