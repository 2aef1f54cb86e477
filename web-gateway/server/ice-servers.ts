/** Relays and reflectors for browsers, with credentials that end (the TURN REST API, draft-uberti-behave-turn-rest). */
import { createHmac } from 'node:crypto';
import type { JoinResponse } from '../../config/contract/index.ts';
import type { Settings } from '../../config/index.ts';

type IceSettings = Pick<Settings, 'turnUrls' | 'turnSecret' | 'turnHours'>;

const HOUR_SECONDS = 3_600;

/** @param who tells users of the relay apart in its logs; not a secret, and no name */
export function iceServersFor(settings: IceSettings, who: string, now = Date.now()): JoinResponse['iceServers'] {
  const { turnUrls, turnSecret, turnHours } = settings;
  const stun = turnUrls.filter((url) => url.startsWith('stun:'));
  const turn = turnUrls.filter((url) => !url.startsWith('stun:'));
  const servers = stun.length === 0 ? [] : [{ urls: [...stun] }];
  if (turn.length === 0 || turnSecret === undefined) return servers;
  const username = `${Math.floor(now / 1_000 + turnHours * HOUR_SECONDS)}:${who}`;
  const credential = createHmac('sha1', turnSecret).update(username).digest('base64');
  return [...servers, { urls: [...turn], username, credential }];
}
