/** What SIPp carriers do with the calls they are sent. Each is a list of steps; the steps are SIPp's own XML. */

const scenario = (name: string, steps: readonly string[]) =>
  `<?xml version="1.0" encoding="ISO-8859-1"?>\n<scenario name="${name}">\n${steps.join('\n')}\n</scenario>\n`;

const SDP = [
  'v=0',
  'o=carrier 1 1 IN IP[local_ip_type] [local_ip]',
  's=-',
  'c=IN IP[media_ip_type] [media_ip]',
  't=0 0',
  'm=audio [auto_media_port] RTP/AVP 0',
];

function answer(status: number, reason: string, extra: readonly string[] = [], sdp: readonly string[] = []): string {
  const lines = [
    `SIP/2.0 ${status} ${reason}`,
    '[last_Via:]',
    '[last_From:]',
    status > 100 ? '[last_To:];tag=[pid]c[call_number]' : '[last_To:]',
    '[last_Call-ID:]',
    '[last_CSeq:]',
    'Contact: <sip:carrier@[local_ip]:[local_port];transport=[transport]>',
    ...extra,
    ...(sdp.length === 0 ? ['Content-Length: 0'] : ['Content-Type: application/sdp', 'Content-Length: [len]']),
    '',
    ...sdp,
  ];
  return `<send><![CDATA[\n\n${lines.join('\n')}\n\n]]></send>`;
}

const INVITE = '<recv request="INVITE"/>';
const ACK = '<recv request="ACK"/>';
const answered = [answer(180, 'Ringing'), answer(200, 'OK', [], SDP), ACK];
const hungUp = [
  '<recv request="BYE"/>',
  '<send><![CDATA[\n\nSIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\nContent-Length: 0\n\n]]></send>',
];

/** Rings, answers, and is hung up on. */
export const answers = (): string => scenario('answers', [INVITE, ...answered, ...hungUp]);

/** Refuses each call. */
export const refuses = (status: number, extra: readonly string[] = []): string =>
  scenario('refuses', [INVITE, answer(status, 'No', extra), ACK]);

/** Rings, and refuses only then. */
export const ringsAndRefuses = (status: number): string =>
  scenario('rings and refuses', [INVITE, answer(180, 'Ringing'), answer(status, 'No'), ACK]);

export interface Account {
  readonly username: string;
  readonly password: string;
  readonly realm: string;
}

const challenge = (header: 'WWW-Authenticate' | 'Proxy-Authenticate', realm: string) =>
  `${header}: Digest algorithm=MD5, realm="${realm}", nonce="cb360afc54bbaec39675f3d1d7a4b5b7", qop="auth"`;

/** Asks for credentials, takes the call when SIPp finds them right, and fails otherwise. */
export const asksAndAnswers = (account: Account): string =>
  scenario('asks and answers', [
    INVITE,
    answer(401, 'Unauthorized', [challenge('WWW-Authenticate', account.realm)]), // SIPp looks into Authorization only
    ACK,
    '<recv request="INVITE"><action>',
    `<verifyauth assign_to="ok" username="${account.username}" password="${account.password}"/>`,
    '</action></recv>',
    '<nop hide="true" test="ok" next="right"/>',
    '<nop><action><error message="the credentials are wrong"/></action></nop>',
    '<label id="right"/>',
    ...answered,
    ...hungUp,
  ]);

/** Asks for credentials and must get no answer: a second INVITE fails the call. */
export const asksInVain = (realm: string): string =>
  scenario('asks in vain', [
    INVITE,
    answer(407, 'Proxy Authentication Required', [challenge('Proxy-Authenticate', realm)]),
    ACK,
    '<recv request="INVITE" timeout="1500" ontimeout="quiet"/>',
    '<nop><action><error message="credentials were sent"/></action></nop>',
    '<label id="quiet"/>',
    '<pause milliseconds="1"/>',
  ]);

/** Answers, then asks for credentials when it is hung up on; a second BYE fails the call (CVE-2021-41158). */
export const asksAtTheEnd = (realm: string): string =>
  scenario('asks at the end', [
    INVITE,
    ...answered,
    '<recv request="BYE"/>',
    answer(407, 'Proxy Authentication Required', [challenge('Proxy-Authenticate', realm)]).replace(
      ';tag=[pid]c[call_number]',
      '',
    ),
    '<recv request="BYE" timeout="1500" ontimeout="quiet"/>',
    '<nop><action><error message="credentials were sent"/></action></nop>',
    '<label id="quiet"/>',
    '<pause milliseconds="1"/>',
  ]);
