/** Calls come and go, many and by any end; afterwards nothing is left. */
import { expect } from 'chai';
import { createConnection } from 'node:net';
import { once } from 'node:events';
import type { SipRequest, SipResponse } from '../../../embedded/sip/index.ts';
import { startEmbedded } from '../../../embedded/index.ts';
import { openBench, until } from '../../helpers/bench.ts';
import type { Endpoint } from '../../helpers/fsmrf-client.ts';
import { ManualClock } from '../../helpers/manual-clock.ts';
import { event } from '../../helpers/sip-phone.ts';
import { skipBecause } from '../../helpers/skip.ts';
import { execute, FreeswitchBench, logger } from './bench.ts';

describe('embedded FreeSWITCH: life of calls', function () {
  this.timeout(30_000);
  let bench: FreeswitchBench;

  async function open(options: Parameters<typeof FreeswitchBench.open>[0] = {}): Promise<void> {
    bench = await FreeswitchBench.open(options);
    await bench.control.ask('event plain CHANNEL_HANGUP_COMPLETE CHANNEL_EXECUTE_COMPLETE');
  }
  afterEach(() => bench.close());

  it('hangs up who sends no RTP, for MEDIA_TIMEOUT', async () => {
    await open({ rtpTimeoutSeconds: 1 });
    const { call, uuid } = await bench.dial(await bench.phone());
    const bye = event<SipRequest>(call, 'BYE');
    const { headers } = await bench.event('CHANNEL_HANGUP_COMPLETE');
    expect(headers.get('Unique-ID')).to.equal(uuid);
    expect(headers.get('Hangup-Cause')).to.equal('MEDIA_TIMEOUT');
    await bye;
    await bench.untilIdle();
  });

  it('ends a call whose answer is never acknowledged', async () => {
    const clock = new ManualClock();
    await open({ clock });
    const phone = await bench.phone();
    const call = phone.sip.call(bench.server.sipPort, phone.sdp, bench.headers);
    const bye = event<SipRequest>(call, 'BYE');
    await event(call, 'answered');
    clock.advance(32_000);
    const { headers } = await bench.event('CHANNEL_HANGUP_COMPLETE');
    expect(headers.get('Hangup-Cause')).to.equal('RECOVERY_ON_TIMER_EXPIRE');
    await bye;
    expect(bench.waiting).to.have.length(0);
    clock.advance(60_000);
    await bench.untilIdle();
  });

  it('ends one who keeps silent towards BYE', async () => {
    const clock = new ManualClock();
    await open({ clock });
    const { phone, uuid } = await bench.dial(await bench.phone());
    await phone.close();
    expect(await bench.control.api(`uuid_kill ${uuid}`)).to.equal('+OK\n');
    clock.advance(64_000);
    await bench.untilIdle();
  });

  it('refuses more calls than it may take with 503', async () => {
    await open({ maxSessions: 1 });
    const { phone } = await bench.dial(await bench.phone());
    const second = await bench.phone();
    expect(await bench.refusal(second, second.sdp)).to.equal(503);
    await phone.hangUp();
    await bench.untilIdle();
    await bench.dial(second);
  });

  it('speaks TCP, too', async () => {
    await open();
    const { phone, application, uuid } = await bench.dial(await bench.phone('tcp'));
    await application.ask('myevents');
    await execute(application, uuid, 'set', 'colour=green');
    expect(await application.ask('getvar colour')).to.equal('green');
    await phone.hangUp();
    await bench.untilIdle();
  });

  it('tells its application farewell when the caller goes', async () => {
    await open();
    const { phone, application, uuid } = await bench.dial(await bench.phone());
    await phone.hangUp();
    const notice = await application.next('text/disconnect-notice');
    expect(Object.fromEntries(notice.headers)).to.include({
      'Controlled-Session-UUID': uuid,
      'Content-Disposition': 'disconnect',
    });
    await application.untilClosed();
  });

  it('lingers as long as the application has asked for', async () => {
    const clock = new ManualClock();
    await open({ clock });
    const { phone, application, uuid } = await bench.dial(await bench.phone());
    expect(await application.ask('linger 5')).to.equal('+OK will linger 5 seconds');
    await phone.hangUp();
    const notice = await application.next('text/disconnect-notice');
    expect(Object.fromEntries(notice.headers)).to.include({
      'Controlled-Session-UUID': uuid,
      'Content-Disposition': 'linger',
      'Linger-Time': '5',
    });
    expect(await application.api('echo still here')).to.equal('still here');
    clock.advance(5_000);
    await application.untilClosed();
  });

  it('takes a burst of calls in and out', async () => {
    await open();
    const phones = await Promise.all(Array.from({ length: 20 }, () => bench.phone()));
    const answers = phones.map((phone) => {
      phone.call = phone.sip.call(bench.server.sipPort, phone.sdp, bench.headers);
      return event<SipResponse>(phone.call, 'answered');
    });
    await Promise.all(answers);
    for (const phone of phones) phone.call!.ack();
    for (let count = 0; count < phones.length; count++) {
      const { application, uuid } = await bench.takeApplication();
      application.socket.write(
        `sendmsg ${uuid}\ncall-command: execute\nexecute-app-name: conference\nexecute-app-arg: burst@default\n\n`,
      );
    }
    await until(
      'all are in the conference',
      () => bench.control.api('conference burst list count'),
      (count) => count.trim() === '20',
    );
    expect(bench.server.counts()).to.include({
      channels: 20,
      conferences: 1,
      outboundSockets: 20,
      ports: 20,
      rooms: 1,
    });
    await Promise.all(phones.map((phone) => phone.hangUp()));
    await bench.untilIdle();
  });

  it('ends every call when it stops, and leaves no port open', async () => {
    await open();
    const first = await bench.dial(await bench.phone());
    const second = await bench.dial(await bench.phone());
    second.application.socket.write(
      'sendmsg\ncall-command: execute\nexecute-app-name: conference\nexecute-app-arg: last@default\n\n',
    );
    await until(
      'he is in the conference',
      () => bench.control.api('conference last list count'),
      (count) => count.trim() === '1',
    );
    const byes = [first, second].map(({ call }) => event<SipRequest>(call, 'BYE'));
    const port = bench.server.eventSocketPort;
    await bench.server.stop();
    await Promise.all(byes);
    await bench.control.untilClosed();
    await first.application.untilClosed();
    const socket = createConnection(port, '127.0.0.1');
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).to.equal('ECONNREFUSED');
    await bench.server.stop();
  });
});

