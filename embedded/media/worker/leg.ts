/**
 * One leg's media, put together from its stages.
 * In: source → parse → payload → source latch → statistics → event split → decode → jitter buffer → frame.
 * Out: frame → echo → players → recorder → digits → encode → RTP.
 */
import { ALAW, MULAW, g711Law, type G711Law } from '../../wire/g711.ts';
import { parseRtp, type RtpPacket } from '../../wire/rtp.ts';
import { FRAME_SAMPLES, SAMPLES_PER_MS, SILENT_FRAME, mixInto } from '../audio.ts';
import { SharedFrame } from '../shared-frame.ts';
import { DigitDetector, type Digit, type DigitState } from '../stages/digit-detector.ts';
import { JitterBuffer } from '../stages/jitter-buffer.ts';
import { PayloadCheck } from '../stages/payload-check.ts';
import { meanOpinionScore } from '../stages/quality.ts';
import { ReceptionStatistics, type ReceptionState } from '../stages/reception-statistics.ts';
import { RtcpSession, type RtcpState } from '../stages/rtcp-session.ts';
import { RtpSender, type SenderState } from '../stages/rtp-sender.ts';
import { SoundControl } from '../stages/sound-control.ts';
import { SourceCheck, type MediaAddress, type SourceState } from '../stages/source-check.ts';
import type { PortStatistics, RemoteMedia, SecureFailure, SoundSetting } from '../types.ts';
import type { SecureState, SecureTransport, SecureTransportEvents } from '../webrtc/secure-transport.ts';
import { PlayStack, type PlayEnded, type PlayRequest, type PlayState } from './playback.ts';
import type { PortPair } from './port-pair.ts';
import { RecorderSet } from './recorder-set.ts';
import type { RecordingState } from './wav-recorder.ts';

/** Packets that are no sound. */
interface PacketCounts {
  digits: number;
  comfortNoise: number;
}

export interface LegEvents {
  digit(digit: Digit): void;
  mediaStarted(): void;
  mediaTimeout(): void;
  /** A browser's handshake is done, or will never be. */
  secured(): void;
  secureFailed(reason: SecureFailure): void;
  playEnded: PlayEnded;
  fault(text: string): void;
}

export interface LegOptions {
  readonly inactivityTimeoutSeconds: number;
  readonly now: () => number;
  readonly events: LegEvents;
  /** For browsers. @throws MediaError when they cannot be served */
  readonly secureTransport: (events: SecureTransportEvents, state?: SecureState) => SecureTransport;
  /** Of the leg that this one goes on for, from another worker. */
  readonly state?: LegState | undefined;
}

/**
 * All that a leg is, as plain data: it moves to the worker of its room with it. The peer notices nothing, and no key is
 * told twice; only what waits in the jitter buffer (two frames) is lost.
 */
export interface LegState {
  readonly inactivityTimeoutSeconds: number;
  readonly remote: RemoteMedia | undefined;
  readonly source: SourceState;
  readonly secure: SecureState | undefined;
  readonly reception: ReceptionState;
  readonly digits: DigitState;
  readonly sender: SenderState;
  readonly rtcp: RtcpState;
  readonly plays: readonly PlayState[];
  readonly recordings: readonly RecordingState[];
  readonly jitter: { readonly late: number; readonly missed: number };
  readonly counts: PacketCounts;
  readonly refused: number;
  readonly echo: boolean;
  readonly sound: { readonly read: SoundSetting; readonly write: SoundSetting };
  readonly heardAtMs: number;
  readonly timeoutTold: boolean;
}

/** On hold few send, and that is right; half an hour is what FreeSWITCH's own configuration gives them. */
export const HOLD_TIMEOUT_SECONDS = 1_800;

const SILENCE = new SharedFrame();
const SILENT_CODES = {
  0: new Uint8Array(FRAME_SAMPLES).fill(MULAW.silence),
  8: new Uint8Array(FRAME_SAMPLES).fill(ALAW.silence),
} as const;

