/**
 * Every setting: type, default, check and description in one place. The environment name follows from the key
 * (`sipPort` → `PARTYLINE_SIP_PORT`); lists and records are JSON or comma-separated in the environment, plain YAML in
 * the file. docs/settings.md is generated from here.
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';

const ADDRESS_OR_NAME = /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/;

/** Numbers come as text from the environment; the message names the range, because "NaN" helps nobody. */
const number = (low: number, high: number, whole = true) => {
  const error = `must be a ${whole ? 'whole ' : ''}number from ${low} to ${high}`;
  const base = z.coerce.number({ error }).min(low, { error }).max(high, { error });
  return whole ? base.int({ error }) : base;
};
const port = number(0, 65_535);
const address = z.string().refine((value) => isIP(value) !== 0, { error: 'must be an IP address' });
const host = z
  .string()
  .max(253)
  .refine((value) => isIP(value) !== 0 || ADDRESS_OR_NAME.test(value), {
    error: 'must be an IP address or a host name',
  });
const cidr = z.string().refine((value) => ipaddr.isValidCIDR(value) || isIP(value) !== 0, {
  error: 'must be an address or a range such as 10.0.0.0/8',
});
const language = z.string().regex(/^[a-z]{2}(-[A-Z]{2})?$/, { error: 'must be a language such as en or pt-BR' });
const digits = z.string().regex(/^\+?[0-9]{1,20}$/, { error: 'must be a number as it is dialled' });
const noControls = (value: string) => !/[\x00-\x1f\x7f]/.test(value);
const text = z.string().max(500).refine(noControls, { error: 'must not hold control characters' });

/** `host:port:secret`, as in PARTYLINE_DRACHTIO. */
const server = z.preprocess(
  (value) => {
    if (typeof value !== 'string') return value;
    const parts = /^(\[[^\]]+\]|[^:]+):(\d+):(.+)$/.exec(value);
    return parts ? { host: parts[1]?.replace(/^\[|\]$/g, ''), port: Number(parts[2]), secret: parts[3] } : value;
  },
  z.strictObject({ host, port: number(1, 65_535), secret: text.min(1) }, { error: 'must be host:port:secret' }),
);

const list = <T extends z.ZodType>(item: T) =>
  z.preprocess((value) => (typeof value === 'string' ? splitList(value) : value), z.array(item).readonly());

function splitList(value: string): unknown {
  const trimmed = value.trim();
  if (!trimmed.startsWith('[')) return trimmed === '' ? [] : trimmed.split(',').map((item) => item.trim());
  try {
    return JSON.parse(trimmed) as unknown;
  } catch {
    return value;
  }
}

const iceUrl = z.string().regex(/^(stun|turns?):[A-Za-z0-9.[\]:-]+(\?transport=(udp|tcp))?$/, {
  error: 'must be such as turn:host:port',
});

const boolean = z.preprocess(
  (value) => {
    if (typeof value !== 'string') return value;
    if (['true', '1', 'yes', 'on'].includes(value.toLowerCase())) return true;
    if (['false', '0', 'no', 'off'].includes(value.toLowerCase())) return false;
    return value;
  },
  z.boolean({ error: 'must be true or false' }),
);

const sipServer = z
  .string()
  .max(300)
  .regex(/^sips?:[A-Za-z0-9.[\]:-]+(:\d+)?(;transport=(udp|tcp|tls))?$/, { error: 'must be sip:host:port' });

/** How calls leave by a trunk. */
const outbound = z
  .strictObject({
    uri: sipServer,
    username: text.min(1).max(128).optional(),
    password: text.min(1).optional(),
    /** As the carrier says it when it asks for credentials. */
    realm: text.min(1).max(253).optional(),
    /** Told to whoever is called. */
    callerNumber: digits.optional(),
  })
  .refine(
    (value) => new Set([value.username, value.password, value.realm].map((given) => given === undefined)).size === 1,
    {
      error: 'username, password and realm go together',
    },
  );

