/**
 * What browsers get, and what they cost: `npm run bench:web -- [participants]`, by default 200.
 *
 * - JavaScript and styles of the pages, packed by gzip, as they are served.
 * - From the click on “Join” to the first sound in the page, and to the moment others hear the one who joined.
 * - From a change in the room to its being visible in somebody's page: a key on a telephone, a command of another page.
 * - Events to all pages in a second, and the CPU the whole service spends on them (/proc, its Redis included).
 *
 * The service is a process as users start it; the pages without a screen are socket.io clients in a process of their own.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { io, type Socket } from 'socket.io-client';
import { SOCKET_PATH, type BrowserEvents, type JoinResponse, type ServerEvents } from '../../config/contract/index.ts';
import { PagePerson } from '../browser/page-person.ts';
import { TONES } from '../helpers/tones.ts';
import { Caller } from '../paired/bridge/caller.ts';
import { Service } from '../peers/index.ts';

const JOINS = 12;
const CHANGES = 30;
const LOAD_MS = 10_000;
const AT_ONCE = 10;
const DRIVERS = 10;
const DRIVE_MS = 250;
const TICKS_PER_SECOND = 100;
const HEARD_ENERGY = 0.000_5;
const CLIENT = new URL('../../web-gateway/client/', import.meta.url);

const write = (line: string): void => void process.stdout.write(`${line}\n`);

function percentiles(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)]!);
  return `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, longest ${at(1)} ms (${sorted.length} times)`;
}

// Pages without a screen, in a process of their own.

type PageAsk = { join: { url: string; code: string; from: number; count: number } } | 'drive' | 'count' | 'end';
type PageTell = { joined: number } | { events: number };

class Pages {
  readonly #sockets: Socket<ServerEvents, BrowserEvents>[] = [];
  #events = 0;
  #driver: NodeJS.Timeout | undefined;
  #up = false;

  async obey(ask: PageAsk, tell: (answer: PageTell) => void): Promise<void> {
    if (ask === 'drive') this.#drive();
    else if (ask === 'count') {
      tell({ events: this.#events });
      this.#events = 0;
    } else if (ask === 'end') this.#end();
    else {
      const { url, code, from, count } = ask.join;
      for (let done = 0; done < count; done += AT_ONCE) {
        const some = Array.from({ length: Math.min(AT_ONCE, count - done) }, (_, index) => from + done + index);
        await Promise.all(some.map((index) => this.#join(url, code, index)));
      }
      tell({ joined: this.#sockets.length });
    }
  }

  async #join(url: string, code: string, index: number): Promise<void> {
    // Each from an address of its own: the limits are of addresses.
    const forwarded = { 'x-forwarded-for': `10.1.${index >> 8}.${index & 255}` };
    const answer = await fetch(`${url}/api/v1/join`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...forwarded },
      body: JSON.stringify({ code, name: `Page ${index}` }),
    });
    if (!answer.ok) throw new Error(`join answered ${answer.status}: ${await answer.text()}`);
    const { token } = (await answer.json()) as JoinResponse;
    const socket: Socket<ServerEvents, BrowserEvents> = io(url, {
      path: SOCKET_PATH,
      auth: { token },
      transports: ['websocket'],
      forceNew: true,
      extraHeaders: { origin: url, ...forwarded },
    });
    socket.on('room:change', () => (this.#events += 1));
    const seen = new Promise<void>((resolve, reject) => {
      socket.once('room:view', () => resolve());
      socket.once('connect_error', reject);
      socket.once('session:end', ({ reason }) => reject(new Error(`the page was sent away: ${reason}`)));
    });
    await seen;
    this.#sockets.push(socket);
  }

  /** Some of them raise and lower their hands, in turns. */
  #drive(): void {
    this.#driver = setInterval(() => {
      this.#up = !this.#up;
      const type = this.#up ? 'raise-hand' : 'lower-hand';
      for (const socket of this.#sockets.slice(0, DRIVERS)) socket.emit('room:command', { type }, () => undefined);
    }, DRIVE_MS);
  }

  #end(): void {
    clearInterval(this.#driver);
    for (const socket of this.#sockets) socket.disconnect();
    process.disconnect();
  }
}

