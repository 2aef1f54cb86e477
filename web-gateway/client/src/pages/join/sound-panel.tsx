/** Choosing how one's sound comes, with a microphone that shows that it works before anybody is met. */
import { Button, NativeSelect, Radio } from '@mantine/core';
import { IconPlayerPlayFilled } from '../../components/icons.ts';
import { useState, type ReactNode, type RefObject } from 'react';
import { useDevices } from '../../media/devices.ts';
import { useLevel } from '../../media/level.ts';
import type { MicrophoneTrouble } from '../../media/microphone.ts';
import { Player } from '../../media/player.ts';
import { readPreferences, savePreferences } from '../../media/preferences.ts';
import type { Sound } from '../../session/enter.ts';
import { EchoTest } from './echo-test.tsx';
import classes from './join.module.css';
import { MicrophoneNotice } from './microphone-trouble.tsx';

export interface MicrophoneCheck {
  readonly track: MediaStreamTrack | null;
  readonly trouble: MicrophoneTrouble | null;
  open(deviceId?: string): Promise<void>;
}

interface SoundPanelProps {
  readonly sound: Sound;
  readonly onSound: (sound: Sound) => void;
  readonly check: MicrophoneCheck;
  /** How to come by telephone, for whoever has no microphone here. */
  readonly ways: ReactNode;
}

export function SoundPanel({ sound, onSound, check, ways }: SoundPanelProps) {
  return (
    <section className={classes.sound} aria-labelledby="sound-title">
      <h2 id="sound-title">Your sound</h2>
      <Radio.Group value={sound} onChange={(value) => onSound(value)} aria-label="How you hear and speak">
        <div className={classes.choices}>
          <Radio value="browser" label="This computer" description="Its microphone and speakers, or a headset" />
          <Radio value="listen" label="Listen only" description="Without a microphone" />
          <Radio value="phone" label="My telephone" description="Dial in; this page shows who is there" />
        </div>
      </Radio.Group>
      {sound === 'browser' ? <MicrophonePart check={check} ways={ways} /> : null}
      {sound === 'phone' ? null : <SpeakerPart allowed={check.track} />}
    </section>
  );
}

function MicrophonePart({ check, ways }: { check: MicrophoneCheck; ways: ReactNode }) {
  const { microphones } = useDevices(check.track);
  const [heard, setHeard] = useState(false);
  const meter = useLevel(check.track, () => setHeard(true));
  if (check.trouble !== null) {
    return (
      <div className={classes.stack}>
        <MicrophoneNotice trouble={check.trouble}>{ways}</MicrophoneNotice>
        {check.trouble === 'insecure' ? null : (
          <Button variant="default" onClick={() => void check.open()}>
            Try again
          </Button>
        )}
      </div>
    );
  }
  if (check.track === null) {
    return (
      <Button variant="default" fullWidth onClick={() => void check.open(readPreferences().microphoneId)}>
        Check the microphone
      </Button>
    );
  }
  return (
    <div className={classes.stack}>
      <NativeSelect
        label="Microphone"
        data={microphones.map(({ id, label }) => ({ value: id, label }))}
        value={check.track.getSettings().deviceId ?? ''}
        onChange={({ currentTarget: { value } }) => {
          savePreferences({ microphoneId: value });
          setHeard(false);
          void check.open(value);
        }}
      />
      <Meter meter={meter} heard={heard} />
      <EchoTest track={check.track} />
    </div>
  );
}

function Meter({ meter, heard }: { meter: RefObject<HTMLDivElement | null>; heard: boolean }) {
  return (
    <div>
      <div className={classes.meter} ref={meter} aria-hidden="true">
        <div />
      </div>
      <p className={classes.meterWords} role="status">
        {heard ? 'The microphone works.' : 'Say something: the bar should move.'}
      </p>
    </div>
  );
}

function SpeakerPart({ allowed }: { allowed: unknown }) {
  const { speakers } = useDevices(allowed);
  const [chosen, setChosen] = useState(readPreferences().speakerId ?? '');
  const test = () => void new Player(chosen === '' ? undefined : chosen).testSound();
  return (
    <div className={classes.speaker}>
      {speakers.length === 0 ? null : (
        <NativeSelect
          label="Speaker"
          data={speakers.map(({ id, label }) => ({ value: id, label }))}
          value={chosen}
          onChange={({ currentTarget: { value } }) => {
            savePreferences({ speakerId: value });
            setChosen(value);
          }}
        />
      )}
      <Button variant="default" leftSection={<IconPlayerPlayFilled size={16} aria-hidden />} onClick={test}>
        Play a test sound
      </Button>
    </div>
  );
}
