import { useCallback, useEffect, useRef, useState } from 'react';
import { MicrophoneUnavailable, openMicrophone, type MicrophoneTrouble } from '../../media/microphone.ts';
import type { MicrophoneCheck } from './sound-panel.tsx';

/** A microphone that is open while the page stands, unless a session took it. */
export function useMicrophoneCheck(): MicrophoneCheck & { release(): MediaStreamTrack | null } {
  const [track, setTrack] = useState<MediaStreamTrack | null>(null);
  const [trouble, setTrouble] = useState<MicrophoneTrouble | null>(null);
  const owned = useRef<MediaStreamTrack | null>(null);
  const show = useCallback((next: MediaStreamTrack | null) => {
    owned.current?.stop();
    owned.current = next;
    setTrack(next);
  }, []);
  const open = useCallback(
    async (deviceId?: string) => {
      try {
        show(await openMicrophone(deviceId));
        setTrouble(null);
      } catch (error) {
        show(null);
        setTrouble(error instanceof MicrophoneUnavailable ? error.trouble : 'unknown');
      }
    },
    [show],
  );
  useEffect(() => () => owned.current?.stop(), []);
  const release = useCallback(() => {
    const taken = owned.current;
    owned.current = null;
    return taken;
  }, []);
  return { track, trouble, open, release };
}