async function ask<T extends PageTell>(child: ChildProcess, message: PageAsk): Promise<T> {
  const over = new AbortController();
  const ended = once(child, 'exit', { signal: over.signal }).then(() =>
    Promise.reject(new Error('the pages have ended')),
  );
  const answer = once(child, 'message', { signal: over.signal }) as Promise<[T]>;
  child.send(message);
  try {
    return (await Promise.race([answer, ended]))[0];
  } finally {
    over.abort();
    await Promise.allSettled([answer, ended]);
  }
}

// Measures

function weigh(): void {
  const html = readFileSync(new URL('dist/index.html', CLIENT), 'utf8');
  const packed = (file: string) => gzipSync(readFileSync(new URL(`dist/app/${file}`, CLIENT))).length;
  const first = [...html.matchAll(/\/app\/([\w.-]+\.(?:js|css))/g)].map(([, file]) => file!);
  const all = reachable(first);
  const sum = (files: readonly string[], kind: string) =>
    (files.filter((file) => file.endsWith(kind)).reduce((bytes, file) => bytes + packed(file), 0) / 1_000).toFixed(0);
  const room = all.filter((file) => !file.startsWith('admin'));
  write(`join page: ${sum(first, '.js')} kB of JavaScript, ${sum(first, '.css')} kB of styles (gzip)`);
  write(`with the room and the softphone: ${sum(room, '.js')} kB and ${sum(room, '.css')} kB`);
}

