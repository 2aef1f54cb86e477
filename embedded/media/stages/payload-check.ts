/** Only what was negotiated passes: the audio codec, telephone-event and comfort noise, in lengths that make sense. */
import type { RemoteMedia } from '../types.ts';
import { TELEPHONE_EVENT_BYTES } from '../../wire/telephone-event.ts';
import type { Arrival, ReceiveStage } from './arrival.ts';

/** Static payload type of comfort noise (RFC 3389); accepted from everybody. */
const COMFORT_NOISE = 13;
/** 200 ms of G.711: more in one packet is no telephone. */
const MAX_AUDIO_BYTES = 1600;

export type PayloadKind = 'audio' | 'telephone-event' | 'comfort-noise';

export class PayloadCheck implements ReceiveStage {
  #remote: RemoteMedia | undefined;

  arm(remote: RemoteMedia): void {
    this.#remote = remote;
  }

  kindOf(payloadType: number): PayloadKind | undefined {
    const remote = this.#remote;
    if (!remote) return undefined;
    if (payloadType === remote.audioPayloadType) return 'audio';
    if (payloadType === remote.telephoneEventPayloadType) return 'telephone-event';
    if (payloadType === COMFORT_NOISE || payloadType === remote.comfortNoisePayloadType) return 'comfort-noise';
    return undefined;
  }

  take({ packet }: Arrival): boolean {
    const length = packet.payload.length;
    switch (this.kindOf(packet.payloadType)) {
      case 'audio':
        return length > 0 && length <= MAX_AUDIO_BYTES;
      case 'telephone-event':
        return length >= TELEPHONE_EVENT_BYTES;
      case 'comfort-noise':
        return length > 0;
      case undefined:
        return false;
    }
  }
}