export class Leg {
  #inRoom = false;
  readonly #options: LegOptions;
  readonly #source = new SourceCheck();
  readonly #payload = new PayloadCheck();
  readonly #reception: ReceptionStatistics;
  readonly #jitter: JitterBuffer;
  readonly #counts: PacketCounts;
  readonly #digits: DigitDetector;
  readonly #sender: RtpSender;
  readonly #rtcp: RtcpSession;
  readonly #players: PlayStack;
  readonly #recorders: RecorderSet;
  readonly #sound = { read: new SoundControl(), write: new SoundControl() };
  /** 20 ms as heard from the peer, and as played to it. */
  readonly #decoded = new Int16Array(FRAME_SAMPLES);
  #input: Int16Array = SILENT_FRAME;
  readonly #played = new Int16Array(FRAME_SAMPLES);
  readonly #recorded = new Int16Array(FRAME_SAMPLES);
  #pair: PortPair | undefined;
  /** Between socket and stages when the peer is a browser; then it decides whom to hear and where to send. */
  #secure: SecureTransport | undefined;
  #remote: RemoteMedia | undefined;
  #law: G711Law = MULAW;
  #ssrc: number | undefined;
  /** Whom the socket was told to keep to. */
  #keptTo: MediaAddress | undefined;
  #refused = 0;
  #echo = false;
  #heardAtMs: number;
  #timeoutTold = false;
  #closed = false;

  constructor(options: LegOptions) {
    const { state, events } = options;
    this.#options = options;
    this.#heardAtMs = state?.heardAtMs ?? options.now();
    this.#reception = new ReceptionStatistics(state?.reception);
    this.#jitter = new JitterBuffer(state?.jitter);
    this.#counts = { ...(state?.counts ?? { digits: 0, comfortNoise: 0 }) };
    this.#digits = new DigitDetector((digit) => events.digit(digit), state?.digits);
    this.#players = new PlayStack(events.playEnded);
    this.#recorders = new RecorderSet((text) => events.fault(text));
    this.#sender = new RtpSender((bytes) => this.#send(bytes), state?.sender);
    this.#rtcp = new RtcpSession(this.#sender, this.#reception, { state: state?.rtcp });
    if (state) this.#resume(state);
  }