/** What these files name, and what that names. */
function reachable(from: readonly string[]): string[] {
  const found = new Set(from);
  for (const file of found) {
    const text = readFileSync(new URL(`dist/app/${file}`, CLIENT), 'utf8');
    for (const [, name] of text.matchAll(/["'`](?:\.\/|app\/)([\w-]+\.(?:js|css))["'`]/g)) found.add(name!);
  }
  return [...found];
}

/** In a page: resolves with the time at which its newest peer connection has received sound that is none yet. */
const FIRST_SOUND = `new Promise((resolve) => {
  const connections = window.testSound.connections;
  const known = connections.length;
  const look = async () => {
    for (const report of (await connections.at(-1)?.getStats())?.values() ?? [])
      if (connections.length > known && report.type === 'inbound-rtp' && report.totalAudioEnergy > ${HEARD_ENERGY}) {
        resolve(Date.now());
        return;
      }
    setTimeout(look, 10);
  };
  void look();
})`;

const MORE_SOUND = `(async () => {
  const energy = async () => {
    for (const report of (await window.testSound.connections.at(-1).getStats()).values())
      if (report.type === 'inbound-rtp') return report.totalAudioEnergy;
    return 0;
  };
  const before = await energy();
  while ((await energy()) < before + ${HEARD_ENERGY}) await new Promise((done) => setTimeout(done, 10));
  return Date.now();
})()`;

async function measureJoins(service: Service, url: string): Promise<void> {
  const { guestCode, id } = await service.createConference('Joins');
  const bea = await PagePerson.join({ name: 'Bea', url, code: guestCode, tone: TONES[2] });
  const ada = await PagePerson.open(`${url}/j/${guestCode}`, { tone: TONES[0] });
  const heard: number[] = [];
  const heardByOthers: number[] = [];
  for (let round = 0; round < JOINS; round += 1) {
    await ada.page.goto(`${url}/j/${guestCode}`);
    await ada.page.getByLabel('Your name').fill('Ada');
    await ada.page.evaluate(`
      window.first = ${FIRST_SOUND};
      document.addEventListener('click', () => (window.clicked = Date.now()), { capture: true, once: true });`);
    const others = bea.page.evaluate<number>(MORE_SOUND);
    await ada.press('Join with sound');
    const [first, clicked] = await ada.page.evaluate<[number, number]>('Promise.all([window.first, window.clicked])');
    heard.push(first - clicked);
    heardByOthers.push((await others) - clicked);
    await ada.press('Leave');
    await ada.says('You have left');
    await service.participants(id, 1);
  }
  write(`click to first sound: ${percentiles(heard)}`);
  write(`click to heard by another: ${percentiles(heardByOthers)}`);
  await ada.close();
  await bea.close();
}

/** In a page: resolves with the time at which somebody's row shows a raised hand, or none any more. */
const handShown = (name: string, up: boolean) => `window.shown = new Promise((resolve) => {
  const row = [...document.querySelectorAll('li[data-id]')].find(({ innerText }) => innerText.includes('${name}'));
  const watcher = new MutationObserver(() => {
    if (row.textContent.includes('Hand up') !== ${up}) return;
    watcher.disconnect();
    resolve(Date.now());
  });
  watcher.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
})`;

async function measureChanges(watcher: PagePerson, name: string, change: () => void): Promise<number[]> {
  const times: number[] = [];
  for (let count = 0; count < CHANGES; count += 1) {
    // The expression must not wait for what it leaves behind.
    await watcher.page.evaluate(`void (${handShown(name, count % 2 === 0)})`);
    const began = Date.now();
    change();
    times.push((await watcher.page.evaluate<number>('window.shown')) - began);
    await delay(300);
  }
  return times;
}

async function measureRoster(service: Service, url: string, participants: number): Promise<void> {
  const { guestCode, hostCode, id } = await service.createConference('Roster', { maxParticipants: 1_000 });
  const child = fork(fileURLToPath(import.meta.url), ['pages']);
  const phone = await Caller.open();
  await phone.connect(service.sipPort, 0);
  phone.press(`${guestCode}#`);
  await service.participants(id, 1);
  const count = participants - 3;
  const began = performance.now();
  await ask(child, { join: { url, code: guestCode, from: 0, count } });
  write(`${count} pages joined, ${AT_ONCE} at a time, in ${((performance.now() - began) / 1_000).toFixed(1)} s`);
  const watcher = await PagePerson.join({ name: 'Watcher', url, code: hostCode, sound: 'My telephone' });
  await watcher.sees('Alice', 'Phone');
  const other = await PagePerson.join({ name: 'Zoe Other', url, code: guestCode, sound: 'My telephone' });
  await watcher.sees('Zoe Other', 'Browser');
  write(`with ${participants} in the room:`);
  const byPhone = await measureChanges(watcher, 'Alice', () => phone.press('*9'));
  write(`  *9 on a telephone to visible in a page, keys of 100 ms and their pauses included: ${percentiles(byPhone)}`);
  const byPage = await measureChanges(watcher, 'Zoe Other', () => void other.page.keyboard.press('Alt+h'));
  write(`  a key in one page to visible in another: ${percentiles(byPage)}`);
  await measureLoad(service, child, count);
  await watcher.close();
  await other.close();
  await phone.hangUp();
  child.send('end');
  await once(child, 'exit');
}

async function measureLoad(service: Service, child: ChildProcess, count: number): Promise<void> {
  const idle = cpuSeconds(service.tree);
  await delay(LOAD_MS);
  const idleUsed = cpuSeconds(service.tree) - idle;
  child.send('drive');
  await delay(1_000);
  await ask(child, 'count');
  const [cpu, began] = [cpuSeconds(service.tree), performance.now()];
  await delay(LOAD_MS);
  const { events } = await ask<{ events: number }>(child, 'count');
  const [used, seconds] = [cpuSeconds(service.tree) - cpu, (performance.now() - began) / 1_000];
  const asked = (DRIVERS * 1_000) / DRIVE_MS;
  write(`  nothing happens: ${((100 * idleUsed * 1_000) / LOAD_MS).toFixed(0)} % of one core`);
  write(
    `  ${asked} changes a second to ${count} pages: ${(events / seconds).toFixed(0)} events a second, ` +
      `${((100 * used) / seconds).toFixed(0)} % of one core, ${((1e6 * used) / events).toFixed(0)} µs an event`,
  );
}

function cpuSeconds(pids: readonly number[]): number {
  const ticks = pids.map((pid) => {
    // Fields 14 and 15 of proc(5), counted after the name, which may hold blanks.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)!.split(' ');
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, each) => sum + each, 0) / TICKS_PER_SECOND;
}

if (process.argv[2] === 'pages') {
  const pages = new Pages();
  process.on('message', (message: PageAsk) => void pages.obey(message, (answer) => void process.send?.(answer)));
} else {
  const service = await Service.start({
    environment: {
      PARTYLINE_TRUST_PROXY: '127.0.0.1/32',
      PARTYLINE_BROWSERS_PER_ADDRESS: '1000',
      PARTYLINE_LOG_LEVEL: 'info',
    },
  });
  const url = `http://127.0.0.1:${service.httpPort}`;
  try {
    weigh();
    await measureJoins(service, url);
    await measureRoster(service, url, Number(process.argv[2] ?? 200));
  } finally {
    await service.stop();
  }
}
