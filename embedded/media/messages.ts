/** What the main thread and the media worker say to each other. Everything is plain data. */
import type { Digit } from './stages/digit-detector.ts';
import type { MediaErrorCode } from './errors.ts';
import type { EngineLoad, MediaRoom, MemberAudio, PlayResult, PortStatistics, RemoteMedia } from './types.ts';

/** Commands with an answer: name → what is asked, what is answered. */
export interface Requests {
  /** Answered as soon as the worker runs. */
  ready: { ask: Record<string, never>; answer: undefined };
  'open-port': {
    ask: { portId: string; address: string; inactivityTimeoutSeconds: number; remote: RemoteMedia | undefined };
    answer: { localAddress: string; localPort: number };
  };
  'close-port': { ask: { portId: string }; answer: undefined };
  statistics: { ask: { portId: string }; answer: PortStatistics };
  'start-port-recording': { ask: { portId: string; path: string }; answer: undefined };
  'stop-port-recording': { ask: { portId: string; path: string }; answer: undefined };
  'open-room': { ask: { roomId: string }; answer: undefined };
  'close-room': { ask: { roomId: string }; answer: undefined };
  'add-member': { ask: { roomId: string; memberId: number; portId: string; audio: MemberAudio }; answer: undefined };
  'remove-member': { ask: { roomId: string; memberId: number }; answer: undefined };
  members: { ask: { roomId: string }; answer: Awaited<ReturnType<MediaRoom['members']>> };
  'start-room-recording': { ask: { roomId: string; path: string }; answer: undefined };
  'pause-room-recording': { ask: { roomId: string; path: string; paused: boolean }; answer: undefined };
  'stop-room-recording': { ask: { roomId: string; path: string }; answer: { milliseconds: number } };
  stop: { ask: Record<string, never>; answer: undefined };
}

export type RequestName = keyof Requests;
export type Ask<N extends RequestName> = Requests[N]['ask'];
export type Answer<N extends RequestName> = Requests[N]['answer'];

/** Commands without an answer; what concerns somebody who is gone is ignored. */
export type Order =
  | { name: 'set-remote'; portId: string; remote: RemoteMedia }
  | { name: 'play-to-port'; portId: string; playId: number; uri: string }
  | { name: 'stop-port-play'; portId: string; playId: number }
  | { name: 'send-digits'; portId: string; digits: string; durationMs: number }
  | { name: 'inject-digit'; portId: string; digit: string; durationMs: number }
  | { name: 'set-echo'; portId: string; on: boolean }
  | { name: 'set-audio'; roomId: string; memberId: number; audio: Partial<MemberAudio> }
  | { name: 'set-relation'; roomId: string; a: number; b: number; nospeak: boolean; nohear: boolean }
  | {
      name: 'play-to-room';
      roomId: string;
      playId: number;
      uri: string;
      memberId: number | undefined;
      volume: number | undefined;
      async: boolean;
    }
  | { name: 'stop-room-play'; roomId: string; playId: number };

export type ToWorker =
  | { kind: 'order'; order: Order }
  | { [N in RequestName]: { kind: 'request'; id: number; name: N; ask: Ask<N> } }[RequestName];

export type PortEvent = { name: 'digit'; digit: Digit } | { name: 'media-timeout' } | { name: 'media-started' };

export type RoomEvent =
  | { name: 'start-talking'; memberId: number; energy: number }
  | { name: 'stop-talking'; memberId: number; energy: number }
  | { name: 'mute-detect'; memberId: number }
  | { name: 'floor-change'; from: number | null; to: number | null };

export type FromWorker =
  | { kind: 'answer'; id: number; answer: unknown }
  | { kind: 'failure'; id: number; code: MediaErrorCode; detail: string }
  | { kind: 'port-event'; portId: string; event: PortEvent }
  | { kind: 'room-event'; roomId: string; event: RoomEvent }
  | { kind: 'play-ended'; playId: number; result: PlayResult }
  | { kind: 'load'; load: EngineLoad }
  | { kind: 'fault'; text: string };

export interface WorkerSettings {
  readonly rtpPorts: readonly [number, number];
  readonly portQuarantineMs: number;
}
