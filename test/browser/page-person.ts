/** Somebody with a browser who uses our pages as people do: by what is written on them. */
import { type BrowserContextOptions, type Locator, type Page } from 'playwright-core';
import { Chromium } from '../peers/index.ts';

export interface PagePersonOptions {
  readonly name: string;
  /** Of the service, or of a network before it. */
  readonly url: string;
  readonly code: string;
  /** What the microphone hears, in Hz. */
  readonly tone?: number;
  /** As on the join page. Default: `This computer`. */
  readonly sound?: 'This computer' | 'Listen only' | 'My telephone';
  readonly context?: BrowserContextOptions;
  readonly flags?: readonly string[];
  /** Runs in each page before its own scripts. */
  readonly before?: string;
}

/** What the browser complains of when a page breaks its own Content-Security-Policy. */
const VIOLATION = /Content Security Policy|TrustedHTML|TrustedScript/i;

export class PagePerson {
  readonly chromium: Chromium;
  readonly page: Page;
  readonly name: string;
  /** Violations of the Content-Security-Policy, and exceptions nobody caught. */
  readonly faults: string[];

  private constructor(chromium: Chromium, page: Page, name: string, faults: string[]) {
    this.chromium = chromium;
    this.page = page;
    this.name = name;
    this.faults = faults;
  }

  /** A page that is open, and nothing done on it. */
  static async open(url: string, options: Omit<PagePersonOptions, 'name' | 'url' | 'code'> = {}): Promise<PagePerson> {
    const chromium = await Chromium.launch(options);
    const faults = chromium.failures;
    if (options.before !== undefined) await chromium.context.addInitScript(options.before);
    chromium.context.on('console', (message) => {
      if (VIOLATION.test(message.text())) faults.push(message.text());
    });
    const page = await chromium.open(url);
    page.setDefaultTimeout(15_000);
    return new PagePerson(chromium, page, '', faults);
  }

  /** In the room, or in its waiting room. */
  static async join(options: PagePersonOptions): Promise<PagePerson> {
    const opened = await PagePerson.open(`${options.url}/j/${options.code}`, options);
    const person = new PagePerson(opened.chromium, opened.page, options.name, opened.faults);
    try {
      await person.goIn(options.sound);
    } catch (error) {
      // Nobody else knows of it; a browser that runs on keeps the tests from ending.
      await person.close();
      throw error;
    }
    return person;
  }

  /** From the join page, with the code in its address. */
  async goIn(sound: PagePersonOptions['sound'] = 'This computer'): Promise<void> {
    const { page } = this;
    await page.getByLabel('Your name').fill(this.name);
    await page.getByRole('radio', { name: sound }).check();
    await page.getByRole('button', { name: /^Join/ }).click();
    await page.getByRole('region', { name: 'Your controls' }).waitFor();
    if (sound !== 'My telephone') await this.untilSound('in-call');
  }

  /** The softphone's state, as the page knows it. */
  async untilSound(state: string): Promise<void> {
    await this.page.locator(`[data-phone="${state}"]`).waitFor();
  }

  async untilLink(state: 'live' | 'lost'): Promise<void> {
    await this.page.locator(`[data-link="${state}"]`).waitFor();
  }

  /** The row of somebody in the roster. */
  row(name: string): Locator {
    return this.page.locator('li[data-id]').filter({ hasText: name });
  }

  /** Resolves once the row says so. */
  async sees(name: string, words: string): Promise<void> {
    await this.row(name).filter({ hasText: words }).waitFor();
  }

  async seesNo(name: string): Promise<void> {
    await this.row(name).waitFor({ state: 'detached' });
  }

  async names(): Promise<string[]> {
    return this.page.locator('li[data-id] bdi').allInnerTexts();
  }

  async press(button: string): Promise<void> {
    await this.page.getByRole('button', { name: button, exact: true }).click();
  }

  /** From the menu at somebody's row. */
  async choose(name: string, item: string): Promise<void> {
    await this.press(`Actions for ${name}`);
    await this.page.getByRole('menuitem', { name: item, exact: true }).click();
  }

  async says(words: string): Promise<void> {
    await this.page.getByText(words).first().waitFor();
  }

  untilHeard(tones: readonly number[], deadlineMs?: number): Promise<void> {
    return this.chromium.untilHeard(tones, deadlineMs);
  }

  close(): Promise<void> {
    return this.chromium.close();
  }
}
