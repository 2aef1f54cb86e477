/** Live rooms: who is in, and what may be asked of them. */
import { liveRooms, roomCommand, roomCommandAnswer, roomView } from '../../../config/contract/index.ts';
import type { Store } from '../../../store/index.ts';
import { operation, type Operation } from '../operation.ts';
import { toRoomView } from '../room-view.ts';
import { findConference } from './conferences.ts';

export function roomOperations(store: Store): Operation[] {
  const list = operation({
    method: 'get',
    path: '/rooms',
    summary: 'The conferences somebody is in now',
    access: ['admin', 'moderator', 'presenter'],
    answers: { status: 200, schema: liveRooms, description: 'The live rooms, oldest first.' },
    handle: async ({ person }) => {
      const rooms = await store.rooms.list(person.tenantId);
      return {
        rooms: rooms
          .map(({ conferenceId, title, startedAt, participants }) => ({
            ...{ conferenceId, title, startedAt },
            participants: participants.length,
          }))
          .sort((one, other) => one.startedAt - other.startedAt),
      };
    },
  });

  const show = operation({
    method: 'get',
    path: '/rooms/:conferenceId',
    summary: 'Who is in a conference now',
    access: ['admin', 'moderator', 'presenter'],
    answers: { status: 200, schema: roomView, description: 'The roster; `live` is false when nobody is in.' },
    handle: async ({ person, params }) => {
      const conference = await findConference(store, person, params['conferenceId']);
      return toRoomView(conference, await store.rooms.read(person.tenantId, conference.id));
    },
  });

  const command = operation({
    method: 'post',
    path: '/rooms/:conferenceId/commands',
    summary: 'Ask something of a live room, with the rights of a host',
    access: ['admin', 'moderator'],
    body: roomCommand,
    answers: { status: 200, schema: roomCommandAnswer, description: 'It is done.' },
    handle: async ({ person, params, body }) => {
      const conference = await findConference(store, person, params['conferenceId']);
      const { version } = await store.roomRequests.submit({
        tenantId: person.tenantId,
        conferenceId: conference.id,
        actor: { kind: 'person', personId: person.id },
        request: body,
      });
      return { version };
    },
  });

  return [list, show, command];
}
