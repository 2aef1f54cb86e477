/** Hearing oneself by way of the media server: everything between two people is tried, and nobody is met. */
import { Button } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { TicketResponse } from '../../../../../config/contract/index.ts';
import { api, ApiProblem } from '../../api/http.ts';
import { Notice } from '../../components/notice.tsx';
import { Player } from '../../media/player.ts';
import { readPreferences } from '../../media/preferences.ts';
import { useObservable } from '../../session/observable.ts';
import { browserClock, sipSocketUrl } from '../../session/surroundings.ts';
import { failureWords } from '../../softphone/failure-words.ts';
import type { PhoneState } from '../../softphone/machine.ts';
import { Softphone, TicketRefused } from '../../softphone/softphone.ts';
import classes from './join.module.css';

export function EchoTest({ track }: { track: MediaStreamTrack }) {
  const [phone, setPhone] = useState<Softphone | null>(null);
  useEffect(() => () => phone?.hangUp(), [phone]);
  if (phone !== null) return <Running phone={phone} onStop={() => setPhone(null)} />;
  return (
    <Button variant="default" onClick={() => void startEcho(track).then(setPhone)}>
      Echo test: hear yourself
    </Button>
  );
}

function Running({ phone, onStop }: { phone: Softphone; onStop: () => void }) {
  const state = useObservable(phone);
  const over = state.name === 'ended' || state.name === 'failed';
  return (
    <div className={classes.stack}>
      <div role="status" data-echo={state.name}>
        {state.name === 'failed' ? null : echoWords(state)}
      </div>
      {state.name === 'failed' ? (
        <Notice kind="bad" title={failureWords(state.failure).title} role="alert">
          {failureWords(state.failure).help} A telephone works all the same.
        </Notice>
      ) : null}
      <Button variant="default" onClick={onStop}>
        {over ? 'Done' : 'Stop'}
      </Button>
    </div>
  );
}

function echoWords(state: PhoneState): string {
  switch (state.name) {
    case 'in-call':
      return 'Say something: you should hear yourself, a moment later. A headset keeps it from going round.';
    case 'ended':
      return 'If you heard yourself, everything works.';
    case 'failed':
      return '';
    default:
      return 'Connecting …';
  }
}

async function startEcho(track: MediaStreamTrack): Promise<Softphone> {
  const { startSipCall } = await import('../../softphone/sip-call.ts');
  const player = new Player(readPreferences().speakerId);
  const phone: Softphone = new Softphone({
    clock: browserClock,
    fetchTicket: async (signal) => {
      // One that is over is not begun again.
      if (phone.state.name === 'reconnecting') throw new TicketRefused({ final: true });
      try {
        return await api<TicketResponse>('POST', '/echo', { signal });
      } catch (error) {
        throw error instanceof ApiProblem ? new TicketRefused({ code: error.code, final: true }) : error;
      }
    },
    dial: (ticket, listener) =>
      startSipCall({
        ...{ ticket, listener, microphone: track, socketUrl: sipSocketUrl() },
        play: (stream) => player.play(stream),
      }),
  });
  phone.start();
  return phone;
}
