/** What the main thread may ask for, and who does it. */
import { answers, type Handlers } from '../../threads/index.ts';
import { MediaError } from '../errors.ts';
import type { Failure, OrderName, Orders, Requests, ToWorker } from '../messages.ts';
import type { PlayResult } from '../types.ts';
import type { MediaCore, Post } from './media-core.ts';

type OrderTable = { [N in OrderName]: (order: Orders[N]) => void };

const NOT_PLAYED: PlayResult = { outcome: 'stopped', playedMilliseconds: 0, lastOffset: 0 };

function requestTable(core: MediaCore): Handlers<Requests> {
  return {
    ready: () => ({ udp: core.udp, dtls: core.canSecure }),
    stop: () => core.stop(),
    'open-port': (ask) => core.openPort(ask),
    'close-port': ({ portId }) => core.closePort(portId),
    'depart-port': ({ portId }) => core.departPort(portId),
    'arrive-port': ({ portId, travelling }) => core.arrivePort(portId, travelling),
    'abandon-port': ({ travelling }) => core.abandonPort(travelling),
    statistics: ({ portId }) => core.leg(portId).statistics(),
    'start-port-recording': ({ portId, path }) => core.leg(portId).startRecording(path),
    'stop-port-recording': ({ portId, path }) => core.leg(portId).stopRecording(path),
    'open-room': ({ roomId, comfortNoiseLevel }) => core.openRoom(roomId, comfortNoiseLevel),
    'close-room': ({ roomId }) => core.closeRoom(roomId),
    'add-member': ({ roomId, memberId, portId, audio }) =>
      core.room(roomId).addMember(memberId, core.leg(portId), audio),
    'remove-member': ({ roomId, memberId }) => core.room(roomId).removeMember(memberId),
    members: ({ roomId }) => core.room(roomId).members(),
    'start-room-recording': ({ roomId, path }) => core.room(roomId).startRecording(path),
    'pause-room-recording': ({ roomId, path, paused }) => core.room(roomId).pauseRecording(path, paused),
    'seek-room-play': ({ roomId, playId, samples, relative }) => core.room(roomId).seek(playId, samples, relative),
    'stop-room-recording': ({ roomId, path }) => core.room(roomId).stopRecording(path),
  };
}

function orderTable(core: MediaCore): OrderTable {
  return {
    'set-remote': ({ portId, remote }) => core.findLeg(portId)?.setRemote(remote),
    'play-to-port': ({ portId, playId, uri, offset }) => {
      const leg = core.findLeg(portId);
      if (leg) leg.play({ playId, uri, offset, source: core.sounds.open(uri) });
      else core.playEnded(playId, NOT_PLAYED);
    },
    'stop-port-play': ({ portId, playId }) => core.findLeg(portId)?.stopPlaying(playId),
    'send-digits': ({ portId, digits, durationMs }) => core.findLeg(portId)?.sendDigits(digits, durationMs),
    'inject-digit': ({ portId, digit, durationMs }) => core.findLeg(portId)?.injectDigit(digit, durationMs),
    'set-sound': ({ portId, direction, setting }) => core.findLeg(portId)?.setSound(direction, setting),
    'set-echo': ({ portId, on }) => core.findLeg(portId)?.setEcho(on),
    'set-audio': ({ roomId, memberId, audio }) => core.findRoom(roomId)?.setAudio(memberId, audio),
    'set-relation': ({ roomId, a, b, nospeak, nohear }) =>
      core.findRoom(roomId)?.setRelation(a, b, { nospeak, nohear }),
    'play-to-room': ({ roomId, playId, uri, memberId, volume, async, times, alone }) => {
      const room = core.findRoom(roomId);
      if (room) room.play({ playId, uri, source: core.sounds.open(uri), memberId, volume, async, times, alone });
      else core.playEnded(playId, NOT_PLAYED);
    },
    'stop-room-play': ({ roomId, playId }) => core.findRoom(roomId)?.stopPlaying(playId),
    'pause-room-play': ({ roomId, playId, paused }) => core.findRoom(roomId)?.pausePlaying(playId, paused),
    'set-room-play-volume': ({ roomId, playId, volume }) => core.findRoom(roomId)?.setPlayVolume(playId, volume),
    'set-floor': ({ roomId, memberId }) => core.findRoom(roomId)?.setFloor(memberId),
  };
}

/** @returns the function that takes every message of the main thread; it never rejects */
export function commands(core: MediaCore, post: Post): (message: ToWorker) => Promise<void> {
  const answer = answers<Requests, Failure>(requestTable(core), post, (error) => {
    const failure = error instanceof MediaError ? error : new MediaError('media/engine-failed', String(error));
    return { code: failure.code, detail: failure.detail };
  });
  const orders = orderTable(core);
  return async (message) => {
    if (message.kind === 'request') return answer(message);
    try {
      // The name decides the type of what comes with it; the compiler cannot follow that through a lookup.
      (orders[message.name] as (order: unknown) => void)(message.order);
    } catch (error) {
      post({ kind: 'fault', text: `${message.name}: ${String(error)}` });
    }
  };
}
