/**
 * A browser that hears itself by way of the media server, before its person meets anybody: no room, no record, no journal,
 * and not for long.
 */
import type { Logger } from '../../config/index.ts';
import type { Clock } from '../support/clock.ts';
import type { CallerSide, CallLeg, LegMaker } from './ports.ts';

/** Long enough to say something and to hear it, twice. */
const LONGEST_MS = 30_000;

export interface EchoDeps {
  readonly media: LegMaker;
  readonly clock: Clock;
  readonly language: string;
  readonly logger: Logger;
}

/**
 * Resolves when it is over and nothing of it is left. Never rejects.
 * @param stopping aborted when the service stops
 */
export async function echoCaller(deps: EchoDeps, caller: CallerSide, stopping: AbortSignal): Promise<void> {
  const { media, clock, language, logger } = deps;
  const over = new AbortController();
  const end = () => over.abort();
  caller.events.on('gone', end);
  stopping.addEventListener('abort', end, { once: true });
  let leg: CallLeg | undefined;
  let refusal: { status: number } | undefined;
  try {
    const answer = (sdp: string) => caller.answer(sdp);
    const { offer, sourceAddress: callerAddress } = caller.invite;
    leg = await media.createLeg({ offer, callerAddress, language, signal: over.signal, logger, answer });
    leg.events.on('lost', end);
    void leg.echo().then(end, end);
    await clock.sleep(LONGEST_MS, over.signal);
  } catch (error) {
    refusal = { status: 503 };
    if (!over.signal.aborted) logger.warn({ err: error }, 'an echo could not be made');
  } finally {
    over.abort();
    stopping.removeEventListener('abort', end);
    await leg?.release();
    await caller.end(refusal);
  }
}
