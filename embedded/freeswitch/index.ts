/** The embedded FreeSWITCH: unmodified drachtio-fsmrf works through it over loopback sockets. */
export { startFreeswitch, type FreeswitchServer, type FreeswitchCounts, type FreeswitchOptions } from './server.ts';
