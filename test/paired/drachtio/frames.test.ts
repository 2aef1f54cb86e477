/**
 * The frames of the embedded drachtio-server beside those recorded from the real one (test/vectors/drachtio-frames.txt):
 * same tokens in the same places, same headers in the same order. What differs from call to call is masked.
 */
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { createLogger } from '../../../config/index.ts';
import { startDrachtio, type DrachtioServer } from '../../../embedded/drachtio/index.ts';
import { dialogOf, empty, invite, RawClient, transactionOf, type Frame } from '../../helpers/drachtio-client.ts';
import { event, SDP, startPhone, type PhoneCall, type SipPhone } from '../../helpers/sip-phone.ts';

const SECRET = 'cymru';

/** Recorded frames of the server, by section. */
function readVectors(): Map<string, Frame[]> {
  const text = readFileSync(new URL('../../vectors/drachtio-frames.txt', import.meta.url), 'utf8');
  const sections = text.split('\n## ').slice(1);
  return new Map(
    sections.map((section) => {
      const [title = '', ...blocks] = section.split('\n\n');
      const frames = blocks
        .filter((block) => block.startsWith('< '))
        .map((block) => block.split('\n'))
        .map(([leader = '', ...head]) => ({
          tokens: leader.slice(2).split('|'),
          head: head.map((line) => line.trim()).filter((line) => line !== ''),
        }));
      return [title.trim(), frames] as const;
    }),
  );
}

function mask(frame: Frame): Frame {
  const fromNetwork = frame.tokens[2] === 'network';
  // What the network said is the peer's own wording: only that it is there, and its first line.
  const head = fromNetwork ? frame.head.slice(0, 1) : frame.head;
  const isResponse = head[0]?.startsWith('SIP/2.0 ') ?? false;
  // A response copies the Via of its request: the peer's wording again.
  const lines = isResponse ? head.map((line) => line.replace(/^Via: .*/, 'Via: {via}')) : head;
  return { tokens: maskTokens(frame.tokens), head: lines.map(maskLine) };
}

function maskTokens(tokens: readonly string[]): string[] {
  const metaAt = tokens.findIndex((token) => token === 'network' || token === 'application');
  return tokens.map((token, at) => {
    if (metaAt >= 0 && (at === metaAt + 1 || at === metaAt + 4) && token !== '0') return '{number}';
    if (/^\d\d:\d\d:\d\d\.\d{6}$/.test(token)) return '{time}';
    if (/^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(token)) return '{uuid}';
    if (token.includes(';from-tag=')) return '{dialog}';
    return /^\d{4,5}$/.test(token) ? '{number}' : token;
  });
}

function maskLine(line: string): string {
  return line
    .replace(/127\.0\.0\.1(:\d+)?/g, '{host}')
    .replace(/branch=[^;,]+/, 'branch={branch}')
    .replace(/tag=[^;,]+/, 'tag={tag}')
    .replace(/^(Call-ID): .*/, '$1: {id}')
    .replace(/^(CSeq): \d+/, '$1: {number}')
    .replace(/^(Content-Length): +\d+/, '$1: {number}')
    .replace(/rport=\d+/, 'rport={port}')
    .replace(/sips?:[^@>;]*@\{host\}/, 'sip:{user}@{host}')
    .replace(/sip:\{host\}(?=[^>]* SIP\/2\.0$)/, 'sip:{user}@{host}');
}

