/**
 * What `npm run embedded` runs: drachtio-server and FreeSWITCH alone, for drachtio applications of any kind
 * (docs/embedded.md). `npm run embedded -- --help` lists the options.
 */
import { fileURLToPath, pathToFileURL } from 'node:url';
import { endWithNpm } from './lib/end-with-npm.mjs';
import { checkNode, installPackages, SetUpError } from './lib/system.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

try {
  checkNode();
  await installPackages(root, (line) => process.stderr.write(`${line}\n`));
} catch (error) {
  if (!(error instanceof SetUpError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
endWithNpm();
const { register } = await import('tsx/esm/api');
register();
const { runStandalone } = await import(pathToFileURL(`${root}embedded/standalone/index.ts`).href);
const { musicFile } = await import(pathToFileURL(`${root}ivr/index.ts`).href);
await runStandalone(process.argv.slice(2), { music: musicFile() });
