import { expect } from 'chai';
import { ArgumentError, parseArguments, type StandaloneOptions } from '../../../embedded/standalone/index.ts';

function options(...args: string[]): StandaloneOptions {
  const parsed = parseArguments(args);
  if (parsed === 'help') throw new Error('help was not asked for');
  return parsed;
}

const both = (address: string, port: number) =>
  (['udp', 'tcp'] as const).map((protocol) => ({ protocol, address, port }));

describe('arguments of the servers on their own', () => {
  it('start both at the usual places when nothing is said', () => {
    expect(options()).to.deep.equal({
      sip: both('127.0.0.1', 5060),
      drachtio: { address: '127.0.0.1', port: 9022, secret: 'cymru' },
      freeswitch: { address: '127.0.0.1', port: 8021, secret: 'ClueCon' },
      mediaAddress: '127.0.0.1',
      rtpPorts: [20_000, 29_999],
      logLevel: 'warn',
    });
  });

  it('take any address and port, IPv6 in brackets', () => {
    const { sip, drachtio, freeswitch, mediaAddress } = options(
      ...['--sip', '[::1]:0', '--sip', 'tls:10.1.2.3:5061', '--sip', 'ws:localhost:80'],
      ...['--drachtio', '[::1]:0:a:b', '--freeswitch=127.0.0.2:8022:x'],
    );
    expect(sip).to.deep.equal([
      ...both('::1', 0),
      { protocol: 'tls', address: '10.1.2.3', port: 5061 },
      { protocol: 'ws', address: '127.0.0.1', port: 80 },
    ]);
    expect(drachtio, 'a secret may hold colons').to.deep.equal({ address: '::1', port: 0, secret: 'a:b' });
    expect(freeswitch).to.deep.equal({ address: '127.0.0.2', port: 8022, secret: 'x' });
    expect(mediaAddress).to.equal('::1');
  });

  it('start what is named, and no more', () => {
    const sip = options('--drachtio', '127.0.0.1:0:x');
    expect([sip.drachtio?.secret, sip.freeswitch]).to.deep.equal(['x', undefined]);
    expect(sip.sip).to.deep.equal(both('127.0.0.1', 5060));
    const media = options('--freeswitch', '127.0.0.3:0:x');
    expect([media.drachtio, media.sip, media.mediaAddress]).to.deep.equal([undefined, [], '127.0.0.3']);
    expect(options('--sip', 'udp:127.0.0.1:0').drachtio?.secret, '--sip belongs to drachtio').to.equal('cymru');
  });

  it('know RTP ports, addresses for others, certificates and log levels', () => {
    const given = options(
      ...['--rtp', '1000-1010', '--media', '10.0.0.9', '--advertise', '203.0.113.5', '--log-level', 'debug'],
      ...['--tls-certificate', 'c.pem', '--tls-key', 'k.pem', '--sip', '0.0.0.0:5060', '--music', 'm.wav'],
    );
    expect(given).to.deep.include({
      rtpPorts: [1_000, 1_010],
      mediaAddress: '10.0.0.9',
      advertisedAddress: '203.0.113.5',
      logLevel: 'debug',
      music: 'm.wav',
      tls: { certificateFile: 'c.pem', keyFile: 'k.pem' },
    });
  });

  it('give help', () => {
    expect(parseArguments(['--help', '--sip', 'nonsense'])).to.equal('help');
  });

  const wrong: [args: string[], sentence: RegExp][] = [
    [['--sipp', '127.0.0.1:5060'], /^There is no option --sipp; --help lists them all\.$/],
    [['-x'], /^There is no option -x/],
    [['start'], /^“start” does not belong to any option\.$/],
    [['--sip'], /^--sip needs a value\.$/],
    [['--drachtio='], /^--drachtio needs a value\.$/],
    [['--rtp', '1-2', '--rtp', '3-4'], /^--rtp is given twice\.$/],
    [['--sip', '127.0.0.1'], /^--sip must be \[protocol:\]address:port, .* not “127\.0\.0\.1”\.$/],
    [['--sip', '127.0.0.1:70000'], /^--sip must be/],
    [['--sip', '300.0.0.1:5060'], /^--sip must be/],
    [['--sip', 'sctp:127.0.0.1:5060'], /^--sip must be/],
    [['--sip', '127.0.0.1:5060:x'], /^--sip must be/],
    [['--sip', '::1:5060'], /^--sip must be/],
    [
      ['--drachtio', '127.0.0.1:9022'],
      /^--drachtio must be address:port:secret, for instance 127\.0\.0\.1:9022:cymru\.$/,
    ],
    [['--freeswitch', 'hunter2'], /^--freeswitch must be address:port:password, for instance/],
    [['--freeswitch', '127.0.0.1:8021:a\nb'], /must hold neither control characters/],
    [['--drachtio', '0.0.0.0:9022:cymru'], /^Everybody knows the secret “cymru”/],
    [['--freeswitch', '10.0.0.1:8021:ClueCon'], /^Everybody knows the secret “ClueCon”/],
    [['--sip', '0.0.0.0:5060'], /^0\.0\.0\.0 is no address that phones could be told: name one .* by --advertise\.$/],
    [['--advertise', '0.0.0.0'], /^--advertise must be an address that phones can reach\.$/],
    [['--media', 'here'], /^--media must be an IP address, not “here”\.$/],
    [['--rtp', '30-20'], /^--rtp must be a range of ports such as 20000-29999, not “30-20”\.$/],
    [['--rtp', '0-65536'], /^--rtp must be a range/],
    [['--tls-key', 'k.pem'], /^--tls-certificate and --tls-key go together\.$/],
    [['--log-level', 'loud'], /^--log-level must be one of trace, .* not “loud”\.$/],
  ];
  for (const [args, sentence] of wrong) {
    it(`refuse ${JSON.stringify(args.join(' '))} in one sentence`, () => {
      expect(() => parseArguments(args)).to.throw(ArgumentError, sentence);
    });
  }

  it('do not repeat what may be a secret', () => {
    expect(() => parseArguments(['--freeswitch', 'hunter2']))
      .to.throw(ArgumentError)
      .with.property('message')
      .that.does.not.include('hunter2');
  });
});
