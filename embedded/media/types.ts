/**
 * What the media engine gives to the embedded FreeSWITCH. The engine runs in worker threads that own sockets, jitter
 * buffers, players, recorders, mixers and the 20 ms clock; this is the interface as seen from the main thread, and it
 * is asynchronous where an answer from the worker is needed. No SIP, no event socket in here.
 */

/** Static payload types of RFC 3551; the embedded server speaks G.711 only. */
export type AudioPayloadType = 0 | 8;

/** A browser's transport (RFC 8827): ICE, DTLS-SRTP, RTP and RTCP on one port. */
export interface SecureMedia {
  /** Ours, as told in our SDP. */
  readonly local: { readonly ufrag: string; readonly password: string };
  readonly remote: { readonly ufrag: string };
  /** SHA-256 of the peer's certificate, in the form of SDP. */
  readonly fingerprint: string;
  /** Ours in the DTLS handshake: the client says `a=setup:active`. */
  readonly role: 'client' | 'server';
}

export interface RemoteMedia {
  /** From the peer's SDP. Media is accepted from here, or as SourceCheck says (strict latching). */
  readonly address: string;
  readonly port: number;
  readonly rtcpPort?: number;
  readonly audioPayloadType: AudioPayloadType;
  /** RFC 4733 payload type, absent when the peer did not offer telephone-event. */
  readonly telephoneEventPayloadType?: number;
  /** RFC 3389 comfort noise payload type, if offered. */
  readonly comfortNoisePayloadType?: number;
  /** Milliseconds of audio per packet towards the peer: 10, 20, 30, 40 or 60. */
  readonly ptime: number;
  /** As seen by us. */
  readonly direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
  /** Address the peer's signalling came from, if known: the only other address media may come from (peers behind NAT). */
  readonly signallingAddress?: string;
  /** Then addresses and ports above mean nothing: ICE finds them. */
  readonly secure?: SecureMedia;
}

export interface PortOptions {
  /** Address to bind. */
  readonly address: string;
  /** Absent for an endpoint without SDP yet. */
  readonly remote?: RemoteMedia;
  /** Seconds without any RTP after which `media-timeout` is announced; 0 = never. */
  readonly inactivityTimeoutSeconds?: number;
}

/** What can be played: a file on disk or a generated source, in FreeSWITCH's own notation. */
export type PlayableUri = string; // '/path/file.wav' | 'tone_stream://%(on,off,hz…);loops=-1' | 'silence_stream://ms' | 'local_stream://moh' | 'a.wav!b.wav' is split by the caller

export interface PlayResult {
  /** 'done': played to the end. 'stopped': stop or abort. 'not-found': no such file or not playable. */
  readonly outcome: 'done' | 'stopped' | 'not-found';
  readonly playedMilliseconds: number;
  /** Samples played from the last file. */
  readonly lastOffset: number;
}

export interface PlayHandle {
  readonly result: Promise<PlayResult>;
  stop(): void;
}

export interface PortStatistics {
  readonly packetsReceived: number;
  readonly bytesReceived: number;
  readonly packetsSent: number;
  readonly bytesSent: number;
  /** Expected minus received, from sequence numbers (RFC 3550 appendix A.3). */
  readonly packetsLost: number;
  /** Arrived too late to be played. */
  readonly packetsLate: number;
  /** Dropped: wrong source (unless the kernel did it), wrong payload type, malformed. */
  readonly packetsRefused: number;
  /** Interarrival jitter in milliseconds (RFC 3550 section 6.4.1), and the least and most it has been. */
  readonly jitterMs: number;
  readonly leastJitterMs: number;
  readonly mostJitterMs: number;
  readonly meanIntervalMs: number;
  /** Of those received: telephone-events and comfort noise. */
  readonly digitPackets: number;
  readonly comfortNoisePackets: number;
  /** Frames for which no packet was there in time, since the first one. */
  readonly framesMissed: number;
  /** The longest that packets waited to be played. */
  readonly longestDelayMs: number;
  /** Telephone-events, of those sent. */
  readonly digitPacketsSent: number;
  /** RTCP from the peer. */
  readonly reportsReceived: number;
  /** Estimated mean opinion score, 1 to 4.5 (ITU-T G.107 simplified). */
  readonly mos: number;
}

