/** The embedded FreeSWITCH: unmodified drachtio-fsmrf works through it over loopback sockets. */
export {
  startFreeswitch,
  type FreeswitchCounts,
  type FreeswitchOptions,
  type FreeswitchServer,
  type FreeswitchServer as Freeswitch,
} from './server.ts';
