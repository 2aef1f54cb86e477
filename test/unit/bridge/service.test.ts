import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { endLostCalls } from '../../../bridge/calls/adoption.ts';
import { mediaPlace, withOriginOf } from '../../../bridge/support/sdp.ts';
import { advertisedAddress, hostInUri, isLoopback } from '../../../bridge/service/addresses.ts';
import { CloseStack } from '../../../bridge/service/close-stack.ts';
import { openSounds } from '../../../bridge/service/sounds.ts';
import { listening, StartError } from '../../../bridge/service/start-error.ts';
import { DeadlineError, settled, withDeadline } from '../../../bridge/support/deadline.ts';
import { linkSignals } from '../../../bridge/support/signals.ts';
import { TypedEmitter } from '../../../bridge/support/typed-emitter.ts';
import { PartylineError } from '../../../config/contract/index.ts';
import type { CallRecord } from '../../../store/index.ts';
import { participantRow, roomDocument } from '../../helpers/rooms.ts';
import { recordingLogger, silent, turn } from './fakes.ts';

describe('what dead processes left', () => {
  it('is hung up, recorded and taken out of the rooms; the living are left alone', async () => {
    const record = (id: string, node: string): CallRecord => ({
      id,
      tenantId: 'default',
      direction: 'inbound',
      node,
      from: '',
      to: '',
      sourceAddress: '',
      sipCallId: '',
      startedAt: 1,
      channelUuid: `channel-${id}`,
      mediaServer: 'm1',
      callerDialogId: `dialog-${id}`,
    });
    const calls = new Map([
      ['dead', record('dead', 'dead')],
      ['alive', record('alive', 'alive')],
    ]);
    const person = (id: string, callId: string, joinedAt: number) =>
      participantRow(id, { leg: { kind: 'phone', callId, channelUuid: id }, joinedAt });
    const room = roomDocument({
      version: 4,
      participants: [
        person('ghost', 'dead', 1),
        person('living', 'alive', 1),
        person('forgotten', 'no-record', 1),
        person('just-arriving', 'record-to-come', 99_000),
      ],
    });
    const done: string[] = [];
    const cleared = await endLostCalls(
      {
        calls: {
          live: async () => [...calls.values()],
          get: async (_tenant, id) => calls.get(id) ?? null,
          end: async (_tenant, id, termination) => {
            done.push(`end ${id} ${termination.reason}`);
            return true;
          },
        },
        rooms: { list: async () => [room] },
        roomService: {
          apply: async (_identity, input) => {
            if (input.type === 'leg-gone') done.push(`${input.how} ${input.callId}`);
            return { outcome: 'changed', room };
          },
        },
        isDead: (node) => node === 'dead',
        killChannel: async (server, uuid) => {
          done.push(`kill ${server} ${uuid}`);
          throw new PartylineError('media/unavailable');
        },
        endDialog: async (id) => Boolean(done.push(`bye ${id}`)),
        logger: silent,
        wallClock: () => 100_000,
      },
      ['default'],
    );
    expect(done).to.deep.equal([
      'bye dialog-dead',
      'kill m1 channel-dead',
      'end dead node-lost',
      'lost dead',
      'lost no-record',
    ]);
    expect(cleared).to.deep.equal({ calls: 1, participants: 2 });
  });
});

describe('closing', () => {
  it('goes in reverse, once, past what fails and what hangs', async () => {
    const { logger, lines } = recordingLogger();
    const stack = new CloseStack(logger);
    const closed: string[] = [];
    stack.push('first', 1_000, () => closed.push('first'));
    stack.push('hangs', 20, () => new Promise(() => undefined));
    stack.push('fails', 1_000, () => {
      throw new Error('no');
    });
    stack.push('last', 1_000, async () => closed.push('last'));
    const [one, two] = await Promise.all([stack.close(), stack.close()]);
    expect([one, two]).to.deep.equal([false, false]);
    expect(closed).to.deep.equal(['last', 'first']);
    expect(lines.map(({ part }) => part)).to.deep.equal(['fails', 'hangs']);
  });
});