const trunk = z.strictObject({
  name: text.min(1).max(64),
  /** Where its INVITEs come from, and its challenges. */
  addresses: z.array(cidr).min(1),
  outbound: outbound.optional(),
});

const did = z.strictObject({
  number: digits,
  tenant: text.min(1).max(64).default('default'),
  language: language.optional(),
});

/** A range of ports, `low-high`; `0-0` lets the operating system choose. */
const portRange = z.preprocess(
  (value) => {
    const parts = typeof value === 'string' ? /^(\d+)-(\d+)$/.exec(value) : null;
    return parts ? [Number(parts[1]), Number(parts[2])] : value;
  },
  z
    .tuple([port, port], { error: 'must be a range such as 20000-29999' })
    .readonly()
    .refine(([low, high]) => low <= high, { error: 'must not end before it begins' }),
);

export const settingsSchema = z
  .strictObject({
    bind: address
      .default('127.0.0.1')
      .describe(
        'Address the SIP, RTP and web ports are bound to. 127.0.0.1 serves this machine only; 0.0.0.0 or an address of the LAN serves phones on it.',
      ),
    advertisedAddress: address
      .optional()
      .describe(
        'Address told to phones in Contact and SDP when it differs from `bind` (NAT, or bind 0.0.0.0). Chosen by itself on a LAN.',
      ),
    dataDir: text
      .min(1)
      .default('var')
      .describe('Folder for everything that is kept: Redis data, the server secret, recordings.'),
    logLevel: z
      .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
      .default('info')
      .describe('Least level that is logged.'),
    logFormat: z
      .enum(['auto', 'json', 'pretty'])
      .default('auto')
      .describe('`json` for machines, `pretty` for people; `auto` is pretty on a terminal.'),
    nodeName: text
      .regex(/^[A-Za-z0-9._-]{1,64}$/, { error: 'must be letters, digits, dot, dash or underscore' })
      .optional()
      .describe('Name of this process in call records and logs. Default: host name and process id.'),

    sipPort: port.default(5060).describe('SIP over UDP and TCP. 0 lets the operating system choose.'),
    sipTlsPort: port.optional().describe('SIP over TLS, usually 5061. Off unless set; embedded SIP server only.'),
    sipWebSocketPort: port
      .optional()
      .describe(
        'SIP over secure WebSocket for phones that are no browsers of ours. Off unless set; embedded SIP server only.',
      ),
    sipCertificateFile: text
      .min(1)
      .optional()
      .describe(
        'Certificate with its chain (PEM) for SIP over TLS and secure WebSocket. Without it one is made at each start, which phones trust only when they are told to.',
      ),
    sipKeyFile: text.min(1).optional().describe('Key of that certificate (PEM).'),
    rtpPorts: portRange.default([20_000, 29_999]).describe('RTP ports of the embedded media server, `low-high`.'),
    mediaWorkers: number(0, 64)
      .default(0)
      .describe('Threads of the embedded media server. 0: one less than there are cores, four at most.'),
    mediaLatenessLimitMs: number(0, 10_000, false)
      .default(16)
      .describe(
        'New calls get 503 while the median tick of the embedded media server’s clock is done later than this after its time. 0 = never.',
      ),
    trustedSources: list(cidr)
      .default(['127.0.0.0/8', '::1/128'])
      .describe('Addresses and ranges whose INVITEs are taken. Everybody else gets no answer at all.'),
    trunks: list(trunk)
      .default([])
      .describe(
        'Carriers and PBXs by source address: a list of `{name, addresses}`. With `outbound: {uri, username, password, realm, callerNumber}` calls may leave by it (all but `uri` may be left out); they are tried in this order. Credentials go to these addresses and for this realm only.',
      ),
    dids: list(did)
      .default([])
      .describe(
        'Numbers people dial: a list of `{number, tenant, language}`. With none, every number reaches the greeting.',
      ),
    earlyGreeting: boolean
      .default(false)
      .describe(
        'Greet before the call is answered (183 with early media), so that a caller who hangs up during the greeting pays nothing.',
      ),
    inviteRatePerSource: number(1, 100_000)
      .default(50)
      .describe('INVITEs a second taken from one source address; more are answered 503.'),
    maxCalls: number(1, 100_000).default(1_000).describe('Calls at a time; more are answered 503 with Retry-After.'),
    maxCallMinutes: number(1, 10_080)
      .default(1_440)
      .describe('A call longer than this is ended, whatever happens to it.'),
    rtpTimeoutSeconds: number(0, 86_400)
      .default(60)
      .describe('A leg that sends no RTP for so long is ended. 0 = never.'),

    language: language
      .default('en')
      .describe('Language of the prompts where neither the number nor the tenant says otherwise.'),
    codeTimeoutSeconds: number(1, 120, false)
      .default(10)
      .describe('Time for the first digit of an access code after the prompt.'),
    interDigitTimeoutSeconds: number(1, 60, false)
      .default(4)
      .describe('Time between two digits; after it the code counts as complete.'),
    codeTries: number(1, 10).default(3).describe('Wrong access codes (or silences) after which the call is let go.'),
    accessCodeDigits: number(8, 12)
      .default(9)
      .describe('Length of new access codes. Personal codes have one digit more.'),

    httpPort: port.default(8080).describe('Web pages, API, health and metrics. 0 lets the operating system choose.'),
    httpsPort: port
      .optional()
      .describe(
        'The same over TLS. Browsers give their microphone to https pages only (and to this machine’s own). Without a certificate, one is made that browsers warn of.',
      ),
    tlsCertificateFile: text
      .min(1)
      .optional()
      .describe('Certificate with its chain for `httpsPort`, PEM. A new one is read when the file changes.'),
    tlsKeyFile: text.min(1).optional().describe('Key of the certificate, PEM.'),
    publicUrl: z
      .url({ protocol: /^https?$/, error: 'must begin with http:// or https://' })
      .optional()
      .describe('Address under which people reach the web pages, for links. Default: from `bind` and `httpPort`.'),
    webTenant: text
      .min(1)
      .max(64)
      .default('default')
      .describe('Tenant whose codes people key on the web page; on the phone, the number dialled says it.'),
    browsersPerAddress: number(1, 100_000)
      .default(300)
      .describe('Browsers at a time from one address: an office is behind one. More are refused.'),
    turnUrls: list(iceUrl)
      .default([])
      .describe(
        'Relays for browsers whose network lets no sound through: `turn:turn.example.org:3478`, `turns:…?transport=tcp`. `stun:` is taken as well.',
      ),
    turnSecret: text
      .min(8, { error: 'must be at least 8 characters' })
      .optional()
      .describe(
        'What the relay is told as `static-auth-secret`: browsers get credentials made with it, good for `turnHours`.',
      ),
    turnHours: number(1, 168, false)
      .default(24)
      .describe('Life of a relay’s credentials; a call that is longer loses its relay.'),
    trustProxy: list(cidr).default([]).describe('Reverse proxies whose X-Forwarded-For is believed.'),
    metricsSources: list(cidr)
      .default(['127.0.0.0/8', '::1/128'])
      .describe(
        'Addresses and ranges that may read `/metrics`. Behind a reverse proxy, name it in `trustProxy` first.',
      ),
    adminEmail: z.email().optional().describe('First admin, made when the store is empty.'),
    adminPassword: text
      .min(10, { error: 'must be at least 10 characters' })
      .optional()
      .describe('Password of the first admin.'),
    loginHours: number(0.1, 720, false).default(12).describe('Life of a login token.'),

    redisUrl: z
      .string()
      .regex(/^(redis|rediss|unix):\/\//, { error: 'must begin with redis://, rediss:// or unix://' })
      .optional()
      .describe('Redis to use. Without it a private redis-server is started with its data under `dataDir`.'),
    redisCluster: boolean.default(false).describe('`redisUrl` names a node of a Redis Cluster.'),
    secret: text
      .min(32, { error: 'must be at least 32 characters' })
      .optional()
      .describe(
        'Server secret: access codes are found and sealed with it. Default: made at first start and kept in `dataDir`.',
      ),

    drachtio: server
      .optional()
      .describe('Real drachtio-server, `host:port:secret`. Without it the embedded one is started.'),
    drachtioWebSocket: z
      .string()
      .regex(/^wss?:\/\/[A-Za-z0-9.[\]:-]+$/, { error: 'must be ws://host:port' })
      .optional()
      .describe(
        'WebSocket of the real drachtio-server, `ws://host:port`: where browsers’ calls are passed on to. Without it they cannot call.',
      ),
    freeswitch: list(server)
      .default([])
      .describe('Real FreeSWITCH servers, `host:port:secret`, comma-separated. With none the embedded one is started.'),
    eventSocketListenAddress: address
      .optional()
      .describe(
        'Address this process listens on for the media servers’ outbound event sockets. Default: 127.0.0.1 with the embedded server, else `bind`.',
      ),
    eventSocketAdvertisedAddress: host
      .optional()
      .describe('Address the media servers reach that listener under, when it differs.'),
    eventSocketPort: port.default(0).describe('Port of that listener. 0 lets the operating system choose.'),
    recordingsDir: text
      .optional()
      .describe(
        'Folder of recordings and recorded names. Real media servers write and read it, too: mount it there under the same absolute path. Default: `recordings` in `dataDir`.',
      ),
    soundsDir: text
      .optional()
      .describe('Folder of the prompts as the media server sees it. Default: this checkout’s own.'),
    outboundTrunk: sipServer
      .optional()
      .describe(
        'Where calls to telephones are sent, `sip:host:port`, when no entry of `trunks` takes them. Not used yet: the service makes no such calls so far.',
      ),
  })
  .refine((value) => (value.adminEmail === undefined) === (value.adminPassword === undefined), {
    error: 'adminEmail and adminPassword go together',
    path: ['adminPassword'],
  })
  .refine((value) => (value.tlsCertificateFile === undefined) === (value.tlsKeyFile === undefined), {
    error: 'tlsCertificateFile and tlsKeyFile go together',
    path: ['tlsKeyFile'],
  })
  .refine((value) => value.turnSecret !== undefined || value.turnUrls.every((url) => url.startsWith('stun:')), {
    error: 'turnUrls needs turnSecret',
    path: ['turnSecret'],
  })
  .refine((value) => (value.sipCertificateFile === undefined) === (value.sipKeyFile === undefined), {
    error: 'sipCertificateFile and sipKeyFile go together',
    path: ['sipKeyFile'],
  })
  .refine((value) => (value.drachtio === undefined) === (value.freeswitch.length === 0), {
    error: 'drachtio and freeswitch go together: name both real servers or neither',
    path: ['freeswitch'],
  });

export type SettingsInput = z.input<typeof settingsSchema>;
/** Loaded once, frozen. */
export type Settings = Readonly<z.output<typeof settingsSchema>>;
export type SettingName = keyof Settings;

/** `sipPort` → `PARTYLINE_SIP_PORT`. */
export function environmentName(key: string): string {
  return `PARTYLINE_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** Rows of the settings table. */
export function describeSettings(): { key: string; environment: string; default: string; description: string }[] {
  const defaults = settingsSchema.parse({}) as Record<string, unknown>;
  return Object.entries(settingsSchema.shape).map(([key, schema]) => ({
    key,
    environment: environmentName(key),
    default: showDefault(key, defaults[key]),
    description: schema.description ?? '',
  }));
}

function showDefault(key: string, value: unknown): string {
  if (Array.isArray(value)) return value.join(key === 'rtpPorts' ? '-' : ', ');
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}
