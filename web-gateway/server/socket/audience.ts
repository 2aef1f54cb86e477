/**
 * Who sees what of a room. Hosts see everything; whoever was let in sees everybody but those who wait; whoever waits sees
 * only themselves. Pure.
 */
import type { ParticipantView, RoomView } from '../../../config/contract/index.ts';

/** `waiting` is for one participant alone. */
export type Audience =
  { readonly kind: 'host' } | { readonly kind: 'guest' } | { readonly kind: 'waiting'; readonly participantId: string };

export function audienceOf({ id, role, state }: ParticipantView): Audience {
  if (state === 'waiting') return { kind: 'waiting', participantId: id };
  return { kind: role };
}

export const audienceKey = (audience: Audience): string =>
  audience.kind === 'waiting' ? `waiting:${audience.participantId}` : audience.kind;

/** @param view the whole of it */
export function viewFor(audience: Audience, view: RoomView): RoomView {
  switch (audience.kind) {
    case 'host':
      return view;
    case 'guest':
      return { ...view, participants: view.participants.filter(({ state }) => state !== 'waiting') };
    case 'waiting':
      return {
        ...view,
        startedAt: null,
        participants: view.participants.filter(({ id }) => id === audience.participantId),
      };
  }
}
