/** FreeSWITCH's `conference::maintenance` events, typed. Unknown actions are nothing to us. */
import type { EslEvent } from './media-ports.ts';

interface InRoom {
  readonly room: string;
}

interface OfMember extends InRoom {
  readonly memberId: number;
  readonly channelUuid: string;
}

export type ConferenceEvent =
  | (OfMember & { readonly type: 'add-member' | 'del-member' | 'start-talking' | 'stop-talking' | 'kick-member' })
  | (OfMember & { readonly type: 'mute-member' | 'unmute-member' | 'deaf-member' | 'undeaf-member' | 'mute-detect' })
  | (InRoom & { readonly type: 'floor-change'; readonly from: number | null; readonly to: number | null })
  | (InRoom & { readonly type: 'conference-create' | 'conference-destroy' })
  | (InRoom & { readonly type: 'play-file-done'; readonly file: string })
  | (OfMember & { readonly type: 'play-file-member-done'; readonly file: string })
  /** `failed`: the file could not be opened. */
  | (InRoom & { readonly type: 'start-recording'; readonly path: string; readonly failed: boolean })
  | (InRoom & { readonly type: 'stop-recording'; readonly path: string; readonly milliseconds: number | null });

const MEMBER_ACTIONS = [
  'add-member',
  'del-member',
  'start-talking',
  'stop-talking',
  'kick-member',
  'mute-member',
  'unmute-member',
  'deaf-member',
  'undeaf-member',
  'mute-detect',
] as const;
type MemberAction = (typeof MEMBER_ACTIONS)[number];

function isMemberAction(action: string): action is MemberAction {
  return (MEMBER_ACTIONS as readonly string[]).includes(action);
}

/** `none` and what is no number become null. */
function memberNumber(text: string | null | undefined): number | null {
  const value = Number(text);
  return text !== null && text !== undefined && text !== '' && Number.isInteger(value) && value > 0 ? value : null;
}

/** @returns null for another subclass, an unknown action, or a header missing */
export function readConferenceEvent(event: EslEvent): ConferenceEvent | null {
  if (event.getHeader('Event-Subclass') !== 'conference::maintenance') return null;
  const room = event.getHeader('Conference-Name');
  const action = event.getHeader('Action');
  if (!room || !action) return null;
  if (isMemberAction(action)) {
    const member = readMember(event);
    return member && { type: action, room, ...member };
  }
  switch (action) {
    case 'floor-change':
      return {
        type: action,
        room,
        from: memberNumber(event.getHeader('Old-ID')),
        to: memberNumber(event.getHeader('New-ID')),
      };
    case 'conference-create':
    case 'conference-destroy':
      return { type: action, room };
    case 'play-file-done':
      return { type: action, room, file: event.getHeader('File') ?? '' };
    case 'start-recording':
      return { type: action, room, path: event.getHeader('Path') ?? '', failed: Boolean(event.getHeader('Error')) };
    case 'stop-recording':
      return {
        type: action,
        room,
        path: event.getHeader('Path') ?? '',
        milliseconds: memberNumber(event.getHeader('Milliseconds-Elapsed')),
      };
    case 'play-file-member-done': {
      const member = readMember(event);
      return member && { type: action, room, file: event.getHeader('File') ?? '', ...member };
    }
    default:
      return null;
  }
}

function readMember(event: EslEvent): { memberId: number; channelUuid: string } | null {
  const memberId = memberNumber(event.getHeader('Member-ID'));
  const channelUuid = event.getHeader('Unique-ID');
  return memberId === null || !channelUuid ? null : { memberId, channelUuid };
}
