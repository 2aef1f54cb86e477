/** Commands about the server: status, version, sofia status, show, global variables, and small helpers. */
import type { SessionRegistry } from '../channel/session-registry.ts';
import type { Clock } from '../clock.ts';
import { REVISION_HUMAN, VERSION, VERSION_HUMAN, type ServerIdentity } from '../core/server-identity.ts';
import { channelRows, CHANNEL_COLUMNS } from './channel-table.ts';
import type { Api } from './api-registry.ts';
import { CONTEXT, PROFILE } from '../sip/call-variables.ts';

export interface ServerFacts {
  readonly identity: ServerIdentity;
  readonly clock: Clock;
  readonly sessions: SessionRegistry;
  readonly maxSessions: number;
  readonly mediaAddress: string;
  readonly advertisedMediaAddress: string;
  readonly sip: () => { readonly address: string; readonly advertised: string; readonly url: string };
  readonly calls: () => { readonly callsIn: number; readonly failedCallsIn: number };
}

const SESSIONS_PER_SECOND = 200;
const RULE = '='.repeat(97);

export function statusApis(facts: ServerFacts): Readonly<Record<string, Api>> {
  return {
    status: () => status(facts),
    version: (argument) => version(argument),
    hostname: () => facts.identity.hostname,
    switchname: () => facts.identity.hostname,
    uptime: (argument) => uptime(facts, argument.trim().toLowerCase()),
    strepoch: () => String(Math.floor(facts.clock.now() / 1_000)),
    echo: (argument) => argument,
    create_uuid: () => crypto.randomUUID(),
    global_getvar: (argument) => globalVariable(facts, argument.trim()),
    sofia: (argument) => sofia(facts, argument),
    show: (argument) => show(facts, argument),
    fsctl: (argument) => fsctl(argument),
  };
}

/** `0 years, 0 days, …`: what it took since the start. */
export function describeUptime({ clock, identity }: Pick<ServerFacts, 'clock' | 'identity'>): string {
  const microseconds = Math.floor((clock.now() - identity.startedAt) * 1_000);
  const seconds = Math.floor(microseconds / 1_000_000);
  const parts: [number, string][] = [
    [Math.floor(seconds / 31_536_000), 'year'],
    [Math.floor(seconds / 86_400) % 365, 'day'],
    [Math.floor(seconds / 3_600) % 24, 'hour'],
    [Math.floor(seconds / 60) % 60, 'minute'],
    [seconds % 60, 'second'],
    [Math.floor(microseconds / 1_000) % 1_000, 'millisecond'],
    [microseconds % 1_000, 'microsecond'],
  ];
  return parts.map(([count, unit]) => `${count} ${unit}${count === 1 ? '' : 's'}`).join(', ');
}

function status(facts: ServerFacts): string {
  const counters = facts.sessions.counters();
  return [
    `UP ${describeUptime(facts)}`,
    `FreeSWITCH (Version ${VERSION_HUMAN}) is ready`,
    `${counters.sinceStart} session(s) since startup`,
    `${counters.now} session(s) - peak ${counters.peak}, last 5min ${counters.peak} `,
    `${counters.lastSecond} session(s) per Sec out of max ${SESSIONS_PER_SECOND}, peak ${counters.peakPerSecond}, last 5min ${counters.peakPerSecond} `,
    `${facts.maxSessions} session(s) max`,
    'min idle cpu 0.00/100.00',
    'Current Stack Size/Max 240K/8192K',
    '',
  ].join('\n');
}

function version(argument: string): string {
  if (argument.trim() === '') return `FreeSWITCH Version ${VERSION} (${REVISION_HUMAN})\n`;
  if (/short/i.test(argument)) return '1.11.2-release\n';
  return `FreeSWITCH Version ${VERSION} (${VERSION_HUMAN})\n`;
}