export interface MediaPortEvents {
  /** One key, once, however many packets told of it. `duration` in timestamp units (8,000 a second), as FreeSWITCH tells it. */
  digit: [{ digit: string; duration: number; source: 'RTP' | 'INFO' }];
  'media-timeout': [];
  /** A browser's handshake is done: media is encrypted and may flow. */
  secured: [];
  /** A browser's handshake came to nothing; no media will ever flow. */
  'secure-failed': [reason: SecureFailure];
  /** First RTP packet accepted. */
  'media-started': [];
  closed: [];
}

/**
 * `no-handshake`: ICE and DTLS were not done in time. `wrong-fingerprint`: the peer's certificate is not the one that the
 * SDP told of. `no-srtp`: it wants no profile of ours.
 */
export type SecureFailure = 'no-handshake' | 'handshake-failed' | 'wrong-fingerprint' | 'no-srtp';

export interface SoundSetting {
  /** 0 or absent: not muted. 1: silence. Above: faint noise, full scale divided by this. */
  readonly mute?: number;
  /** Gain steps −4…4, as in `MemberAudio`. */
  readonly volumeStep?: number;
}

/** One leg's media: an RTP port, its jitter buffer, decoder, players and encoder. */
export interface MediaPort {
  readonly id: string;
  readonly localAddress: string;
  readonly localPort: number;
  /** Of what we send; told to browsers. */
  readonly ssrc: number;
  on<E extends keyof MediaPortEvents>(event: E, listener: (...args: MediaPortEvents[E]) => void): this;
  off<E extends keyof MediaPortEvents>(event: E, listener: (...args: MediaPortEvents[E]) => void): this;
  /** After an answer, a re-INVITE or an UPDATE; re-arms latching. */
  setRemote(remote: RemoteMedia): void;
  /** Plays to this leg, in front of silence or instead of the room. The newest is heard; what it interrupts goes on after it. */
  play(uri: PlayableUri, options?: { /** Samples from the start. */ offset?: number }): PlayHandle;
  /** Sends digits to the peer by RFC 4733 (in-band tones when the peer has no telephone-event). */
  sendDigits(digits: string, durationMs?: number): void;
  /** A digit that came by SIP INFO: same queue, same once-per-key rule. */
  injectDigit(digit: string, durationMs: number): void;
  /** Records what this leg says and hears (mixed) to a WAV file that survives a crash. */
  startRecording(path: string): Promise<void>;
  stopRecording(path: string): Promise<void>;
  /** What is made of the peer's sound before anybody hears it (`read`), and of what the peer hears (`write`). */
  setSound(direction: 'read' | 'write', setting: SoundSetting): void;
  /** Echoes what comes in (echo test). */
  setEcho(on: boolean): void;
  statistics(): Promise<PortStatistics>;
  /** Idempotent. The port number is quarantined before it is used again. */
  close(): Promise<void>;
}

export interface MemberAudio {
  /** May be heard by others. */
  readonly speak: boolean;
  /** Hears the others. */
  readonly hear: boolean;
  /** Gain steps −4…4 as in FreeSWITCH (volume_in: what others hear of the member; volume_out: what the member hears). */
  readonly volumeIn: number;
  readonly volumeOut: number;
  /** Energy 0…1800 above which the member counts as talking. FreeSWITCH's default is 300; drachtio_mrf profile uses 100. */
  readonly energyLevel: number;
  /** Tell of talking while muted (`mute-detect`). */
  readonly muteDetect: boolean;
  /** Mean of the absolute samples that automatic gain brings the member's voice to; 0 or absent: no automatic gain. */
  readonly gainTarget?: number;
}

export interface MediaRoomEvents {
  'start-talking': [{ memberId: number; energy: number }];
  'stop-talking': [{ memberId: number; energy: number }];
  /** Spoke while not allowed to speak, and muteDetect is set. */
  'mute-detect': [{ memberId: number }];
  /** null when nobody holds it. */
  'floor-change': [{ from: number | null; to: number | null }];
  closed: [];
}

export interface RoomPlayOptions {
  /** To one member over the mix; absent: to everybody. */
  readonly memberId?: number;
  /** Decibels, −50…50; −50 is silence. */
  readonly volume?: number;
  /** Beside whatever else is played, instead of after it. */
  readonly async?: boolean;
  /** How often in all; Infinity = until stopped. Default 1. */
  readonly times?: number;
  /** The member hears this and not the room. */
  readonly alone?: boolean;
}

