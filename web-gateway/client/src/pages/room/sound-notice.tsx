/** When there is no sound: which step failed, in plain words, and the ways that remain. */
import { Anchor, Button } from '@mantine/core';
import { useSyncExternalStore } from 'react';
import { Notice } from '../../components/notice.tsx';
import type { ConferenceSession } from '../../session/conference-session.ts';
import { useObservable } from '../../session/observable.ts';
import type { Failure, PhoneState } from '../../softphone/machine.ts';
import { telLink } from '../join/join-form.ts';
import classes from './room.module.css';

export function SoundNotice({ session }: { session: ConferenceSession }) {
  const phone = useObservable(session.phone ?? NO_PHONE);
  const blocked = useSyncExternalStore(
    (listener) => session.player.subscribe(listener),
    () => session.player.blocked,
  );
  if (phone.name === 'failed') return <Failed session={session} failure={phone.failure} />;
  if (blocked) {
    return (
      <Notice kind="warm" title="The browser waits for a click before it plays sound" role="alert">
        <Button className={classes.noticeButton ?? ''} onClick={() => session.player.resume()}>
          Hear the conference
        </Button>
      </Notice>
    );
  }
  if (session.phone === null) return <DialBeside session={session} />;
  return null;
}

const NO_PHONE = { state: { name: 'idle' } as PhoneState, subscribe: () => () => undefined };

function Failed({ session, failure }: { session: ConferenceSession; failure: Failure }) {
  const { title, help } = failureWords(failure);
  return (
    <Notice kind="bad" title={title} role="alert">
      <p>{help}</p>
      <div className={classes.pair}>
        <Button onClick={() => session.phone?.start()}>Try again</Button>
        <DialIn session={session} />
      </div>
    </Notice>
  );
}

export function failureWords({ step, status }: Failure): { title: string; help: string } {
  switch (step) {
    case 'ticket':
      return { title: 'No sound: the server cannot be reached', help: 'Look at your connection, and try again.' };
    case 'socket':
      return {
        title: 'No sound: your network does not let the call out',
        help: 'It blocks WebSocket connections to this server. Another network may let it pass, a mobile phone’s for instance.',
      };
    case 'media':
      return {
        title: 'No sound: your network blocks the sound',
        help: 'The call was answered, but no sound gets through. A firewall or a VPN may be in the way.',
      };
    case 'call':
      if (status === undefined)
        return { title: 'No sound: the server did not answer the call', help: 'Try again in a moment.' };
      return status === 503 || status === 486
        ? { title: 'No sound: all lines are in use', help: 'Try again in a moment.' }
        : { title: 'No sound: the server refused the call', help: `It answered ${status}. Try again, or join anew.` };
  }
}

function DialBeside({ session }: { session: ConferenceSession }) {
  if (session.joined.dialIn.length === 0) return null;
  return (
    <Notice title="Your sound comes by telephone">
      <p>Dial in now. With a personal code, your telephone and this page become one.</p>
      <DialIn session={session} />
    </Notice>
  );
}

function DialIn({ session }: { session: ConferenceSession }) {
  return session.joined.dialIn
    .filter(({ number }) => !number.startsWith('sip:'))
    .map(({ number, label }) => (
      <Anchor key={number} href={telLink(number, session.code)} className="digits">
        Call {number}
        {label === undefined ? '' : ` (${label})`}
      </Anchor>
    ));
}
