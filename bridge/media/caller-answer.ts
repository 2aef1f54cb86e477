/**
 * How a browser's leg is made with drachtio-fsmrf. Its media server can say that the channel is there only after the
 * handshake, and the handshake comes after the answer to the browser: so fsmrf's `connectCaller` answers in between. It does
 * that with `srf.createUAS(request, response, …)`; what it is given here for a response answers as the call wants it.
 */
import { createMediaDialog, type CreateUac } from './plain-offer.ts';

/** RFC 5764: the stream's keys come from a handshake on its own path. fsmrf decides it in the same way. */
export function needsHandshake(sdp: string): boolean {
  return /^m=audio .*SAVP/m.test(sdp);
}

export type AnswerCaller = (sdp: string) => Promise<void>;

/** Takes the response's place. */
export class CallerAnswer {
  /** The caller has our 200. */
  given = false;
  readonly #answer: AnswerCaller;

  constructor(answer: AnswerCaller) {
    this.#answer = answer;
  }

  async answer(sdp: string): Promise<void> {
    await this.#answer(sdp);
    this.given = true;
  }
}

/** Calls to the media server that fsmrf waits for: `fn` once it has answered, `conn` once its event socket has come. */
export type PendingChannels = Map<
  string,
  { fn?: (conn: unknown) => void; conn?: unknown; connTimeout?: NodeJS.Timeout }
>;

/**
 * The media server's 200 and its event socket come over different ways. `connectCaller` forgets a socket that was quicker,
 * waits four seconds for another, and gives up; `createEndpoint` does not. To be called when the 200 has come.
 */
export function takeEarlyChannels(pending: PendingChannels): void {
  for (const [id, { fn, conn, connTimeout }] of [...pending]) {
    if (!fn || conn === undefined) continue;
    clearTimeout(connTimeout);
    pending.delete(id);
    fn(conn);
  }
}

type Done = (error: unknown, dialog?: { destroy(): Promise<void> }) => void;

/** The caller's dialog belongs to the call, which ends it when its leg fails. */
const CALLS_OWN_DIALOG = { destroy: () => Promise.resolve() };

/** What fsmrf takes for drachtio-srf: calls to the media server are drachtio-srf's, answers to callers ours. */
export function srfForMrf(srf: CreateUac): object {
  return {
    createUAC: (...parameters: unknown[]) => {
      const made = createMediaDialog(srf, ...parameters.map(heeded));
      return made instanceof Promise ? made.then(endingQuietly) : made;
    },
    createUAS: (_request: unknown, response: CallerAnswer, options: { localSdp: string }, done: Done) => {
      response.answer(options.localSdp).then(() => done(null, CALLS_OWN_DIALOG), done);
    },
  };
}

interface MediaDialog {
  destroy(...parameters: unknown[]): unknown;
}

/** A callback is given such a dialog, too. */
function heeded(parameter: unknown): unknown {
  if (typeof parameter !== 'function') return parameter;
  const done = parameter as (error: unknown, dialog?: MediaDialog) => void;
  return (error: unknown, dialog?: MediaDialog) => done(error, dialog && endingQuietly(dialog));
}

/**
 * When the media server answers too late, fsmrf ends the dialog without looking whether that works. If the dialog is gone by
 * then (drachtio-srf's ENODIALOG), nobody catches it, and the whole process would end. Who does look is told as before.
 */
function endingQuietly<D extends MediaDialog | undefined>(dialog: D): D {
  if (!dialog) return dialog;
  const destroy = dialog.destroy.bind(dialog);
  dialog.destroy = (...parameters) => {
    const ended = destroy(...parameters);
    void Promise.resolve(ended).catch(() => undefined);
    return ended;
  };
  return dialog;
}
