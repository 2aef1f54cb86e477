/**
 * What a browser's leg costs the embedded FreeSWITCH: `npm run bench:browsers -- [legs…]`, by default 20 and 60. The browsers
 * are libdatachannel in a process of their own, which is not counted; three talk, the rest send silence. All sit in one
 * conference. Counted is this process, all threads, by process.cpuUsage, once everybody is in; and what the set-up of one
 * leg took before (INVITE, ICE, DTLS, joining), phones' signalling included.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { SipResponse } from '../../embedded/sip/index.ts';
import { event, startPhone, type SipPhone } from '../helpers/sip-phone.ts';
import { endWebPeers, WebPeer } from '../helpers/web-peer.ts';
import { execute, FreeswitchBench } from '../paired/freeswitch/bench.ts';

const WARM_UP_MS = 3_000;
const MEASURE_MS = 8_000;
const FRAME_MS = 20;
const TALKERS = 3;

type ToBrowsers = { accept: { index: number; answer: string } } | 'talk' | 'count' | 'end';
type FromBrowsers = { offers: string[] } | { connected: number } | { received: number };

class Browsers {
  #peers: WebPeer[] = [];

  open(count: number): Promise<string[]> {
    this.#peers = Array.from({ length: count }, () => new WebPeer());
    return Promise.all(this.#peers.map((peer) => peer.offer()));
  }

  async obey(message: ToBrowsers, tell: (message: FromBrowsers) => void): Promise<void> {
    if (message === 'talk') this.#peers.forEach((peer, index) => peer.talk(index < TALKERS ? 440 + 100 * index : 0));
    else if (message === 'count') tell({ received: this.#takeReceived() });
    else if (message === 'end') this.#end();
    else {
      const { index, answer } = message.accept;
      this.#peers[index]!.accept(answer);
      await this.#peers[index]!.connected();
      tell({ connected: index });
    }
  }

  #takeReceived(): number {
    return this.#peers.reduce((sum, { packets }) => sum + packets.splice(0).length, 0);
  }

  #end(): void {
    for (const peer of this.#peers) peer.close();
    endWebPeers();
    process.disconnect();
  }
}

async function beBrowsers(count: number): Promise<void> {
  const browsers = new Browsers();
  const tell = (message: FromBrowsers): void => void process.send?.(message);
  process.on('message', (message: ToBrowsers) => void browsers.obey(message, tell));
  tell({ offers: await browsers.open(count) });
}

async function next<T extends FromBrowsers>(child: ChildProcess): Promise<T> {
  const [message] = (await once(child, 'message')) as [T];
  return message;
}

async function join(bench: FreeswitchBench, sip: SipPhone, child: ChildProcess, index: number, offer: string) {
  const call = sip.call(bench.server.sipPort, offer, bench.headers);
  const answer = await event<SipResponse>(call, 'answered');
  call.ack();
  const connected = next(child);
  child.send({ accept: { index, answer: answer.body.toString() } });
  await connected;
  const { application, uuid } = await bench.takeApplication();
  void execute(application, uuid, 'conference', 'bench@default').catch(() => undefined);
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function takeReceived(child: ChildProcess): Promise<number> {
  const told = next<{ received: number }>(child);
  child.send('count');
  return (await told).received;
}

async function measure(legs: number): Promise<void> {
  const bench = await FreeswitchBench.open({ mediaWorkers: 1 });
  const sip = await startPhone('udp');
  const child = fork(fileURLToPath(import.meta.url), ['browsers', String(legs)]);
  const { offers } = await next<{ offers: string[] }>(child);
  const setUp = process.cpuUsage();
  for (const [index, offer] of offers.entries()) await join(bench, sip, child, index, offer);
  const setUpMs = msOf(process.cpuUsage(setUp)) / legs;
  child.send('talk');
  await wait(WARM_UP_MS);
  await takeReceived(child);
  const [cpu, started] = [process.cpuUsage(), performance.now()];
  await wait(MEASURE_MS);
  const usedMs = msOf(process.cpuUsage(cpu));
  const elapsedMs = performance.now() - started;
  const delivered = (await takeReceived(child)) / ((legs * elapsedMs) / FRAME_MS);
  const figures = [
    legs,
    ((1000 * usedMs) / elapsedMs / legs).toFixed(2),
    setUpMs.toFixed(1),
    bench.server.lateness().p95.toFixed(1),
    (100 * delivered).toFixed(1),
  ];
  process.stdout.write(`${figures.map((figure) => String(figure).padStart(12)).join('')}\n`);
  child.send('end');
  await once(child, 'exit');
  await bench.close();
  await sip.layer.stop();
}

function msOf({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1000;
}

if (process.argv[2] === 'browsers') await beBrowsers(Number(process.argv[3]));
else {
  const headings = ['legs', 'mcores/leg', 'set-up ms', 'late p95 ms', 'delivered %'];
  process.stdout.write(`${headings.map((heading) => heading.padStart(12)).join('')}\n`);
  const asked = process.argv.slice(2).map(Number);
  for (const legs of asked.length > 0 ? asked : [20, 60]) await measure(legs);
}
