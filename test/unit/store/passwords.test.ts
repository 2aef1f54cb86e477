import { expect } from 'chai';
import { createPasswordHasher, Gate, NOBODYS_HASH } from '../../../store/passwords.ts';
import { growingDelay } from '../../../store/limits.ts';
import { networkOf } from '../../../store/code-limits.ts';

describe('store: passwords and limits, the small pieces', () => {
  it('hashes with argon2id and the parameters OWASP names, the same for nobody', async () => {
    const hasher = createPasswordHasher();
    const hash = await hasher.hash('correct horse');
    const parameters = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/;
    expect(hash).to.match(parameters);
    expect(NOBODYS_HASH).to.match(parameters);
    const lengths = (text: string) => text.split('$').map((part) => part.length);
    expect(lengths(NOBODYS_HASH)).to.deep.equal(lengths(hash));
    expect(await hasher.verify(hash, 'correct horse')).to.equal(true);
    expect(await hasher.verify(hash, 'correct horsf')).to.equal(false);
    expect(await hasher.verify(NOBODYS_HASH, 'correct horse')).to.equal(false);
    expect(await hasher.hash('correct horse')).not.to.equal(hash);
  });

  it('takes the same characters typed on another keyboard', async () => {
    const hasher = createPasswordHasher();
    expect(await hasher.verify(await hasher.hash('pässword'), 'pa\u0308ssword')).to.equal(true);
  });

  it('lets few through at a time, in order, and refuses when the queue is long', async () => {
    const gate = new Gate(2, 3);
    const releases: (() => void)[] = [];
    const order: number[] = [];
    const enter = (index: number) =>
      gate.through(() => {
        order.push(index);
        return new Promise<void>((resolve) => releases.push(resolve));
      });
    const five = [0, 1, 2, 3, 4].map(enter);
    let refused: { code?: string } = {};
    await enter(5).catch((error: unknown) => (refused = error as { code: string }));
    expect(refused.code).to.equal('request/rate-limited');
    expect(order).to.deep.equal([0, 1]);
    for (let left = 0; left < 5; left += 1) {
      releases[left]!();
      await five[left];
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(order).to.deep.equal([0, 1, 2, 3, 4]);
  });

  it('makes room again after a failure', async () => {
    const gate = new Gate(1, 0);
    await gate.through(() => Promise.reject(new Error('x'))).catch(() => undefined);
    expect(await gate.through(() => Promise.resolve(1))).to.equal(1);
  });

  it('doubles the wait up to the longest', () => {
    const rule = { tries: 6, windowSeconds: 600, firstDelaySeconds: 30, longestDelaySeconds: 900 };
    expect([1, 2, 3, 4, 5, 6, 100].map((strikes) => growingDelay(rule, strikes))).to.deep.equal([
      30, 60, 120, 240, 480, 900, 900,
    ]);
  });

  it('counts source addresses by what one party owns', () => {
    expect(networkOf('192.0.2.1')).to.equal('192.0.2.1');
    expect(networkOf('::ffff:192.0.2.1')).to.equal('192.0.2.1');
    expect(networkOf('2001:db8::1')).to.equal(networkOf('2001:db8::2:1'));
    expect(networkOf('2001:db8::1')).not.to.equal(networkOf('2001:db8:0:1::1'));
    expect(networkOf('junk')).to.equal('unknown');
  });
});
