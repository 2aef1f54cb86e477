/**
 * Every page, in both themes and two widths: nothing that axe-core finds, nothing against the Content-Security-Policy.
 * With `SHOTS=folder` each is also kept as a picture, to be looked at.
 */
import axe from 'axe-core';
import { expect } from 'chai';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { ConferencePolicy } from '../../config/contract/index.ts';
import type { Meeting, Running } from '../paired/bridge/running-service.ts';
import { PagePerson } from './page-person.ts';
import { runWithPages } from './running-pages.ts';

const ADMIN = { email: 'admin@example.com', password: 'correct horse battery' };
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const WINDOWS = [
  { width: 1_280, height: 860 },
  { width: 390, height: 844 },
] as const;
const THEMES = ['light', 'dark'] as const;
const SHOTS = process.env['SHOTS'];

/** Nothing is half faded in any more, nor begins to with the next frame: a change of theme is drawn over several. */
const STILL = `(async () => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const moving = () =>
    document.getAnimations().filter(({ effect }) => effect.getComputedTiming().iterations !== Infinity);
  for (let still = 0; still < 3; ) {
    const now = moving();
    await Promise.all(now.map(({ finished }) => finished.catch(() => undefined)));
    await frame();
    still = now.length === 0 ? still + 1 : 0;
  }
})()`;

/** Texts and controls that stick out of their card, dialog or button. */
const SPILLED = `[...document.querySelectorAll('.card, [role=dialog] > *, main, section, button')]
  .filter((box) => box.clientWidth > 1 && box.scrollWidth > box.clientWidth + 1)
  .map((box) => box.outerHTML.slice(0, 200))`;

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

