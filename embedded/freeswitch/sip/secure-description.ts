/**
 * What a browser's description tells of ICE (RFC 8839) and DTLS (RFC 8842, 8122), and what ours says in return. Pure.
 */
import { randomBytes } from 'node:crypto';

export type SetupRole = 'actpass' | 'active' | 'passive';

/** Complete: a stream without one of these cannot be secured. */
export interface SecureDescription {
  readonly ufrag: string;
  readonly password: string;
  /** SHA-256, in upper case. */
  readonly fingerprint: string;
  readonly setup: SetupRole;
  /** Where the peer says it may be reached; ICE may find otherwise. */
  readonly candidate: { readonly address: string; readonly port: number } | undefined;
}

/** RFC 8839 section 5.4: ice-char, and the lengths. */
const UFRAG = /^a=ice-ufrag:([A-Za-z0-9+/]{4,256})\s*$/;
const PASSWORD = /^a=ice-pwd:([A-Za-z0-9+/]{22,256})\s*$/;
const FINGERPRINT = /^a=fingerprint:sha-256 ((?:[0-9A-F]{2}:){31}[0-9A-F]{2})\s*$/i;
const SETUP = /^a=setup:(actpass|active|passive)\s*$/;
const HOST_CANDIDATE = /^a=candidate:\S{1,32} 1 udp \d{1,10} ([0-9A-Fa-f.:]{2,45}) (\d{1,5}) typ \w+/i;

/** @param levels the stream's lines, then the session's, which are the default (RFC 8839 section 5.4) */
export function readSecure(levels: readonly (readonly string[])[]): SecureDescription | undefined {
  const lines = levels.flat();
  const ufrag = valueOf(lines, UFRAG);
  const password = valueOf(lines, PASSWORD);
  const fingerprint = valueOf(lines, FINGERPRINT);
  // RTCP on a port of its own is of the past: every browser offers to share one (RFC 8834 section 4.5).
  if (!ufrag || !password || !fingerprint || !lines.some((line) => /^a=rtcp-mux\s*$/.test(line))) return undefined;
  const setupLine = lines.find((line) => line.startsWith('a=setup:'));
  // RFC 4145 section 4: an offer that says nothing means active.
  const setup = setupLine === undefined ? 'active' : (SETUP.exec(setupLine)?.[1] as SetupRole | undefined);
  if (!setup) return undefined;
  return { ufrag, password, fingerprint: fingerprint.toUpperCase(), setup, candidate: candidateOf(lines) };
}

function valueOf(lines: readonly string[], pattern: RegExp): string | undefined {
  for (const line of lines) {
    const value = pattern.exec(line)?.[1];
    if (value !== undefined) return value;
  }
  return undefined;
}

function candidateOf(lines: readonly string[]): SecureDescription['candidate'] {
  for (const line of lines) {
    const match = HOST_CANDIDATE.exec(line);
    if (match && Number(match[2]) > 0 && Number(match[2]) < 65_536)
      return { address: match[1]!, port: Number(match[2]) };
  }
  return undefined;
}

export interface IceCredentials {
  readonly ufrag: string;
  readonly password: string;
}

/** As long as FreeSWITCH's. Hexadecimal digits are ice-chars. */
export function newIceCredentials(): IceCredentials {
  return { ufrag: randomBytes(8).toString('hex'), password: randomBytes(16).toString('hex') };
}

/** Ours. */
export interface LocalSecure extends IceCredentials {
  readonly fingerprint: string;
  readonly ssrc: number;
}

export interface SecureAnswer {
  readonly address: string;
  readonly port: number;
  readonly local: LocalSecure;
  readonly role: 'client' | 'server';
}

/** Priority of the one host candidate there is (RFC 8445 section 5.1.2.2). */
const HOST_PRIORITY = 2_130_706_431;

/** What belongs to the stream. As FreeSWITCH, which says no `a=mid`: a browser has to get by without. */
export function secureLines({ address, port, local, role }: SecureAnswer): string[] {
  const family = address.includes(':') ? 'IP6' : 'IP4';
  const { ssrc } = local;
  return [
    `a=fingerprint:sha-256 ${local.fingerprint}`,
    `a=setup:${role === 'client' ? 'active' : 'passive'}`,
    'a=rtcp-mux',
    `a=rtcp:${port} IN ${family} ${address}`,
    `a=ice-ufrag:${local.ufrag}`,
    `a=ice-pwd:${local.password}`,
    `a=candidate:1 1 udp ${HOST_PRIORITY} ${address} ${port} typ host`,
    'a=end-of-candidates',
    `a=ssrc:${ssrc} cname:${ssrc}`,
    `a=ssrc:${ssrc} msid:${ssrc} a0`,
  ];
}

/**
 * What belongs to the whole description: that we only answer checks (RFC 8445 section 2.5). No `a=group:BUNDLE`, as
 * FreeSWITCH: there is one stream at most.
 */
export const SECURE_SESSION_LINES: readonly string[] = ['a=ice-lite', 'a=msid-semantic: WMS *'];
