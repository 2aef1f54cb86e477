import { expect } from 'chai';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { pino } from 'pino';
import { loadServerSecret, openStore, startRedisServer, type RedisServer, type Store } from '../../../store/index.ts';

const OWNER = path.join(import.meta.dirname, '../../helpers/owner-process.ts');
const silent = pino({ level: 'silent' });
const patience = { orphanMs: 1_000, lockMs: 1_000 };

describe('store: a redis-server of our own', function () {
  this.timeout(30_000);
  let folder: string;
  let cleanUps: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'partyline-own-'));
  });
  afterEach(async () => {
    for (const cleanUp of cleanUps.reverse()) await cleanUp();
    cleanUps = [];
    await rm(folder, { recursive: true, force: true });
  });

  async function start(dataDir = folder, logger = silent): Promise<RedisServer> {
    const server = await startRedisServer({ dataDir, logger, patience });
    cleanUps.push(() => server.stop());
    return server;
  }
  async function open(server: RedisServer, dataDir = folder): Promise<Store> {
    const store = await openStore({ url: server.url, secret: await loadServerSecret(dataDir), logger: silent });
    cleanUps.push(() => store.close());
    return store;
  }
  async function refusal(work: Promise<unknown>): Promise<string> {
    try {
      await work;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    throw new Error('it was expected to fail');
  }
  const availability = (store: Store, wanted: boolean) =>
    new Promise<void>((resolve) => {
      if (store.available === wanted) resolve();
      else store.onAvailability((available) => available === wanted && resolve());
    });

  /** Another service on the same folder, in a process of its own. */
  async function startOwner(...args: string[]): Promise<{
    owner: ChildProcess;
    pid: number;
    /** Resolves with a number that was acknowledged after the call. */
    acknowledged: () => Promise<number>;
    all: readonly number[];
  }> {
    const owner = spawn(process.execPath, ['--import', 'tsx', OWNER, folder, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    cleanUps.push(async () => {
      if (owner.exitCode !== null || owner.signalCode !== null) return;
      owner.kill('SIGKILL');
      await once(owner, 'exit');
    });
    const lines = createInterface({ input: owner.stdout });
    const [first] = (await once(lines, 'line')) as [string];
    const all: number[] = [];
    lines.on('line', (line) => all.push(Number(line)));
    const { pid } = JSON.parse(first) as { pid: number };
    return { owner, pid, all, acknowledged: async () => Number(((await once(lines, 'line')) as [string])[0]) };
  }

  async function gone(pid: number): Promise<void> {
    while (
      existsSync(`/proc/${pid}/cmdline`) &&
      (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')) !== ''
    ) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  it('answers on a private socket, keeps its files to itself, and is gone after stop()', async () => {
    const server = await start();
    expect(server.url).to.match(/^unix:\/\/\//);
    const store = await open(server);
    await store.tenants.ensureDefault();
    const others = async (name: string) => (await stat(path.join(folder, name))).mode & 0o077;
    const names = (await readdir(folder, { recursive: true })).filter((name) => name !== 'redis');
    expect(names).to.include('redis/redis.sock').and.to.include('redis/owner.json');
    for (const name of ['redis', ...names]) expect(await others(name), name).to.equal(0);

    const pid = server.pid!;
    await store.close();
    await Promise.all([server.stop(), server.stop()]);
    expect(server.pid).to.equal(undefined);
    expect(existsSync(`/proc/${pid}`)).to.equal(false);
    expect(existsSync(path.join(folder, 'redis/owner.json'))).to.equal(false);
  });

  it('keeps everything over stop and start', async () => {
    const first = await start();
    const store = await open(first);
    await store.journal.append('default', { type: 'kept', at: 1 });
    await store.close();
    await first.stop();
    const again = await open(await start());
    expect((await again.journal.read('default')).map((entry) => entry.type)).to.deep.equal(['kept']);
  });

  it('takes a loopback port and a password where the path is too long for a socket', async () => {
    const long = path.join(folder, `with "quotes" and spaces ${'x'.repeat(90)}`);
    const server = await start(long);
    const url = new URL(server.url);
    expect([url.protocol, url.hostname]).to.deep.equal(['redis:', '127.0.0.1']);
    expect(url.password).to.match(/^[0-9a-f]{64}$/);
    const store = await open(server, long);
    await store.tenants.ensureDefault();
    url.password = '';
    const closed = openStore({ url: url.href, secret: 'x'.repeat(32), logger: silent, times: { openMs: 500 } });
    expect(await refusal(closed)).to.contain('cannot be reached');
    const line = await readFile(`/proc/${server.pid!}/cmdline`, 'utf8');
    expect(line).not.to.contain(new URL(server.url).password);
    expect(existsSync(path.join(long, 'redis/appendonlydir'))).to.equal(true);
  });

  it('works in a folder with spaces, quotes and letters of elsewhere', async () => {
    const odd = path.join(folder, 'a "b" \\ ü %20');
    const store = await open(await start(odd), odd);
    await store.tenants.ensureDefault();
    expect(existsSync(path.join(odd, 'redis/appendonlydir'))).to.equal(true);
  });

  it('refuses a second service on the same folder, in this process and in another', async () => {
    const { owner } = await startOwner();
    const message = await refusal(startRedisServer({ dataDir: folder, logger: silent, patience }));
    expect(message).to.contain(folder).and.to.contain('in use').and.to.contain(String(owner.pid));
    owner.kill('SIGTERM');
    await once(owner, 'exit');
    const server = await start();
    expect(await refusal(startRedisServer({ dataDir: folder, logger: silent, patience }))).to.contain('in use');
    await (await open(server)).ping();
  });

  it('refuses also when the owner’s process cannot be seen, as in another container', async () => {
    const server = await start();
    const file = path.join(folder, 'redis/owner.json');
    const owner = JSON.parse(await readFile(file, 'utf8')) as object;
    await writeFile(file, JSON.stringify({ ...owner, pidNamespace: 'pid:[1]' }));
    expect(await refusal(startRedisServer({ dataDir: folder, logger: silent, patience }))).to.contain('in use');
    await rm(file);
    expect(await refusal(startRedisServer({ dataDir: folder, logger: silent, patience }))).to.contain('in use');
    await (await open(server)).ping();
  });

  it('ends with its owner, however that one dies, and loses nothing that was acknowledged', async () => {
    const { owner, pid, acknowledged, all } = await startOwner('write');
    while (all.length < 500) await acknowledged();
    // As kill -9 of the whole tree: both at the same instant, in the middle of writing.
    process.kill(pid, 'SIGKILL');
    owner.kill('SIGKILL');
    await once(owner, 'close');
    await gone(pid);
    const written = new Set(all);
    const store = await open(await start());
    const kept = new Set<number>();
    for (let before: string | undefined; ;) {
      const page = await store.journal.read('default', { count: 1_000, ...(before === undefined ? {} : { before }) });
      for (const entry of page) kept.add(entry.at);
      before = page.at(-1)?.id;
      if (page.length < 1_000) break;
    }
    const lost = [...written].filter((at) => !kept.has(at));
    expect(lost).to.deep.equal([]);
    expect(written.size).to.be.at.least(500);
  });

  it('dies with an owner that is killed', async () => {
    const { owner, pid } = await startOwner();
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    await gone(pid);
    await (await open(await start())).ping();
  });

  it('ends a server that an earlier run left behind, also one that hangs', async () => {
    for (const hangs of [false, true]) {
      const left = await leaveOrphan(hangs);
      const store = await open(await start());
      expect((await store.journal.read('default')).map((entry) => entry.type)).to.deep.equal(['from the orphan']);
      await gone(left);
      for (const cleanUp of cleanUps.reverse()) await cleanUp();
      cleanUps = [];
      await rm(path.join(folder, 'redis'), { recursive: true });
    }
  });

  /** As without setpriv: the owner is dead, its server is not. */
  async function leaveOrphan(hangs: boolean): Promise<number> {
    const place = path.join(folder, 'redis');
    await mkdir(place, { recursive: true });
    const socket = path.join(place, 'redis.sock');
    const orphan = spawn('redis-server', ['-'], { cwd: place, stdio: ['pipe', 'ignore', 'ignore'] });
    orphan.stdin.end(`port 0\nunixsocket ${socket}\nsave ""\nappendonly yes\nappendfsync always\n`);
    cleanUps.push(() => Promise.resolve(orphan.kill('SIGKILL')));
    const url = `unix://${socket}`;
    while (!existsSync(socket)) await new Promise((resolve) => setTimeout(resolve, 10));
    const store = await openStore({ url, secret: await loadServerSecret(folder), logger: silent });
    await store.journal.append('default', { type: 'from the orphan', at: 1 });
    await store.close();
    const owner = { pid: 999_999_999, processStart: '1', pidNamespace: await namespace(), url, serverPid: orphan.pid };
    await writeFile(path.join(place, 'owner.json'), JSON.stringify(owner));
    if (hangs) orphan.kill('SIGSTOP');
    return orphan.pid!;
  }
  const namespace = async () => (await import('node:fs/promises')).readlink('/proc/self/ns/pid');

  it('is started again when it crashes, at the same address with the same data, and says so', async () => {
    const lines: string[] = [];
    const logged = (text: string) => lines.filter((line) => line.includes(text)).length;
    const logger = pino({ level: 'info' }, { write: (line: string) => lines.push(line) });
    const server = await start(folder, logger);
    const store = await open(server);
    await store.journal.append('default', { type: 'before', at: 1 });
    for (let crashes = 0; crashes < 3; crashes += 1) {
      const pid = server.pid!;
      process.kill(pid, 'SIGKILL');
      await availability(store, false);
      await availability(store, true);
      while (logged('runs again') <= crashes) await new Promise((resolve) => setTimeout(resolve, 10));
      expect(server.pid).not.to.equal(pid);
    }
    expect((await store.journal.read('default')).map((entry) => entry.type)).to.deep.equal(['before']);
    expect(logged('ended by itself')).to.equal(3);
  });

  it('stops while it is being started again', async () => {
    const server = await start();
    process.kill(server.pid!, 'SIGKILL');
    await server.stop();
    expect(server.pid).to.equal(undefined);
  });

  it('is not disturbed by Ctrl-C, which is for its owner', async () => {
    const server = await start();
    const group = Number((await readFile(`/proc/${server.pid!}/stat`, 'utf8')).split(') ')[1]!.split(' ')[2]);
    expect(group).to.equal(server.pid);
  });

  it('says what to install when there is none, and what it said when it does not start', async () => {
    const command = path.join(folder, 'redis-server');
    const message = await refusal(startRedisServer({ dataDir: folder, logger: silent, command }));
    expect(message).to.contain('Debian package redis-server').and.to.contain('PARTYLINE_REDIS_URL');

    const script = async (text: string) => {
      await writeFile(command, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
      return refusal(startRedisServer({ dataDir: folder, logger: silent, command }));
    };
    expect(await script('echo "Redis server v=5.0.3"')).to.contain('7.0 or later');
    const failing = 'test "$1" = --version && { echo "Redis server v=7.0.15"; exit; }\necho "Bad file format"; exit 1';
    expect(await script(failing))
      .to.contain('Bad file format')
      .and.to.contain('exit status 1');
  });
});
