import { Badge } from '@mantine/core';
import { IconLock, IconUsers } from '../../components/icons.ts';
import { useEffect, useState } from 'react';
import type { RoomView } from '../../../../../config/contract/index.ts';
import { durationWords, MODE_WORDS } from '../../room/words.ts';
import type { ConferenceSession } from '../../session/conference-session.ts';
import { ConnectionState } from './connection-state.tsx';
import classes from './room.module.css';

export function RoomHeader({ session, view }: { session: ConferenceSession; view: RoomView }) {
  const people = view.participants.filter(({ state }) => state !== 'waiting').length;
  return (
    <header className={classes.header}>
      <div className={classes.title}>
        <h1>{view.title}</h1>
        <p className={classes.facts}>
          {people === 0 ? null : (
            <span>
              <IconUsers size={16} aria-hidden /> {people} {people === 1 ? 'person' : 'people'}
            </span>
          )}
          <Duration since={view.startedAt} />
          <ConnectionState session={session} />
        </p>
      </div>
      <div className={classes.badges}>
        {view.recording.state === 'on' ? (
          <Badge className={classes.recording} variant="outline" leftSection={<i className={classes.dot} />}>
            Recording
          </Badge>
        ) : null}
        {view.recording.state === 'paused' ? (
          <Badge className={classes.quiet} variant="outline">
            Recording paused
          </Badge>
        ) : null}
        {view.mode === 'conversation' ? null : (
          <Badge className={classes.quiet} variant="outline">
            {MODE_WORDS[view.mode]}
          </Badge>
        )}
        {view.locked ? (
          <Badge className={classes.quiet} variant="outline" leftSection={<IconLock size={12} aria-hidden />}>
            Locked
          </Badge>
        ) : null}
      </div>
    </header>
  );
}

function Duration({ since }: { since: number | null }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  if (since === null) return null;
  return (
    <span className="digits" role="timer" aria-label="Duration" aria-live="off">
      {durationWords(now - since)}
    </span>
  );
}
