/**
 * Writes the music on hold for real FreeSWITCH servers: `tsx scripts/make-music.ts`. The embedded one composes it when it is
 * first asked for. G.711 µ-law, because that is what telephones get anyhow.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { composeMusicFile } from '../embedded/media/index.ts';

const folder = new URL('../freeswitch/music/', import.meta.url);
mkdirSync(folder, { recursive: true });
const file = fileURLToPath(new URL('moh.wav', folder));
const bytes = await composeMusicFile(nextTurn);
writeFileSync(file, bytes);
process.stdout.write(`${file}: ${bytes.length} bytes\n`);
