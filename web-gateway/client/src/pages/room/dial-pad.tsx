/** The keys of a telephone: the same codes work here. The computer's own keys work as well. */
import { Modal, UnstyledButton } from '@mantine/core';
import { useState } from 'react';
import type { ConferenceSession } from '../../session/conference-session.ts';
import classes from './room.module.css';

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'] as const;
const LETTERS: Readonly<Record<string, string>> = {
  '2': 'ABC',
  '3': 'DEF',
  '4': 'GHI',
  '5': 'JKL',
  '6': 'MNO',
  '7': 'PQRS',
  '8': 'TUV',
  '9': 'WXYZ',
};
const NAMES: Readonly<Record<string, string>> = { '*': 'star', '#': 'pound' };
const MOST_SHOWN = 16;

export function DialPad(props: { opened: boolean; onClose: () => void; session: ConferenceSession }) {
  const { opened, onClose, session } = props;
  const [pressed, setPressed] = useState('');
  const press = (key: string) => {
    const sent = session.phone?.sendDigit(key) ?? false;
    setPressed((before) => (sent ? before + key : before).slice(-MOST_SHOWN));
  };
  return (
    <Modal opened={opened} onClose={onClose} title="Keypad" size="xs">
      <div
        onKeyDown={({ key }) => {
          if ((KEYS as readonly string[]).includes(key)) press(key);
        }}
      >
        <output className={classes.pressed} aria-label="Keys pressed">
          {pressed || ' '}
        </output>
        <div className={classes.keys}>
          {KEYS.map((key, index) => (
            <UnstyledButton
              key={key}
              className={classes.key}
              aria-label={NAMES[key] ?? key}
              onClick={() => press(key)}
              {...(index === 0 ? { 'data-autofocus': true } : {})}
            >
              <b>{key}</b>
              <small aria-hidden="true" data-letters={LETTERS[key] ?? ' '} />
            </UnstyledButton>
          ))}
        </div>
        <p className="soft">*6 mutes and unmutes, *9 raises the hand, *1 tells all keys.</p>
      </div>
    </Modal>
  );
}
