import { expect } from 'chai';
import type { TicketResponse } from '../../../config/contract/index.ts';
import {
  Softphone,
  TicketRefused,
  type Call,
  type CallListener,
} from '../../../web-gateway/client/src/softphone/softphone.ts';
import { ManualClock } from '../../helpers/manual-clock.ts';

const TICKET: TicketResponse = { ticket: 't', ticketExpiresAt: 0, sipUri: 'sip:c@partyline.invalid', iceServers: [] };

class FakeCall implements Call {
  readonly listener: CallListener;
  readonly did: string[] = [];

  constructor(listener: CallListener) {
    this.listener = listener;
  }

  hear = () => void this.did.push('hear');
  drop = () => void this.did.push('drop');
  sendDigit = (digit: string) => this.did.push(`digit ${digit}`) > 0;
  setMicrophoneOn = (on: boolean) => void this.did.push(on ? 'on' : 'off');
  changeMicrophone = async () => void this.did.push('microphone');

  connect(): void {
    this.listener.onSocketOpened();
    this.listener.onAccepted();
    this.listener.onMediaCame();
  }
}

/** Everything that waits for a promise has been done. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

function build() {
  const clock = new ManualClock();
  const calls: FakeCall[] = [];
  const asked: { answer: (ticket: TicketResponse) => void; refuse: (error: Error) => void; signal: AbortSignal }[] = [];
  const phone = new Softphone({
    fetchTicket: (signal) => new Promise((answer, refuse) => void asked.push({ answer, refuse, signal })),
    dial: (_ticket, listener) => {
      const call = new FakeCall(listener);
      calls.push(call);
      return call;
    },
    clock: {
      now: () => clock.now(),
      setTimeout: (work, milliseconds) => clock.startTimer('phone', milliseconds, work),
      clearTimeout: (timer) => (timer as { cancel(): void } | undefined)?.cancel(),
    },
  });
  const ticket = async () => {
    asked.at(-1)!.answer(TICKET);
    await settled();
  };
  const connect = async () => {
    await ticket();
    calls.at(-1)!.connect();
  };
  return { phone, clock, calls, asked, ticket, connect };
}

describe('the softphone', () => {
  it('fetches a ticket, dials, and is heard', async () => {
    const { phone, calls, asked, connect } = build();
    const names: string[] = [];
    phone.subscribe(() => names.push(phone.state.name));
    phone.start();
    phone.start();
    expect(asked).to.have.length(1);
    await connect();
    expect(names).to.deep.equal(['connecting', 'connecting', 'connecting', 'joining-media', 'in-call']);
    expect(calls[0]!.did).to.deep.equal(['on', 'hear']);
    expect(phone.sendDigit('5')).to.equal(true);
    phone.hangUp();
    expect(calls[0]!.did.at(-1)).to.equal('drop');
    expect(phone.sendDigit('5')).to.equal(false);
  });

  it('keeps a muted microphone muted in the next call as well', async () => {
    const { phone, calls, connect } = build();
    phone.start();
    await connect();
    phone.setMicrophoneOn(false);
    calls[0]!.listener.onBroke({ step: 'socket' });
    await connect();
    expect(calls[1]!.did).to.deep.equal(['off', 'hear']);
    expect(calls[0]!.did).to.deep.equal(['on', 'hear', 'off', 'drop']);
  });

  it('leaves nothing behind when one hangs up while the ticket is on its way', async () => {
    const { phone, clock, calls, asked, ticket } = build();
    phone.start();
    phone.hangUp();
    expect(asked[0]!.signal.aborted).to.equal(true);
    await ticket();
    expect(calls).to.have.length(0);
    expect(clock.running).to.deep.equal([]);
    expect(phone.state).to.deep.equal({ name: 'ended', reason: 'left' });
  });

  it('tries again after a refusal that may pass, and ends after one that does not', async () => {
    const { phone, clock, asked, connect } = build();
    phone.start();
    await connect();
    phone.networkChanged();
    asked.at(-1)!.refuse(new TicketRefused({ status: 503 }));
    await settled();
    expect(phone.state).to.include({ name: 'reconnecting', call: null });
    clock.advance(1_000);
    asked.at(-1)!.refuse(new TicketRefused({ status: 401, final: true }));
    await settled();
    expect(phone.state).to.deep.equal({ name: 'ended', reason: 'over' });
    expect(clock.running).to.deep.equal([]);
  });

  it('gives up on a try that never gets anywhere', async () => {
    const { phone, clock, calls, ticket } = build();
    phone.start();
    await ticket();
    clock.advance(60_000);
    expect(phone.state).to.deep.equal({ name: 'failed', failure: { step: 'socket' } });
    expect(calls[0]!.did.at(-1)).to.equal('drop');
    calls[0]!.connect();
    expect(phone.state.name).to.equal('failed');
  });

  it('hands another microphone to all its calls', async () => {
    const { phone, calls, connect, ticket } = build();
    phone.start();
    await connect();
    phone.networkChanged();
    await ticket();
    await phone.changeMicrophone({});
    expect(calls.map(({ did }) => did.at(-1))).to.deep.equal(['microphone', 'microphone']);
  });
});
