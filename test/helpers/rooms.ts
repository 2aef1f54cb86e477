/** Rooms and rows as the store keeps them, with what a test does not care about filled in. */
import { DEFAULT_POLICY } from '../../config/contract/index.ts';
import type { Participant, RoomDocument } from '../../store/index.ts';

export function roomDocument(change: Partial<RoomDocument> = {}): RoomDocument {
  const policy = change.policy ?? DEFAULT_POLICY;
  return {
    conferenceId: 'c1',
    tenantId: 'default',
    title: 'Weekly',
    version: 1,
    epoch: 1,
    mediaServer: 'm1',
    startedAt: 1_000,
    policy,
    mode: policy.mode,
    announce: policy.announce,
    locked: false,
    guestsMuted: false,
    awaitsHost: false,
    led: false,
    hostGone: null,
    recording: { state: 'off', since: null },
    news: { joined: [], left: [], waiting: false, dueAt: null, quietUntil: 0 },
    farewells: [],
    lastToggle: null,
    participants: [],
    ...change,
  };
}

/** Present, on the phone, heard; call and channel are named after the id. */
export function participantRow(id: string, change: Partial<Participant> = {}): Participant {
  return {
    id,
    name: id,
    number: '+49301',
    line: '',
    role: 'guest',
    state: 'present',
    since: 1_000,
    language: 'en',
    leg: { kind: 'phone', callId: id, channelUuid: id },
    connections: [],
    bits: [],
    calledOn: false,
    asksForHelp: false,
    volume: 0,
    joinedAt: 1_000,
    admitted: true,
    talking: false,
    ...change,
  };
}
