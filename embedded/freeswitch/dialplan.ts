/**
 * The dialplan: a call that a drachtio-fsmrf application asks for is answered and handed to its event socket; should the
 * application go away, the caller goes back into the conference named by `resume_conference`. Others are refused.
 */
import type { DialplanAction } from './channel/session.ts';

const USER_AGENT = /^drachtio-fsmrf:(.*)$/;
const SOCKET_ADDRESS = /^(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.-]{1,253}):(\d{1,5})$/;

export interface DialplanMatch {
  readonly actions: readonly DialplanAction[];
  /** Told as variable_DP_MATCH. */
  readonly match: readonly [whole: string, group: string];
}

export function routeCall(userAgent: string | undefined, eslOutbound: string | undefined): DialplanMatch | undefined {
  const match = USER_AGENT.exec(userAgent ?? '');
  if (!match || parseSocketAddress(eslOutbound ?? '') === undefined) return undefined;
  return {
    match: [match[0], match[1] ?? ''],
    actions: [
      { application: 'answer', argument: '' },
      { application: 'set', argument: 'send_silence_when_idle=-1' },
      { application: 'set', argument: 'hangup_after_bridge=false' },
      { application: 'set', argument: 'park_after_bridge=true' },
      { application: 'set', argument: 'playback_terminators=none' },
      { application: 'socket', argument: '${sip_h_X-esl-outbound} async full' },
      { application: 'conference', argument: '${resume_conference}' },
    ],
  };
}

export function parseSocketAddress(text: string): { host: string; port: number } | undefined {
  const match = SOCKET_ADDRESS.exec(text);
  const port = Number(match?.[2]);
  if (!match || port < 1 || port > 65_535) return undefined;
  return { host: match[1]!.replace(/^\[|\]$/g, ''), port };
}

/** `conference:room@default,park`: the dialplan called `inline`. */
export function inlineActions(text: string): DialplanAction[] {
  return text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const colon = part.indexOf(':');
      return colon < 0
        ? { application: part, argument: '' }
        : { application: part.slice(0, colon), argument: part.slice(colon + 1) };
    });
}
