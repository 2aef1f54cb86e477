/** From URIs to hops: RFC 3263 with records that the test makes up. */
import { expect } from 'chai';
import { RememberedNames, type NameService } from '../../../embedded/drachtio/names.ts';
import { TargetError, TargetResolver } from '../../../embedded/drachtio/target.ts';
import type { ListeningPoint, TransportProtocol } from '../../../embedded/sip/index.ts';
import { ManualClock } from '../../helpers/manual-clock.ts';

interface Records {
  readonly addresses?: Readonly<Record<string, readonly string[]>>;
  readonly services?: Readonly<
    Record<string, readonly [name: string, port: number, priority?: number, weight?: number][]>
  >;
  readonly pointers?: Readonly<
    Record<
      string,
      readonly [service: string, replacement: string, order: number, preference?: number, flags?: string][]
    >
  >;
}

class Names implements NameService {
  readonly asked: string[] = [];
  readonly #records: Records;

  constructor(records: Records) {
    this.#records = records;
  }

  async addresses(host: string) {
    this.asked.push(host);
    const found = this.#records.addresses?.[host] ?? [];
    return found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  }

  async services(name: string) {
    this.asked.push(name);
    const found = this.#records.services?.[name] ?? [];
    return found.map(([host, port, priority = 0, weight = 0]) => ({ name: host, port, priority, weight }));
  }

  async pointers(host: string) {
    this.asked.push(`pointers ${host}`);
    const found = this.#records.pointers?.[host] ?? [];
    return found.map(([service, replacement, order, preference = 0, flags = 's']) => {
      return { service, replacement, order, preference, flags };
    });
  }
}

const point = (protocol: TransportProtocol, address = '127.0.0.1'): ListeningPoint => {
  return { protocol, address, port: 5060, advertisedAddress: address };
};
const EVERYTHING = (['udp', 'tcp', 'tls', 'ws', 'wss'] as const).map((protocol) => point(protocol));

async function hops(
  uri: string,
  records: Records = {},
  options: { points?: readonly ListeningPoint[]; protocol?: TransportProtocol; random?: () => number } = {},
): Promise<string[]> {
  const resolver = new TargetResolver(options.points ?? EVERYTHING, new Names(records), options.random ?? (() => 0));
  const found = await resolver.resolveAll(uri, options.protocol);
  return found.map(({ protocol, address, port, host }) => `${protocol} ${address} ${port}${host ? ` as ${host}` : ''}`);
}

