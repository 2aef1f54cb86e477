/** Somebody in a conference: their sound, the room they see, and what they can do. Lives as long as they are in. */
import type {
  JoinResponse,
  ParticipantView,
  RoomCommandInput,
  RoomView,
  SessionEndReason,
  TicketResponse,
} from '../../../../config/contract/index.ts';
import { api, ApiProblem } from '../api/http.ts';
import { openMicrophone } from '../media/microphone.ts';
import type { Player } from '../media/player.ts';
import { savePreferences } from '../media/preferences.ts';
import { Softphone, TicketRefused } from '../softphone/softphone.ts';
import { forgetSession, keepSoundElsewhere } from './kept-session.ts';
import { RoomConnection } from './room-connection.ts';
import { browserClock, sipSocketUrl } from './surroundings.ts';

export interface SessionOptions {
  readonly joined: JoinResponse;
  /** The access code that was typed, for a telephone to key. */
  readonly code: string | undefined;
  /** What is sent: the microphone, or silence. Null for those whose sound comes by telephone. */
  readonly microphone: MediaStreamTrack | null;
  readonly player: Player;
  /** Whether their sound was on another line when the page was loaded anew. */
  readonly soundElsewhere?: boolean;
  /** How to start a call; loaded apart, because the join page does not need it. */
  readonly startCall: typeof import('../softphone/sip-call.ts').startSipCall;
}

/** What came with the answer to `join` is good for the first call only. */
const NOT_WORTH_RETRYING = new Set([400, 401, 403, 404, 410]);

export class ConferenceSession {
  readonly joined: JoinResponse;
  readonly code: string | undefined;
  readonly player: Player;
  readonly room: RoomConnection;
  /** Null for those whose sound comes by telephone. */
  readonly phone: Softphone | null;
  #microphone: MediaStreamTrack | null;
  #firstTicket: TicketResponse | null;
  readonly #stops: (() => void)[] = [];

  constructor(options: SessionOptions) {
    const { joined, microphone, player } = options;
    this.joined = joined;
    this.code = options.code;
    this.player = player;
    this.#microphone = microphone;
    this.#firstTicket = joined;
    this.room = new RoomConnection(joined);
    this.phone = microphone === null ? null : this.#createPhone(options.startCall);
    this.#watch();
    if (options.soundElsewhere === true) this.phone?.standAside();
    else this.phone?.start();
  }

  get microphone(): MediaStreamTrack | null {
    return this.#microphone;
  }

  /** @throws CommandRefused */
  async command(command: RoomCommandInput): Promise<void> {
    // Nothing that is said after the click leaves this machine, whatever becomes of the command.
    if (command.type === 'mute-self') this.phone?.setMicrophoneOn(false);
    await this.room.command(command);
  }

  /** @throws MicrophoneUnavailable */
  async chooseMicrophone(deviceId: string): Promise<void> {
    const track = await openMicrophone(deviceId);
    this.#microphone?.stop();
    this.#microphone = track;
    this.#fallBackWhenItGoes(track);
    savePreferences({ microphoneId: deviceId });
    await this.phone?.changeMicrophone(track);
  }

  async chooseSpeaker(deviceId: string): Promise<void> {
    savePreferences({ speakerId: deviceId });
    await this.player.choose(deviceId);
  }

  leave(): void {
    // The command frees the seat at once; hanging up alone would keep the row for a while.
    void this.room
      .command({ type: 'leave' })
      .catch(() => undefined)
      .finally(() => this.close('left'));
  }

  close(reason: SessionEndReason): void {
    forgetSession();
    for (const stop of this.#stops.splice(0)) stop();
    this.phone?.hangUp(reason === 'left' ? 'left' : 'over');
    this.room.close(reason);
    this.player.stop();
    this.#microphone?.stop();
  }

  #createPhone(startCall: SessionOptions['startCall']): Softphone {
    return new Softphone({
      clock: browserClock,
      fetchTicket: (signal) => this.#fetchTicket(signal),
      dial: (ticket, listener) =>
        startCall({
          ticket,
          socketUrl: sipSocketUrl(),
          microphone: this.#microphone!,
          play: (stream) => this.player.play(stream),
          listener,
        }),
    });
  }

  async #fetchTicket(signal: AbortSignal): Promise<TicketResponse> {
    const first = this.#firstTicket;
    this.#firstTicket = null;
    if (first !== null && first.ticketExpiresAt > Date.now()) return first;
    try {
      return await api<TicketResponse>('POST', '/join/ticket', { token: this.joined.token, signal });
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      const { status, code } = error;
      throw new TicketRefused({ code, ...(status === 0 ? {} : { status }), final: NOT_WORTH_RETRYING.has(status) });
    }
  }

  #watch(): void {
    const follow = () => this.#followRoom();
    this.#stops.push(this.room.subscribe(follow));
    if (this.phone !== null) this.#stops.push(this.phone.subscribe(() => this.#followPhone()));
    const wake = () => {
      this.phone?.networkChanged();
      this.room.hurry();
    };
    window.addEventListener('online', wake);
    this.#stops.push(() => window.removeEventListener('online', wake));
    if (this.#microphone !== null) this.#fallBackWhenItGoes(this.#microphone);
  }

  /** A row that was muted by a key on the phone, or on another page, is muted here as well. */
  #followRoom(): void {
    const { view, participantId, end } = this.room.state;
    if (end !== null) {
      this.close(end);
      return;
    }
    const me = ownRow(view, participantId);
    if (me !== undefined) this.phone?.setMicrophoneOn(!me.mutedBy.includes('self'));
    this.#leaveSoundOnTelephone();
  }

  #followPhone(): void {
    const { name } = this.phone!.state;
    if (name === 'elsewhere' || name === 'in-call') keepSoundElsewhere(name === 'elsewhere');
    this.#leaveSoundOnTelephone();
  }

  /** They dialled in while this page was out of reach, or the BYE did not say so: calling again would end that call. */
  #leaveSoundOnTelephone(): void {
    const { view, participantId } = this.room.state;
    const isOnTelephone = ownRow(view, participantId)?.audio === 'phone';
    if (isOnTelephone && this.phone?.state.name === 'reconnecting') this.phone.standAside();
  }

  /** A headset that was pulled out: the call goes on with whatever else there is. */
  #fallBackWhenItGoes(track: MediaStreamTrack): void {
    track.addEventListener('ended', () => {
      if (this.#microphone !== track) return;
      openMicrophone().then(
        async (other) => {
          this.#microphone = other;
          this.#fallBackWhenItGoes(other);
          await this.phone?.changeMicrophone(other);
        },
        () => undefined,
      );
    });
  }
}

export const ownRow = (view: RoomView | null, participantId: string): ParticipantView | undefined =>
  view?.participants.find(({ id }) => id === participantId);
