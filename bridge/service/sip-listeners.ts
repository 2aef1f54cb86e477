/** Where the embedded SIP server listens, as the settings say. */
import type { SettingName, Settings } from '../../config/index.ts';

export interface SipListener {
  readonly protocol: 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';
  readonly address: string;
  readonly port: number;
  /** The setting the port comes from; absent where the operating system chooses. */
  readonly setting?: SettingName;
}

type ListenerSettings = Pick<Settings, 'bind' | 'sipPort' | 'sipTlsPort' | 'sipWebSocketPort'>;

/** UDP and TCP come first; the plain WebSocket is for the web gateway, which passes browsers on to it. */
export function sipListeners(settings: ListenerSettings, loopback: string): SipListener[] {
  const { bind: address, sipPort, sipTlsPort, sipWebSocketPort } = settings;
  return [
    { protocol: 'udp', address, port: sipPort, setting: 'sipPort' },
    { protocol: 'tcp', address, port: sipPort, setting: 'sipPort' },
    { protocol: 'ws', address: loopback, port: 0 },
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
