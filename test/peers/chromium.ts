/**
 * A person with a browser: headless Chromium with a tone as its microphone. What its page's peer connections receive can
 * be measured, whatever page it is.
 *
 *   const person = await Chromium.launch({ tone: 620 });
 *   const page = await person.open('http://127.0.0.1:8080/');
 *   expect(await person.tonesHeard()).to.deep.equal([440]);
 *   await person.close();
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';
import { makeSilence, makeTone, tonesHeard, TONES } from '../helpers/tones.ts';
import { writeWav, type Sound } from '../helpers/wav.ts';

const PROGRAM = '/usr/bin/chromium';
const PAGE_SOUND = fileURLToPath(new URL('./page-sound.mjs', import.meta.url));
const MICROPHONE_RATE = 48_000;
/** Every tone of `TONES` fits into it a whole number of times: it is played in a loop. */
const MICROPHONE_MS = 1_000;
const LISTEN_MS = 400;
const POLL_MS = 100;

/** What this machine needs, and what keeps Chromium from calling home. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream',
  '--allow-loopback-in-peer-connection',
];

export interface ChromiumOptions {
  /** What the microphone hears, in Hz; silence when absent. */
  readonly tone?: number;
  readonly flags?: readonly string[];
  /** Permissions, viewport, colour scheme and the like, of playwright. */
  readonly context?: BrowserContextOptions;
}

export class Chromium {
  readonly context: BrowserContext;
  readonly #browser: Browser;
  readonly #folder: string;
  #page: Page | undefined;

  private constructor(browser: Browser, context: BrowserContext, folder: string) {
    this.#browser = browser;
    this.context = context;
    this.#folder = folder;
  }

  static async launch(options: ChromiumOptions = {}): Promise<Chromium> {
    const folder = await mkdtemp(join(tmpdir(), 'partyline-chromium-'));
    const microphone = join(folder, 'microphone.wav');
    const sound =
      options.tone === undefined
        ? makeSilence(MICROPHONE_MS, MICROPHONE_RATE)
        : makeTone(options.tone, MICROPHONE_MS, { rate: MICROPHONE_RATE });
    await writeWav(microphone, sound);
    const browser = await chromium.launch({
      executablePath: PROGRAM,
      args: [...FLAGS, `--use-file-for-fake-audio-capture=${microphone}`, ...(options.flags ?? [])],
    });
    const context = await browser.newContext({ permissions: ['microphone'], ...options.context });
    await context.addInitScript({ path: PAGE_SOUND });
    return new Chromium(browser, context, folder);
  }

  get page(): Page {
    if (!this.#page) throw new Error('open a page first');
    return this.#page;
  }

  /** Errors of the page are thrown into `failures`. */
  async open(url: string): Promise<Page> {
    const page = await this.context.newPage();
    page.on('pageerror', (error) => this.failures.push(error.message));
    this.#page = page;
    await page.goto(url);
    return page;
  }

  /** Exceptions nobody caught in the page. */
  readonly failures: string[] = [];

  /** What the page's peer connections receive from now on. 680 ms at most. */
  async hear(milliseconds = LISTEN_MS): Promise<Sound> {
    const samples = await this.page.evaluate<number[]>(`window.testSound.hear(${milliseconds})`);
    return { rate: MICROPHONE_RATE, samples: Int16Array.from(samples, (sample) => Math.round(32_767 * sample)) };
  }

  async tonesHeard(candidates: readonly number[] = TONES): Promise<number[]> {
    return tonesHeard(await this.hear(), candidates);
  }

  /** Resolves once exactly these tones are heard; rejects with what is heard instead. */
  async untilHeard(wanted: readonly number[], deadlineMs = 10_000): Promise<void> {
    const end = performance.now() + deadlineMs;
    let heard: number[] = [];
    while (performance.now() < end) {
      heard = await this.tonesHeard();
      if (heard.join() === [...wanted].sort((a, b) => a - b).join()) return;
      await new Promise((done) => setTimeout(done, POLL_MS));
    }
    throw new Error(`${wanted.join(', ')} Hz not heard within ${deadlineMs} ms, but ${heard.join(', ') || 'nothing'}`);
  }

  /** Of the page's newest peer connection: new, connecting, connected, disconnected, failed, closed. */
  connectionState(): Promise<string> {
    return this.page.evaluate<string>('window.testSound.connections.at(-1)?.connectionState ?? "none"');
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
