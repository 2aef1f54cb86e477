/** The embedded FreeSWITCH: unmodified drachtio-fsmrf works through it over loopback sockets. */
export { startFreeswitch, type FreeswitchCounts, type FreeswitchOptions, type FreeswitchServer } from './server.ts';
// The frames themselves, for those outside of embedded/ who look at them.
export { EslFrameError, EslFrameReader, type EslFrame } from '../wire/esl-frame.ts';
