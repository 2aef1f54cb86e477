/** What a host does to the whole room: who waits, whose turn it is, who may speak, recording, the end. */
import { Button, Menu, Modal, NativeSelect, SegmentedControl, Switch } from '@mantine/core';
import {
  IconChevronDown,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerRecordFilled,
  IconPlayerStopFilled,
} from '../../components/icons.ts';
import { useMemo, useState } from 'react';
import type { PolicyAnnounce, PolicyMode, RoomView } from '../../../../../config/contract/index.ts';
import { ANNOUNCE_WORDS, audioWords, groupsOf, MODE_EXPLAINED, MODE_WORDS } from '../../room/words.ts';
import { useCommands } from './commands.tsx';
import classes from './room.module.css';

export function HostPanel({ view }: { view: RoomView }) {
  const groups = useMemo(() => groupsOf(view), [view]);
  return (
    <aside className={classes.panel} aria-label="Host controls">
      <Waiting people={groups.waiting} />
      <Hands view={view} people={groups.hands} />
      <section className="card">
        <h2>Who may speak</h2>
        <Speaking view={view} />
      </section>
      <section className="card">
        <h2>The conference</h2>
        <Conference view={view} />
      </section>
    </aside>
  );
}

type People = ReturnType<typeof groupsOf>['waiting'];

