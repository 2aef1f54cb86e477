/** Which way of UDP is taken. */
import type { UdpChoice } from '../types.ts';
import { BatchedNetwork } from './batched-network.ts';
import { DgramNetwork } from './dgram-network.ts';
import { loadSystemCalls } from './system-calls.ts';
import type { UdpNetwork } from './udp-port.ts';

/** @throws Error when `batched` is demanded and cannot be had; `auto` takes dgram then */
export function chooseNetwork(choice: UdpChoice): UdpNetwork {
  if (choice === 'dgram') return new DgramNetwork();
  try {
    return new BatchedNetwork(loadSystemCalls());
  } catch (error) {
    if (choice === 'batched') throw error;
    return new DgramNetwork();
  }
}
