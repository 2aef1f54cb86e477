/** The certificate for TLS and secure WebSocket: from files, or made for this run when there are none. */
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import { generate } from 'selfsigned';
import type { TlsOptions } from './types.ts';

const DAY_MS = 86_400_000;
/** Clocks of phones are not always right. */
const VALID_BEFORE_MS = DAY_MS;
const VALID_FOR_MS = 397 * DAY_MS;

/**
 * Reads a certificate (with its chain) and its key, both PEM.
 * @throws the operating system's error when a file cannot be read, TLS's when they are of no use
 */
export async function readTlsFiles(certificateFile: string, keyFile: string): Promise<TlsOptions> {
  const [certificate, key] = await Promise.all([readFile(certificateFile), readFile(keyFile)]);
  createSecureContext({ cert: certificate, key }); // throws where they do not fit each other
  return { certificate, key };
}

/**
 * A new certificate that nobody trusts unless told to: it keeps others from listening in, but does not prove who we are.
 * @param names host names and addresses it is for
 */
export async function selfSignedTls(names: readonly string[]): Promise<TlsOptions> {
  const [first = 'localhost'] = names;
  const made = await generate([{ name: 'commonName', value: first }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - VALID_BEFORE_MS),
    notAfterDate: new Date(Date.now() + VALID_FOR_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      { name: 'subjectAltName', altNames: names.map(alternativeName) },
    ],
  });
  return { certificate: made.cert, key: made.private };
}

function alternativeName(name: string): { type: 2; value: string } | { type: 7; ip: string } {
  return isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name };
}
