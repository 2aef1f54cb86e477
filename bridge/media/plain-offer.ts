/**
 * A leg that is made before its peer is known: the media server offers, and real FreeSWITCH offers encrypted audio first, on
 * an m= line of its own. Left to itself drachtio-fsmrf accepts all of it in the server's own name, and the server then
 * encrypts what the telephone gets, too. So the encrypted stream is refused when the offer is acknowledged.
 */

const SECURE = /^m=audio \d+ RTP\/SAVP /;
const PLAIN = /^m=audio \d+ RTP\/AVP /;

interface Offered {
  readonly sdp: string;
  readonly ack: (sdp: string) => Promise<unknown>;
}

export interface CreateUac {
  createUAC(...parameters: unknown[]): unknown;
}

/** What drachtio-fsmrf calls for each endpoint: as drachtio-srf does it, but for offers of the media server. */
export function createMediaDialog(srf: CreateUac, ...parameters: unknown[]): unknown {
  const [uri, options] = parameters as [string, { localSdp?: string }];
  return options.localSdp === undefined ? acceptPlain(srf, uri, options) : srf.createUAC(...parameters);
}

async function acceptPlain(srf: CreateUac, uri: string, options: object): Promise<unknown> {
  const { sdp, ack } = (await srf.createUAC(uri, { ...options, noAck: true })) as Offered;
  return ack(refuseSecure(sdp));
}

/** RFC 3264 section 6: a stream is refused with port 0; none is left out. */
export function refuseSecure(sdp: string): string {
  const { session, media } = split(sdp);
  if (!media.some((section) => PLAIN.test(section))) return sdp;
  const answers = media.map((section) =>
    SECURE.test(section) ? `${section.split('\r\n', 1)[0]!.replace(/^m=audio \d+/, 'm=audio 0')}\r\n` : section,
  );
  return session + answers.join('');
}

/** What a telephone is offered of it. */
export function plainOnly(sdp: string): string {
  const { session, media } = split(sdp);
  return media.some((section) => PLAIN.test(section))
    ? session + media.filter((section) => !SECURE.test(section)).join('')
    : sdp;
}

function split(sdp: string): { session: string; media: string[] } {
  const [session = '', ...media] = sdp.split(/^(?=m=)/m);
  return { session, media };
}