async function refusal(uri: string, records: Records = {}, points?: readonly ListeningPoint[]): Promise<string> {
  const error: unknown = await hops(uri, records, points ? { points } : {}).then(
    (found) => new Error(`it leads to ${found.join()}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof TargetError)) throw error as Error;
  return error.message;
}

describe('the targets of requests', () => {
  it('are addresses as they stand, by the protocol that is named, UDP else', async () => {
    expect(await hops('sip:a@10.0.0.1')).to.deep.equal(['udp 10.0.0.1 5060']);
    expect(await hops('sip:a@10.0.0.1:5070;transport=TCP')).to.deep.equal(['tcp 10.0.0.1 5070']);
    expect(await hops('sips:a@10.0.0.1')).to.deep.equal(['tls 10.0.0.1 5061']);
    expect(await hops('sips:a@10.0.0.1;transport=ws')).to.deep.equal(['wss 10.0.0.1 443']);
    expect(await hops('sip:a@10.0.0.1', {}, { protocol: 'tcp' })).to.deep.equal(['tcp 10.0.0.1 5060']);
    expect(await hops('sip:a@example.com;maddr=10.0.0.2')).to.deep.equal(['udp 10.0.0.2 5060']);
    expect(await hops('sip:a@[2001:db8::1]', {}, { points: [point('udp', '::1')] })).to.deep.equal([
      'udp 2001:db8::1 5060',
    ]);
  });

  it('are all addresses of a name with a port, of the families we can send from', async () => {
    const addresses = { 'example.com': ['2001:db8::1', '10.0.0.1', '10.0.0.2'] };
    expect(await hops('sip:example.com:5070', { addresses })).to.deep.equal(['udp 10.0.0.1 5070', 'udp 10.0.0.2 5070']);
    const points = [point('udp'), point('udp', '::1')];
    expect(await hops('sip:example.com:5070', { addresses }, { points })).to.have.length(3);
  });

  it('follow what the domain prefers by NAPTR', async () => {
    const records: Records = {
      pointers: {
        'example.com': [
          ['SIP+D2U', '_sip._udp.example.com', 50],
          ['SIPS+D2T', '_sips._tcp.example.com', 10],
          ['SIP+D2T', '_sip._tcp.example.com', 20],
          ['SIP+D2S', '_sip._sctp.example.com', 1],
          ['SIP+D2T', '!regular!expression!', 1, 0, 'u'],
        ],
      },
      services: {
        '_sips._tcp.example.com': [['secure.example.com', 5061]],
        '_sip._tcp.example.com': [['stream.example.com', 5060]],
        '_sip._udp.example.com': [['plain.example.com', 5060]],
      },
      addresses: {
        'secure.example.com': ['10.0.0.3'],
        'stream.example.com': ['10.0.0.4'],
        'plain.example.com': ['10.0.0.5'],
      },
    };
    expect(await hops('sip:a@example.com', records)).to.deep.equal([
      'tls 10.0.0.3 5061 as example.com',
      'tcp 10.0.0.4 5060',
      'udp 10.0.0.5 5060',
    ]);
    const points = [point('udp'), point('tcp')];
    expect(await hops('sip:a@example.com', records, { points }), 'what we speak').to.deep.equal([
      'tcp 10.0.0.4 5060',
      'udp 10.0.0.5 5060',
    ]);
    expect(await hops('sips:a@example.com', records), 'sips needs no choice').to.deep.equal([
      'tls 10.0.0.3 5061 as example.com',
    ]);
  });

  it('are found by SRV without NAPTR: UDP, then TCP', async () => {
    const records: Records = {
      services: {
        '_sip._tcp.example.com': [['b.example.com', 5062]],
        '_sip._udp.example.com': [['a.example.com', 5061]],
      },
      addresses: { 'a.example.com': ['10.0.0.1', '10.0.0.2'], 'b.example.com': ['10.0.0.3'] },
    };
    expect(await hops('sip:example.com', records)).to.deep.equal([
      'udp 10.0.0.1 5061',
      'udp 10.0.0.2 5061',
      'tcp 10.0.0.3 5062',
    ]);
    expect(await hops('sip:example.com;transport=tcp', records)).to.deep.equal(['tcp 10.0.0.3 5062']);
    expect(await hops('sip:example.com', records, { protocol: 'tcp' }), 'as in a dialog over TCP').to.deep.equal([
      'tcp 10.0.0.3 5062',
    ]);
  });

  it('are in order of priority, and of chance by weight among equals', async () => {
    const services = {
      '_sip._udp.example.com': [
        ['10.0.0.9', 1, 20, 0],
        ['10.0.0.1', 1, 10, 10],
        ['10.0.0.2', 1, 10, 90],
        ['10.0.0.3', 1, 10, 0],
      ] as [string, number, number, number][],
    };
    const inOrder = async (...chances: number[]) => {
      const found = await hops('sip:example.com', { services }, { random: () => chances.shift() ?? 0 });
      return found.map((hop) => hop.split(' ')[1]!.slice(-1)).join('');
    };
    expect(await inOrder(0, 0, 0)).to.equal('3129');
    expect(await inOrder(0.5, 0.5, 0)).to.equal('2139');
    expect(await inOrder(0.99, 0, 0)).to.equal('2319');
  });

  it('fall back to plain addresses and the usual port', async () => {
    expect(await hops('sip:example.com', { addresses: { 'example.com': ['10.0.0.1'] } })).to.deep.equal([
      'udp 10.0.0.1 5060',
    ]);
    const services = { '_sip._udp.example.com': [['.', 0]] as [string, number][] };
    expect(await hops('sip:example.com', { services, addresses: { 'example.com': ['10.0.0.1'] } })).to.deep.equal([
      'udp 10.0.0.1 5060',
    ]);
  });

  it('ask nobody for services of a host of this network, or of one with a port', async () => {
    const names = new Names({ addresses: { pbx: ['10.0.0.1'], 'example.com': ['10.0.0.2'] } });
    const resolver = new TargetResolver(EVERYTHING, names);
    await resolver.resolve('sip:pbx');
    await resolver.resolve('sip:example.com:5060');
    expect(names.asked).to.deep.equal(['pbx', 'example.com']);
  });

  it('are not more than eight', async () => {
    const addresses = { 'example.com': Array.from({ length: 40 }, (_, at) => `10.0.0.${at + 1}`) };
    expect(await hops('sip:example.com:5060', { addresses })).to.have.length(8);
  });

  it('may not be there at all', async () => {
    expect(await refusal('sip:nowhere.test')).to.equal('no address was found for nowhere.test');
    expect(await refusal('tel:+15551230001')).to.equal('invalid request-uri: tel:+15551230001');
    expect(await refusal('sip:a@10.0.0.1;transport=sctp')).to.equal('requested protocol/transport not available');
    expect(await refusal('sips:a@10.0.0.1', {}, [point('udp')])).to.equal('requested protocol/transport not available');
  });

  it('are remembered for half a minute; that nothing was found is not, for addresses', async () => {
    const clock = new ManualClock();
    const asked = new Names({ addresses: { 'example.com': ['10.0.0.1'] } });
    const names = new RememberedNames(asked, clock);
    const resolver = new TargetResolver(EVERYTHING, names);
    await Promise.all([resolver.resolve('sip:example.com'), resolver.resolve('sip:example.com')]);
    await resolver.resolve('sip:example.com');
    expect(asked.asked.sort()).to.deep.equal([
      '_sip._tcp.example.com',
      '_sip._udp.example.com',
      'example.com',
      'pointers example.com',
    ]);
    clock.advance(30_001);
    await resolver.resolve('sip:example.com');
    expect(asked.asked).to.have.length(8);
    await names.addresses('nowhere.test');
    await names.addresses('nowhere.test');
    expect(asked.asked).to.have.length(10);
  });
});
