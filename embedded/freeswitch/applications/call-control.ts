/** sleep, park, hangup, break, and what is accepted without effect. */
import type { Application, ApplicationContext } from '../channel/application-runner.ts';
import { parseCause } from '../channel/hangup-causes.ts';
import { channelData } from '../channel/channel-data.ts';
import type { EventOrigin } from '../core/event.ts';
import type { ApplicationServices } from './services.ts';

const PARK: EventOrigin = ['switch_ivr.c', 'switch_ivr_park', 1012];
const UNPARK: EventOrigin = ['switch_ivr.c', 'switch_ivr_park', 1193];
const FRAME_MS = 20;
const MAX_SLEEP_MS = 24 * 3_600 * 1_000;

export const hangup: Application = ({ channel }, argument) =>
  channel.hangup(argument === '' ? 'NORMAL_CLEARING' : parseCause(argument));

/** Does something only to whoever is under it; on its own there is nothing to end. */
export const breakApplication: Application = () => undefined;
export const accepted: Application = () => undefined;

export function sleep(services: ApplicationServices): Application {
  return async (context, argument) => {
    const milliseconds = Math.min(Number.parseInt(argument, 10) || 0, MAX_SLEEP_MS);
    const eatDigits = context.channel.variables.isTrue('sleep_eat_digits');
    await context.wait<true>({
      begin: (finish) => {
        const timer = services.clock.startTimer('sleep', milliseconds, () => finish(true));
        return () => timer.cancel();
      },
      ...(eatDigits && { onDigit: () => undefined }),
    });
  };
}

export const park: Application = (context) => parkUntil(context, () => undefined);

/**
 * Waits until something ends it. Digits are announced and dropped, one a frame, so that an application that comes soon
 * after the answer finds what was keyed meanwhile.
 * @param begin may end it by calling `finish`
 */
export async function parkUntil(
  context: ApplicationContext,
  begin: (finish: (value: true) => void) => (() => void) | undefined,
): Promise<void> {
  const { channel } = context;
  channel.fire('CHANNEL_PARK', PARK, () => channelData(channel));
  // The real park loop never looks at CF_BREAK: a break that comes when nothing plays any more ends nothing.
  await context.wait<true>({ begin, onDigit: () => undefined, digitEveryMs: FRAME_MS, breakable: false });
  channel.fire('CHANNEL_UNPARK', UNPARK, () => channelData(channel));
}
