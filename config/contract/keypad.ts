/** The keys people press in a room. The map is data, per company; keys that fit nothing are nobody's. */
import { z } from 'zod';

export const keypadActions = [
  'help',
  'toggle-mute',
  'toggle-hand',
  'roll',
  'louder',
  'quieter',
  'ask-for-help',
  'toggle-recording',
  /** Pressed again: all. */
  'admit-next',
  'next-mode',
  'toggle-lock',
  'menu',
] as const;
export type KeypadAction = (typeof keypadActions)[number];

/** Keys for each action. */
export type KeypadMap = Readonly<Record<KeypadAction, string>>;

/** The conventions of the field (design, section 6). */
export const DEFAULT_KEYPAD: KeypadMap = {
  help: '*1',
  'toggle-mute': '*6',
  'toggle-hand': '*9',
  roll: '*#',
  louder: '*4',
  quieter: '*7',
  'ask-for-help': '*0',
  'toggle-recording': '*2',
  'admit-next': '*3',
  'next-mode': '*5',
  'toggle-lock': '*8',
  menu: '**',
};

const keys = z.string().regex(/^[0-9*#]{1,8}$/, { error: 'must be 1 to 8 keys: digits, * and #' });

const someKeys = z.partialRecord(z.enum(keypadActions), keys);

/** What a company has laid otherwise; the rest is as in DEFAULT_KEYPAD. */
export const keypadChanges = someKeys.refine((changes) => keypadConflict(withDefaults(changes)) === null, {
  error: 'the keys of one action must not begin with those of another',
});
export type KeypadChanges = z.infer<typeof keypadChanges>;

/** Actions that are not named have their usual keys. Whether the keys fit together is told apart: keypad/conflict. */
export const replaceKeypadRequest = z.strictObject({ keypad: someKeys });

export const keypadView = z.object({
  /** The keys of every action, as they count now. */
  keypad: z.record(z.enum(keypadActions), z.string()),
});

export function withDefaults(changes: Partial<Record<KeypadAction, string>> | undefined): KeypadMap {
  return { ...DEFAULT_KEYPAD, ...changes };
}

/** @returns two actions of which the keys of one begin with those of the other (or are the same), or null */
export function keypadConflict(map: KeypadMap): readonly [KeypadAction, KeypadAction] | null {
  for (const one of keypadActions) {
    for (const other of keypadActions) {
      if (one !== other && map[other].startsWith(map[one])) return [one, other];
    }
  }
  return null;
}
