/** One call over sip.js: a WebSocket, an INVITE with the ticket, ICE and DTLS. The only file that knows sip.js. */
import { Inviter, SessionState, UserAgent, Web } from 'sip.js';
import type { TicketResponse } from '../../../../config/contract/index.ts';
import { REPLACED_TEXT, TICKET_HEADER } from '../../../../config/contract/browser.ts';
import type { Failure } from './machine.ts';
import { watchMedia } from './media-watch.ts';
import type { Call, CallListener } from './softphone.ts';

export interface SipCallOptions {
  readonly ticket: TicketResponse;
  /** `wss://host/sip` */
  readonly socketUrl: string;
  /** A clone of it is sent, so that its owner may go on using it. */
  readonly microphone: MediaStreamTrack;
  /** Plays the stream from now on. */
  readonly play: (stream: MediaStream) => void;
  readonly listener: CallListener;
  readonly iceTransportPolicy?: RTCIceTransportPolicy;
}

/** Candidates that take longer are of no use: without a relay all are there in milliseconds. */
const GATHERING_MS = 3_000;
const SOCKET_SECONDS = 8;
const DIGIT_MS = 160;
const BUSY_STATES: readonly SessionState[] = [SessionState.Initial, SessionState.Establishing];

export function startSipCall(options: SipCallOptions): Call {
  return new SipCall(options);
}

class SipCall implements Call {
  readonly #options: SipCallOptions;
  readonly #userAgent: UserAgent;
  #inviter: Inviter | undefined;
  #track: MediaStreamTrack;
  #stopWatching: (() => void) | undefined;
  #over = false;

  constructor(options: SipCallOptions) {
    this.#options = options;
    this.#track = options.microphone.clone();
    this.#userAgent = this.#createUserAgent();
    void this.#run();
  }

  hear(): void {
    const stream = this.#media?.remoteMediaStream;
    if (stream) this.#options.play(stream);
  }

  /** As a telephone does (RFC 4733); as INFO where the answer has no such payload. */
  sendDigit(digit: string): boolean {
    if (this.#inviter?.state !== SessionState.Established) return false;
    if (this.#media?.sendDtmf(digit, { duration: DIGIT_MS, interToneGap: 70 }) === true) return true;
    const body = {
      contentDisposition: 'render',
      contentType: 'application/dtmf-relay',
      content: `Signal=${digit}\r\nDuration=${DIGIT_MS}`,
    };
    void this.#inviter.info({ requestOptions: { body } }).catch(() => undefined);
    return true;
  }

  async changeMicrophone(track: MediaStreamTrack): Promise<void> {
    const fresh = track.clone();
    fresh.enabled = this.#track.enabled;
    this.#track.stop();
    this.#track = fresh;
    const sender = this.#media?.peerConnection?.getSenders().find((each) => each.track?.kind !== 'video');
    await sender?.replaceTrack(fresh);
  }

  setMicrophoneOn(on: boolean): void {
    this.#track.enabled = on;
  }

  drop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#stopWatching?.();
    this.#track.stop();
    void this.#hangUp();
  }

  get #media(): Web.SessionDescriptionHandler | undefined {
    const handler = this.#inviter?.sessionDescriptionHandler;
    return handler instanceof Web.SessionDescriptionHandler ? handler : undefined;
  }

  #createUserAgent(): UserAgent {
    const { ticket, socketUrl, iceTransportPolicy } = this.#options;
    return new UserAgent({
      uri: UserAgent.makeURI('sip:browser@partyline.invalid'),
      transportOptions: { server: socketUrl, connectionTimeout: SOCKET_SECONDS, traceSip: false },
      logBuiltinEnabled: false,
      sessionDescriptionHandlerFactory: Web.defaultSessionDescriptionHandlerFactory(() =>
        Promise.resolve(new MediaStream([this.#track])),
      ),
      sessionDescriptionHandlerFactoryOptions: {
        iceGatheringTimeout: GATHERING_MS,
        peerConnectionConfiguration: {
          rtcpMuxPolicy: 'require',
          iceServers: ticket.iceServers,
          ...(iceTransportPolicy ? { iceTransportPolicy } : {}),
        },
      },
      delegate: { onDisconnect: (error) => this.#socketLost(error) },
    });
  }

  async #run(): Promise<void> {
    try {
      await this.#userAgent.start();
    } catch {
      this.#broke({ step: 'socket' });
      return;
    }
    if (this.#over) return this.#hangUp();
    this.#options.listener.onSocketOpened();
    try {
      await this.#invite();
    } catch (error) {
      this.#broke({ step: isMediaError(error) ? 'media' : 'call' });
    }
  }

  async #invite(): Promise<void> {
    const { ticket, listener } = this.#options;
    const target = UserAgent.makeURI(ticket.sipUri);
    if (target === undefined) throw new Error('the SIP address cannot be read');
    const inviter = new Inviter(this.#userAgent, target, {
      extraHeaders: [`${TICKET_HEADER}: ${ticket.ticket}`],
      earlyMedia: true,
    });
    this.#inviter = inviter;
    let established = false;
    let replaced = false;
    inviter.delegate = {
      onBye: (bye) => {
        replaced = bye.request.getHeader('Reason')?.includes(`text="${REPLACED_TEXT}"`) === true;
        void bye.accept();
      },
    };
    inviter.stateChange.addListener((state) => {
      established ||= state === SessionState.Established;
      // A refusal ends here too, before `onReject` tells its status.
      if (state === SessionState.Terminated && established) this.#hungUp(replaced);
    });
    await inviter.invite({
      requestDelegate: {
        onProgress: ({ message }) => {
          if (message.statusCode !== 100) this.#tell(() => listener.onRang());
        },
        onAccept: () => this.#tell(() => listener.onAccepted()),
        onReject: ({ message }) => this.#broke({ step: 'call', status: message.statusCode ?? 0 }),
      },
    });
    this.#watchMedia();
  }

  #watchMedia(): void {
    const connection = this.#media?.peerConnection;
    if (connection === undefined || this.#over) return;
    this.#stopWatching = watchMedia(connection, {
      onCame: () => this.#tell(() => this.#options.listener.onMediaCame()),
      onLost: () => this.#broke({ step: 'media' }),
    });
  }

  /** Sound may go on for a while without the socket; but nobody could hang up on us, or change the call, any more. */
  #socketLost(error: Error | undefined): void {
    if (error !== undefined || !this.#over) this.#broke({ step: 'socket' });
  }

  #broke(failure: Failure): void {
    this.#tell(() => this.#options.listener.onBroke(failure));
  }

  #hungUp(replaced: boolean): void {
    const { listener } = this.#options;
    this.#tell(() => (replaced ? listener.onReplaced() : listener.onHungUp()));
  }

  #tell(what: () => void): void {
    if (!this.#over) what();
  }

  /** Politely while there is a socket; what cannot be said any more is dropped. */
  async #hangUp(): Promise<void> {
    const inviter = this.#inviter;
    try {
      if (inviter?.state === SessionState.Established) await inviter.bye();
      else if (inviter && BUSY_STATES.includes(inviter.state)) await inviter.cancel();
    } catch {
      // The socket is gone, and with it whoever could have been told.
    }
    this.#media?.close();
    await this.#userAgent.stop().catch(() => undefined);
  }
}

const isMediaError = (error: unknown) => error instanceof DOMException;