describe('starting', () => {
  it('explains ports and addresses, and nothing it does not understand', async () => {
    const place = { setting: 'sipPort', address: '127.0.0.1', port: 5060 } as const;
    const failing = async (error: Error) => {
      try {
        await listening(place, () => Promise.reject(error));
      } catch (thrown) {
        return thrown as Error;
      }
      throw new Error('did not fail');
    };
    const withCode = (code: string) => Object.assign(new Error('x'), { code });
    expect((await failing(withCode('EADDRINUSE'))).message).to.equal(
      'Port 5060 (setting sipPort, PARTYLINE_SIP_PORT) on 127.0.0.1 is in use by another program.',
    );
    expect(await failing(new Error('outer', { cause: withCode('EADDRNOTAVAIL') }))).to.be.instanceOf(StartError);
    expect((await failing(withCode('EACCES'))).message).to.match(/may not be opened/);
    expect((await failing(new Error('other'))).message).to.equal('other');
  });

  it('knows which address to tell', () => {
    expect(advertisedAddress({ bind: '10.0.0.1' })).to.equal('10.0.0.1');
    expect(advertisedAddress({ bind: '0.0.0.0', advertisedAddress: '192.0.2.1' })).to.equal('192.0.2.1');
    expect(advertisedAddress({ bind: '0.0.0.0' })).to.match(/^\d+\.\d+\.\d+\.\d+$/);
    expect(hostInUri('::1')).to.equal('[::1]');
    expect([
      isLoopback('127.9.9.9'),
      isLoopback('::ffff:127.0.0.1'),
      isLoopback('10.0.0.1'),
      isLoopback('x'),
    ]).to.deep.equal([true, true, false, false]);
  });
});

describe('small supports', () => {
  it('withDeadline gives up in time and hands a late result over', async () => {
    let finish: (value: string) => void = () => undefined;
    const late: string[] = [];
    const work = new Promise<string>((resolve) => (finish = resolve));
    let failure: unknown;
    await withDeadline(work, 10, 'waiting', (value) => late.push(value)).catch((error: unknown) => (failure = error));
    expect(failure).to.be.instanceOf(DeadlineError);
    finish('late');
    await turn();
    expect(late).to.deep.equal(['late']);
    expect(await settled(Promise.reject(new Error('x')), 10)).to.equal(true);
    expect(await settled(new Promise(() => undefined), 10)).to.equal(false);
  });

  it('a throwing listener does not stop the others', () => {
    const faults: string[] = [];
    const emitter = new TypedEmitter<{ ping: [number] }>((_error, event) => faults.push(event));
    const heard: number[] = [];
    emitter.on('ping', () => {
      throw new Error('no');
    });
    const off = emitter.on('ping', (number) => heard.push(number));
    emitter.emit('ping', 1);
    off();
    emitter.emit('ping', 2);
    expect([heard, faults]).to.deep.equal([[1], ['ping', 'ping']]);
  });

  it('linked signals follow any source until unlinked', () => {
    const [one, two] = [new AbortController(), new AbortController()];
    const linked = linkSignals([one.signal, two.signal]);
    const loose = linkSignals([one.signal]);
    loose.unlink();
    one.abort();
    expect([linked.signal.aborted, loose.signal.aborted]).to.deep.equal([true, false]);
    expect(linkSignals([one.signal]).signal.aborted).to.equal(true);
  });

  it('reads of SDP where sound goes, and keeps a session’s origin', () => {
    const sdp = 'v=0\r\no=mrf 10 11 IN IP4 10.0.0.2\r\nc=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/AVP 0\r\n';
    expect(mediaPlace(sdp)).to.equal('10.0.0.1:4000');
    expect(mediaPlace(`${sdp}c=IN IP4 10.0.0.9\r\n`)).to.equal('10.0.0.9:4000');
    expect(withOriginOf('v=0\r\no=new 1 1 IN IP4 10.9.9.9\r\ns=-\r\n', sdp)).to.equal(
      'v=0\r\no=mrf 10 12 IN IP4 10.0.0.2\r\ns=-\r\n',
    );
  });
});

describe('the folder of the prompts', () => {
  it('is reached by a link when its name would need quoting, and refused when it is elsewhere', async () => {
    const parent = await mkdtemp(path.join(tmpdir(), 'partyline sounds-'));
    const sounds = await openSounds(parent, { local: true });
    const [file] = sounds.filesOf(['welcome'], 'en');
    expect(file).to.match(/^[A-Za-z0-9_.+@/-]+\/en\/[a-z-]+\.wav$/);
    const link = file!.replace(/\/en\/.*$/, '');
    expect(await realpath(link)).to.equal(await realpath(parent));
    await sounds.stop();
    expect(existsSync(link)).to.equal(false);
    let failure: unknown;
    await openSounds(parent, { local: false }).catch((error: unknown) => (failure = error));
    expect(failure).to.be.instanceOf(StartError);
    await rm(parent, { recursive: true });
  });

  it('is told as it is when it is plain', async () => {
    const sounds = await openSounds('/srv/sounds', { local: false });
    expect(sounds.filesOf(['join-tone'], 'en')).to.deep.equal(['/srv/sounds/tones/join-tone.wav']);
    await sounds.stop();
  });
});
