import { Button } from '@mantine/core';
import { useEffect, useRef } from 'react';
import type { SessionEndReason } from '../../../../../config/contract/index.ts';
import { Brand } from '../../components/brand.tsx';
import classes from './room.module.css';

const WORDS: Readonly<Record<SessionEndReason, { title: string; text: string }>> = {
  left: { title: 'You have left', text: 'Join again whenever you like.' },
  removed: { title: 'A host has removed you', text: 'If that was a mistake, ask them for another invitation.' },
  ended: { title: 'The conference is over', text: 'Thank you for coming.' },
  expired: { title: 'You are not in the conference any more', text: 'You can join again with the access code.' },
  'not-admitted': { title: 'Nobody could let you in', text: 'Try again later, or ask the host.' },
};

export function EndPage({ reason, title, onLeave }: { reason: SessionEndReason; title: string; onLeave: () => void }) {
  const heading = useRef<HTMLHeadingElement>(null);
  // What was focused is gone; a screen reader begins here.
  useEffect(() => heading.current?.focus(), []);
  return (
    <main className={classes.end}>
      <Brand linked={false} />
      <h1 ref={heading} tabIndex={-1}>
        {WORDS[reason].title}
      </h1>
      <p className="soft">
        <bdi>{title}</bdi>. {WORDS[reason].text}
      </p>
      <Button size="lg" onClick={onLeave}>
        Back to the start
      </Button>
    </main>
  );
}
