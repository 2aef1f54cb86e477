/** The certificate for https: from files, read again when they change; or one made here that nobody trusts unless told to. */
import { X509Certificate } from 'node:crypto';
import { unwatchFile, watchFile } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import path from 'node:path';
import { createSecureContext } from 'node:tls';
import { generate } from 'selfsigned';
import type { Logger, Settings } from '../../config/index.ts';

const DAY_MS = 86_400_000;
/** Clocks of telephones and laptops are not always right. */
const VALID_BEFORE_MS = DAY_MS;
const VALID_FOR_MS = 397 * DAY_MS;
const RENEWED_BEFORE_MS = 30 * DAY_MS;
const FILE_LOOK_MS = 60_000;

export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/** `message` is a sentence for the operator. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
}

export interface CertificateSource {
  readonly current: Certificate;
  /** Browsers warn of it. */
  readonly selfSigned: boolean;
  /** Called with each new one. */
  onChange(listener: (certificate: Certificate) => void): void;
  /** Stops looking. Idempotent. */
  stop(): void;
}

type CertificateSettings = Pick<
  Settings,
  'tlsCertificateFile' | 'tlsKeyFile' | 'dataDir' | 'bind' | 'advertisedAddress' | 'publicUrl'
>;

/** @throws CertificateError when a file cannot be read, or does not hold what it should */
export async function openCertificate(settings: CertificateSettings, logger: Logger): Promise<CertificateSource> {
  const { tlsCertificateFile, tlsKeyFile } = settings;
  if (tlsCertificateFile !== undefined && tlsKeyFile !== undefined) {
    return followFiles(tlsCertificateFile, tlsKeyFile, logger);
  }
  const current = await ownCertificate(settings);
  return { current, selfSigned: true, onChange: () => undefined, stop: () => undefined };
}

async function followFiles(certificateFile: string, keyFile: string, logger: Logger): Promise<CertificateSource> {
  let current = await readFiles(certificateFile, keyFile);
  const listeners = new Set<(certificate: Certificate) => void>();
  const look = () => {
    readFiles(certificateFile, keyFile).then(
      (fresh) => {
        if (fresh.certificate === current.certificate && fresh.key === current.key) return;
        current = fresh;
        logger.info('a new certificate was read');
        for (const listener of listeners) listener(fresh);
      },
      // One of two files may have been written and the other not yet.
      (error: unknown) => logger.error({ err: error }, 'the new certificate cannot be used; the old one is kept'),
    );
  };
  for (const file of [certificateFile, keyFile]) {
    watchFile(file, { interval: FILE_LOOK_MS, persistent: false }, look);
  }
  return {
    get current() {
      return current;
    },
    selfSigned: false,
    onChange: (listener) => void listeners.add(listener),
    stop: () => {
      unwatchFile(certificateFile, look);
      unwatchFile(keyFile, look);
    },
  };
}

async function readFiles(certificateFile: string, keyFile: string): Promise<Certificate> {
  const read = async (file: string) => {
    try {
      return await readFile(file, 'utf8');
    } catch (error) {
      const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
      throw new CertificateError(`The file ${file} cannot be read (${why}).`, { cause: error });
    }
  };
  const [certificate, key] = [await read(certificateFile), await read(keyFile)];
  try {
    createSecureContext({ cert: certificate, key });
  } catch (error) {
    throw new CertificateError(`The files ${certificateFile} and ${keyFile} are no certificate and its key.`, {
      cause: error,
    });
  }
  return { certificate, key };
}

/** The one made before, while it is good for our names; otherwise a new one. */
async function ownCertificate(settings: CertificateSettings): Promise<Certificate> {
  const names = ownNames(settings);
  const file = path.join(settings.dataDir, 'tls-certificate.pem');
  const keyFile = path.join(settings.dataDir, 'tls-key.pem');
  const kept = await readFiles(file, keyFile).catch(() => null);
  if (kept !== null && isGoodFor(new X509Certificate(kept.certificate), names)) return kept;
  const made = await makeCertificate(names);
  await mkdir(settings.dataDir, { recursive: true, mode: 0o700 });
  await writeFile(keyFile, made.key, { mode: 0o600 });
  await writeFile(file, made.certificate);
  return made;
}

function ownNames({ bind, advertisedAddress, publicUrl }: CertificateSettings): string[] {
  const wildcard = ['0.0.0.0', '::'].includes(bind);
  const host = publicUrl === undefined ? undefined : new URL(publicUrl).hostname.replace(/^\[|\]$/g, '');
  const names = [host, advertisedAddress, wildcard ? undefined : bind, hostname(), 'localhost', '127.0.0.1'];
  return [...new Set(names.filter((name): name is string => name !== undefined && name !== ''))];
}

function isGoodFor(certificate: X509Certificate, names: readonly string[]): boolean {
  const lastsMs = Date.parse(certificate.validTo) - Date.now();
  const covers = (name: string) => (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name));
  return lastsMs > RENEWED_BEFORE_MS && names.every((name) => covers(name) !== undefined);
}

async function makeCertificate(names: readonly string[]): Promise<Certificate> {
  const made = await generate([{ name: 'commonName', value: names[0] ?? 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - VALID_BEFORE_MS),
    notAfterDate: new Date(Date.now() + VALID_FOR_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: names.map((name) => (isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name })),
      },
    ],
  });
  return { certificate: made.cert, key: made.private };
}