for (const { width, height } of WINDOWS) {
  describe(`the pages, ${width} pixels wide`, function () {
    this.timeout(90_000);
    let running: Running;
    let url: string;
    let person: PagePerson;
    let page: Page;

    before(async () => {
      running = await runWithPages({ adminEmail: ADMIN.email, adminPassword: ADMIN.password });
      url = `http://127.0.0.1:${running.service.httpPort}`;
      const context = { viewport: { width, height }, reducedMotion: 'reduce' } as const;
      person = await PagePerson.open(url, { context, before: axe.source });
      page = person.page;
    });
    after(async () => {
      await person.close();
      await running.stop();
    });
    afterEach(() => {
      expect(person.faults).to.deep.equal([]);
    });

    /** Looks at the page as it is now, in both themes. */
    async function isGood(what: string): Promise<void> {
      for (const colorScheme of THEMES) {
        await page.emulateMedia({ colorScheme });
        await page.locator(`html[data-mantine-color-scheme="${colorScheme}"], html:not(:has(#root))`).waitFor();
        await page.evaluate(STILL);
        if (SHOTS !== undefined) await keep(`${what}, ${colorScheme}`);
        expect(await violations(), `${what}, ${colorScheme}`).to.deep.equal([]);
        const sideways = await page.evaluate(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        );
        expect(sideways, `${what}: wider than the window`).to.equal(0);
        expect(await page.evaluate(SPILLED), `${what}: wider than its box`).to.deep.equal([]);
      }
    }

    async function violations(): Promise<string[]> {
      const run = `axe.run(document, { runOnly: ${JSON.stringify(RULES)}, resultTypes: ['violations'] })`;
      const { violations: all } = await page.evaluate<{ violations: Violation[] }>(run);
      return all.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join('\n  ')}`);
    }

    async function keep(what: string): Promise<void> {
      const name = what.replaceAll(/[^\w]+/g, '-');
      await page.screenshot({ path: join(SHOTS!, `${width}-${name}.png`), fullPage: true });
    }

    async function enter(meeting: Meeting, kind: 'host' | 'guest'): Promise<void> {
      await page.goto(`${url}/j/${kind === 'host' ? meeting.hostCode : meeting.guestCode}`);
      await page.getByLabel('Your name').fill('Grace Hopper');
      await page.getByRole('button', { name: /^Join/ }).click();
      await page.getByRole('region', { name: 'Your controls' }).waitFor();
      await person.untilSound('in-call');
    }

    async function full(policy: Partial<ConferencePolicy> = {}): Promise<Meeting> {
      const meeting = await running.conference(policy);
      const phone = await running.phone();
      await phone.connect(running.port, 440);
      phone.press(`${meeting.guestCode}#`);
      return meeting;
    }

    it('join: empty, wrong, with a microphone, refused', async () => {
      await page.goto(url);
      await page.getByLabel('Access code').waitFor();
      await isGood('empty');
      await person.press('Join with sound');
      expect(await page.evaluate('document.activeElement.getAttribute("aria-invalid")')).to.equal('true');
      await isGood('with errors');
      await page.getByLabel('Access code').fill('111 111 111');
      await page.getByLabel('Your name').fill('Grace <img src=x onerror=alert(1)>');
      await person.press('I have a personal code');
      await person.press('Check the microphone');
      await page.getByLabel('Microphone').waitFor();
      await isGood('with a microphone');
      await person.press('Join with sound');
      await person.says('That does not let you in');
      await isGood('refused');
      await page.goto(`${url}/j/AAAAAAAAAAAAAAAAAAAAAA`);
      await person.says('You are invited');
      await isGood('with an invitation');
    });

    it('join: hears itself through the server', async () => {
      await page.goto(url);
      await person.press('Check the microphone');
      await person.press('Echo test: hear yourself');
      await page.locator('[data-echo="in-call"]').waitFor();
      await isGood('echo');
      await person.press('Stop');
    });

    it('room: as a host, with menus and dialogs', async () => {
      const meeting = await full();
      await enter(meeting, 'host');
      await person.sees('Alice', 'Phone');
      await isGood('room');
      await person.press('Actions for Alice');
      await page.getByRole('menuitem', { name: 'Rename …' }).waitFor();
      await isGood('menu');
      await page.keyboard.press('Escape');
      for (const item of ['Rename …', 'Remove …', 'Hand over to them …']) {
        await person.choose('Alice', item);
        await page.getByRole('dialog').waitFor();
        await isGood(item);
        await page.keyboard.press('Escape');
        await page.getByRole('dialog').waitFor({ state: 'detached' });
      }
      for (const button of ['Keypad', 'Sound']) {
        await person.press(button);
        await page.getByRole('dialog').waitFor();
        await isGood(button);
        await page.keyboard.press('Escape');
        await page.getByRole('dialog').waitFor({ state: 'detached' });
      }
      const manage = page.getByRole('button', { name: 'Manage' });
      if (await manage.isVisible()) {
        await manage.click();
        await page.getByRole('dialog').waitFor();
        await isGood('host controls');
        await page.keyboard.press('Escape');
      }
      await page.keyboard.press('Alt+m');
      await person.says('You are muted.');
      await isGood('muted');
      await person.press('Leave');
      await person.says('You have left');
      await isGood('the end');
    });

    it('room: who waits, with hands up; and waiting oneself', async () => {
      const meeting = await full({ waitingRoom: 'admit' });
      await page.goto(`${url}/j/${meeting.guestCode}`);
      await page.getByLabel('Your name').fill('Grace Hopper');
      await page.getByRole('radio', { name: 'Listen only' }).check();
      await person.press('Join');
      await person.says('The host will let you in');
      await person.untilSound('in-call');
      await isGood('waiting');
      await person.press('Leave');
      await person.press('Back to the start');
      await enter(meeting, 'host');
      const manage = page.getByRole('button', { name: 'Manage' });
      if (await manage.isVisible()) await manage.click();
      await person.says('Waiting to be let in (1)');
      await isGood('somebody waits');
      await person.press('Admit Alice');
      await page.keyboard.press('Escape');
      await person.press('Raise hand');
      await page.getByRole('button', { name: 'Lower hand' }).waitFor();
      await isGood('a hand');
      await person.press('Leave');
      await person.says('You have left');
    });

    it('room: as a guest whom the host has muted', async () => {
      const meeting = await full();
      await enter(meeting, 'guest');
      await person.sees('Alice', 'Phone');
      const host = await running.phone();
      await host.connect(running.port, 830);
      host.press(`${meeting.hostCode}#`);
      await meeting.joined(3);
      host.press('**2');
      await person.says('A host has muted you.');
      await isGood('guest');
      await person.press('Leave');
      await person.says('You have left');
    });

    it('room: with the telephone beside the page', async () => {
      const meeting = await running.conference();
      await page.goto(`${url}/j/${meeting.guestCode}`);
      await page.getByLabel('Your name').fill('Grace Hopper');
      await page.getByRole('radio', { name: 'My telephone' }).check();
      await person.press('Join');
      await person.says('Your sound comes by telephone');
      await isGood('by telephone');
      await person.press('Leave');
      await person.says('You have left');
    });

    it('room: with the sound on another line of the same person', async () => {
      const meeting = await running.conference();
      const { personalCode } = await running.service.store.invitees.create({
        ...{ tenantId: 'default', conferenceId: meeting.id, name: 'Grace Hopper', role: 'guest', by: 'test' },
      });
      await enter({ ...meeting, guestCode: personalCode }, 'guest');
      const phone = await running.phone();
      await phone.connect(running.port, 440);
      phone.press(`${personalCode}#`);
      await person.says('Your sound is on your telephone now');
      await isGood('sound elsewhere');
      await phone.hangUp();
      await person.says('You have no sound now');
      await isGood('sound nowhere');
      await person.press('Leave');
      await person.says('You have left');
    });

    it('conferences: sign in, list, codes, a new one; and the pages without script', async () => {
      await page.goto(`${url}/admin`);
      await page.getByLabel('E-mail address').waitFor();
      await isGood('sign in');
      await page.getByLabel('E-mail address').fill(ADMIN.email);
      await page.getByRole('textbox', { name: 'Password' }).fill('wrong password');
      await person.press('Sign in');
      await person.says('The e-mail address or the password is wrong.');
      await isGood('sign in refused');
      await page.getByRole('textbox', { name: 'Password' }).fill(ADMIN.password);
      await person.press('Sign in');
      await page.getByRole('heading', { name: 'Conferences' }).waitFor();
      await person.press('New conference');
      await page.getByLabel('Title').fill('Board <b>meeting</b>');
      await isGood('new conference');
      await person.press('Make it');
      await person.says('is ready, for phones and browsers.');
      await isGood('made');
      await person.press('Done');
      await page.getByRole('button', { name: 'Codes' }).last().click();
      await person.says('Copy link');
      await isGood('list');
      await person.press('Sign out');
      for (const address of ['/about', '/nothing']) {
        await page.goto(`${url}${address}`);
        await isGood(address);
      }
    });

    it('says what is wrong with the microphone, and lets one listen all the same', async () => {
      const trouble = async (error: string): Promise<void> => {
        await page.goto(url);
        await page.evaluate(
          `navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', '${error}'))`,
        );
        await person.press('Check the microphone');
      };
      for (const [error, words] of [
        ['NotAllowedError', 'The microphone was not allowed'],
        ['NotFoundError', 'There is no microphone'],
        ['NotReadableError', 'Another program has the microphone'],
        ['TypeError', 'The microphone cannot be used'],
      ] as const) {
        await trouble(error);
        await person.says(words);
      }
      await isGood('no microphone');
      const meeting = await running.conference();
      await page.getByLabel('Access code').fill(meeting.guestCode);
      await page.getByLabel('Your name').fill('Grace Hopper');
      await person.press('Join with sound');
      await person.says('join by telephone');
      await isGood('refused without a microphone');
      await page.getByRole('radio', { name: 'Listen only' }).check();
      await person.press('Join');
      await person.untilSound('in-call');
      await person.press('Leave');
      await person.says('You have left');
    });

    it('can be used by keyboard alone', async () => {
      const meeting = await running.conference();
      await page.goto(url);
      await page.getByLabel('Access code').waitFor();
      await page.keyboard.type(meeting.guestCode);
      await page.keyboard.press('Tab');
      await page.keyboard.press('ControlOrMeta+a');
      await page.keyboard.type('Keyboard Person');
      await page.keyboard.press('Enter');
      await person.untilSound('in-call');
      await page.keyboard.press('Alt+m');
      await person.sees('Keyboard Person', 'Muted');
      await page.keyboard.press('Alt+h');
      await page.getByRole('button', { name: 'Lower hand' }).waitFor();
      // The first thing Tab finds leads to one's own controls.
      await page.evaluate('document.activeElement.blur()');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      expect(await page.evaluate('document.activeElement.id')).to.equal('controls');
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.textContent')).to.equal('Unmute');
      await page.keyboard.press('Enter');
      await person.says('Everybody can hear you.');
      await person.press('Leave');
      await person.says('You have left');
    });
  });
}
