/** Browsers come in over WebSocket with a ticket, and with nothing else. */
import { expect } from 'chai';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { TICKET_HEADER } from '../../../config/contract/index.ts';
import type { JoinResponse } from '../../../config/contract/index.ts';
import { call } from '../../helpers/gateway.ts';
import { finalResponse, until, type Caller } from './caller.ts';
import { runService, type Meeting, type Running } from './running-service.ts';

/** A browser that says it is a telephone at a trusted address. */
const requestOver = (protocol: string, method: string, offer: string) =>
  [
    `${method} sip:1000@127.0.0.1 SIP/2.0`,
    `Via: SIP/2.0/${protocol} 127.0.0.1:5060;branch=z9hG4bK${protocol}${method}`,
    'Max-Forwards: 70',
    `From: <sip:+15550001@127.0.0.1>;tag=${protocol}`,
    'To: <sip:1000@127.0.0.1>',
    `Call-ID: liar-${protocol}-${method}`,
    `CSeq: 1 ${method}`,
    'Contact: <sip:+15550001@127.0.0.1>',
    'Content-Type: application/sdp',
    `Content-Length: ${offer.length}`,
    '',
    offer,
  ].join('\r\n');

async function finalAnswer(socket: WebSocket): Promise<string> {
  for (;;) {
    const [data] = (await once(socket, 'message')) as [Buffer];
    const text = data.toString();
    if (!text.startsWith('SIP/2.0 1')) return text;
  }
}

describe('tickets of browsers', () => {
  let running: Running;
  let meeting: Meeting;
  /** Addresses are trusted as by default: also this machine's own, from which the pass-through comes. */
  before(async () => (running = await runService()));
  after(() => running.stop());
  beforeEach(async () => (meeting = await running.conference()));
  afterEach(() => running.quiet());

  async function join(code = meeting.guestCode, name = 'Bea'): Promise<JoinResponse> {
    const answer = await call({ port: running.service.httpPort }, 'POST', '/api/v1/join', { body: { code, name } });
    expect(answer.status, answer.text).to.equal(200);
    return answer.json() as JoinResponse;
  }

  const ws = () => running.service.webSocketPort;
  const withTicket = (ticket: string, dialled = meeting.id) => ({ headers: { [TICKET_HEADER]: ticket }, dialled });
  const browser = () => running.phone('ws');

  async function statusOf(caller: Caller, ticket: string, dialled = meeting.id): Promise<number> {
    return (await finalResponse(caller.dial(ws(), withTicket(ticket, dialled)))).status;
  }

  it('joins the same room as a phone, under the name and role of the join, and both hear each other', async () => {
    const joined = await join(meeting.hostCode);
    expect(joined).to.include({ role: 'host', name: 'Bea', sipUri: `sip:${meeting.id}@partyline.invalid` });
    const [bea, alice] = [await browser(), await running.phone()];
    await bea.connect(ws(), 440, withTicket(joined.ticket));
    await alice.connect(running.port, 830);
    alice.press(`${meeting.guestCode}#`);
    const room = await meeting.joined(2);
    const row = room.participants.find(({ id }) => id === joined.participantId);
    expect(row).to.include({ name: 'Bea', role: 'host', number: '' });
    await alice.hears(440);
    await bea.hears(830);
    await Promise.all([bea.hangUp(), alice.hangUp()]);
  });

  it('takes a ticket once, of two at the same moment', async () => {
    const { ticket } = await join();
    const [one, two] = [await browser(), await browser()];
    const statuses = await Promise.all([statusOf(one, ticket), statusOf(two, ticket)]);
    expect([...statuses].sort()).to.deep.equal([200, 403]);
    const winner = statuses[0] === 200 ? one : two;
    winner.call.ack();
    await meeting.joined(1);
    await winner.hangUp();
    expect(await statusOf(await browser(), ticket)).to.equal(403);
  });

  it('answers 403, and says nothing else, to tickets that are forged, or for another room', async () => {
    const other = await running.conference();
    const caller = await browser();
    expect(await statusOf(caller, 'A'.repeat(22))).to.equal(403);
    const { ticket } = await join();
    const refused = await finalResponse(caller.dial(ws(), withTicket(ticket, other.id)));
    expect(refused.status).to.equal(403);
    expect(refused.body.length).to.equal(0);
    expect(refused.headers.has('Reason')).to.equal(false);
    expect(refused.headers.has('Warning')).to.equal(false);
    expect(await statusOf(caller, ticket), 'it was used up').to.equal(403);
  });

  it('answers 403 to a ticket that comes too late', async () => {
    const { token } = await join();
    const late = await running.service.store.passes.issueTicket(token, 1);
    expect(await statusOf(await browser(), late!)).to.equal(403);
    const inTime = await running.service.store.passes.issueTicket(token, 60_000);
    const caller = await browser();
    expect(await statusOf(caller, inTime!)).to.equal(200);
    caller.call.ack();
    await caller.hangUp();
  });

  it('makes tickets void with the pass of whoever was removed', async () => {
    const { ticket, participantId, token } = await join();
    await running.service.store.passes.revoke({ tenantId: 'default', conferenceId: meeting.id, participantId });
    expect(await statusOf(await browser(), ticket)).to.equal(403);
    const again = await call({ port: running.service.httpPort }, 'POST', '/api/v1/join/ticket', { token });
    expect(again.status).to.equal(401);
  });

  it('lets no WebSocket in without a ticket, whatever it claims to be', async () => {
    const before = running.lines('call moved on').length;
    const caller = await browser();
    for (const ticket of ['', 'too-short', `${'A'.repeat(21)}\u00e9`])
      expect(await statusOf(caller, ticket)).to.equal(403);
    expect((await finalResponse(caller.dial(ws()))).status).to.equal(403);
    // The Via of a browser is its own word; the port it came in on is not.
    const liar = new WebSocket(`ws://127.0.0.1:${ws()}`, 'sip');
    await once(liar, 'open');
    for (const protocol of ['UDP', 'TCP', 'TLS']) {
      for (const method of ['INVITE', 'OPTIONS']) {
        const answered = finalAnswer(liar);
        liar.send(requestOver(protocol, method, caller.offer()));
        expect(await answered, `${method} ${protocol}`).to.match(/^SIP\/2\.0 403 /);
      }
    }
    liar.terminate();
    expect(running.lines('call moved on').length, 'no call was begun').to.equal(before);
  });

  it('does not take a browser’s ticket for a telephone’s, nor without a WebSocket', async () => {
    const { ticket } = await join();
    const phone = await running.phone();
    // The phone is known by its address; its header means nothing, so it is greeted and asked like any phone.
    await phone.connect(running.port, 0, withTicket(ticket));
    await phone.hearsVoice();
    expect(await meeting.room()).to.equal(null);
    await phone.hangUp();
    const bea = await browser();
    await bea.connect(ws(), 0, withTicket(ticket));
    await meeting.joined(1);
    await bea.hangUp();
  });

  it('keeps tickets and tokens out of the log', async () => {
    const { ticket, token } = await join();
    const bea = await browser();
    await bea.connect(ws(), 0, withTicket(ticket));
    await meeting.joined(1);
    await bea.hangUp();
    await until('the call to end', () => running.lines('call ended').length > 0);
    expect(running.log.join('')).not.to.contain(ticket).and.not.to.contain(token);
  });
});
