/** `show channels`: one row a channel. */
import type { Session } from '../channel/session.ts';

export const CHANNEL_COLUMNS = [
  'uuid',
  'direction',
  'created',
  'created_epoch',
  'name',
  'state',
  'cid_name',
  'cid_num',
  'ip_addr',
  'dest',
  'application',
  'application_data',
  'dialplan',
  'context',
  'read_codec',
  'read_rate',
  'read_bit_rate',
  'write_codec',
  'write_rate',
  'write_bit_rate',
  'hostname',
  'callstate',
  'call_uuid',
] as const;

export type ChannelRow = Readonly<Record<(typeof CHANNEL_COLUMNS)[number], string>>;

export function channelRows(sessions: readonly Session[], hostname: string): ChannelRow[] {
  return sessions.map(({ channel }) => {
    const { profile, readCodec, writeCodec, times } = channel;
    const created = new Date(Number(times.created) / 1_000);
    return {
      uuid: channel.uuid,
      direction: 'inbound',
      created: created.toISOString().slice(0, 19).replace('T', ' '),
      created_epoch: String(Math.floor(created.getTime() / 1_000)),
      name: channel.name,
      state: channel.runningState,
      cid_name: profile.callerIdName.replaceAll(',', ' '),
      cid_num: profile.callerIdNumber,
      ip_addr: profile.networkAddress,
      dest: profile.destinationNumber,
      application: channel.variables.get('current_application') ?? '',
      application_data: (channel.variables.get('current_application_data') ?? '').replaceAll(',', ' '),
      dialplan: 'XML',
      context: profile.context,
      read_codec: readCodec?.name ?? '',
      read_rate: readCodec ? String(readCodec.rate) : '',
      read_bit_rate: readCodec ? String(readCodec.bitRate) : '',
      write_codec: writeCodec?.name ?? '',
      write_rate: writeCodec ? String(writeCodec.rate) : '',
      write_bit_rate: writeCodec ? String(writeCodec.bitRate) : '',
      hostname,
      callstate: channel.callState,
      call_uuid: channel.uuid,
    };
  });
}