describe('frames of the embedded drachtio-server', () => {
  const vectors = readVectors();
  let server: DrachtioServer;
  let client: RawClient;
  let phone: SipPhone;

  beforeEach(async () => {
    server = await startDrachtio({
      sip: [{ protocol: 'udp', address: '127.0.0.1', port: 0 }],
      client: { address: '127.0.0.1', port: 0 },
      secret: SECRET,
      logger: createLogger({ logLevel: 'silent' }),
      timings: { t1: 20, t2: 80, t4: 100 },
    });
    phone = await startPhone('udp');
    client = new RawClient(server.clientPort);
    client.send(`authenticate|${SECRET}|`);
    const { port } = server.listeningPoints[0]!;
    const [, , , ...answer] = (await client.next()).tokens;
    expect(answer).to.deep.equal(['OK', `udp/127.0.0.1:${port}`, 'v0.9.10', `udp/127.0.0.1:${port}`]);
    client.send('route|invite');
    expect((await client.next()).tokens.slice(3)).to.deep.equal(['OK']);
  });

  afterEach(async () => {
    client.end();
    await phone.layer.stop();
    await server.stop();
  });

  function expectAsRecorded(title: string, seen: readonly Frame[]): void {
    expect(seen.map(mask)).to.deep.equal(vectors.get(title)!.map(mask));
  }

  async function take(count: number): Promise<Frame[]> {
    const frames: Frame[] = [];
    while (frames.length < count) frames.push(await client.next());
    return frames;
  }

  /** The application dials and the phone answers. */
  async function dialOut(extra = ''): Promise<Frame[]> {
    phone.onInvite = (call) => {
      call.answer(180, 'Ringing');
      call.answer(200, 'OK', SDP);
    };
    client.send('sip||', invite(phone.uri, extra));
    const frames = await take(3);
    client.send(`sip||${dialogOf(frames)}`, empty('ACK', phone.uri));
    return [...frames, ...(await take(1))];
  }

  /** The phone dials and the application answers. */
  async function answer(): Promise<{ frames: Frame[]; call: PhoneCall }> {
    const call = phone.call(server.listeningPoints[0]!.port);
    const asked = await take(1);
    const head = asked[0]!.head.filter((line) => /^(From|To|Call-ID|CSeq):/.test(line));
    const response = `SIP/2.0 200 OK\r\n${head.join('\r\n')}\r\nContent-Length: ${SDP.length}\r\n\r\n${SDP}`;
    client.send(`sip|${transactionOf(asked[0]!)}|`, response);
    await event(call, 'answered');
    call.ack();
    return { frames: [...asked, ...(await take(2))], call };
  }

  it('are as recorded when the callee is busy', async () => {
    phone.onInvite = (call) => {
      call.answer(180, 'Ringing');
      call.answer(486, 'Busy Here');
    };
    client.send('sip||', invite(phone.uri));
    const frames = await take(3);
    client.send(`sip||${dialogOf(frames)}`, empty('ACK', phone.uri));
    expectAsRecorded('busy', [...frames, ...(await take(1))]);
  });

  it('are as recorded when the application cancels', async () => {
    phone.onInvite = (call) => call.answer(180, 'Ringing');
    client.send('sip||', invite(phone.uri));
    const ringing = await take(2);
    client.send(`sip|${transactionOf(ringing[0]!)}|`, empty('CANCEL', phone.uri));
    const cancelled = await take(2);
    client.send(`sip||${dialogOf(ringing)}`, empty('ACK', phone.uri));
    expectAsRecorded('cancel', [...ringing, ...cancelled, ...(await take(1))]);
  });

  it('are as recorded when nobody is there', async () => {
    const { uri } = phone;
    await phone.layer.stop();
    client.send('sip||', `INVITE ${uri} SIP/2.0\r\nContent-Length: 5\r\n\r\nv=0\r\n`);
    expectAsRecorded('nobody', await take(2));
  });

  it('are as recorded when the application answers and hangs up', async () => {
    const { frames } = await answer();
    // The second recorded frame is of the media server's dialog; the rest is the call's.
    const recorded = vectors.get('answer')!.filter(({ tokens }) => !(tokens[2] === 'network' && tokens[3] === '893'));
    expect(frames.map(mask)).to.deep.equal(recorded.map(mask));
    client.send(`sip||${dialogOf(frames)}`, empty('BYE', 'sip:placeholder'));
    expectAsRecorded('application hangs up', await take(2));
  });

  it('are as recorded when the caller hangs up', async () => {
    const { call } = await answer();
    const over = call.request('BYE');
    const asked = await take(1);
    client.send(`sip|${transactionOf(asked[0]!)}|`, 'SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n');
    expectAsRecorded('caller hangs up', [...asked, ...(await take(1))]);
    expect((await over).status).to.equal(200);
  });

  it('are as recorded when the application dials out and hangs up', async () => {
    const frames = await dialOut('From: <sip:+18005550100@127.0.0.1>\r\n');
    expectAsRecorded('dial out', frames);
    client.send(`sip||${dialogOf(frames)}`, empty('BYE', 'sip:placeholder'));
    expectAsRecorded('hang up what was dialled', await take(2));
  });

  it('are as recorded when the application offers anew', async () => {
    const dialog = dialogOf(await dialOut());
    client.send(`sip||${dialog}`, invite('sip:placeholder', 'Contact: <sip:127.0.0.1:5060>\r\n'));
    const offered = await take(2);
    client.send(`sip||${dialog}`, empty('ACK', phone.uri));
    const frames = [...offered, ...(await take(1))];
    // The recorded peer named its transport.
    const plain = (line: string) => line.replace(';transport=udp', '');
    const recorded = vectors.get('re-INVITE')!.map(({ tokens, head }) => ({ tokens, head: head.map(plain) }));
    expect(frames.map(mask)).to.deep.equal(recorded.map(mask));
  });

  it('answer ping', async () => {
    client.send('ping');
    expect((await client.next()).tokens.slice(3)).to.deep.equal(['OK', 'pong']);
  });

  const refusals: readonly (readonly [what: string, tokens: string, sip: string | undefined, words: string])[] = [
    [
      'an unknown dialog',
      'sip||nobody;from-tag=1',
      empty('BYE', 'sip:placeholder'),
      'unable to find dialog for dialog id provided',
    ],
    [
      'an unknown transaction to cancel',
      'sip|x|',
      empty('CANCEL', 'sip:a@127.0.0.1'),
      'unable to cancel unknown transaction id: x',
    ],
    [
      'an unknown transaction to answer',
      'sip|x|',
      'SIP/2.0 200 OK\r\n\r\n',
      'Response not sent due to unknown transaction',
    ],
    [
      'a transport that is not there',
      'sip||',
      empty('OPTIONS', 'sip:a@127.0.0.1;transport=tcp'),
      'requested protocol/transport not available',
    ],
    ['a method nobody knows', 'sip||', empty('DANCE', 'sip:a@127.0.0.1'), 'invalid request-uri'],
    ['a body of unknown type', 'sip||', 'MESSAGE sip:a@127.0.0.1:9 SIP/2.0\r\n\r\nhello', 'missing content-type'],
    [
      'a header with a line break of its own',
      'sip||',
      'OPTIONS sip:a@127.0.0.1 SIP/2.0\r\nFrom: "x\r\ny" <sip:a@b>\r\n\r\n',
      'header name',
    ],
    ['no message at all', 'sip||', undefined, 'no SIP message'],
    [
      'proxying what it does not know',
      'proxy|x||fullResponse||serial|||sip:a@b',
      empty('INVITE', 'sip:a@b'),
      'Unknown transaction id: x',
    ],
  ];
  for (const [what, tokens, sip, words] of refusals) {
    it(`say NOK to ${what}`, async () => {
      const id = client.send(tokens, sip);
      const frame = await client.next();
      expect(frame.tokens.slice(1, 4)).to.deep.equal(['response', id, 'NOK']);
      expect(frame.tokens[4]).to.include(words);
    });
  }

  it('tell of each final response to a proxied request, and that it is done', async () => {
    client.send('route|invite');
    await client.next();
    phone.onInvite = (call) => call.answer(486, 'Busy Here');
    const call = phone.call(server.listeningPoints[0]!.port);
    const transactionId = transactionOf(await client.next());
    const id = client.send(`proxy|${transactionId}||fullResponse||serial|||${phone.uri}`, empty('INVITE', phone.uri));
    const { tokens, head } = await client.next();
    expect([...tokens.slice(1, 5), ...tokens.slice(6, 9)]).to.deep.equal([
      ...['response', id, 'OK', 'network', 'udp', '127.0.0.1', String(phone.port)],
    ]);
    expect(tokens.slice(10)).to.deep.equal(['', '', 'continue']);
    expect(head[0]).to.equal('SIP/2.0 486 Busy Here');
    expect((await client.next()).tokens.slice(1)).to.deep.equal(['response', id, 'OK', 'done']);
    await event(call, 'failed');
  });

  it('refuse to proxy without a destination, and hang up', async () => {
    const closed = event(client, 'close');
    const id = client.send('proxy|x||fullResponse||serial||', empty('INVITE', 'sip:a@b'));
    expect((await client.next()).tokens.slice(1)).to.deep.equal([
      ...['response', id, 'NO', 'Invalid proxy request: not enough information provided'],
    ]);
    await closed;
  });

  it('refuse a request to the server itself', async () => {
    client.send('sip||', empty('OPTIONS', `sip:a@127.0.0.1:${server.listeningPoints[0]!.port}`));
    expect((await client.next()).tokens[4]).to.equal('can not send request to myself');
  });

  for (const frame of ['dance', 'sip||\r\nSIP/2.0 200 OK\r\n\r\n', 'route|<script>']) {
    it(`end the connection at ${JSON.stringify(frame)}`, async () => {
      const closed = event(client, 'close');
      client.send(frame);
      expect((await client.next()).tokens[3]).to.equal('NO');
      await closed;
    });
  }
});
