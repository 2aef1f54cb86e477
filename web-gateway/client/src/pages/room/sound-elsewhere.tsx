/** The person's sound is on another line: that is said, and nothing is taken from it until they say so. */
import { Button } from '@mantine/core';
import { Notice } from '../../components/notice.tsx';
import { elsewhereWords } from '../../room/words.ts';
import { ownRow, type ConferenceSession } from '../../session/conference-session.ts';
import { useObservable } from '../../session/observable.ts';
import classes from './room.module.css';

export function SoundElsewhere({ session }: { session: ConferenceSession }) {
  const { view, participantId } = useObservable(session.room);
  const { title, help } = elsewhereWords(ownRow(view, participantId)?.audio ?? null);
  return (
    <Notice kind="warm" title={title} role="alert">
      <p>{help}</p>
      <Button className={classes.noticeButton ?? ''} onClick={() => session.phone?.start()}>
        Take the sound back
      </Button>
    </Notice>
  );
}
