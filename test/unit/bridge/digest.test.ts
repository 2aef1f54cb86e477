import { expect } from 'chai';
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { answerChallenge, readChallenges, type Challenge } from '../../../bridge/sip/digest.ts';

const only = (header: string): Challenge => {
  const [challenge, ...others] = readChallenges(header);
  expect(others).to.deep.equal([]);
  return challenge!;
};
const field = (credentials: string, name: string) => new RegExp(`\\b${name}="?([^",]*)"?`).exec(credentials)?.[1];

describe('digest credentials', () => {
  // RFC 7616, section 3.9.1.
  const example = (algorithm: string) =>
    `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, ` +
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"';
  const account = { username: 'Mufasa', password: 'Circle of Life' };
  const cnonce = 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ';
  for (const [algorithm, response] of [
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ] as const) {
    it(`are those of RFC 7616 with ${algorithm}`, () => {
      const challenge = only(example(algorithm));
      const credentials = answerChallenge(challenge, account, { method: 'GET', uri: '/dir/index.html' }, cnonce);
      expect(field(credentials, 'response')).to.equal(response);
      expect(credentials).to.match(/^Digest username="Mufasa", realm="http-auth@example\.org", nonce="7ypf/);
      expect(credentials).to.include(`algorithm=${algorithm}, qop=auth, nc=00000001, cnonce="${cnonce}", opaque="FQhe`);
    });
  }

  it('are those of RFC 2069 where no qop is offered', () => {
    const challenge = only('Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"');
    expect(challenge).to.include({ algorithm: 'MD5', isSession: false, isStale: false });
    const credentials = answerChallenge(
      challenge,
      { username: 'Mufasa', password: 'CircleOfLife' },
      {
        method: 'GET',
        uri: '/dir/index.html',
      },
    );
    // The example of RFC 2069, with the erratum to its response.
    expect(field(credentials, 'response')).to.equal('1949323746fe6a43ef61f9606e7febea');
    expect(credentials).to.not.match(/qop|nc=|cnonce/);
  });

  it('know session keys and SHA-512-256', () => {
    const challenge = only('Digest realm="r", nonce="n", algorithm=SHA-512-256-sess, qop="auth"');
    const credentials = answerChallenge(challenge, account, { method: 'INVITE', uri: 'sip:a@b' }, 'c');
    const hash = (text: string) => createHash('sha512-256').update(text).digest('hex');
    const first = hash(`${hash('Mufasa:r:Circle of Life')}:n:c`);
    expect(field(credentials, 'response')).to.equal(hash(`${first}:n:00000001:c:auth:${hash('INVITE:sip:a@b')}`));
    expect(credentials).to.include('algorithm=SHA-512-256-sess');
  });

  it('answer the strongest of several challenges, joined or not', () => {
    const algorithms = readChallenges(
      'Digest realm="r", nonce="1", algorithm=MD5, qop="auth",Digest realm="r",nonce="2",algorithm=SHA-256, Basic realm="r"',
    );
    expect(algorithms.map(({ algorithm, nonce }) => `${algorithm} ${nonce}`)).to.deep.equal(['SHA-256 2', 'MD5 1']);
  });

  it('are read whatever the blanks, capitals and quotes', () => {
    expect(only('DIGEST Realm = "a, \\"b\\"" ,NONCE="x=y,z",Stale=TRUE , qop=auth')).to.deep.equal({
      realm: 'a, "b"',
      nonce: 'x=y,z',
      algorithm: 'MD5',
      isSession: false,
      isStale: true,
      qop: 'auth',
    });
    const credentials = answerChallenge(only('Digest realm="a \\"b\\"", nonce="n"'), account, {
      method: 'M',
      uri: 'u',
    });
    expect(credentials).to.include('realm="a \\"b\\""');
  });

  const unanswerable: [why: string, header: string][] = [
    ['another scheme', 'Basic realm="r"'],
    ['no nonce', 'Digest realm="r"'],
    ['no realm', 'Digest nonce="n"'],
    ['an unknown algorithm', 'Digest realm="r", nonce="n", algorithm=ROT13'],
    ['only auth-int', 'Digest realm="r", nonce="n", qop="auth-int"'],
    ['nothing', ''],
    ['far too much', `Digest realm="r", nonce="${'n'.repeat(9_000)}"`],
  ];
  for (const [why, header] of unanswerable) {
    it(`are not made for ${why}`, () => {
      expect(readChallenges(header)).to.deep.equal([]);
    });
  }

  it('never throw, whatever the header', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.array(fc.constantFrom('Digest ', 'realm=', '"', ',', '\\', 'nonce', '=')),
        (text, parts) => {
          readChallenges(text);
          readChallenges(parts.join(''));
        },
      ),
    );
  });
});
