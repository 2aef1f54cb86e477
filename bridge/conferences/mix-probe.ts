/**
 * Whether a room's mix still moves. FreeSWITCH's conference thread can lock up while its commands are still answered (its
 * issues 1661 and 2676): so a moment of silence is played into the mix, beside everything else, and its end must be told.
 * Nobody hears it. What it shows is that the thread that mixes runs, not that each member's own thread does.
 */
import type { Logger } from '../../config/index.ts';
import { commands, type ConferenceEvent, type MediaPool } from '../media/index.ts';
import type { Clock } from '../support/clock.ts';
import { mediaRoomName } from './effects.ts';
import type { RoomIdentity } from './room/index.ts';

const SILENCE = 'silence_stream://20';
/** Twenty milliseconds of silence, and a machine that has a lot to do. */
const ANSWER_MS = 3_000;
/** Once may be bad luck. */
const MISSES_UNTIL_STALLED = 2;

export interface MixProbeDeps {
  readonly pool: Pick<MediaPool, 'server'>;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly onStalled: (room: RoomIdentity) => void;
}

export class MixProbe {
  readonly #deps: MixProbeDeps;
  readonly #misses = new Map<string, number>();

  constructor(deps: MixProbeDeps) {
    this.#deps = deps;
  }

  /** @returns whether it moves; true also when the room has gone meanwhile. @throws PartylineError media/unavailable */
  async look(room: RoomIdentity, mediaServer: string): Promise<boolean> {
    const server = this.#deps.pool.server(mediaServer);
    if (server?.ready !== true) return true;
    const name = mediaRoomName(room.conferenceId);
    const done = new AbortController();
    const unlisten = server.events.on('conference', (event) => {
      if (isAnswer(event, name)) done.abort();
    });
    try {
      const answer = await server.send(commands.playBeside(name, SILENCE));
      if (!answer.startsWith('+OK')) return this.#moves(name);
      await this.#deps.clock.sleep(ANSWER_MS, done.signal);
      return done.signal.aborted ? this.#moves(name) : this.#missed(room, name);
    } finally {
      unlisten();
    }
  }

  #moves(name: string): boolean {
    this.#misses.delete(name);
    return true;
  }

  #missed(room: RoomIdentity, name: string): boolean {
    const misses = (this.#misses.get(name) ?? 0) + 1;
    this.#misses.set(name, misses);
    if (misses !== MISSES_UNTIL_STALLED) return misses < MISSES_UNTIL_STALLED;
    this.#deps.logger.error({ conferenceId: room.conferenceId }, 'the mix of a room stands still');
    this.#deps.onStalled(room);
    return false;
  }
}

function isAnswer(event: ConferenceEvent, room: string): boolean {
  return (
    (event.type === 'play-file-done' && event.room === room && event.file === SILENCE) ||
    (event.type === 'conference-destroy' && event.room === room)
  );
}
