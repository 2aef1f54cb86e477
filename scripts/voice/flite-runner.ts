/**
 * Runs the synthesiser once, in a process of its own: `flite-runner.ts <wasm> <folder> <file> <voice> <stretch> <text>`.
 */
import { readFileSync } from 'node:fs';
import { WASI } from 'node:wasi';

/** The types of Node do not name it, those of a browser do. */
interface WebAssemblyApi {
  compile(program: Uint8Array): Promise<object>;
  instantiate(program: object, imports: object): Promise<object>;
}

const [wasm = '', folder = '', file = '', voice = '', stretch = '', text = ''] = process.argv.slice(2);
const wasi = new WASI({
  version: 'preview1',
  args: ['flite', '-voice', voice, '--setf', `duration_stretch=${stretch}`, '-t', text, '-o', `out/${file}`],
  preopens: { out: folder },
});
const { compile, instantiate } = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;
wasi.start(await instantiate(await compile(readFileSync(wasm)), wasi.getImportObject()));
