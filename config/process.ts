/** The settings of this very process: its environment over `config/partyline.yaml` in the working folder. */
import { loadSettings } from './settings.ts';
import type { Settings } from './schema.ts';

const FILE = 'config/partyline.yaml';

/** @throws SettingsError */
export function loadProcessSettings(): Settings {
  return loadSettings({ environment: process.env, file: FILE });
}
