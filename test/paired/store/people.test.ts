import { expect } from 'chai';
import type { PasswordHasher, Store } from '../../../store/index.ts';
import { codeOf, onEachRedis } from '../../helpers/store-subjects.ts';

/** Counts the work instead of timing it. */
function countingHasher(): PasswordHasher & { hashed: number; verified: number } {
  const counter = {
    hashed: 0,
    verified: 0,
    hash: (password: string) => {
      counter.hashed += 1;
      return Promise.resolve(`$argon2id$${password}`);
    },
    verify: (hash: string, password: string) => {
      counter.verified += 1;
      return Promise.resolve(hash === `$argon2id$${password}`);
    },
  };
  return counter;
}

const ada = {
  tenantId: 'default',
  email: 'Ada@Example.org',
  name: 'Ada',
  roles: ['admin'],
  password: 'right',
} as const;

onEachRedis('store: people, tokens and limits', (subject) => {
  it('makes the default tenant once', async () => {
    const { store, open } = subject();
    expect(await store.tenants.get('default')).to.equal(null);
    const all = await Promise.all(Array.from({ length: 10 }, () => store.tenants.ensureDefault()));
    expect(new Set(all.map((tenant) => JSON.stringify(tenant))).size).to.equal(1);
    const other = await open({ language: 'de' });
    expect((await other.tenants.ensureDefault()).language).to.equal('en');
    expect(await store.tenants.get('not{a}tenant')).to.equal(null);
  });

  it('knows people by id and by e-mail, without ever showing the hash', async () => {
    const { store } = subject();
    const person = await store.people.create(ada);
    expect(person).to.include({ email: 'ada@example.org', tenantId: 'default' });
    expect(person).not.to.have.property('passwordHash');
    expect(await store.people.get(person.id)).to.deep.equal(person);
    expect(await store.people.get('nobody')).to.equal(null);
    expect(await store.people.get('a b{c}')).to.equal(null);
    expect(await store.people.verifyPassword(' ADA@example.org ', 'right')).to.deep.equal(person);
    expect(await store.people.verifyPassword('ada@example.org', 'wrong')).to.equal(null);
    expect(await store.people.count()).to.equal(1);
  });

  it('gives an e-mail address to one person, also when many ask at once', async () => {
    const { store, open, redis } = subject();
    const quick = await open({ hasher: countingHasher() });
    const codes = await Promise.all(Array.from({ length: 20 }, () => codeOf(quick.people.create(ada))));
    expect(codes.filter((code) => code === 'none')).to.have.length(1);
    expect(codes.filter((code) => code === 'person/email-taken')).to.have.length(19);
    expect(await store.people.count()).to.equal(1);
    expect(await redis.command('KEYS', '*{person:*')).to.have.length(1);
  });

  it('does the same work for a wrong password and for nobody', async () => {
    const hasher = countingHasher();
    const store = await subject().open({ hasher });
    await store.people.create(ada);
    const work = async (email: string, password: string) => {
      const before = await commandsOf(subject().redis);
      const { verified } = hasher;
      await store.people.verifyPassword(email, password);
      return [hasher.verified - verified, (await commandsOf(subject().redis)) - before];
    };
    const wrong = await work('ada@example.org', 'wrong');
    expect(wrong[0]).to.equal(1);
    expect(await work('nobody@example.org', 'wrong')).to.deep.equal(wrong);
    expect(await work('ada@example.org', 'right')).to.deep.equal(wrong);
  });

  it('changes a password', async () => {
    const store = await subject().open({ hasher: countingHasher() });
    const person = await store.people.create(ada);
    await store.people.setPassword(person.id, 'newer');
    expect(await store.people.verifyPassword(ada.email, 'right')).to.equal(null);
    const changed = await store.people.verifyPassword(ada.email, 'newer');
    expect(changed).to.deep.equal({ ...person, securityStamp: changed?.securityStamp });
    expect(changed?.securityStamp).not.to.equal(person.securityStamp);
    expect(await codeOf(store.people.setPassword('nobody', 'x'))).to.equal('request/not-found');
  });

  it('keeps tokens as hashes, each kind apart, until they are over or revoked', async () => {
    const { store, redis } = subject();
    const token = await store.tokens.issue('login', 'p1', 60_000);
    expect(token).to.match(/^[\w-]{43}$/);
    expect(await store.tokens.check('login', token)).to.equal('p1');
    expect(await store.tokens.check('admin-link', token)).to.equal(null);
    expect(JSON.stringify(await dump(redis))).not.to.contain(token);
    await store.tokens.revoke('login', token);
    expect(await store.tokens.check('login', token)).to.equal(null);
    for (const junk of ['', 'x', '*', 'A'.repeat(43), `${token}=`]) {
      expect(await store.tokens.check('login', junk)).to.equal(null);
      await store.tokens.revoke('login', junk);
    }
    const brief = await store.tokens.issue('login', 'p1', 1);
    while ((await store.tokens.check('login', brief)) !== null);
    expect(await codeOf(store.tokens.issue('login', 'p1', 0))).to.equal('internal/unexpected');
  });

  it('redeems a token once, of a hundred at once', async () => {
    const { store, open } = subject();
    const other = await open();
    const token = await store.tokens.issue('admin-link', 'first', 60_000);
    const stores = Array.from({ length: 100 }, (_, index) => (index % 2 ? store : other));
    const results = await Promise.all(stores.map((each) => each.tokens.redeem('admin-link', token)));
    expect(results.filter((result) => result === 'first')).to.have.length(1);
    expect(results.filter((result) => result === null)).to.have.length(99);
  });

  it('limits tries, longer each time, across processes, and forgets on reset', async () => {
    const limits = { login: { tries: 3, windowSeconds: 60, firstDelaySeconds: 10, longestDelaySeconds: 15 } };
    const one = await subject().open({ limits });
    const other = await subject().open({ limits });
    const consume = (store: Store = one) => store.limits.consume('login', 'ada');
    expect([await consume(), await consume(other), await consume()]).to.deep.equal([0, 0, 0]);
    expect(await consume(other)).to.be.within(9_000, 10_000);
    expect(await one.limits.consume('login', 'bob')).to.equal(0);
    await unblock(subject().redis);
    for (let tried = 0; tried < 3; tried += 1) expect(await consume()).to.equal(0);
    expect(await consume()).to.be.within(14_000, 15_000);
    await one.limits.reset('login', 'ada');
    for (let tried = 0; tried < 3; tried += 1) expect(await consume()).to.equal(0);
    expect(await consume()).to.be.within(9_000, 10_000);
  });

  it('limits what comes too fast, for a moment', async () => {
    const store = await subject().open({ limits: { invite: { tries: 2, windowSeconds: 1 } } });
    const waits = await Promise.all(Array.from({ length: 5 }, () => store.limits.consume('invite', '127.0.0.1')));
    expect(waits.filter((wait) => wait === 0)).to.have.length(2);
    for (const wait of waits.filter((each) => each > 0)) expect(wait).to.be.within(1, 1_000);
  });

  it('says that a stored value is damaged instead of using it', async () => {
    const { store, redis } = subject();
    const person = await store.people.create(ada);
    const key = `partyline:{person:${person.id}}`;
    for (const damaged of ['', '{', 'null', '[]', '{"id":"x"}', JSON.stringify({ ...person, roles: ['king'] })]) {
      await redis.command('SET', key, damaged);
      expect(await codeOf(store.people.get(person.id)), damaged).to.equal('store/corrupt');
    }
    await redis.command('DEL', key);
    await redis.command('LPUSH', key, 'x');
    expect(await codeOf(store.people.get(person.id))).to.equal('store/corrupt');
  });
});

/** Commands Redis has run, without those of the test itself and of heartbeats. */
async function commandsOf(redis: { command(...args: string[]): Promise<unknown> }): Promise<number> {
  const info = String(await redis.command('INFO', 'commandstats'));
  return ['get', 'set', 'evalsha', 'hget'].reduce((sum, name) => {
    return sum + Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(info)?.[1] ?? 0);
  }, 0);
}

/** Everything Redis holds under its keys, as far as it is text. */
async function dump(redis: { command(...args: string[]): Promise<unknown> }): Promise<unknown> {
  const keys = (await redis.command('KEYS', '*')) as string[];
  return Promise.all(keys.map(async (key) => [key, await redis.command('GET', key).catch(() => null)]));
}

/** As if the wait were over: the counters go, the memory of earlier waits stays. */
async function unblock(redis: { command(...args: string[]): Promise<unknown> }): Promise<void> {
  const keys = (await redis.command('KEYS', '*limit*')) as string[];
  for (const key of keys) if (!key.endsWith(':strikes')) await redis.command('DEL', key);
}
