/**
 * Messages of our own, each composed after the section of RFC 4475 or RFC 5118 that its vector names: every one goes
 * through the whole of the embedded drachtio-server, from the datagram to the application. Where RFC 4475 expects what is
 * not done here, the vector says what is done instead, and why.
 */
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { createLogger } from '../../config/index.ts';
import { startDrachtio, type DrachtioServer } from '../../embedded/drachtio/index.ts';
import { parseSipMessage, SipParseError, type OpenDatagramSocket } from '../../embedded/sip/index.ts';
import { RawClient } from '../helpers/drachtio-client.ts';
import { ManualClock } from '../helpers/manual-clock.ts';

type Outcome = 'application' | 'dropped' | number;

interface Vector {
  /** As the RFC calls its case. */
  readonly name: string;
  /** Of the RFC whose feature the message exercises; the message itself is ours. */
  readonly section: string;
  readonly idea: string;
  /** What the parser makes of it. */
  readonly reading: 'valid' | 'malformed';
  /** Told to the application, dropped in silence, or refused with this status. */
  readonly outcome: Outcome;
  readonly notPassed?: { readonly outcome: Outcome; readonly reason: string };
  /** One character per byte, without the line ends. */
  readonly lines: readonly string[];
}

function vectorsOf(rfc: string): readonly Vector[] {
  const file = new URL(`../vectors/torture/${rfc}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as Vector[];
}

const bytesOf = ({ lines }: Vector) => Buffer.from(lines.join('\r\n'), 'latin1');

function reading(bytes: Buffer): Vector['reading'] {
  try {
    parseSipMessage(bytes);
    return 'valid';
  } catch (error) {
    if (error instanceof SipParseError) return 'malformed';
    throw error;
  }
}

const PROBE = [
  'OPTIONS sip:probe@192.0.2.1 SIP/2.0',
  'Via: SIP/2.0/UDP 192.0.2.99;branch=z9hG4bKprobe',
  'From: <sip:probe@192.0.2.99>;tag=1',
  'To: <sip:probe@192.0.2.1>;tag=2',
  'Call-ID: probe',
  'CSeq: 1 OPTIONS',
  '',
  '',
].join('\r\n');

describe('torture messages', () => {
  let server: DrachtioServer;
  let client: RawClient;
  let receive: (bytes: Buffer, address: string, port: number) => void;
  const sent: number[] = [];

  const openDatagramSocket: OpenDatagramSocket = (options) => {
    receive = options.onDatagram;
    return Promise.resolve({
      address: options.address,
      port: 5060,
      send: (bytes) => {
        sent.push(Number(/^SIP\/2\.0 ([1-6][0-9]{2}) /.exec(bytes.toString())?.[1]));
      },
      probe: () => {},
      close: () => Promise.resolve(),
    });
  };

  beforeEach(async () => {
    sent.length = 0;
    server = await startDrachtio({
      sip: [{ protocol: 'udp', address: '192.0.2.1', port: 5060 }],
      client: { address: '127.0.0.1', port: 0 },
      secret: 'cymru',
      logger: createLogger({ logLevel: 'silent' }),
      clock: new ManualClock(),
      openDatagramSocket,
    });
    client = new RawClient(server.clientPort);
    for (const order of ['authenticate|cymru|', 'route|invite', 'route|options', 'route|register', 'route|message']) {
      client.send(order);
      await client.next();
    }
  });

  afterEach(async () => {
    client.end();
    await server.stop();
  });

  /** A request that is refused at once follows, so that silence is known for certain. */
  async function outcomeOf(bytes: Buffer): Promise<Outcome> {
    receive(bytes, '192.0.2.99', 5060);
    receive(Buffer.from(PROBE), '192.0.2.99', 5060);
    expect(sent.at(-1)).to.equal(481);
    const [answer] = sent.slice(0, -1).filter((status) => status !== 100);
    if (answer !== undefined) return answer;
    if (server.counts().pendingRequests === 0) return 'dropped';
    const { tokens } = await client.next();
    expect(tokens.slice(1, 3)).to.deep.equal(['sip', 'network']);
    return 'application';
  }

  for (const [rfc, count] of [
    ['rfc4475', 49],
    ['rfc5118', 12],
  ] as const) {
    describe(`after ${rfc.toUpperCase().replace('RFC', 'RFC ')}`, () => {
      const vectors = vectorsOf(rfc);

      it('are all there', () => {
        expect(new Set(vectors.map(({ name }) => name)).size).to.equal(count);
      });

      for (const vector of vectors) {
        const { section, name, idea, notPassed } = vector;
        const { outcome } = notPassed ?? vector;
        const but = notPassed ? `, not ${vector.outcome}: ${notPassed.reason}` : '';
        it(`${section} ${name}: ${idea} (${vector.reading}, ${outcome}${but})`, async () => {
          expect(reading(bytesOf(vector))).to.equal(vector.reading);
          expect(await outcomeOf(bytesOf(vector))).to.equal(outcome);
        });
      }
    });
  }
});
