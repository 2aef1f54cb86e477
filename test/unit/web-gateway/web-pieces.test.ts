import { expect } from 'chai';
import { createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { SettingsError, loadSettings } from '../../../config/index.ts';
import { limitConnections } from '../../../web-gateway/server/connection-limits.ts';
import { iceServersFor } from '../../../web-gateway/server/ice-servers.ts';
import { createOriginCheck } from '../../../web-gateway/server/origin.ts';
import { SharedBuckets, TokenBucket } from '../../../web-gateway/server/token-bucket.ts';

const request = (headers: Record<string, string>) =>
  ({ headers: { upgrade: 'websocket', ...headers } }) as unknown as IncomingMessage;

describe('web gateway: pieces for browsers', () => {
  it('takes WebSockets of its own pages only', () => {
    const check = createOriginCheck(undefined);
    const ours = { origin: 'http://10.0.0.1:8080', host: '10.0.0.1:8080' };
    expect(check(request(ours))).to.equal(true);
    expect(check(request({ ...ours, host: '10.0.0.1:8081' }))).to.equal(false);
    for (const origin of ['https://evil.example', 'null', 'file://', 'http://10.0.0.1:8080.evil.example', '']) {
      expect(check(request({ ...ours, origin })), origin).to.equal(false);
    }
    expect(check(request({ host: ours.host })), 'no Origin').to.equal(false);
    expect(check(request({ ...ours, 'sec-fetch-site': 'cross-site' }))).to.equal(false);
    // Polling: a GET of our own page has no Origin; whoever has another is refused all the same.
    const poll = (headers: Record<string, string>) => check({ headers: { host: ours.host, ...headers } } as never);
    expect([
      poll({}),
      poll({ origin: 'https://evil.example' }),
      poll({ 'sec-fetch-site': 'cross-site' }),
    ]).to.deep.equal([true, false, false]);
    // A proxy that writes its own Host.
    const behind = createOriginCheck('https://meet.example.org/');
    expect(behind(request({ origin: 'https://meet.example.org', host: '127.0.0.1:8080' }))).to.equal(true);
    expect(behind(request({ origin: 'http://meet.example.org', host: '127.0.0.1:8080' }))).to.equal(false);
  });

  it('counts connections of an address and of all, and gives them back once', async () => {
    const take = limitConnections({ perAddress: 2, total: 3, opened: 100 });
    const held = [await take('192.0.2.1'), await take('192.0.2.1')];
    expect(held).not.to.include(null);
    expect(await take('192.0.2.1')).to.equal(null);
    expect(await take('192.0.2.2')).not.to.equal(null);
    expect(await take('192.0.2.3'), 'all together').to.equal(null);
    held[0]?.();
    held[0]?.();
    expect(take.count()).to.equal(2);
    expect(await take('192.0.2.1')).not.to.equal(null);
    const rushed = limitConnections({ perAddress: 100, total: 100, opened: 3 });
    const tries = [];
    for (let each = 0; each < 5; each += 1) tries.push(await rushed('2001:db8::1'));
    expect(tries.map((taken) => taken !== null)).to.deep.equal([true, true, true, false, false]);
    expect(await rushed('2001:db8::2'), 'the same network').to.equal(null);
  });

  it('lets so many through at once, and so many a second', () => {
    const bucket = new TokenBucket(2, 10, 0);
    expect([0, 0, 0, 99, 100, 100].map((now) => bucket.take(1, now))).to.deep.equal([
      true,
      true,
      false,
      false,
      true,
      false,
    ]);
    expect(bucket.take(3, 60_000), 'never more than it holds').to.equal(false);
  });

  it('gives nobody a full bucket for going away and coming again', async () => {
    const slow = new SharedBuckets(2, 0.001);
    expect(slow.use('a').take(2)).to.equal(true);
    slow.giveBack('a');
    expect(slow.use('a').take(), 'the one of before').to.equal(false);
    expect(slow.use('b').take(2), 'another key').to.equal(true);
    const fast = new SharedBuckets(2, 10_000);
    fast.use('a').take(2);
    fast.use('a');
    fast.giveBack('a');
    fast.giveBack('a');
    while (fast.size > 0) await new Promise((resolve) => setImmediate(resolve));
  });

  it('gives a relay’s credentials as the relay computes them', () => {
    const settings = loadSettings({
      environment: {
        PARTYLINE_TURN_URLS: 'stun:stun.example.org,turn:turn.example.org:3478?transport=udp,turns:turn.example.org',
        PARTYLINE_TURN_SECRET: 'north-pole',
        PARTYLINE_TURN_HOURS: '2',
      },
    });
    const [stun, turn] = iceServersFor(settings, 'p1', 1_000_000);
    expect(stun).to.deep.equal({ urls: ['stun:stun.example.org'] });
    expect(turn?.urls).to.deep.equal(['turn:turn.example.org:3478?transport=udp', 'turns:turn.example.org']);
    expect(turn?.username).to.equal('8200:p1');
    expect(turn?.credential).to.equal(createHmac('sha1', 'north-pole').update('8200:p1').digest('base64'));
    expect(iceServersFor(loadSettings({ environment: {} }), 'p1')).to.deep.equal([]);
  });

  it('refuses settings that cannot work', () => {
    for (const environment of [
      { PARTYLINE_TURN_URLS: 'turn:turn.example.org' },
      { PARTYLINE_TURN_URLS: 'http://turn.example.org' },
      { PARTYLINE_TLS_CERTIFICATE_FILE: '/tmp/x.pem' },
      { PARTYLINE_DRACHTIO_WEB_SOCKET: 'http://10.0.0.1' },
    ]) {
      expect(() => loadSettings({ environment }), JSON.stringify(environment)).to.throw(SettingsError);
    }
  });
});
