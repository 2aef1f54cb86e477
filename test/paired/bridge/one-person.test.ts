/**
 * One person is one row, by whatever line and page they come; and whoever is put out is out by all of them. Proven by
 * sound, where there is any: prompts are tones here.
 */
import { expect } from 'chai';
import { REPLACED_TEXT, TICKET_HEADER, type JoinResponse, type RoomCommand } from '../../../config/contract/index.ts';
import type { Participant } from '../../../store/index.ts';
import { call } from '../../helpers/gateway.ts';
import { PageSocket } from '../../helpers/page-socket.ts';
import { until, type Caller } from './caller.ts';
import { runService, type Meeting, type Running } from './running-service.ts';

const [HOST, PHONE, BROWSER] = [440, 620, 830];
/** What is said. */
const [REMOVED, FULL, OVER] = [1_330, 1_610, 1_070];

describe('one person', function () {
  this.timeout(60_000);
  let running: Running;
  const pages: PageSocket[] = [];

  before(async () => {
    running = await runService(
      { rtpTimeoutSeconds: 2 },
      { tones: { 'en/removed-noise': REMOVED, 'en/conference-full': FULL, 'en/ended-by-host': OVER } },
    );
  });
  after(() => running.stop());
  afterEach(async () => {
    for (const page of pages.splice(0)) page.close();
    await running.quiet();
  });

  const post = (path: string, body: object, token?: string) =>
    call({ port: running.service.httpPort }, 'POST', `/api/v1${path}`, {
      body,
      ...(token === undefined ? {} : { token }),
    });

  async function join(body: object): Promise<JoinResponse> {
    const answer = await post('/join', body);
    expect(answer.status, answer.text).to.equal(200);
    return answer.json() as JoinResponse;
  }

  async function page({ token }: JoinResponse): Promise<PageSocket> {
    const socket = new PageSocket({ url: running.service.url, token });
    pages.push(socket);
    await socket.seen('view');
    return socket;
  }

  /** A browser's sound. */
  async function browser(meeting: Meeting, { ticket }: JoinResponse): Promise<Caller> {
    const caller = await running.phone('ws');
    const options = { headers: { [TICKET_HEADER]: ticket }, dialled: meeting.id };
    await caller.connect(running.service.webSocketPort, BROWSER, options);
    return caller;
  }

  async function dial(code: string, tone: number): Promise<Caller> {
    const phone = await running.phone();
    await phone.connect(running.port, tone);
    phone.press(`${code}#`);
    return phone;
  }

  const row = (meeting: Meeting, fits: (row: Participant) => boolean) =>
    until('the row', async () => (await meeting.room())?.participants.find(fits));
  const heard = (id: string, kind: 'phone' | 'browser') => (person: Participant) =>
    person.id === id && person.leg?.kind === kind && person.leg.memberId !== undefined;

  async function host(meeting: Meeting): Promise<Caller> {
    const phone = await dial(meeting.hostCode, HOST);
    await row(meeting, ({ role, leg }) => role === 'host' && leg?.memberId !== undefined);
    return phone;
  }

  async function invite(meeting: Meeting, name = 'Ada') {
    const made = await running.service.store.invitees.create({
      tenantId: 'default',
      conferenceId: meeting.id,
      name,
      role: 'guest',
      by: 'test',
    });
    return { id: made.invitee.id, code: made.personalCode };
  }

  const ask = (meeting: Meeting, request: RoomCommand) =>
    running.service.store.roomRequests.submit({
      tenantId: 'default',
      conferenceId: meeting.id,
      actor: { kind: 'person', personId: 'admin' },
      request,
    });

  const hears = (phone: Caller, tone: number) => until(`${tone} Hz`, async () => (await phone.tones()).includes(tone));
  const endOf = (phone: Caller) =>
    until('the end of the call', () => {
      const line = running.lines('call ended').find(({ sipCallId }) => sipCallId === phone.call.callId);
      return (line?.['termination'] as { reason: string } | undefined)?.reason;
    });
  const mayCome = async ({ token }: JoinResponse) => (await post('/join/ticket', {}, token)).status;
  const shutOut = (who: JoinResponse) => until('shut out', async () => (await mayCome(who)) === 401);

  it('who is removed is out by every way: the sound with words, the page, the token and the tickets', async () => {
    const meeting = await running.conference({ announce: 'silent' });
    const leader = await host(meeting);
    const [bea, carl] = [
      await join({ code: meeting.guestCode, name: 'Bea' }),
      await join({ code: meeting.guestCode, name: 'Carl' }),
    ];
    const view = await page(bea);
    const sound = await browser(meeting, bea);
    await row(meeting, heard(bea.participantId, 'browser'));
    await leader.hears(BROWSER);
    const spare = ((await post('/join/ticket', {}, bea.token)).json() as { ticket: string }).ticket;
    await ask(meeting, { type: 'remove', participantId: bea.participantId, reason: 'noise' });
    await Promise.all([hears(sound, REMOVED), sound.letGo(), leader.hears(), view.seen('end removed')]);
    expect(sound.byeReason ?? null, 'nobody has taken over').to.equal(null);
    expect(await endOf(sound)).to.equal('removed-by-host');
    await shutOut(bea);
    const again = await running.phone('ws');
    const options = { headers: { [TICKET_HEADER]: spare }, dialled: meeting.id };
    expect((await again.refused(running.service.webSocketPort, options)).status).to.equal(403);
    expect(await mayCome(carl), 'nobody else').to.equal(200);
    await leader.hangUp();
  });

  it('ends with the conference for everybody: no token of it is good for anything', async () => {
    const meeting = await running.conference({ announce: 'silent' });
    const leader = await host(meeting);
    const people = [
      await join({ code: meeting.guestCode, name: 'Bea' }),
      await join({ code: meeting.hostCode, name: 'Hal' }),
    ];
    const view = await page(people[0]!);
    const other = await running.conference();
    const elsewhere = await join({ code: other.guestCode, name: 'Eve' });
    leader.press('**91');
    await Promise.all([
      hears(leader, OVER),
      leader.letGo(),
      view.until(() => view.events.some((e) => e.startsWith('end'))),
    ]);
    for (const who of people) await shutOut(who);
    expect(await mayCome(elsewhere), 'of another conference').to.equal(200);
    expect(await mayCome(await join({ code: meeting.guestCode, name: 'Bea' })), 'who comes anew').to.equal(200);
  });

  it('is one row by browser and by telephone: the telephone takes over the sound, and the page stays', async () => {
    const meeting = await running.conference({ announce: 'silent' });
    const leader = await host(meeting);
    const ada = await invite(meeting);
    const joined = await join({ code: ada.code, name: 'Ada' });
    expect(joined.participantId).to.equal(ada.id);
    const view = await page(joined);
    const sound = await browser(meeting, joined);
    await row(meeting, heard(ada.id, 'browser'));
    await leader.hears(BROWSER);
    const phone = await dial(ada.code, PHONE);
    await row(meeting, heard(ada.id, 'phone'));
    await Promise.all([leader.hears(PHONE), phone.hears(HOST), sound.letGo()]);
    expect(await endOf(sound)).to.equal('moved-elsewhere');
    expect(sound.byeReason, 'so that a browser does not call again').to.contain(`text="${REPLACED_TEXT}"`);
    await view.until(() => view.view?.participants.find(({ id }) => id === ada.id)?.audio === 'phone');
    const rows = (await meeting.room())?.participants ?? [];
    expect(rows.map(({ name, connections }) => [name, connections.length])).to.deep.equal([
      ['Alice', 0],
      ['Ada', 1],
    ]);
    expect(await mayCome(joined), 'moving is not being put out').to.equal(200);
    phone.press('*6');
    await view.until(() => view.view?.participants.find(({ id }) => id === ada.id)?.mutedBy.includes('self') === true);
    await leader.hears();
    await Promise.all([phone, leader].map((each) => each.hangUp()));
  });

  it('who calls again while the first line hangs is the same row, also in a full conference, which tells others so', async () => {
    const meeting = await running.conference({ announce: 'silent', maxParticipants: 2 });
    const leader = await host(meeting);
    const ada = await invite(meeting);
    const first = await dial(ada.code, PHONE);
    const before = await row(meeting, heard(ada.id, 'phone'));
    await leader.hears(PHONE);
    const stranger = await dial(meeting.guestCode, BROWSER);
    await Promise.all([hears(stranger, FULL), stranger.letGo()]);
    expect(await endOf(stranger)).to.equal('conference-full');
    const second = await dial(ada.code, BROWSER);
    await row(meeting, (person) => person.id === ada.id && person.leg?.channelUuid !== before.leg?.channelUuid);
    await Promise.all([leader.hears(BROWSER), second.hears(HOST), first.letGo()]);
    expect(await endOf(first)).to.equal('moved-elsewhere');
    expect((await meeting.room())?.participants).to.have.length(2);
    await Promise.all([second, leader].map((each) => each.hangUp()));
  });

  it('whose line went without a word is the same row when they call again', async () => {
    const meeting = await running.conference({ announce: 'silent' });
    const leader = await host(meeting);
    const phone = await dial(meeting.guestCode, PHONE);
    const { id } = await row(meeting, ({ role, leg }) => role === 'guest' && leg?.memberId !== undefined);
    await leader.hears(PHONE);
    phone.rtp.quiet();
    await row(meeting, (person) => person.id === id && person.state === 'away');
    expect(await endOf(phone)).to.equal('media-timeout');
    await phone.connect(running.port, PHONE);
    phone.press(`${meeting.guestCode}#`);
    await row(meeting, heard(id, 'phone'));
    await leader.hears(PHONE);
    expect((await meeting.room())?.participants).to.have.length(2);
    await Promise.all([phone, leader].map((each) => each.hangUp()));
  });
});
