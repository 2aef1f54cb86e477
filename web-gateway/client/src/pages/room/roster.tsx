/** Everybody in the room, phones and browsers alike. */
import { TextInput } from '@mantine/core';
import { IconSearch } from '../../components/icons.ts';
import { memo, useMemo, useState } from 'react';
import type { ParticipantView, PolicyMode, RoomView } from '../../../../../config/contract/index.ts';
import { groupsOf } from '../../room/words.ts';
import { PersonMenu } from './person-menu.tsx';
import { PersonRow } from './person-row.tsx';
import classes from './room.module.css';

/** Fewer than these are seen at a glance. */
const SEARCH_FROM = 12;

export function Roster({ view, me }: { view: RoomView; me: ParticipantView | undefined }) {
  const [sought, setSought] = useState('');
  const { present } = useMemo(() => groupsOf(view), [view]);
  const isHost = me?.role === 'host';
  const shown = useMemo(() => find(present, sought), [present, sought]);
  return (
    <section className="card" aria-labelledby="roster-title">
      <div className={classes.rosterHead}>
        <h2 id="roster-title">In the conference</h2>
        {present.length < SEARCH_FROM ? null : (
          <TextInput
            size="sm"
            aria-label="Find somebody"
            placeholder="Find somebody"
            leftSection={<IconSearch size={16} aria-hidden />}
            value={sought}
            onChange={({ currentTarget }) => setSought(currentTarget.value)}
          />
        )}
      </div>
      <ul className={classes.rows} aria-labelledby="roster-title">
        {shown.map((person) => (
          <RosterRow key={person.id} person={person} mode={view.mode} isMe={person.id === me?.id} isHost={isHost} />
        ))}
      </ul>
      {present.length === 1 && me !== undefined ? <p className="soft">You are the only one here so far.</p> : null}
      {shown.length === 0 && sought !== '' ? <p className="soft">Nobody here is called that.</p> : null}
    </section>
  );
}

function find(people: readonly ParticipantView[], sought: string): readonly ParticipantView[] {
  const words = sought.trim().toLocaleLowerCase();
  if (words === '') return people;
  return people.filter(({ name, number }) => `${name} ${number}`.toLocaleLowerCase().includes(words));
}

interface RosterRowProps {
  readonly person: ParticipantView;
  readonly mode: PolicyMode;
  readonly isMe: boolean;
  readonly isHost: boolean;
}

/** A change of one row draws one row: rows that did not change are the same objects. */
const RosterRow = memo(function RosterRow({ person, mode, isMe, isHost }: RosterRowProps) {
  return (
    <PersonRow person={person} mode={mode} isMe={isMe}>
      {isHost ? <PersonMenu person={person} isMe={isMe} /> : null}
    </PersonRow>
  );
});