  /** Everything but plays and recordings, which need files. */
  #resume({ remote, source, secure, refused, echo, sound, timeoutTold }: LegState): void {
    this.#refused = refused;
    this.#echo = echo;
    this.#sound.read.setting = sound.read;
    this.#sound.write.setting = sound.write;
    this.#timeoutTold = timeoutTold;
    if (!remote) return;
    this.#describe(remote);
    if (secure) this.#secure = this.#openTransport(secure);
    this.#source.resume(remote, source);
  }

  get inRoom(): boolean {
    return this.#inRoom;
  }

  /**
   * Set by the room. What plays when the leg comes goes on when it has left: as an application that runs inside another one
   * holds that one up.
   */
  set inRoom(inRoom: boolean) {
    this.#inRoom = inRoom;
    this.#players.suspended = inRoom;
  }

  attach(pair: PortPair): void {
    this.#pair = pair;
  }

  /** To be given back when the leg is closed. */
  get pair(): PortPair | undefined {
    return this.#pair;
  }

  get ssrc(): number {
    return this.#sender.ssrc;
  }

  setRemote(remote: RemoteMedia): void {
    const nowMs = this.#options.now();
    this.#describe(remote);
    this.#armTransport(remote, nowMs);
    this.#source.arm(remote, nowMs);
    this.#keepTo(undefined);
    this.#heardAtMs = nowMs;
    this.#timeoutTold = false;
  }

  #describe(remote: RemoteMedia): void {
    this.#remote = remote;
    this.#law = g711Law(remote.audioPayloadType);
    this.#payload.arm(remote);
    this.#sender.arm(remote);
  }

  /** @param atMs when it came */
  receiveRtp(bytes: Uint8Array, address: string, port: number, atMs: number = this.#options.now()): void {
    if (this.#closed || !this.#remote) return;
    if (this.#secure) this.#secure.receive(bytes, address, port, atMs);
    else if (this.#source.mayCome(address, port)) this.#takeRtp(bytes, address, port, atMs);
    else this.#refused++;
  }

  receiveRtcp(bytes: Uint8Array, address: string, port: number): void {
    // A browser's reports come with its media.
    if (!this.#closed && !this.#secure && this.#source.acceptsRtcp(address, port))
      this.#rtcp.receive(bytes, this.#options.now());
  }

  /** First half of a tick: 20 ms from the peer, SILENT_FRAME or the leg's own, which may be changed until the next tick. */
  pull(nowMs: number): Int16Array {
    this.#secure?.tick(nowMs);
    this.#digits.tick(nowMs);
    this.#watchInactivity(nowMs);
    this.#input = this.#jitter.pull(this.#decoded) === 'silence' ? SILENT_FRAME : this.#decoded;
    if (this.#sound.read.changes) this.#input = this.#sound.read.apply(this.#decoded);
    return this.#input;
  }

  /** Second half of a tick: 20 ms towards the peer. @param shared the same samples, when others hear them too */
  push(frame: Int16Array, nowMs: number, shared?: SharedFrame): void {
    let outgoing = this.#echo ? this.#input : frame;
    if (this.#players.read(this.#played)) outgoing = this.#played;
    if (this.#sound.write.changes) outgoing = this.#changed(outgoing);
    if (this.#recorders.recording) this.#record(outgoing);
    if (this.#secure?.ready === false) this.#sender.skip(FRAME_SAMPLES);
    else this.#sender.frame(outgoing, outgoing === frame ? shared : undefined);
    this.#reportIfDue(nowMs);
  }

  /** What is to be sent belongs to others: a copy of it is changed. */
  #changed(outgoing: Int16Array): Int16Array {
    if (outgoing !== this.#played) this.#played.set(outgoing);
    return this.#sound.write.apply(this.#played);
  }

  /** A whole tick outside of any room. */
  tickAlone(nowMs: number): void {
    this.pull(nowMs);
    this.push(SILENCE.samples, nowMs, SILENCE);
  }

  /** Frames that could not be made in time. */
  skip(frames: number): void {
    this.#sender.skip(frames * FRAME_SAMPLES);
    this.#jitter.skip(frames * FRAME_SAMPLES);
  }

  play(request: PlayRequest): void {
    this.#players.add(request);
  }

  stopPlaying(playId: number): void {
    this.#players.stop(playId);
  }

  sendDigits(digits: string, durationMs: number): void {
    this.#sender.queueDigits(digits, durationMs);
  }

  injectDigit(digit: string, durationMs: number): void {
    this.#digits.inject(digit, durationMs, this.#options.now());
  }

  setSound(direction: 'read' | 'write', setting: SoundSetting): void {
    this.#sound[direction].setting = setting;
  }

  setEcho(on: boolean): void {
    this.#echo = on;
  }

  startRecording(path: string): Promise<void> {
    return this.#recorders.start(path);
  }

  stopRecording(path: string): Promise<number> {
    return this.#recorders.stop(path);
  }

  statistics(): PortStatistics {
    const { packets, bytes, lost, jitterMs } = this.#reception;
    const view = this.#rtcp.remoteView;
    const loss = packets > 0 ? (lost + this.#jitter.late) / (packets + lost) : 0;
    return {
      packetsReceived: packets,
      bytesReceived: bytes,
      packetsSent: this.#sender.packets,
      bytesSent: this.#sender.bytes,
      packetsLost: lost,
      packetsLate: this.#jitter.late,
      packetsRefused: this.#refused + (this.#secure?.refused ?? 0),
      jitterMs,
      leastJitterMs: this.#reception.leastJitterMs,
      mostJitterMs: this.#reception.mostJitterMs,
      meanIntervalMs: this.#reception.meanIntervalMs,
      digitPackets: this.#counts.digits,
      comfortNoisePackets: this.#counts.comfortNoise,
      framesMissed: this.#jitter.missed,
      longestDelayMs: this.#jitter.longest / SAMPLES_PER_MS,
      digitPacketsSent: this.#sender.digitPackets,
      reportsReceived: this.#rtcp.received,
      // The worse direction counts: that is what the caller complains about.
      mos: meanOpinionScore({ loss: Math.max(loss, view?.fractionLost ?? 0), delayMs: this.#jitter.delayMs + 20 }),
    };
  }

  /** The recordings of the leg that this one goes on for; its plays come through `play`. */
  resumeRecordings(recordings: readonly RecordingState[]): Promise<void> {
    return this.#recorders.resume(recordings);
  }

  /** Ends here, to go on elsewhere: the peer is not told, nothing that plays ends. The ports stay open. */
  async depart(): Promise<LegState> {
    this.#closed = true;
    const plays = this.#players.depart();
    return {
      inactivityTimeoutSeconds: this.#options.inactivityTimeoutSeconds,
      remote: this.#remote,
      source: this.#source.state,
      secure: this.#secure?.depart(),
      reception: this.#reception.state,
      digits: this.#digits.state,
      sender: this.#sender.state,
      rtcp: this.#rtcp.state,
      plays,
      recordings: await this.#recorders.depart(),
      jitter: { late: this.#jitter.late, missed: this.#jitter.missed },
      counts: this.#counts,
      refused: this.#refused,
      echo: this.#echo,
      sound: { read: this.#sound.read.setting, write: this.#sound.write.setting },
      heardAtMs: this.#heardAtMs,
      timeoutTold: this.#timeoutTold,
    };
  }

  /** Idempotent. The ports stay open. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#players.stopAll();
    this.#sayGoodbye();
    this.#secure?.close();
    await this.#recorders.closeAll();
  }

  #armTransport(remote: RemoteMedia, nowMs: number): void {
    if (!remote.secure) {
      this.#secure?.close();
      this.#secure = undefined;
      return;
    }
    this.#secure ??= this.#openTransport();
    this.#secure.arm(remote, nowMs);
  }

  #openTransport(state?: SecureState): SecureTransport {
    const { events, now, secureTransport } = this.#options;
    const transportEvents: SecureTransportEvents = {
      send: (bytes, address, port) => this.#pair?.rtp.send(bytes, address, port),
      rtp: (bytes, address, port, atMs) => this.#takeRtp(bytes, address, port, atMs),
      rtcp: (bytes) => this.#rtcp.receive(bytes, now()),
      secured: () => events.secured(),
      failed: (reason) => events.secureFailed(reason),
      consentLost: () => this.#tellTimeout(),
    };
    return secureTransport(transportEvents, state);
  }

  /** A packet from where packets may come from. */
  #takeRtp(bytes: Uint8Array, address: string, port: number, atMs: number): void {
    const packet = parseRtp(bytes);
    const arrival = typeof packet === 'object' && { packet, address, port, atMs };
    if (!arrival || !this.#payload.take(arrival) || !(this.#secure || this.#source.take(arrival))) {
      this.#refused++;
      return;
    }
    this.#reception.take(arrival);
    // A browser's address may change under way: its transport decides whom to hear.
    if (!this.#secure && this.#source.settled !== this.#keptTo) this.#keepTo(this.#source.settled);
    this.#noteHeard(atMs);
    this.#accept(packet, atMs);
  }

  #accept(packet: RtpPacket, nowMs: number): void {
    if (this.#remote!.direction === 'sendonly' || this.#remote!.direction === 'inactive') return;
    if (packet.ssrc !== this.#ssrc) {
      this.#ssrc = packet.ssrc;
      this.#jitter.reset();
    }
    switch (this.#payload.kindOf(packet.payloadType)) {
      case 'telephone-event':
        this.#counts.digits++;
        this.#digits.packet(packet, nowMs);
        break;
      case 'comfort-noise':
        this.#counts.comfortNoise++;
        // A frame of silence ends the sound before it without concealment.
        this.#jitter.push(this.#law, SILENT_CODES[this.#law.payloadType], packet.timestamp);
        break;
      case 'audio':
        this.#jitter.push(this.#law, packet.payload, packet.timestamp, packet.marker);
        break;
      case undefined:
    }
  }

  #keepTo(peer: MediaAddress | undefined): void {
    this.#keptTo = peer;
    this.#pair?.rtp.keepTo(peer);
  }

  #noteHeard(nowMs: number): void {
    this.#heardAtMs = nowMs;
    this.#timeoutTold = false;
    if (this.#reception.packets === 1) this.#options.events.mediaStarted();
  }

  #watchInactivity(nowMs: number): void {
    const direction = this.#remote?.direction;
    if (!direction) this.#heardAtMs = nowMs;
    let seconds = this.#options.inactivityTimeoutSeconds;
    if (direction !== 'sendrecv') seconds = Math.max(seconds, HOLD_TIMEOUT_SECONDS);
    if (nowMs - this.#heardAtMs >= seconds * 1000) this.#tellTimeout();
  }

  #tellTimeout(): void {
    if (this.#timeoutTold || this.#options.inactivityTimeoutSeconds <= 0) return;
    this.#timeoutTold = true;
    this.#options.events.mediaTimeout();
  }

  #record(outgoing: Int16Array): void {
    this.#recorded.set(this.#input);
    mixInto(this.#recorded, outgoing);
    this.#recorders.write(this.#recorded);
  }

  #reportIfDue(nowMs: number): void {
    if (!this.#remote || this.#remote.direction === 'inactive') return;
    const report = this.#rtcp.due(nowMs);
    if (report) this.#sendReport(report);
  }

  #sayGoodbye(): void {
    if (this.#sender.packets > 0) this.#sendReport(this.#rtcp.goodbye(this.#options.now()));
  }

  #sendReport(report: Buffer): void {
    if (this.#secure) {
      this.#secure.sendRtcp(report);
      return;
    }
    const to = this.#source.rtcpDestination;
    if (to) this.#pair?.rtcp.send(report, to.address, to.port);
  }

  #send(bytes: Buffer): void {
    if (this.#secure) {
      this.#secure.sendRtp(bytes);
      return;
    }
    const to = this.#source.destination;
    if (to) this.#pair?.rtp.send(bytes, to.address, to.port);
  }
}
