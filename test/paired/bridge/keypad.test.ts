/** Keys a company has laid otherwise: pressed, and told by the help, also to those who are in the room already. */
import { expect } from 'chai';
import { call } from '../../helpers/gateway.ts';
import { until } from './caller.ts';
import { runService, type Running } from './running-service.ts';

const ADMIN = { adminEmail: 'admin@example.com', adminPassword: 'correct horse battery' };
const [VOICE, FIVE, STAR, SIX] = [440, 1_070, 1_330, 1_610];

describe('the keys of a company', function () {
  this.timeout(60_000);
  let running: Running;
  before(async () => {
    running = await runService(ADMIN, {
      tones: { 'en/key-5': FIVE, 'en/key-star': STAR, 'en/number-6': SIX },
    });
  });
  after(() => running.stop());
  afterEach(() => running.quiet());

  async function lay(keypad: object): Promise<void> {
    const at = { port: running.service.httpPort };
    const body = { email: ADMIN.adminEmail, password: ADMIN.adminPassword };
    const { token } = (await call(at, 'POST', '/api/v1/login', { body })).json() as { token: string };
    expect((await call(at, 'PUT', '/api/v1/keypad', { token, body: { keypad } })).status).to.equal(200);
  }

  it('count for those in the room, and are what a muted person is told to press', async () => {
    const meeting = await running.conference({ announce: 'silent' });
    const phone = await running.phone();
    await phone.connect(running.port);
    phone.press(`${meeting.guestCode}#`);
    await meeting.joined(1);
    const bits = async () => (await meeting.room())?.participants[0]?.bits;
    phone.press('*6');
    await until('muted by the usual key', async () => (await bits())?.includes('self'));
    const hears = (...tones: number[]) =>
      until(`hears ${tones.join()}`, async () => {
        const heard = await phone.tones();
        return tones.some((tone) => heard.includes(tone));
      });
    const port = Number(/^m=audio (\d+) /m.exec(phone.call.responses.at(-1)!.body.toString())![1]);
    phone.rtp.talk(port, VOICE);
    await Promise.all([hears(STAR), hears(SIX)]);
    phone.rtp.talk(port, 0);
    await lay({ 'toggle-mute': '55' });
    await until('the new keys', async () => {
      phone.press('55');
      await phone.rtp.hear(900);
      return (await bits())?.length === 0;
    });
    phone.press('*6');
    await phone.rtp.hear(600);
    expect(await bits(), 'what is no key any more does nothing').to.deep.equal([]);
    phone.press('*1');
    await hears(FIVE);
    await phone.hangUp();
  });
});
