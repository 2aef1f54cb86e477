/** The headers by which an event tells of a channel: the basic ones, and those with every variable. */
import type { EventHeader } from '../core/event.ts';
import { HeaderBlock, KeptHeader } from '../core/header-block.ts';
import type { Channel, Codec } from './channel.ts';

type Header = readonly [string, string | undefined];

export function basicChannelData(channel: Channel): EventHeader[] {
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
    ...(isNew ? [] : [callerBlock(channel)]),
  ];
}

export function channelData(channel: Channel): EventHeader[] {
  return [...basicChannelData(channel), channel.variables.block];
}

const callerBlocks = new WeakMap<Channel, { readonly times: string; readonly block: HeaderBlock }>();

/** Nothing in it changes but the times of the call. */
function callerBlock(channel: Channel): HeaderBlock {
  const { answered, progressMedia, hangup } = channel.times;
  const times = `${answered} ${progressMedia} ${hangup}`;
  const kept = callerBlocks.get(channel);
  if (kept?.times === times) return kept.block;
  const headers = callerProfileHeaders(channel, 'Caller').flatMap(([name, value]) =>
    value === undefined ? [] : [new KeptHeader(name, value)],
  );
  const block = new HeaderBlock('Caller-', headers);
  callerBlocks.set(channel, { times, block });
  return block;
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
