/** When there is no sound: which step failed, in plain words, and the ways that remain. */
import { Button } from '@mantine/core';
import { useSyncExternalStore } from 'react';
import { PhoneWays } from '../../components/phone-ways.tsx';
import { Notice } from '../../components/notice.tsx';
import type { ConferenceSession } from '../../session/conference-session.ts';
import { useObservable } from '../../session/observable.ts';
import { failureWords } from '../../softphone/failure-words.ts';
import type { Failure, PhoneState } from '../../softphone/machine.ts';
import classes from './room.module.css';
import { SoundElsewhere } from './sound-elsewhere.tsx';

export function SoundNotice({ session }: { session: ConferenceSession }) {
  const phone = useObservable(session.phone ?? NO_PHONE);
  const blocked = useSyncExternalStore(session.player.subscribe, () => session.player.blocked);
  if (phone.name === 'failed') return <Failed session={session} failure={phone.failure} />;
  if (phone.name === 'elsewhere') return <SoundElsewhere session={session} />;
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
      <div className={classes.ways}>
        <Button onClick={() => session.phone?.start()}>Try again</Button>
        <Ways session={session} />
      </div>
    </Notice>
  );
}

function DialBeside({ session }: { session: ConferenceSession }) {
  if (session.joined.dialIn.length === 0) return null;
  return (
    <Notice title="Your sound comes by telephone">
      <p>Dial in now. With a personal code, your telephone and this page become one.</p>
      <Ways session={session} />
    </Notice>
  );
}

function Ways({ session }: { session: ConferenceSession }) {
  return <PhoneWays numbers={session.joined.dialIn} code={session.code ?? ''} />;
}