describe('both embedded servers', function () {
  this.timeout(30_000);

  it('start with secrets of their own, and stop more than once', async () => {
    const options = { bind: '127.0.0.1', sipPort: 0, rtpPorts: [0, 0] as const, logger };
    const [one, other] = [await startEmbedded(options), await startEmbedded(options)];
    expect(one.freeswitch.secret).not.to.equal(other.freeswitch.secret);
    expect(one.drachtio.secret).not.to.equal(one.freeswitch.secret);
    expect(one.freeswitch.host).to.equal('127.0.0.1');
    await Promise.all([one.stop(), one.stop(), other.stop()]);
  });

  it('leave nothing when the SIP port is taken', async () => {
    const options = { bind: '127.0.0.1', rtpPorts: [0, 0] as const, logger };
    const first = await startEmbedded({ ...options, sipPort: 0 });
    const failed = await startEmbedded({ ...options, sipPort: first.sipPort }).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failed).to.be.instanceOf(Error);
    await first.stop();
  });

  it('count nothing after twenty calls through unmodified clients', async function () {
    const pair = await openBench(this);
    if (!pair.embedded) {
      await pair.close();
      skipBecause(this, 'real servers do not tell their counts');
    }
    const endpoints: Endpoint[] = [];
    pair.onInvite = (request, response) => {
      void pair.mediaServer.connectCaller(request, response).then(({ endpoint }) => endpoints.push(endpoint));
    };
    const phones = await Promise.all(Array.from({ length: 20 }, () => pair.phone()));
    await Promise.all(phones.map((phone) => phone.dial(pair.sipPort)));
    await until(
      'all are connected',
      () => endpoints.length,
      (count) => count === 20,
    );
    await Promise.all(endpoints.map((endpoint) => endpoint.join('twenty')));
    await Promise.all(phones.map((phone) => phone.hangUp()));
    await Promise.all(endpoints.map((endpoint) => endpoint.destroy()));
    await until(
      'nothing is left',
      () => pair.embedded!.counts().freeswitch,
      ({ inboundSockets: _mine, ...rest }) => Object.values(rest).every((count) => count === 0),
    );
    await pair.close();
  });
});
