/** RFC 4733 telephone-event payloads: one key on its way, told again in every packet. */

export interface TelephoneEvent {
  /** 0…255; 0…15 are the keys. */
  readonly event: number;
  readonly end: boolean;
  /** Attenuation below 0 dBm0, 0…63. */
  readonly volume: number;
  /** Timestamp units since the event began, 0…65,535. */
  readonly duration: number;
}

export const TELEPHONE_EVENT_BYTES = 4;
const KEYS = '0123456789*#ABCD';

/** @returns undefined when there are fewer than four bytes. More than one event in a payload: the first counts. */
export function parseTelephoneEvent(payload: Uint8Array): TelephoneEvent | undefined {
  if (payload.length < TELEPHONE_EVENT_BYTES) return undefined;
  return {
    event: payload[0]!,
    end: (payload[1]! & 0x80) !== 0,
    volume: payload[1]! & 0x3f,
    duration: (payload[2]! << 8) | payload[3]!,
  };
}

export function serializeTelephoneEvent(event: TelephoneEvent): Uint8Array {
  const duration = Math.min(event.duration, 0xffff);
  return Uint8Array.of(
    event.event & 0xff,
    (event.end ? 0x80 : 0) | (event.volume & 0x3f),
    (duration >> 8) & 0xff,
    duration & 0xff,
  );
}

/** The key of an event number; undefined above 15 (flash, modem tones: not keys). */
export function keyOfEvent(event: number): string | undefined {
  return KEYS[event];
}

/** The event number of a key, upper or lower case; undefined for anything that is no key. */
export function eventOfKey(key: string): number | undefined {
  const index = key.length === 1 ? KEYS.indexOf(key.toUpperCase()) : -1;
  return index < 0 ? undefined : index;
}
