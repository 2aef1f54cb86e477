/** Flite: a WebAssembly program from the npm registry, so that every machine makes the same sound. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { flite } from './recipe.ts';

const RUNNER = fileURLToPath(new URL('./flite-runner.ts', import.meta.url));

/**
 * Fetches it into `folder` the first time.
 * @returns the path of the program
 * @throws Error when it is another one than the voice was made with
 */
export function prepareFlite(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const wasm = join(folder, 'node_modules', flite.package, 'flite.wasm');
  if (!existsSync(wasm)) {
    const wanted = `${flite.package}@${flite.version}`;
    const quiet = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    execFileSync('npm', ['install', '--prefix', folder, ...quiet, wanted], { stdio: 'inherit' });
  }
  const found = createHash('sha256').update(readFileSync(wasm)).digest('hex');
  if (found !== flite.sha256) throw new Error(`${wasm} is not the synthesiser this voice was made with; remove it.`);
  return wasm;
}

/** Speaks `text` into `folder`/`file`. */
export function speakWithFlite(
  wasm: string,
  {
    folder,
    file,
    voice,
    stretch,
    text,
  }: { folder: string; file: string; voice: string; stretch: number; text: string },
): void {
  const speak = [wasm, folder, file, voice, String(stretch), text];
  execFileSync(process.execPath, ['--no-warnings', '--import', 'tsx', RUNNER, ...speak]);
}
