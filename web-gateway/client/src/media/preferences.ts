/** What this browser remembers of a person: their name and their devices. Nothing of it is sent anywhere by itself. */

const KEY = 'partyline';

export interface Preferences {
  readonly name?: string;
  readonly microphoneId?: string;
  readonly speakerId?: string;
}

export function readPreferences(): Preferences {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    if (typeof stored !== 'object' || stored === null) return {};
    return Object.fromEntries(Object.entries(stored).filter(([, value]) => typeof value === 'string'));
  } catch {
    return {}; // storage is switched off, or somebody else wrote there
  }
}

export function savePreferences(change: Preferences): void {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...readPreferences(), ...change }));
  } catch {
    // It will be asked again.
  }
}
