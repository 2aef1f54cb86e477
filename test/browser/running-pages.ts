/** A whole service in this process, with the pages as they are in the sources now. */
import { fileURLToPath } from 'node:url';
import { buildClient } from '../../scripts/lib/client-build.mjs';
import type { SettingsInput } from '../../config/index.ts';
import { runService, type Running } from '../paired/bridge/running-service.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export async function runWithPages(overrides: SettingsInput = {}): Promise<Running> {
  await buildClient(ROOT, () => undefined);
  return runService(overrides);
}