const UPTIME_UNITS: ReadonlyMap<string, number> = new Map([
  ['us', 0.001],
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** @param unit of the answer */
function uptime({ clock, identity }: ServerFacts, unit: string): string {
  const scale = UPTIME_UNITS.get(unit === '' ? 's' : unit);
  if (scale === undefined) {
    return '-USAGE: [us|ms|s|m|h|d|microseconds|milliseconds|seconds|minutes|hours|days]\n';
  }
  return `${Math.floor((clock.now() - identity.startedAt) / scale)}\n`;
}

function globalVariable(facts: ServerFacts, name: string): string {
  const variables: Readonly<Record<string, string>> = {
    local_ip_v4: facts.identity.ipv4,
    hostname: facts.identity.hostname,
    core_uuid: facts.identity.coreUuid,
    domain: facts.identity.ipv4,
  };
  if (name === '')
    return Object.entries(variables)
      .map(([key, value]) => `${key}=${value}\n`)
      .join('');
  return Object.hasOwn(variables, name) ? variables[name]! : '';
}

function sofia(facts: ServerFacts, argument: string): string {
  const words = argument.trim().split(/\s+/);
  if (words[0]?.toLowerCase() !== 'status') return '-USAGE: sofia status [profile <name>]\n';
  if (words.length === 1) return profileTable(facts);
  if (words[1]?.toLowerCase() !== 'profile' || words[2] !== PROFILE) return 'Invalid Profile!\n';
  return profileStatus(facts);
}

/** The words and columns fsmrf looks for when it connects. */
function profileTable(facts: ServerFacts): string {
  const row = (name: string, type: string, data: string, state: string): string =>
    `${name.padStart(25)}\t${type.padStart(7)}\t${data.padStart(42)}\t${state}\n`;
  return [
    row('Name', '  Type', 'Data', 'State'),
    `${RULE}\n`,
    row(PROFILE, 'profile', facts.sip().url, 'RUNNING (0)'),
    `${RULE}\n`,
    '1 profile 0 aliases\n',
  ].join('');
}

function profileStatus(facts: ServerFacts): string {
  const { address, advertised, url } = facts.sip();
  const { callsIn, failedCallsIn } = facts.calls();
  const rows: [string, string | number][] = [
    ['Name', PROFILE],
    ['Domain Name', 'N/A'],
    ['Auto-NAT', 'false'],
    ['DBName', `sofia_reg_${PROFILE}`],
    ['Pres Hosts', ''],
    ['Dialplan', 'XML'],
    ['Context', CONTEXT],
    ['Challenge Realm', 'auto_to'],
    ['RTP-IP', facts.mediaAddress],
    ['Ext-RTP-IP', facts.advertisedMediaAddress],
    ['SIP-IP', address],
    ['Ext-SIP-IP', advertised],
    ['URL', url],
    ['BIND-URL', `${url};maddr=${address};transport=udp,tcp`],
    ['HOLD-MUSIC', 'N/A'],
    ['OUTBOUND-PROXY', 'N/A'],
    ['CODECS IN', 'PCMU,PCMA'],
    ['CODECS OUT', 'PCMU,PCMA'],
    ['TEL-EVENT', 101],
    ['DTMF-MODE', 'rfc2833'],
    ['CNG', 13],
    ['SESSION-TO', 0],
    ['MAX-DIALOG', 0],
    ['MAX-RECV-RPS', 1_000],
    ['NOMEDIA', 'false'],
    ['LATE-NEG', 'true'],
    ['PROXY-MEDIA', 'false'],
    ['AGGRESSIVENAT', 'false'],
    ['CALLS-IN', callsIn],
    ['FAILED-CALLS-IN', failedCallsIn],
    ['CALLS-OUT', 0],
    ['FAILED-CALLS-OUT', 0],
    ['REGISTRATIONS', 0],
  ];
  return [`${RULE}\n`, ...rows.map(([name, value]) => `${name.padEnd(17)}\t${value}\n`)].join('');
}

function show(facts: ServerFacts, argument: string): string {
  const [what = '', how, as, format] = argument.trim().toLowerCase().split(/\s+/);
  if (what !== 'channels' && what !== 'calls') return '-USAGE: channels [count]|calls [count]\n';
  const counting = how === 'count';
  // Calls are bridged pairs, and nothing is ever bridged here.
  const rows = what === 'channels' ? channelRows(facts.sessions.all, facts.identity.hostname) : [];
  const json = counting ? as === 'as' && format === 'json' : how === 'as' && as === 'json';
  if (json)
    return JSON.stringify(
      counting || rows.length === 0 ? { row_count: rows.length } : { row_count: rows.length, rows },
    );
  const total = `\n${rows.length} total.\n`;
  if (counting || rows.length === 0) return total;
  const lines = rows.map((row) => CHANNEL_COLUMNS.map((column) => row[column]).join(','));
  return `${CHANNEL_COLUMNS.join(',')}\n${lines.join('\n')}\n${total}`;
}

/** Settings of the real server's core are accepted where they can do no harm. */
function fsctl(argument: string): string {
  const sps = /^sps\s+(\d+)$/.exec(argument.trim())?.[1];
  return sps === undefined ? '-ERR not supported here\n' : `+OK sessions per second: ${sps}\n`;
}
