/** Whoever speaks into a muted microphone is told. */
import { useEffect, useState } from 'react';
import { isVoice, watchLevel } from '../../media/level.ts';
import type { ConferenceSession } from '../../session/conference-session.ts';
import classes from './room.module.css';

const SHOWN_MS = 4_000;
/** Shorter than this is a cough. */
const SPEECH_MS = 400;

export function MutedSpeech({ session, muted }: { session: ConferenceSession; muted: boolean }) {
  const track = session.microphone;
  return (
    <strong className={classes.mutedSpeech} role="status">
      {muted && track !== null ? <Listening track={track} /> : null}
    </strong>
  );
}

function Listening({ track }: { track: MediaStreamTrack }) {
  const [speaking, setSpeaking] = useState(false);
  useEffect(() => {
    let since: number | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = watchLevel(track, (level) => {
      if (!isVoice(level)) {
        since = null;
        return;
      }
      since ??= performance.now();
      if (performance.now() - since < SPEECH_MS) return;
      setSpeaking(true);
      clearTimeout(timer);
      timer = setTimeout(() => setSpeaking(false), SHOWN_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [track]);
  return speaking ? ' Nobody hears what you say.' : null;
}
