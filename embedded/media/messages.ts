/** What the main thread and the media worker say to each other. Everything is plain data. */
import type { Reply, Request } from '../threads/index.ts';
import type { Digit } from './stages/digit-detector.ts';
import type { LegState } from './worker/leg.ts';
import type { TravellingPair } from './worker/port-pair.ts';
import type { MediaErrorCode } from './errors.ts';
import type { DtlsCertificate } from './webrtc/certificate.ts';
import type {
  MediaRoom,
  MemberAudio,
  PlayResult,
  PortStatistics,
  RemoteMedia,
  SoundSetting,
  SecureFailure,
  UdpChoice,
  WorkerLoad,
} from './types.ts';

/** Commands with an answer: what is asked, and what is answered in the end. */
export interface Requests {
  /** Answered as soon as the worker runs, with the way of UDP that it found. */
  ready(ask: Nothing): { udp: 'batched' | 'dgram'; dtls: boolean };
  stop(ask: Nothing): void;
  'open-port'(ask: {
    portId: string;
    address: string;
    /** Even; 0 = the operating system chooses. */
    port: number;
    inactivityTimeoutSeconds: number;
    remote: RemoteMedia | undefined;
  }): { localAddress: string; localPort: number; ssrc: number };
  'close-port'(ask: { portId: string }): void;
  /** The port leaves this worker: what it is, and its sockets, for `arrive-port` at another one. */
  'depart-port'(ask: { portId: string }): TravellingPort;
  'arrive-port'(ask: { portId: string; travelling: TravellingPort }): void;
  /** Closes the sockets of a port that arrived nowhere. */
  'abandon-port'(ask: { travelling: TravellingPort }): void;
  statistics(ask: { portId: string }): PortStatistics;
  'start-port-recording'(ask: { portId: string; path: string }): void;
  'stop-port-recording'(ask: { portId: string; path: string }): number;
  'open-room'(ask: { roomId: string; comfortNoiseLevel: number | undefined }): void;
  'close-room'(ask: { roomId: string }): void;
  'add-member'(ask: { roomId: string; memberId: number; portId: string; audio: MemberAudio }): void;
  'remove-member'(ask: { roomId: string; memberId: number }): void;
  members(ask: { roomId: string }): Awaited<ReturnType<MediaRoom['members']>>;
  'start-room-recording'(ask: { roomId: string; path: string }): void;
  'pause-room-recording'(ask: { roomId: string; path: string; paused: boolean }): void;
  /** @returns samples; 0 when it does not play */
  'seek-room-play'(ask: { roomId: string; playId: number; samples: number; relative: boolean }): number;
  'stop-room-recording'(ask: { roomId: string; path: string }): { milliseconds: number };
}

/** A port between two workers. */
export interface TravellingPort {
  readonly leg: LegState;
  readonly sockets: TravellingPair;
}

type Nothing = Readonly<Record<string, never>>;
export type RequestName = keyof Requests;
export type Ask<N extends RequestName> = Parameters<Requests[N]>[0];
export type Answer<N extends RequestName> = ReturnType<Requests[N]>;

/** Commands without an answer; what concerns somebody who is gone is ignored. */
export interface Orders {
  'set-remote': { portId: string; remote: RemoteMedia };
  'play-to-port': { portId: string; playId: number; uri: string; offset: number };
  'stop-port-play': { portId: string; playId: number };
  'send-digits': { portId: string; digits: string; durationMs: number };
  'inject-digit': { portId: string; digit: string; durationMs: number };
  'set-sound': { portId: string; direction: 'read' | 'write'; setting: SoundSetting };
  'set-echo': { portId: string; on: boolean };
  'set-audio': { roomId: string; memberId: number; audio: Partial<MemberAudio> };
  'set-relation': { roomId: string; a: number; b: number; nospeak: boolean; nohear: boolean };
  'play-to-room': {
    roomId: string;
    playId: number;
    uri: string;
    memberId: number | undefined;
    volume: number | undefined;
    async: boolean;
    times: number;
    alone: boolean;
  };
  'stop-room-play': { roomId: string; playId: number };
  'pause-room-play': { roomId: string; playId: number; paused: boolean };
  'set-room-play-volume': { roomId: string; playId: number; volume: number };
  'set-floor': { roomId: string; memberId: number | null };
}

export type OrderName = keyof Orders;

export type ToWorker =
  { [N in OrderName]: { kind: 'order'; name: N; order: Orders[N] } }[OrderName] | Request<Requests>;

export interface Failure {
  readonly code: MediaErrorCode;
  readonly detail: string;
}

export type PortEvent =
  | { name: 'digit'; digit: Digit }
  | { name: 'media-timeout' }
  | { name: 'media-started' }
  | { name: 'secured' }
  | { name: 'secure-failed'; reason: SecureFailure };

export type RoomEvent =
  | { name: 'start-talking'; memberId: number; energy: number }
  | { name: 'stop-talking'; memberId: number; energy: number }
  | { name: 'mute-detect'; memberId: number }
  | { name: 'floor-change'; from: number | null; to: number | null };

export type FromWorker =
  | Reply<Failure>
  | { kind: 'port-event'; portId: string; event: PortEvent }
  | { kind: 'room-event'; roomId: string; event: RoomEvent }
  | { kind: 'play-ended'; playId: number; result: PlayResult }
  | { kind: 'load'; load: WorkerLoad }
  | { kind: 'port-failed'; portId: string; text: string }
  | { kind: 'room-failed'; roomId: string; text: string }
  | { kind: 'fault'; text: string };

export interface WorkerSettings {
  readonly udp: UdpChoice;
  readonly music?: string | undefined;
  readonly certificate: DtlsCertificate;
}
