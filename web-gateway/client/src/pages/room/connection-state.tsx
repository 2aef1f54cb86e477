/** How one is connected: sound and roster, in one word each. */
import { IconWifi, IconWifiOff } from '../../components/icons.ts';
import type { ConferenceSession } from '../../session/conference-session.ts';
import { useObservable } from '../../session/observable.ts';
import type { PhoneState } from '../../softphone/machine.ts';
import classes from './room.module.css';

export function ConnectionState({ session }: { session: ConferenceSession }) {
  const { link, transport } = useObservable(session.room);
  const phone = useObservable(session.phone ?? NO_PHONE);
  const words = connectionWords(phone, link, transport);
  const Icon = words.good ? IconWifi : IconWifiOff;
  return (
    <span
      className={classes.connection}
      data-good={words.good}
      data-phone={phone.name}
      data-link={link}
      data-transport={transport}
      role="status"
    >
      <Icon size={16} aria-hidden /> {words.text}
    </span>
  );
}

const NO_PHONE = { state: { name: 'idle' } as PhoneState, subscribe: () => () => undefined };

function connectionWords(
  phone: PhoneState,
  link: 'connecting' | 'live' | 'lost',
  transport: 'websocket' | 'polling' | null,
): { good: boolean; text: string } {
  if (phone.name === 'reconnecting') return { good: false, text: 'Sound is coming back …' };
  if (phone.name === 'connecting' || phone.name === 'ringing' || phone.name === 'joining-media') {
    return { good: false, text: 'Connecting your sound …' };
  }
  if (phone.name === 'failed') return { good: false, text: 'No sound' };
  if (link !== 'live') return { good: false, text: 'The list is coming back …' };
  if (phone.name === 'elsewhere') return { good: true, text: 'Sound on another line' };
  return { good: true, text: transport === 'polling' ? 'Connected (slow way)' : 'Connected' };
}
