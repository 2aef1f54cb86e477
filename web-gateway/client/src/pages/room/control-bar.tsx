/** One's own controls, always at the bottom of the page. */
import { Menu, UnstyledButton } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import {
  IconDialpad,
  IconDots,
  IconHandStop,
  IconHeadphones,
  IconHelpCircle,
  IconMicrophone,
  IconMicrophoneOff,
  IconPhoneOff,
  IconSettings,
  IconVolume,
  IconVolume2,
} from '../../components/icons.ts';
import { useState, type ReactNode } from 'react';
import type { ParticipantView, RoomView } from '../../../../../config/contract/index.ts';
import { ownMuteWords } from '../../room/words.ts';
import type { ConferenceSession } from '../../session/conference-session.ts';
import { useCommands } from './commands.tsx';
import { DialPad } from './dial-pad.tsx';
import { MutedSpeech } from './muted-speech.tsx';
import { Refused } from './refused.tsx';
import classes from './room.module.css';
import { SoundSettings } from './sound-settings.tsx';

interface ControlBarProps {
  readonly session: ConferenceSession;
  readonly view: RoomView;
  /** Undefined for the moment before the room knows us. */
  readonly me: ParticipantView | undefined;
  /** Opens the host's controls, where they do not stand beside the roster. */
  readonly onManage: (() => void) | undefined;
}

export function ControlBar({ session, view, me, onManage }: ControlBarProps) {
  const { run } = useCommands();
  const [open, setOpen] = useState<'keys' | 'sound' | null>(null);
  const [leaving, setLeaving] = useState(false);
  const admitted = me !== undefined && me.state !== 'waiting';
  const selfMuted = me?.mutedBy.includes('self') ?? false;
  const silenced = me?.muted ?? true;
  const handUp = (me?.handPosition ?? null) !== null;
  const toggleMute = () =>
    void run({ type: selfMuted || (silenced && me?.canUnmute === true) ? 'unmute-self' : 'mute-self' });
  const toggleHand = () => void run({ type: handUp ? 'lower-hand' : 'raise-hand' });
  useHotkeys(
    admitted
      ? [
          ['alt+M', toggleMute],
          ['alt+H', toggleHand],
        ]
      : [],
  );
  const leave = () => {
    setLeaving(true);
    session.leave();
  };
  return (
    <section className={classes.bar} id="controls" tabIndex={-1} aria-label="Your controls">
      <Refused />
      {admitted ? <OwnState session={session} view={view} me={me} /> : null}
      <div className={classes.buttons}>
        {admitted && me.audio !== null ? (
          <BarButton
            label={silenced ? 'Unmute' : 'Mute'}
            description={ownMuteWords(me, view.mode)}
            shortcut="Alt+M"
            kind={silenced ? 'off' : 'on'}
            icon={silenced ? <IconMicrophoneOff /> : <IconMicrophone />}
            onClick={toggleMute}
          />
        ) : null}
        {admitted ? (
          <BarButton
            label="Hand"
            name={handUp ? 'Lower hand' : 'Raise hand'}
            shortcut="Alt+H"
            kind={handUp ? 'warm' : undefined}
            icon={<IconHandStop />}
            onClick={toggleHand}
          />
        ) : null}
        {session.phone === null ? null : (
          <>
            <BarButton label="Keypad" icon={<IconDialpad />} onClick={() => setOpen('keys')} />
            <BarButton label="Sound" icon={<IconHeadphones />} onClick={() => setOpen('sound')} />
          </>
        )}
        {onManage === undefined ? null : <BarButton label="Manage" icon={<IconSettings />} onClick={onManage} />}
        <MoreMenu admitted={admitted} />
        <BarButton label="Leave" kind="leave" icon={<IconPhoneOff />} disabled={leaving} onClick={leave} />
      </div>
      <DialPad opened={open === 'keys'} onClose={() => setOpen(null)} session={session} />
      <SoundSettings opened={open === 'sound'} onClose={() => setOpen(null)} session={session} me={me} />
    </section>
  );
}

function OwnState({ session, view, me }: { session: ConferenceSession; view: RoomView; me: ParticipantView }) {
  return (
    <p className={classes.own} data-muted={me.muted}>
      {me.audio !== null && me.muted ? <IconMicrophoneOff size={18} aria-hidden /> : null}
      <span>
        {me.audio === null ? 'You have no sound here yet.' : ownMuteWords(me, view.mode)}
        <MutedSpeech session={session} muted={me.muted} />
      </span>
    </p>
  );
}

function MoreMenu({ admitted }: { admitted: boolean }) {
  const { run } = useCommands();
  return (
    <Menu position="top-end">
      <Menu.Target>
        <UnstyledButton className={classes.barButton}>
          <IconDots aria-hidden />
          <span>More</span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        {admitted ? (
          <>
            <Menu.Item
              closeMenuOnClick={false}
              leftSection={<IconVolume size={18} aria-hidden />}
              onClick={() => void run({ type: 'change-volume', direction: 'louder' })}
            >
              Louder
            </Menu.Item>
            <Menu.Item
              closeMenuOnClick={false}
              leftSection={<IconVolume2 size={18} aria-hidden />}
              onClick={() => void run({ type: 'change-volume', direction: 'quieter' })}
            >
              Quieter
            </Menu.Item>
            <Menu.Item onClick={() => void run({ type: 'speak-roll' })}>Hear who is here</Menu.Item>
          </>
        ) : null}
        <Menu.Item onClick={() => void run({ type: 'speak-help' })}>Hear the keys</Menu.Item>
        <Menu.Item
          leftSection={<IconHelpCircle size={18} aria-hidden />}
          onClick={() => void run({ type: 'ask-for-help' })}
        >
          Ask the host for help
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

interface BarButtonProps {
  readonly label: string;
  readonly icon: ReactNode;
  readonly onClick: () => void;
  readonly description?: string;
  readonly shortcut?: string;
  readonly kind?: 'on' | 'off' | 'warm' | 'leave' | undefined;
  /** What it does, where the label is too short to say so. Holds the label. */
  readonly name?: string;
  readonly disabled?: boolean;
}

function BarButton({
  label,
  name = label,
  icon,
  onClick,
  description = name,
  shortcut,
  kind,
  disabled,
}: BarButtonProps) {
  return (
    <UnstyledButton
      className={classes.barButton}
      data-kind={kind}
      onClick={onClick}
      title={shortcut === undefined ? description : `${description} (${shortcut})`}
      aria-label={name}
      aria-keyshortcuts={shortcut}
      disabled={disabled}
    >
      <span aria-hidden="true">{icon}</span>
      <span>{label}</span>
    </UnstyledButton>
  );
}
