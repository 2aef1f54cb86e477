import { IconHourglass } from '../../components/icons.ts';
import type { ParticipantView, RoomView } from '../../../../../config/contract/index.ts';
import classes from './room.module.css';

/** Before one is let in: kind words, and music from the loudspeaker. */
export function WaitingPage({ view, me }: { view: RoomView; me: ParticipantView }) {
  const { waitingPosition } = me;
  return (
    <section className={`card ${classes.waiting ?? ''}`} aria-labelledby="waiting-me">
      <span className={classes.pulse} aria-hidden="true">
        <IconHourglass size={30} />
      </span>
      <h2 id="waiting-me">
        {view.waitingForHost ? 'The conference begins when the host arrives' : 'The host will let you in'}
      </h2>
      <p className="soft">
        {me.audio === null
          ? 'Please stay on this page.'
          : 'Please stay. You hear music until then, and nobody hears you.'}
      </p>
      {waitingPosition === null || view.waitingForHost ? null : (
        <p>{waitingPosition === 1 ? 'You are next.' : `You are number ${waitingPosition} in line.`}</p>
      )}
    </section>
  );
}
