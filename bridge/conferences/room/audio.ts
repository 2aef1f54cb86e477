/**
 * Who is heard and who hears. Each bit is a reason not to be heard, and has one owner: `self` the participant, `host` the
 * hosts, `mode` the room's mode, `hold` the hosts, `waiting` the waiting room. The media server is made to agree with the
 * bits here and nowhere else: whatever an input has changed is compared at its end.
 */
import type { Participant, RoomDocument } from '../../../store/index.ts';
import type { Draft } from './draft.ts';
import type { RoomEffect, Words } from './inputs.ts';

export function maySpeak({ bits, state }: Pick<Participant, 'bits' | 'state'>): boolean {
  return bits.length === 0 && state === 'present';
}

export function mayHear({ bits, state }: Pick<Participant, 'bits' | 'state'>): boolean {
  return state === 'present' && !bits.includes('hold') && !bits.includes('waiting');
}

/** Music is for those who hear nobody. */
export function hearsMusic(row: Pick<Participant, 'bits' | 'state'>): boolean {
  return row.state !== 'away' && !mayHear(row);
}

/** Whether unmuting themselves would make them heard. Hosts can take away what a host has done. */
export function canUnmute({ bits, role }: Pick<Participant, 'bits' | 'role'>): boolean {
  return bits.every((bit) => bit === 'self' || (bit === 'host' && role === 'host'));
}

/** Why somebody is not heard, and what to press; nothing for those who are heard. */
export function whyMuted(row: Participant, mode: RoomDocument['mode']): readonly Words[] {
  if (row.bits.includes('waiting') || row.bits.includes('hold') || row.bits.length === 0) return [];
  if (canUnmute(row)) return ['you-are-muted', { keysFor: 'unmute' }];
  if (row.bits.includes('mode')) {
    return mode === 'presentation' ? ['mode-is-presentation'] : ['mode-is-qa', { keysFor: 'toggle-hand' }];
  }
  return ['muted-by-host', { keysFor: 'toggle-hand' }];
}

/** Nobody is shown talking who is not heard. */
export function silenceMuted(draft: Draft): void {
  for (const row of draft.people) {
    if (row.talking && (!maySpeak(row) || !row.leg)) draft.update(row, { talking: false });
  }
}

/** The commands that make the media server agree, for every leg that was in the mix or was put there. */
export function audioEffects(before: RoomDocument | null, draft: Draft): RoomEffect[] {
  const effects: RoomEffect[] = [];
  const known = new Map((before?.participants ?? []).map((row) => [row.id, row]));
  for (const row of draft.people) {
    const was = known.get(row.id);
    const memberId = row.leg?.memberId;
    if (row === was && !draft.put.has(memberId ?? 0)) continue;
    if (memberId !== undefined) effects.push(...memberEffects(was, row, memberId, draft));
  }
  return effects;
}

function memberEffects(was: Participant | undefined, row: Participant, memberId: number, draft: Draft): RoomEffect[] {
  const put = draft.put.get(memberId);
  const same = was?.leg?.memberId === memberId && was.leg.callId === row.leg?.callId;
  const speak = put?.speak ?? (same ? maySpeak(was) : undefined);
  const hear = put?.hear ?? (same ? mayHear(was) : undefined);
  const volume = same ? was.volume : 0;
  const effects: RoomEffect[] = [];
  if (speak !== maySpeak(row)) effects.push({ type: 'set-speak', memberId, speak: maySpeak(row) });
  if (hear !== mayHear(row)) effects.push({ type: 'set-hear', memberId, hear: mayHear(row) });
  if (volume !== row.volume) effects.push({ type: 'set-volume', memberId, volume: row.volume });
  return effects;
}
