/** In the room: who is there, what one can do, and whether one is heard. */
import { Modal } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useEffect, useState } from 'react';
import { Centered } from '../../components/centered.tsx';
import { ownRow, type ConferenceSession } from '../../session/conference-session.ts';
import { useObservable } from '../../session/observable.ts';
import { Announcer } from './announcer.tsx';
import { CommandsProvider } from './commands.tsx';
import { ControlBar } from './control-bar.tsx';
import { EndPage } from './end-page.tsx';
import { HostPanel } from './host-panel.tsx';
import { Roster } from './roster.tsx';
import { RoomHeader } from './room-header.tsx';
import classes from './room.module.css';
import { SoundNotice } from './sound-notice.tsx';
import { WaitingPage } from './waiting-page.tsx';

export default function RoomPage({ session, onLeave }: { session: ConferenceSession; onLeave: () => void }) {
  const { view, end } = useObservable(session.room);
  useEffect(() => void (document.title = `${session.joined.title} – Partyline`), [session]);
  if (end !== null) return <EndPage reason={end} title={session.joined.title} onLeave={onLeave} />;
  if (view === null) return <Centered>Going in …</Centered>;
  return (
    <CommandsProvider session={session}>
      <Inside session={session} />
      <Announcer session={session} />
    </CommandsProvider>
  );
}

function Inside({ session }: { session: ConferenceSession }) {
  const { view, participantId } = useObservable(session.room);
  const [managing, setManaging] = useState(false);
  const wide = useMediaQuery('(min-width: 60rem)', true, { getInitialValueInEffect: false });
  if (view === null) return null;
  const me = ownRow(view, participantId);
  const isHost = me?.role === 'host';
  const waits = me?.state === 'waiting';
  return (
    <div className={classes.frame}>
      <a className="skip-link" href="#controls">
        To your controls
      </a>
      <RoomHeader session={session} view={view} />
      <main className={classes.main} data-host={isHost && wide}>
        <div className={classes.column}>
          <SoundNotice session={session} />
          {waits ? <WaitingPage view={view} me={me} /> : <Roster view={view} me={me} />}
        </div>
        {isHost && wide ? <HostPanel view={view} /> : null}
      </main>
      <ControlBar
        session={session}
        view={view}
        me={me}
        onManage={isHost && !wide ? () => setManaging(true) : undefined}
      />
      <Modal opened={managing && isHost && !wide} onClose={() => setManaging(false)} title="Host controls" fullScreen>
        <HostPanel view={view} />
      </Modal>
    </div>
  );
}
