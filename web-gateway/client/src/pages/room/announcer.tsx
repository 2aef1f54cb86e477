/** Tells screen readers what changes in the room. */
import { VisuallyHidden } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import type { RoomView } from '../../../../../config/contract/index.ts';
import { announcements } from '../../room/announcements.ts';
import type { ConferenceSession } from '../../session/conference-session.ts';
import { useObservable } from '../../session/observable.ts';

/** Changes that come together are told together. */
const GATHER_MS = 400;

export function Announcer({ session }: { session: ConferenceSession }) {
  const { view, participantId } = useObservable(session.room);
  const told = useRef<RoomView | null>(null);
  const [text, setText] = useState('');
  useEffect(() => {
    if (view === null) return undefined;
    if (told.current === null) {
      told.current = view;
      return undefined;
    }
    const timer = setTimeout(() => {
      const before = told.current;
      told.current = view;
      const sentences = before === null ? [] : announcements(before, view, participantId);
      if (sentences.length > 0) setText(sentences.join(' '));
    }, GATHER_MS);
    return () => clearTimeout(timer);
  }, [view, participantId]);
  return (
    <VisuallyHidden>
      <div role="log" aria-live="polite" aria-relevant="additions text" aria-label="What happens in the room">
        {text}
      </div>
    </VisuallyHidden>
  );
}
