/** A page that is loaded again comes back into the same row: the tab remembers its token until it is closed. */
import type { JoinResponse } from '../../../../config/contract/index.ts';

const KEY = 'partyline-session';

export interface KeptSession {
  readonly joined: JoinResponse;
  readonly code?: string | undefined;
  readonly sound: 'browser' | 'listen' | 'phone';
  /** Another line of theirs has the sound: a page that is loaded anew leaves it there. */
  readonly soundElsewhere?: boolean;
}

export function keepSession(session: KeptSession): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(session));
  } catch {
    // Then a reload begins again at the join page.
  }
}

export function keepSoundElsewhere(soundElsewhere: boolean): void {
  const kept = keptSession();
  if (kept !== null && (kept.soundElsewhere ?? false) !== soundElsewhere) keepSession({ ...kept, soundElsewhere });
}

export function forgetSession(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // There is nothing to forget.
  }
}

export function keptSession(): KeptSession | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as KeptSession | null;
    return kept !== null && kept.joined.expiresAt > Date.now() ? kept : null;
  } catch {
    return null;
  }
}
