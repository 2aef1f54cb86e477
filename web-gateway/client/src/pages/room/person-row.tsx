import { Badge, VisuallyHidden } from '@mantine/core';
import {
  IconHandStop,
  IconHelpCircle,
  IconMicrophone,
  IconMicrophoneOff,
  IconPhone,
  IconWorld,
} from '../../components/icons.ts';
import type { ReactNode } from 'react';
import type { ParticipantView, PolicyMode } from '../../../../../config/contract/index.ts';
import { audioWords, hueOf, initialsOf, mutedWords } from '../../room/words.ts';
import classes from './room.module.css';

const HUES = 6;

export function PersonRow(props: { person: ParticipantView; mode: PolicyMode; isMe: boolean; children?: ReactNode }) {
  const { person, mode, isMe, children } = props;
  const muted = mutedWords(person, mode);
  const talking = person.talking && muted === null;
  return (
    <li className={classes.row} data-id={person.id} data-talking={talking} data-state={person.state}>
      <Face person={person} />
      <div className={classes.who}>
        <p className={classes.name}>
          <bdi>{person.name}</bdi>
          {isMe ? <span className="soft"> (you)</span> : null}
          {person.role === 'host' ? (
            <Badge size="sm" variant="light" className={classes.role}>
              Host
            </Badge>
          ) : null}
        </p>
        <p className={classes.below}>
          <span>{audioWords(person)}</span>
          {muted === null ? null : <span className={classes.why}>{muted}</span>}
        </p>
      </div>
      <div className={classes.marks}>
        {person.asksForHelp ? <Mark icon={<IconHelpCircle size={20} />} text="Asks for help" kind="warm" /> : null}
        {person.handPosition === null ? null : (
          <Mark icon={<IconHandStop size={20} />} text={`Hand up, number ${person.handPosition}`} kind="warm">
            {person.handPosition}
          </Mark>
        )}
        {person.state === 'away' || person.audio === null ? null : <Voice muted={muted !== null} talking={talking} />}
        {children}
      </div>
    </li>
  );
}

function Face({ person }: { person: ParticipantView }) {
  const initials = initialsOf(person.name);
  const Icon = person.audio === 'phone' ? IconPhone : IconWorld;
  return (
    <span className={classes.face} data-hue={hueOf(person.id, HUES)} aria-hidden="true">
      {initials === '' ? <Icon size={20} /> : initials}
    </span>
  );
}

function Voice({ muted, talking }: { muted: boolean; talking: boolean }) {
  if (muted) return <Mark icon={<IconMicrophoneOff size={20} />} text="Muted" kind="bad" />;
  if (!talking) return <Mark icon={<IconMicrophone size={20} />} text="Can be heard" kind="quiet" />;
  return (
    <span className={classes.talking}>
      <i />
      <i />
      <i />
      <VisuallyHidden>Speaking</VisuallyHidden>
    </span>
  );
}

function Mark(props: { icon: ReactNode; text: string; kind: 'warm' | 'quiet' | 'bad'; children?: ReactNode }) {
  return (
    <span className={classes.mark} data-kind={props.kind} title={props.text}>
      <span aria-hidden="true">
        {props.icon}
        {props.children}
      </span>
      <VisuallyHidden>{props.text}</VisuallyHidden>
    </span>
  );
}
