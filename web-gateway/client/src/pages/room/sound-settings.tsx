/** Another microphone, another speaker, louder, quieter: in the middle of the call. */
import { Button, Modal, NativeSelect } from '@mantine/core';
import { useState } from 'react';
import type { ParticipantView } from '../../../../../config/contract/index.ts';
import { useDevices } from '../../media/devices.ts';
import { useLevel } from '../../media/level.ts';
import { MicrophoneUnavailable, type MicrophoneTrouble } from '../../media/microphone.ts';
import { readPreferences } from '../../media/preferences.ts';
import type { ConferenceSession } from '../../session/conference-session.ts';
import joinClasses from '../join/join.module.css';
import { MicrophoneNotice } from '../join/microphone-trouble.tsx';
import { useCommands } from './commands.tsx';
import classes from './room.module.css';

interface SoundSettingsProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly session: ConferenceSession;
  readonly me: ParticipantView | undefined;
}

export function SoundSettings({ opened, onClose, session, me }: SoundSettingsProps) {
  return (
    <Modal opened={opened} onClose={onClose} title="Sound">
      <Settings session={session} me={me} />
    </Modal>
  );
}

function Settings({ session, me }: { session: ConferenceSession; me: ParticipantView | undefined }) {
  const { run } = useCommands();
  const [microphone, setMicrophone] = useState(session.microphone);
  const [trouble, setTrouble] = useState<MicrophoneTrouble | null>(null);
  const [speaker, setSpeaker] = useState(readPreferences().speakerId ?? '');
  const { microphones, speakers } = useDevices(microphone);
  const meter = useLevel(microphone);
  const choose = async (id: string) => {
    try {
      await session.chooseMicrophone(id);
      setTrouble(null);
    } catch (error) {
      setTrouble(error instanceof MicrophoneUnavailable ? error.trouble : 'unknown');
    }
    setMicrophone(session.microphone);
  };
  const options = (devices: typeof microphones) => devices.map(({ id, label }) => ({ value: id, label }));
  return (
    <div className={classes.dialog}>
      <div className={joinClasses.stack}>
        <NativeSelect
          label="Microphone"
          data={options(microphones)}
          value={microphone?.getSettings().deviceId ?? ''}
          onChange={({ currentTarget }) => void choose(currentTarget.value)}
        />
        <div className={joinClasses.meter} ref={meter} aria-hidden="true">
          <div />
        </div>
        {trouble === null ? null : <MicrophoneNotice trouble={trouble} />}
      </div>
      {speakers.length === 0 ? null : (
        <NativeSelect
          label="Speaker"
          data={options(speakers)}
          value={speaker}
          onChange={({ currentTarget: { value } }) => {
            setSpeaker(value);
            void session.chooseSpeaker(value);
          }}
        />
      )}
      <div>
        <p className={classes.volumeLabel} id="volume-label">
          Volume of the conference
        </p>
        <div className={classes.volume} role="group" aria-labelledby="volume-label">
          <Button variant="default" onClick={() => void run({ type: 'change-volume', direction: 'quieter' })}>
            Quieter
          </Button>
          <output className="digits" aria-live="polite">
            {volumeWords(me?.volume ?? 0)}
          </output>
          <Button variant="default" onClick={() => void run({ type: 'change-volume', direction: 'louder' })}>
            Louder
          </Button>
        </div>
      </div>
    </div>
  );
}

const volumeWords = (volume: number): string => (volume === 0 ? 'Normal' : volume > 0 ? `+${volume}` : `−${-volume}`);
