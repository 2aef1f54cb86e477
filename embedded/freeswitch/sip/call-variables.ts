/** Channel variables and caller profile from an INVITE, as mod_sofia sets them. */
import { isIP } from 'node:net';
import { parseNameAddr, parseSipUri, parseVia, tagOf, type SipUri } from '../../wire/sip-address.ts';
import { SipParseError, type SipRequest } from '../../wire/sip-message.ts';
import type { EslEventValue } from '../../wire/esl-event.ts';
import type { SipHop } from '../../sip/index.ts';
import type { CallerProfile } from '../channel/channel.ts';

export const PROFILE = 'drachtio_mrf';
export const CONTEXT = 'mrf';

type Variable = readonly [string, EslEventValue | undefined];

export interface InviteFacts {
  readonly invite: SipRequest;
  readonly source: SipHop;
  readonly profileUrl: string;
  readonly localAddress: string;
  readonly uuid: string;
  readonly sessionId: number;
  /** Microseconds since 1970. */
  readonly stamp: string;
  readonly channelName: string;
}

/** What could be read of an address; nothing when it is malformed. */
interface Party {
  readonly user: string;
  readonly host: string;
  readonly port: string;
}

function partyOf(read: () => SipUri): Party {
  try {
    const uri = read();
    return { user: uri.user ?? 'nobody', host: uri.host, port: String(uri.port ?? 5_060) };
  } catch (error) {
    if (error instanceof SipParseError) return { user: 'nobody', host: '', port: '' };
    throw error;
  }
}

function partyOfHeader(request: SipRequest, name: string): Party {
  return partyOf(() => parseSipUri(parseNameAddr(request.headers.get(name) ?? '').uri));
}

export function channelNameOf(invite: SipRequest): string {
  const { user, host, port } = partyOfHeader(invite, 'Contact');
  return `sofia/${PROFILE}/${user}@${host}:${port}`;
}

export function callerProfileOf(invite: SipRequest, source: SipHop): CallerProfile {
  const from = partyOfHeader(invite, 'From');
  const name = displayName(invite);
  return {
    callerIdName: name === '' ? 'unknown' : name,
    callerIdNumber: from.user === 'nobody' ? '' : from.user,
    networkAddress: source.address,
    destinationNumber: partyOf(() => parseSipUri(invite.uri)).user,
    context: CONTEXT,
  };
}

/**
 * Where the caller's own signalling came from, as the application tells: the INVITE itself comes from drachtio. Only those
 * who may call here at all are asked, and what callers write into their INVITEs never comes this far.
 */
export function callerAddressOf({ headers }: SipRequest): string | undefined {
  const told = headers.get('X-Caller-Address')?.trim() ?? '';
  return isIP(told) === 0 ? undefined : told;
}

/** Without control characters, whoever chose it. */
function displayName(invite: SipRequest): string {
  try {
    return (parseNameAddr(invite.headers.get('From') ?? '').displayName ?? '').replace(/[\x00-\x1f\x7f]/g, '');
  } catch (error) {
    if (error instanceof SipParseError) return '';
    throw error;
  }
}

export function inviteVariables(facts: InviteFacts): Variable[] {
  const { invite, source } = facts;
  const { headers } = invite;
  return [
    ['direction', 'inbound'],
    ['uuid', facts.uuid],
    ['session_id', String(facts.sessionId)],
    ...party('sip_from', partyOfHeader(invite, 'From')),
    ['video_media_flow', 'disabled'],
    ['text_media_flow', 'disabled'],
    ['channel_name', facts.channelName],
    ['sip_call_id', headers.get('Call-ID')],
    ['sip_local_network_addr', facts.localAddress],
    ['sip_network_ip', source.address],
    ['sip_network_port', String(source.port)],
    ['sip_invite_stamp', facts.stamp],
    ['sip_received_ip', source.address],
    ['sip_received_port', String(source.port)],
    ['sip_via_protocol', source.protocol],
    ['sip_from_tag', tagOf(headers.get('From'))],
    ['sofia_profile_name', PROFILE],
    ['sofia_profile_url', facts.profileUrl],
    ['recovery_profile_name', PROFILE],
    ['sip_full_via', headers.getAll('Via').join(',')],
    ['sip_full_from', headers.get('From')],
    ['sip_full_to', headers.get('To')],
    ...party(
      'sip_req',
      partyOf(() => parseSipUri(invite.uri)),
    ),
    ...party('sip_to', partyOfHeader(invite, 'To')),
    ...party('sip_contact', partyOfHeader(invite, 'Contact')),
    ['sip_user_agent', headers.get('User-Agent')],
    ...viaVariables(invite, source),
    ['max_forwards', headers.get('Max-Forwards') ?? '70'],
    ...extensionHeaders(invite),
    ['call_uuid', facts.uuid],
  ];
}

function party(prefix: string, { user, host, port }: Party): Variable[] {
  if (host === '') return [];
  return [
    [`${prefix}_user`, user],
    [`${prefix}_port`, port],
    [`${prefix}_uri`, `${user}@${host}:${port}`],
    [`${prefix}_host`, host],
  ];
}

function viaVariables(invite: SipRequest, source: SipHop): Variable[] {
  const host = ((): string => {
    try {
      return parseVia(invite.headers.getList('Via')[0] ?? '').host;
    } catch (error) {
      if (error instanceof SipParseError) return source.address;
      throw error;
    }
  })();
  return [
    ['sip_via_host', host],
    ['sip_via_rport', String(source.port)],
  ];
}

const MAX_EXTENSION_HEADERS = 50;

/** `X-…` headers become `sip_h_X-…`. */
function extensionHeaders(invite: SipRequest): Variable[] {
  return [...invite.headers]
    .filter(([name]) => /^X-/i.test(name))
    .slice(0, MAX_EXTENSION_HEADERS)
    .map(([name, value]): Variable => [`sip_h_${name}`, value]);
}
