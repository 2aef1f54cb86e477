/** Browsers' calls through the whole service: ticket, WebSocket, DTLS-SRTP, and the room with a telephone in it. */
import { expect } from 'chai';
import { TICKET_HEADER, type JoinResponse, type TicketResponse } from '../../../config/contract/index.ts';
import { call } from '../../helpers/gateway.ts';
import { tonesHeard } from '../../helpers/tones.ts';
import { endWebPeers, WebPeer } from '../../helpers/web-peer.ts';
import { finalResponse, until, type Caller } from './caller.ts';
import { runService, type Meeting, type Running } from './running-service.ts';

describe('calls of browsers', function () {
  this.timeout(30_000);
  let running: Running;
  let meeting: Meeting;
  const peers: WebPeer[] = [];

  before(async () => (running = await runService()));
  after(async () => {
    await running.stop();
    endWebPeers();
  });
  beforeEach(async () => (meeting = await running.conference()));
  afterEach(async () => {
    for (const peer of peers.splice(0)) peer.close();
    await running.quiet();
  });

  async function browser(options: { change?: (offer: string) => string } = {}) {
    const { change = (offer: string): string => offer } = options;
    const body = { code: meeting.guestCode, name: 'Bea' };
    const answer = await call({ port: running.service.httpPort }, 'POST', '/api/v1/join', { body });
    expect(answer.status, answer.text).to.equal(200);
    const { ticket } = answer.json() as JoinResponse;
    const peer = new WebPeer();
    peers.push(peer);
    const caller = await running.phone('ws');
    const headers = { [TICKET_HEADER]: ticket };
    const offer = change(await peer.offer());
    const response = await finalResponse(
      caller.dial(running.service.webSocketPort, { headers, dialled: meeting.id, offer }),
    );
    return { peer, caller, response };
  }

  async function connect(): Promise<{ peer: WebPeer; caller: Caller }> {
    const { peer, caller, response } = await browser();
    expect(response.status).to.equal(200);
    caller.call.ack();
    peer.accept(response.body.toString());
    return { peer, caller };
  }

  async function hears(peer: WebPeer, ...wanted: number[]): Promise<void> {
    await until(`${wanted.join()} Hz`, async () => tonesHeard(await peer.hear(200)).join() === wanted.join());
  }

  it('lead into the room, where a telephone is: both hear each other', async () => {
    const { peer, caller } = await connect();
    await meeting.joined(1);
    const alice = await running.phone();
    await alice.connect(running.port, 830);
    alice.press(`${meeting.guestCode}#`);
    await meeting.joined(2);
    peer.talk(440);
    await alice.hears(440);
    await hears(peer, 830);
    await Promise.all([caller.hangUp(), alice.hangUp()]);
  });

  it('press keys in the room: *6 mutes, and again *6 unmutes', async () => {
    const { peer, caller } = await connect();
    await meeting.joined(1);
    peer.press('*6');
    await until('muted', async () => (await meeting.room())?.participants[0]?.bits.includes('self'));
    // The same key that comes both ways at once is one key.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const info = await caller.call.request('INFO', 'Signal=*\r\nDuration=200\r\n', {
      'Content-Type': 'application/dtmf-relay',
    });
    expect(info.status).to.equal(200);
    peer.press('6');
    await until('unmuted', async () => (await meeting.room())?.participants[0]?.bits.includes('self') === false);
    await caller.hangUp();
  });

  it('hear themselves before they join, once for each ticket, and leave nothing behind', async () => {
    const at = { port: running.service.httpPort };
    const { ticket, sipUri } = (await call(at, 'POST', '/api/v1/echo', { body: {} })).json() as TicketResponse;
    expect(sipUri).to.match(/^sip:echo@/);
    const headers = { [TICKET_HEADER]: ticket };
    const dial = async (peer: WebPeer) => {
      const caller = await running.phone('ws');
      const offer = await peer.offer();
      const response = await finalResponse(
        caller.dial(running.service.webSocketPort, { headers, dialled: 'echo', offer }),
      );
      return { caller, response };
    };
    const peer = new WebPeer();
    peers.push(peer);
    const { caller, response } = await dial(peer);
    expect(response.status).to.equal(200);
    caller.call.ack();
    peer.accept(response.body.toString());
    peer.talk(620);
    await hears(peer, 620);
    await caller.hangUp();
    const again = new WebPeer();
    peers.push(again);
    expect((await dial(again)).response.status).to.equal(403);
  });

  it('end with 488 when nothing of the offer can be taken', async () => {
    const { response } = await browser({ change: (offer) => offer.replace(/a=fingerprint:.*\r\n/g, '') });
    expect(response.status).to.equal(488);
  });

  it('end with a reason when the handshake never comes', async () => {
    const before = running.lines('call ended').length;
    const { caller, response } = await browser();
    expect(response.status).to.equal(200);
    caller.call.ack();
    await caller.letGo();
    const line = await until('the end', () => running.lines('call ended')[before]);
    expect(line['termination']).to.include({ reason: 'media-timeout' });
  });
});
