/** How a person is described to a host on the phone, and the keys that deal with them. */
import type { Prompt } from '../../ivr/index.ts';
import type { Participant } from '../../store/index.ts';

const SHOWN_DIGITS = 3;

/** One key lets in whoever waits, and calls on whoever has a hand up; pressed again, the turn is over. */
export const personActions = {
  '3': 'person-next',
  '1': 'person-previous',
  '4': 'person-mute',
  '5': 'person-hold',
  '6': 'person-call-on',
  '7': 'person-remove',
  '8': 'person-make-host',
  '9': 'person-hand-over',
  '0': 'person-name',
} as const;
export type PersonKey = keyof typeof personActions;

/** @param position in the list, from 1: what somebody without a name or number is called */
export function describePerson(
  person: Participant,
  position: number,
  withKeys: boolean,
  absolute: (file: string) => string,
): readonly Prompt[] {
  return [...whoIs(person, position, absolute), ...howTheyAre(person), ...(withKeys ? keysOf(person) : [])];
}

function whoIs({ nameSound, number }: Participant, position: number, absolute: (file: string) => string): Prompt[] {
  if (nameSound !== undefined) return [{ meaning: 'recorded', file: absolute(nameSound) }];
  const digits = number.replace(/\D/g, '').slice(-SHOWN_DIGITS);
  const person: Prompt = { meaning: 'person-number', value: position };
  return digits === '' ? [person] : [person, { meaning: 'caller-ending', digits }];
}

function howTheyAre({ state, bits, hand }: Participant): Prompt[] {
  if (state === 'waiting') return ['menu-is-waiting'];
  if (bits.includes('hold')) return ['menu-is-on-hold'];
  return [
    ...(bits.length > 0 ? ['menu-is-muted' as const] : []),
    ...(hand === undefined ? [] : ['menu-hand-up' as const]),
  ];
}

/** Only what can be done with this person now. */
function keysOf({ state, hand, calledOn, role }: Participant): Prompt[] {
  const can: Readonly<Record<PersonKey, boolean>> = {
    '3': true,
    '1': true,
    '4': state === 'present',
    '5': state === 'present' && role === 'guest',
    '6': state === 'waiting' || hand !== undefined || calledOn,
    '7': true,
    '8': state === 'present' && role === 'guest',
    '9': state === 'present',
    '0': true,
  };
  const order: readonly PersonKey[] = ['3', '1', '6', '4', '5', '7', '0', '8', '9'];
  const offers = order
    .filter((key) => can[key])
    .map((keys): Prompt => {
      const action = keys === '6' && state === 'waiting' ? 'person-admit' : personActions[keys];
      return { meaning: 'action', action, keys };
    });
  return [
    ...offers,
    { meaning: 'action', action: 'menu-repeat', keys: '*' },
    { meaning: 'action', action: 'menu-back', keys: '#' },
  ];
}
