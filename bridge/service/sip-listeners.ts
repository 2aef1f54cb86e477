/** Where the embedded SIP server listens, as the settings say. */
import { isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';
import { environmentName, type SettingName, type Settings } from '../../config/index.ts';
import { StartError } from './start-error.ts';

export interface SipListener {
  readonly protocol: 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';
  readonly address: string;
  readonly port: number;
  /** Where it differs from what phones are told. */
  readonly advertisedAddress?: string;
  /** The setting the port comes from; absent where the operating system chooses. */
  readonly setting?: SettingName;
}

type ListenerSettings = Pick<Settings, 'bind' | 'sipPort' | 'sipTlsPort' | 'sipWebSocketPort'>;

/**
 * UDP and TCP come first; the plain WebSocket is for the web gateway, which passes browsers on to it.
 * @throws StartError for an address that cannot be listened on
 */
export function sipListeners(settings: ListenerSettings, loopback: string): SipListener[] {
  const { bind: address, sipPort, sipTlsPort, sipWebSocketPort } = settings;
  if (isIPv6(address) && ipaddr.parse(address).range() === 'unspecified') {
    // What comes in there over IPv4 could not be answered from the same place.
    throw new StartError(
      `The address ${address} (setting bind, ${environmentName('bind')}) stands for all IPv6 addresses, which the embedded servers cannot use: name one address, or 0.0.0.0 for all of IPv4.`,
    );
  }
  return [
    { protocol: 'udp', address, port: sipPort, setting: 'sipPort' },
    { protocol: 'tcp', address, port: sipPort, setting: 'sipPort' },
    { protocol: 'ws', address: loopback, port: 0 },
    // The media server is reached over IPv4, always.
    ...(isIPv6(address) ? [{ protocol: 'udp', address: loopback, port: 0, advertisedAddress: loopback } as const] : []),
    ...(sipTlsPort === undefined
      ? []
      : [{ protocol: 'tls', address, port: sipTlsPort, setting: 'sipTlsPort' } as const]),
    ...(sipWebSocketPort === undefined
      ? []
      : [{ protocol: 'wss', address, port: sipWebSocketPort, setting: 'sipWebSocketPort' } as const]),
  ];
}

export function needsCertificate(listeners: readonly SipListener[]): boolean {
  return listeners.some(({ protocol }) => protocol === 'tls' || protocol === 'wss');
}
