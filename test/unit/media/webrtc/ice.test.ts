import { expect } from 'chai';
import { createHmac } from 'node:crypto';
import { IceAgent } from '../../../../embedded/media/webrtc/ice.ts';
import { parseStun, stunRequest, STUN_BINDING_ERROR, STUN_BINDING_SUCCESS } from '../../../../embedded/wire/stun.ts';

const LOCAL = { ufrag: 'ours', password: 'a password of enough length' };
const PARAMETERS = { local: LOCAL, remote: { ufrag: 'theirs' } };
const TRANSACTION = Buffer.alloc(12, 5);

interface Check {
  readonly username?: string;
  readonly password?: string;
  readonly useCandidate?: boolean;
}

describe('ICE', () => {
  let agent: IceAgent;
  let answers: { type: number; to: string }[];
  let validated: number;

  beforeEach(() => {
    answers = [];
    validated = 0;
    agent = new IceAgent({
      send: (bytes, address, port) => answers.push({ type: parseStun(bytes)!.type, to: `${address}:${port}` }),
      validated: () => validated++,
    });
    agent.arm(PARAMETERS);
  });

  function check(
    from: string,
    { username = 'ours:theirs', password = LOCAL.password, useCandidate = false }: Check = {},
  ) {
    const [address = '', port] = from.split(':');
    const bytes = stunRequest({ transaction: TRANSACTION, username, password, useCandidate });
    agent.receive(bytes, address, Number(port), 1000);
  }

  it('answers a check that is signed, and believes its address', () => {
    check('192.0.2.1:4000');
    expect(answers).to.deep.equal([{ type: STUN_BINDING_SUCCESS, to: '192.0.2.1:4000' }]);
    expect(validated).to.equal(1);
    expect(agent.isValidated('192.0.2.1', 4000)).to.equal(true);
    expect(agent.isValidated('192.0.2.1', 4001)).to.equal(false);
    expect(agent.selected).to.include({ address: '192.0.2.1', port: 4000 });
  });

  it('says nothing to strangers', () => {
    check('192.0.2.1:4000', { password: 'guessed' });
    check('192.0.2.1:4000', { username: 'ours:somebody' });
    check('192.0.2.1:4000', { username: 'theirs:ours' });
    agent.receive(Buffer.from('000100002112a442050505050505050505050505', 'hex'), '192.0.2.1', 4000, 0);
    agent.receive(Buffer.alloc(20), '192.0.2.1', 4000, 0);
    expect(answers).to.deep.equal([]);
    expect(agent.selected).to.equal(undefined);
    expect(agent.refused).to.equal(4);
  });

  it('uses the first address that works until the peer chooses, and the chosen one then', () => {
    check('192.0.2.1:4000');
    check('192.0.2.2:5000');
    expect(agent.selected).to.include({ port: 4000 });
    check('192.0.2.2:5000', { useCandidate: true });
    expect(agent.selected).to.include({ port: 5000 });
    check('192.0.2.1:4000');
    expect(agent.selected).to.include({ port: 5000 });
    check('192.0.2.1:4000', { useCandidate: true });
    expect(agent.selected).to.include({ port: 4000 });
  });

  it('goes on with the old address during a restart, until the peer chooses under the new names', () => {
    check('192.0.2.1:4000', { useCandidate: true });
    agent.arm({ local: { ufrag: 'new', password: 'another password of length' }, remote: { ufrag: 'newer' } });
    expect(agent.selected).to.include({ port: 4000 });
    check('192.0.2.1:4000', { useCandidate: true });
    expect(answers, 'the old names still count').to.have.length(2);
    const renewed = { username: 'new:newer', password: 'another password of length' };
    check('192.0.2.9:6000', renewed);
    expect(agent.selected).to.include({ port: 4000 });
    check('192.0.2.9:6000', { ...renewed, useCandidate: true });
    expect(agent.selected).to.include({ port: 6000 });
    check('192.0.2.1:4000', { useCandidate: true });
    expect(answers, 'now they do not').to.have.length(4);
  });

  it('tells a peer that thinks us the controlling one that we are not', () => {
    const request = stunRequest({ transaction: TRANSACTION, username: 'ours:theirs', password: LOCAL.password });
    const controlled = Buffer.from(request);
    const at = controlled.indexOf(Buffer.from('802a', 'hex'));
    controlled.writeUInt16BE(0x8029, at);
    agent.receive(controlled, '192.0.2.1', 4000, 0);
    expect(answers, 'the signature covers the role').to.deep.equal([]);
    agent.receive(signedAsControlled(), '192.0.2.1', 4000, 0);
    expect(answers.map(({ type }) => type)).to.deep.equal([STUN_BINDING_ERROR]);
    expect(agent.selected).to.equal(undefined);
  });

  it('remembers so many addresses and no more, the selected one among them', () => {
    check('192.0.2.1:4000', { useCandidate: true });
    for (let port = 5000; port < 5100; port++) check(`192.0.2.2:${port}`);
    expect(agent.state.pairs.size).to.equal(16);
    expect(agent.isValidated('192.0.2.1', 4000)).to.equal(true);
    expect(agent.isValidated('192.0.2.2', 5099)).to.equal(true);
  });

  it('goes on in another thread', () => {
    check('192.0.2.1:4000', { useCandidate: true });
    const moved = new IceAgent({ send: () => undefined, validated: () => undefined }, structuredClone(agent.state));
    expect(moved.selected).to.include({ port: 4000 });
    expect(moved.isValidated('192.0.2.1', 4000)).to.equal(true);
  });
});

/** As a peer writes it that believes to be controlled (RFC 8445 section 7.1.3), without a FINGERPRINT. */
function signedAsControlled(): Buffer {
  const text = stunRequest({ transaction: TRANSACTION, username: 'ours:theirs', password: LOCAL.password });
  const unsigned = Buffer.from(text.subarray(0, text.length - 32));
  unsigned.writeUInt16BE(0x8029, unsigned.indexOf(Buffer.from('802a', 'hex')));
  unsigned.writeUInt16BE(unsigned.length - 20 + 24, 2);
  const mac = createHmac('sha1', LOCAL.password).update(unsigned).digest();
  return Buffer.concat([unsigned, Buffer.from('00080014', 'hex'), mac]);
}
