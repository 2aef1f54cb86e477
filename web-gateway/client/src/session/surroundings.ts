/** What the softphone finds around it in a browser. */
import { SIP_PATH } from '../../../../config/contract/browser.ts';
import type { SoftphonePorts } from '../softphone/softphone.ts';

export const browserClock: SoftphonePorts['clock'] = {
  now: () => performance.now(),
  setTimeout: (work, milliseconds) => window.setTimeout(work, milliseconds),
  clearTimeout: (timer) => window.clearTimeout(timer as number | undefined),
};

/** The gateway passes it on: one port serves everything. */
export function sipSocketUrl(): string {
  const { protocol, host } = window.location;
  return `${protocol === 'https:' ? 'wss:' : 'ws:'}//${host}${SIP_PATH}`;
}
