import { expect } from 'chai';
import fc from 'fast-check';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CorruptValue } from '../../../store/errors.ts';
import { preparePlace } from '../../../store/redis-server-place.ts';
import { deriveSecrets } from '../../../store/secrets.ts';
import { loadServerSecret } from '../../../store/server-secret.ts';

const SECRET = 'a-server-secret-for-tests-only-0123456789';

describe('store: keys from the server secret', () => {
  const secrets = deriveSecrets(SECRET);

  it('finds the same text again, under its own purpose and secret only', () => {
    const mine = secrets.fingerprint('access-code', '123');
    expect(deriveSecrets(SECRET).fingerprint('access-code', '123')).to.equal(mine);
    expect(secrets.fingerprint('access-code', '124')).not.to.equal(mine);
    expect(secrets.fingerprint('code-guard', '123')).not.to.equal(mine);
    expect(deriveSecrets(`${SECRET}x`).fingerprint('access-code', '123')).not.to.equal(mine);
    expect(mine).to.match(/^[\w-]{22}$/);
  });

  it('opens what it sealed, and every copy looks different', () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.string()), (text, context) => {
        const sealed = secrets.seal(text, context);
        expect(secrets.unseal(sealed, context)).to.equal(text);
        expect(secrets.seal(text, context)).not.to.equal(sealed);
      }),
    );
  });

  it('does not open a copy that was moved, changed, cut or sealed with another secret', () => {
    const sealed = secrets.seal('123456789', ['acme', 'c1', 'guest']);
    const refuses = (text: string, context = ['acme', 'c1', 'guest'], by = secrets) =>
      expect(() => by.unseal(text, context)).to.throw(CorruptValue);
    refuses(sealed, ['acme', 'c2', 'guest']);
    refuses(sealed, ['other', 'c1', 'guest']);
    refuses(sealed, ['acme', 'c1', 'host']);
    refuses(sealed, ['acmec1', 'guest']);
    refuses(sealed, undefined, deriveSecrets(`${SECRET}x`));
    refuses('');
    refuses('2.AAAA');
    const bytes = Buffer.from(sealed.slice(2), 'base64url');
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      refuses(`1.${changed.toString('base64url')}`);
      refuses(`1.${bytes.subarray(0, at).toString('base64url')}`);
    }
  });

  it('takes no short secret', () => {
    expect(() => deriveSecrets('short')).to.throw(/at least 32/);
    expect(() => deriveSecrets(new Uint8Array(31))).to.throw(/at least 32/);
  });
});

describe('store: the server secret on disk', () => {
  let folder: string;
  const dataDir = () => path.join(folder, 'data');
  const file = () => path.join(dataDir(), 'server-secret');

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'partyline-secret-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is made once, for us alone, with nothing left beside it', async () => {
    const secret = await loadServerSecret(dataDir());
    expect(Buffer.from(secret, 'base64url')).to.have.length(32);
    expect(await loadServerSecret(dataDir())).to.equal(secret);
    expect((await stat(file())).mode & 0o777).to.equal(0o600);
    expect((await stat(dataDir())).mode & 0o777).to.equal(0o700);
    expect(await readdir(dataDir())).to.deep.equal(['server-secret']);
    expect(() => deriveSecrets(secret)).not.to.throw();
  });

  it('says which setting to change when the folder cannot be made', async () => {
    const file = path.join(dataDir(), 'a-file');
    await mkdir(dataDir(), { recursive: true });
    await writeFile(file, '');
    for (const work of [loadServerSecret, preparePlace]) {
      const error = await work(path.join(file, 'data')).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect((error as Error).message).to.match(/data folder .*a-file\/data.*PARTYLINE_DATA_DIR/);
    }
  });

  it('is the same for all who start at once', async () => {
    const secrets = await Promise.all(Array.from({ length: 20 }, () => loadServerSecret(dataDir())));
    expect(new Set(secrets).size).to.equal(1);
    expect(await readdir(dataDir())).to.deep.equal(['server-secret']);
  });

  it('is never replaced when it is damaged', async () => {
    await loadServerSecret(dataDir());
    await writeFile(file(), 'half a secr');
    let message = '';
    await loadServerSecret(dataDir()).catch((error: unknown) => (message = (error as Error).message));
    expect(message).to.contain(file()).and.to.contain('damaged');
    expect(await readFile(file(), 'utf8')).to.equal('half a secr');
  });

  it('is closed to others when somebody opened it', async () => {
    const secret = await loadServerSecret(dataDir());
    await chmod(file(), 0o644);
    expect(await loadServerSecret(dataDir())).to.equal(secret);
    expect((await stat(file())).mode & 0o777).to.equal(0o600);
  });
});
