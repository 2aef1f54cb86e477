/** The headers by which an event tells of a channel: the basic ones, and those with every variable. */
import type { EslEventValue } from '../../wire/esl-event.ts';
import type { Channel, Codec } from './channel.ts';

type Header = readonly [string, EslEventValue | undefined];

export function basicChannelData(channel: Channel): Header[] {
  const isNew = channel.runningState === 'CS_NEW';
  return [
    ['Channel-State', channel.runningState],
    ['Channel-Call-State', channel.callState],
    ['Channel-State-Number', String(channel.stateNumber)],
    ['Channel-Name', channel.name],
    ['Unique-ID', channel.uuid],
    ['Call-Direction', 'inbound'],
    ['Presence-Call-Direction', 'inbound'],
    ['Channel-HIT-Dialplan', 'true'],
    ['Channel-Call-UUID', channel.uuid],
    ['Answer-State', channel.answerState],
    ['Hangup-Cause', channel.hangupCause],
    ...codecHeaders('Read', channel.readCodec),
    ...codecHeaders('Write', channel.writeCodec),
    ...(isNew ? [] : callerProfileHeaders(channel, 'Caller')),
  ];
}

export function channelData(channel: Channel): Header[] {
  const variables = [...channel.variables].map(([name, value]): Header => [`variable_${name}`, value]);
  return [...basicChannelData(channel), ...variables];
}

/** @param prefix `Caller`, or `Channel` in the answer to `connect` */
export function callerProfileHeaders(channel: Channel, prefix: string): Header[] {
  const { profile, times } = channel;
  const headers: Header[] = [
    ['Direction', 'inbound'],
    ['Logical-Direction', 'inbound'],
    ['Dialplan', 'XML'],
    ['Caller-ID-Name', profile.callerIdName],
    ['Caller-ID-Number', profile.callerIdNumber === '' ? undefined : profile.callerIdNumber],
    ['Orig-Caller-ID-Name', profile.callerIdName],
    ['Orig-Caller-ID-Number', profile.callerIdNumber === '' ? undefined : profile.callerIdNumber],
    ['Network-Addr', profile.networkAddress],
    ['Destination-Number', profile.destinationNumber],
    ['Unique-ID', channel.uuid],
    ['Source', 'mod_sofia'],
    ['Context', profile.context],
    ['Channel-Name', channel.name],
    ['Profile-Index', '1'],
    ['Profile-Created-Time', times.created],
    ['Channel-Created-Time', times.created],
    ['Channel-Answered-Time', times.answered],
    ['Channel-Progress-Time', '0'],
    ['Channel-Progress-Media-Time', times.progressMedia],
    ['Channel-Hangup-Time', times.hangup],
    ['Channel-Transfer-Time', '0'],
    ['Channel-Resurrect-Time', '0'],
    ['Channel-Bridged-Time', '0'],
    ['Channel-Last-Hold', '0'],
    ['Channel-Hold-Accum', '0'],
    ['Screen-Bit', 'true'],
    ['Privacy-Hide-Name', 'false'],
    ['Privacy-Hide-Number', 'false'],
  ];
  return headers.map(([name, value]): Header => [`${prefix}-${name}`, value]);
}

function codecHeaders(direction: 'Read' | 'Write', codec: Codec | undefined): Header[] {
  if (!codec) return [];
  return [
    [`Channel-${direction}-Codec-Name`, codec.name],
    [`Channel-${direction}-Codec-Rate`, String(codec.rate)],
    [`Channel-${direction}-Codec-Bit-Rate`, String(codec.bitRate)],
  ];
}