function Waiting({ people }: { people: People }) {
  const { run } = useCommands();
  if (people.length === 0) return null;
  return (
    <section className={`card ${classes.attention ?? ''}`} aria-labelledby="waiting-title">
      <div className={classes.rosterHead}>
        <h2 id="waiting-title">Waiting to be let in ({people.length})</h2>
        {people.length < 2 ? null : (
          <Button.Group>
            <Button size="xs" variant="default" onClick={() => void run({ type: 'admit-next' })}>
              Admit next
            </Button>
            <Button size="xs" onClick={() => void run({ type: 'admit-all' })}>
              Admit all
            </Button>
          </Button.Group>
        )}
      </div>
      <ul className={classes.rows}>
        {people.map((person) => (
          <li key={person.id} className={classes.waitingRow}>
            <div className={classes.who}>
              <p className={classes.name}>
                <bdi>{person.name}</bdi>
              </p>
              <p className={classes.below}>{audioWords(person)}</p>
            </div>
            <div className={classes.pair}>
              <Button
                size="xs"
                aria-label={`Admit ${person.name}`}
                onClick={() => void run({ type: 'admit', participantId: person.id })}
              >
                Admit
              </Button>
              <Button
                size="xs"
                variant="default"
                aria-label={`Turn away ${person.name}`}
                onClick={() => void run({ type: 'remove', participantId: person.id, reason: 'not-invited' })}
              >
                Turn away
              </Button>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Hands({ view, people }: { view: RoomView; people: People }) {
  const { run } = useCommands();
  if (people.length === 0) return null;
  return (
    <section className="card" aria-labelledby="hands-title">
      <div className={classes.rosterHead}>
        <h2 id="hands-title">Raised hands ({people.length})</h2>
        <Button size="xs" onClick={() => void run({ type: 'call-on-next' })}>
          Call on next
        </Button>
      </div>
      <ol className={classes.hands}>
        {people.map((person) => (
          <li key={person.id}>
            <bdi>{person.name}</bdi>
            <span className={classes.pair}>
              <Button
                size="xs"
                variant="default"
                aria-label={`Let speak ${person.name}`}
                onClick={() => void run({ type: 'call-on', participantId: person.id })}
              >
                Let speak
              </Button>
              <Button
                size="xs"
                variant="subtle"
                color="gray"
                aria-label={`Lower the hand of ${person.name}`}
                onClick={() => void run({ type: 'lower-hand-of', participantId: person.id })}
              >
                Lower
              </Button>
            </span>
          </li>
        ))}
      </ol>
      {view.mode === 'conversation' ? <p className="soft">Everybody can speak; a hand asks for the word.</p> : null}
    </section>
  );
}

function Speaking({ view }: { view: RoomView }) {
  const { run } = useCommands();
  return (
    <div className={classes.dialog}>
      <div>
        <SegmentedControl
          fullWidth
          size="sm"
          aria-label="Mode"
          classNames={{ label: classes.modeLabel ?? '' }}
          value={view.mode}
          onChange={(mode) => void run({ type: 'set-mode', mode: mode as PolicyMode })}
          data={Object.entries(MODE_WORDS).map(([value, label]) => ({ value, label }))}
        />
        <p className={classes.explained}>{MODE_EXPLAINED[view.mode]}</p>
      </div>
      <div className={classes.two}>
        <Button variant="default" onClick={() => void run({ type: 'mute-all' })}>
          Mute all
        </Button>
        <Button variant="default" onClick={() => void run({ type: 'unmute-all' })}>
          Unmute all
        </Button>
      </div>
    </div>
  );
}

function Conference({ view }: { view: RoomView }) {
  const { run } = useCommands();
  return (
    <div className={classes.dialog}>
      <Switch
        label="Locked"
        description="Nobody else can join."
        checked={view.locked}
        onChange={({ currentTarget }) => void run({ type: currentTarget.checked ? 'lock' : 'unlock' })}
      />
      <Recording view={view} />
      <NativeSelect
        size="sm"
        label="Comings and goings are told"
        value={view.announce}
        data={Object.entries(ANNOUNCE_WORDS).map(([value, label]) => ({ value, label }))}
        onChange={({ currentTarget }) =>
          void run({ type: 'set-announcements', announce: currentTarget.value as PolicyAnnounce })
        }
      />
      <Ending />
    </div>
  );
}

function Recording({ view }: { view: RoomView }) {
  const { run } = useCommands();
  const icon = { size: 16, 'aria-hidden': true } as const;
  switch (view.recording.state) {
    case 'off':
      return (
        <Button
          variant="default"
          leftSection={<IconPlayerRecordFilled {...icon} />}
          onClick={() => void run({ type: 'start-recording' })}
        >
          Start recording
        </Button>
      );
    case 'on':
      return (
        <div className={classes.two}>
          <Button
            variant="default"
            leftSection={<IconPlayerPause {...icon} />}
            onClick={() => void run({ type: 'pause-recording' })}
          >
            Pause recording
          </Button>
          <StopRecording />
        </div>
      );
    case 'paused':
      return (
        <div className={classes.two}>
          <Button
            variant="default"
            leftSection={<IconPlayerPlay {...icon} />}
            onClick={() => void run({ type: 'resume-recording' })}
          >
            Resume recording
          </Button>
          <StopRecording />
        </div>
      );
  }
}

function StopRecording() {
  const { run } = useCommands();
  return (
    <Button
      variant="default"
      leftSection={<IconPlayerStopFilled size={16} aria-hidden />}
      onClick={() => void run({ type: 'stop-recording' })}
    >
      Stop recording
    </Button>
  );
}

function Ending() {
  const { run } = useCommands();
  const [asked, setAsked] = useState(false);
  return (
    <>
      <Menu position="top-start">
        <Menu.Target>
          <Button variant="outline" color="red" rightSection={<IconChevronDown size={16} aria-hidden />}>
            Leave or end
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => void run({ type: 'leave-without-ending' })}>Leave, and let it go on</Menu.Item>
          <Menu.Item className={classes.danger ?? ''} onClick={() => setAsked(true)}>
            End for everybody …
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={asked} onClose={() => setAsked(false)} title="End the conference for everybody?">
        <div className={classes.dialog}>
          <p>Everybody hears that it is over and is let go, on the telephone too.</p>
          <Button color="red" data-autofocus onClick={() => void run({ type: 'end' }).then(() => setAsked(false))}>
            End for everybody
          </Button>
        </div>
      </Modal>
    </>
  );
}
