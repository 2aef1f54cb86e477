import { readFileSync } from 'node:fs';
import type { TlsOptions } from '../../embedded/sip/index.ts';

const read = (name: string) => readFileSync(new URL(`../vectors/tls/${name}.pem`, import.meta.url));

/** A certificate for localhost and 127.0.0.1 that nobody but tests trusts; each side is its own authority. */
export const testTls: TlsOptions = {
  certificate: read('certificate'),
  key: read('key'),
  authorities: read('certificate'),
};
