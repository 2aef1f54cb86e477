/** What a host can do to one person. */
import { ActionIcon, Button, Menu, Modal, Radio, TextInput } from '@mantine/core';
import {
  IconCrown,
  IconDots,
  IconHandOff,
  IconMicrophone,
  IconMicrophoneOff,
  IconPencil,
  IconPlayerPause,
  IconPlayerPlay,
  IconSpeakerphone,
  IconUserMinus,
  IconUserUp,
} from '../../components/icons.ts';
import { useState, type SubmitEvent } from 'react';
import type { ParticipantView, RemovalReason } from '../../../../../config/contract/index.ts';
import { useCommands } from './commands.tsx';
import classes from './room.module.css';

type Asked = 'rename' | 'remove' | 'hand-over' | null;

export function PersonMenu({ person, isMe }: { person: ParticipantView; isMe: boolean }) {
  const [asked, setAsked] = useState<Asked>(null);
  const close = () => setAsked(null);
  return (
    <>
      <Menu>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`Actions for ${person.name}`}>
            <IconDots size={20} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <SpeakingItems person={person} />
          <Menu.Divider />
          <Menu.Item leftSection={<IconPencil size={18} aria-hidden />} onClick={() => setAsked('rename')}>
            Rename …
          </Menu.Item>
          {isMe ? null : <StandingItems person={person} onAsk={setAsked} />}
        </Menu.Dropdown>
      </Menu>
      <Modal opened={asked === 'rename'} onClose={close} title={`Rename ${person.name}`}>
        <Rename person={person} onDone={close} />
      </Modal>
      <Modal opened={asked === 'remove'} onClose={close} title={`Remove ${person.name}?`}>
        <Remove person={person} onDone={close} />
      </Modal>
      <Modal opened={asked === 'hand-over'} onClose={close} title={`Hand over to ${person.name}?`}>
        <HandOver person={person} onDone={close} />
      </Modal>
    </>
  );
}

function SpeakingItems({ person }: { person: ParticipantView }) {
  const { run } = useCommands();
  const { id: participantId, mutedBy } = person;
  const held = mutedBy.includes('hold');
  return (
    <>
      {mutedBy.includes('host') || mutedBy.includes('self') ? (
        <Menu.Item
          leftSection={<IconMicrophone size={18} aria-hidden />}
          onClick={() => void run({ type: 'unmute', participantId })}
        >
          Unmute
        </Menu.Item>
      ) : (
        <Menu.Item
          leftSection={<IconMicrophoneOff size={18} aria-hidden />}
          onClick={() => void run({ type: 'mute', participantId })}
        >
          Mute
        </Menu.Item>
      )}
      {mutedBy.includes('mode') ? (
        <Menu.Item
          leftSection={<IconSpeakerphone size={18} aria-hidden />}
          onClick={() => void run({ type: 'call-on', participantId })}
        >
          Let speak
        </Menu.Item>
      ) : null}
      {person.handPosition === null ? null : (
        <Menu.Item
          leftSection={<IconHandOff size={18} aria-hidden />}
          onClick={() => void run({ type: 'lower-hand-of', participantId })}
        >
          Lower the hand
        </Menu.Item>
      )}
      {held ? (
        <Menu.Item
          leftSection={<IconPlayerPlay size={18} aria-hidden />}
          onClick={() => void run({ type: 'resume', participantId })}
        >
          Back from hold
        </Menu.Item>
      ) : (
        <Menu.Item
          leftSection={<IconPlayerPause size={18} aria-hidden />}
          onClick={() => void run({ type: 'hold', participantId })}
        >
          Put on hold
        </Menu.Item>
      )}
    </>
  );
}

function StandingItems({ person, onAsk }: { person: ParticipantView; onAsk: (asked: Asked) => void }) {
  const { run } = useCommands();
  return (
    <>
      {person.role === 'host' ? null : (
        <Menu.Item
          leftSection={<IconUserUp size={18} aria-hidden />}
          onClick={() => void run({ type: 'make-host', participantId: person.id })}
        >
          Make a host
        </Menu.Item>
      )}
      <Menu.Item leftSection={<IconCrown size={18} aria-hidden />} onClick={() => onAsk('hand-over')}>
        Hand over to them …
      </Menu.Item>
      <Menu.Divider />
      <Menu.Item
        className={classes.danger ?? ''}
        leftSection={<IconUserMinus size={18} aria-hidden />}
        onClick={() => onAsk('remove')}
      >
        Remove …
      </Menu.Item>
    </>
  );
}

function Rename({ person, onDone }: { person: ParticipantView; onDone: () => void }) {
  const { run } = useCommands();
  const [name, setName] = useState(person.name);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (name.trim() === '') return;
    void run({ type: 'rename', participantId: person.id, name: name.trim() });
    onDone();
  };
  return (
    <form onSubmit={submit} className={classes.dialog}>
      <TextInput
        label="Name"
        data-autofocus
        maxLength={100}
        value={name}
        onChange={({ currentTarget }) => setName(currentTarget.value)}
      />
      <Button type="submit">Rename</Button>
    </form>
  );
}

const REASONS: Readonly<Record<RemovalReason, string>> = {
  unspecified: 'No reason',
  noise: 'Noise on the line',
  'not-invited': 'Not invited',
  conduct: 'Conduct',
};

function Remove({ person, onDone }: { person: ParticipantView; onDone: () => void }) {
  const { run } = useCommands();
  const [reason, setReason] = useState<RemovalReason>('unspecified');
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void run({ type: 'remove', participantId: person.id, reason });
    onDone();
  };
  return (
    <form onSubmit={submit} className={classes.dialog}>
      <Radio.Group label="The reason is spoken to them" value={reason} onChange={(value) => setReason(value)}>
        <div className={classes.choices}>
          {Object.entries(REASONS).map(([value, words]) => (
            <Radio key={value} value={value} label={words} />
          ))}
        </div>
      </Radio.Group>
      <Button type="submit" color="red">
        Remove
      </Button>
    </form>
  );
}

function HandOver({ person, onDone }: { person: ParticipantView; onDone: () => void }) {
  const { run } = useCommands();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void run({ type: 'hand-over', participantId: person.id });
    onDone();
  };
  return (
    <form onSubmit={submit} className={classes.dialog}>
      <p>
        <bdi>{person.name}</bdi> becomes the host, and you a guest.
      </p>
      <Button type="submit" data-autofocus>
        Hand over
      </Button>
    </form>
  );
}