export interface RoomPlayHandle extends PlayHandle {
  pause(paused: boolean): void;
  setVolume(decibels: number): void;
  /** @param milliseconds from the start, or from where it is. @returns where it goes on, in samples */
  seek(milliseconds: number, from: 'start' | 'here'): Promise<number>;
}

/** One conference's mix. */
export interface MediaRoom {
  readonly id: string;
  on<E extends keyof MediaRoomEvents>(event: E, listener: (...args: MediaRoomEvents[E]) => void): this;
  off<E extends keyof MediaRoomEvents>(event: E, listener: (...args: MediaRoomEvents[E]) => void): this;
  /** Puts a port's audio into the mix under FreeSWITCH's member number. */
  addMember(memberId: number, port: MediaPort, audio: MemberAudio): Promise<void>;
  removeMember(memberId: number): Promise<void>;
  setAudio(memberId: number, audio: Partial<MemberAudio>): void;
  /** One-way relations (`conference relate`): `hearer` does not hear `speaker` when nohear/nospeak says so. */
  setRelation(a: number, b: number, relation: { nospeak: boolean; nohear: boolean }): void;
  play(uri: PlayableUri, options?: RoomPlayOptions): RoomPlayHandle;
  /** Gives the floor, or takes it (null); from then on talking decides again. */
  setFloor(memberId: number | null): void;
  stopPlaying(which: 'current' | 'all' | 'async' | 'last', memberId?: number): number;
  startRecording(path: string): Promise<void>;
  pauseRecording(path: string, paused: boolean): Promise<void>;
  /** Resolves with the recording's length in milliseconds once the file is complete on disk. */
  stopRecording(path: string): Promise<{ milliseconds: number }>;
  members(): Promise<readonly { memberId: number; energy: number; talking: boolean; floor: boolean }[]>;
  close(): Promise<void>;
}

/** 'auto': batched where it can be had, else dgram. */
export type UdpChoice = 'auto' | 'batched' | 'dgram';

export interface EngineOptions {
  /** Inclusive range RTP ports are taken from at random. [0, 0] lets the operating system choose (tests). */
  readonly rtpPorts: readonly [number, number];
  /** Milliseconds a port rests before it may be used again. Default 30,000 (0 in tests with system-chosen ports). */
  readonly portQuarantineMs?: number;
  /** Worker threads; 0, the default: one less than there are cores, four at most. */
  readonly workers?: number;
  /**
   * Milliseconds after its time at which the median tick of a second must have done its work. Above it for two seconds in
   * a row the engine is overloaded. Default 16, four fifths of a frame; 0 = never.
   */
  readonly latenessLimitMs?: number;
  /** A .wav file that `local_stream://` plays, round and round. Default: there is no such stream. */
  readonly music?: string;
  /** How packets are read and sent: in batches (Linux, needs koffi) or with node:dgram. Default 'auto'. */
  readonly udp?: UdpChoice;
}

export interface WorkerLoad {
  readonly ports: number;
  readonly rooms: number;
  /** Milliseconds the 20 ms clock ran late, over the last second. */
  readonly latenessP50Ms: number;
  readonly latenessP95Ms: number;
  /** Milliseconds after its time at which the median tick had done all its work, over the last second. */
  readonly doneP50Ms: number;
  /** Ticks more than one frame late since start. */
  readonly ticksLate: number;
}

/** Sums, and the worst of all workers' clocks. */
export interface EngineLoad extends WorkerLoad {
  /** The clock of a worker is late, or a worker is gone: whoever can wait should. */
  readonly overloaded: boolean;
  readonly workers: readonly WorkerLoad[];
}

export interface RoomOptions {
  /** Faint noise while nobody talks and nothing is played: full scale divided by this; absent: silence. */
  readonly comfortNoiseLevel?: number | undefined;
  /** The first who will be in it: the room is opened in the same worker, if that has no more to do than others. */
  readonly near?: MediaPort | undefined;
}

export interface MediaEngine {
  openPort(options: PortOptions): Promise<MediaPort>;
  openRoom(id: string, options?: RoomOptions): Promise<MediaRoom>;
  /** SHA-256 of our DTLS certificate for SDP; undefined when browsers cannot be served (koffi is missing). */
  readonly dtlsFingerprint: string | undefined;
  load(): EngineLoad;
  /** Closes every port and room, ends the workers, resolves when all ports are free. Idempotent. */
  stop(): Promise<void>;
}
