import { expect } from 'chai';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkNode, findProgram, packagesAreInstalled, run, SetUpError } from '../../../scripts/lib/system.mjs';

interface Lock {
  readonly version: string;
  readonly integrity?: string;
  readonly optional?: boolean;
}

describe('setting a machine up', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'partyline-setup-'));
    await mkdir(join(root, 'node_modules'));
  });
  afterEach(async () => rm(root, { recursive: true }));

  const lock = (packages: Record<string, Lock>) =>
    writeFile(join(root, 'package-lock.json'), JSON.stringify({ packages: { '': { version: '1.0.0' }, ...packages } }));
  const installed = (packages: Record<string, Lock>) =>
    writeFile(join(root, 'node_modules/.package-lock.json'), JSON.stringify({ packages }));

  it('takes Node 20.19 and anything newer', () => {
    for (const version of ['20.19.0', '20.20.2', '22.0.0', '24.1.0']) expect(() => checkNode(version)).to.not.throw();
    for (const version of ['20.18.3', '18.20.4', '8.0.0']) {
      expect(() => checkNode(version)).to.throw(SetUpError, `newer; this is ${version}`);
    }
  });

  it('knows when packages are missing', async () => {
    await lock({ 'node_modules/a': { version: '1.0.0' } });
    expect(packagesAreInstalled(root), 'nothing installed').to.equal(false);
    await installed({ 'node_modules/a': { version: '1.0.0' } });
    expect(packagesAreInstalled(root)).to.equal(true);
    await lock({ 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '1.0.0' } });
    expect(packagesAreInstalled(root), 'a new one').to.equal(false);
  });

  it('knows when packages are older than the lock file', async () => {
    await lock({ 'node_modules/a': { version: '2.0.0' } });
    await installed({ 'node_modules/a': { version: '1.0.0' } });
    expect(packagesAreInstalled(root)).to.equal(false);
    await lock({ 'node_modules/a': { version: '1.0.0', integrity: 'sha512-x' } });
    expect(packagesAreInstalled(root)).to.equal(false);
  });

  it('does not miss packages of other platforms', async () => {
    await lock({ 'node_modules/a-win32': { version: '1.0.0', optional: true } });
    await installed({});
    expect(packagesAreInstalled(root)).to.equal(true);
  });

  it('finds programs on the path, and only those that can be run', async () => {
    expect(findProgram('sh', '/bin')).to.equal('/bin/sh');
    expect(findProgram('partyline-no-such-program')).to.equal(null);
    await writeFile(join(root, 'partyline-not-executable'), '');
    expect(findProgram('partyline-not-executable', root)).to.equal(null);
  });

  it('shows what a command printed only when it fails', async () => {
    await run('sh', ['-c', 'echo fine']);
    const failure = await run('sh', ['-c', 'echo out; echo err >&2; exit 3']).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(SetUpError);
    expect(String(failure))
      .to.match(/failed \(3\):\n[^]*out[^]*/)
      .and.to.contain('err');
  });

  it('says which command is not there', async () => {
    const failure = await run('partyline-no-such-program', []).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(SetUpError);
    expect(String(failure)).to.contain('partyline-no-such-program');
  });
});
