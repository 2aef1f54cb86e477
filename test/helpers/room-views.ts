/** Rooms and rows as people see them, with what a test does not care about filled in. */
import type { ParticipantView, RoomView } from '../../config/contract/index.ts';

/** Present, by browser, heard. */
export function participantView(id: string, change: Partial<ParticipantView> = {}): ParticipantView {
  return {
    id,
    name: id,
    number: '',
    role: 'guest',
    state: 'present',
    audio: 'browser',
    web: true,
    muted: false,
    mutedBy: [],
    canUnmute: true,
    talking: false,
    handPosition: null,
    waitingPosition: null,
    asksForHelp: false,
    volume: 0,
    joinedAt: 1_000,
    ...change,
  };
}

export function roomViewOf(participants: readonly ParticipantView[], change: Partial<RoomView> = {}): RoomView {
  return {
    conferenceId: 'c1',
    title: 'Weekly',
    live: true,
    version: 1,
    mode: 'conversation',
    locked: false,
    announce: 'tone',
    recording: { state: 'off', since: null },
    waitingForHost: false,
    hostGone: null,
    startedAt: 1_000,
    participants: [...participants],
    ...change,
  };
}
