import { expect } from 'chai';
import { pino } from 'pino';
import { codeOf, onEachRedis } from '../../helpers/store-subjects.ts';

const caller = { tenantId: 'default', callerNumber: '+4930901820', sourceAddress: '192.0.2.1' };
const WRONG = '31415926';
const by = 'admin-1';

onEachRedis('store: decoys', (subject) => {
  it('are unknown to the caller, and an alarm to us', async () => {
    const lines: Record<string, unknown>[] = [];
    const logger = pino(
      { level: 'warn' },
      { write: (line: string) => void lines.push(JSON.parse(line) as object as never) },
    );
    const store = await subject().open({ logger });
    const { decoy, code } = await store.decoys.create({ tenantId: 'default', note: 'old slides', by });
    expect(code).to.match(/^\d{9,10}$/);
    const seen: string[] = [];
    store.codes.onEntry(({ outcome }) => seen.push(outcome));
    const real = await store.codes.lookup({ ...caller, callerNumber: '+4930111', digits: WRONG });
    const hit = await store.codes.lookup({ ...caller, digits: code });
    expect(hit).to.deep.equal(real);
    expect(seen).to.deep.equal(['unknown', 'decoy']);
    const [entry] = await store.journal.read('default');
    expect(entry).to.include({
      ...{ type: 'code.decoy', outcome: 'decoy', decoyId: decoy.id, lastTry: true },
      ...{ via: 'phone', callerNumber: '+4930901820', sourceAddress: '192.0.2.1' },
    });
    expect(lines.filter(({ msg }) => /decoy/.test(String(msg)))).to.have.length(1);
    expect(JSON.stringify([lines, entry])).not.to.contain(code);
    expect(await store.decoys.list('default')).to.deep.equal([{ ...decoy, hits: 1 }]);
  });

  it('cost whoever keys one all tries at once, for the longest time', async () => {
    const { store } = subject();
    const { code } = await store.decoys.create({ tenantId: 'default', note: 'x', by });
    await store.codes.lookup({ ...caller, digits: code });
    const next = await store.codes.lookup({ ...caller, digits: WRONG });
    expect(next.outcome).to.equal('limited');
    if (next.outcome === 'limited') expect(next.retryAfterMs).to.be.within(895_000, 900_000);

    const web = { ...caller, via: 'web', callerNumber: '', sourceAddress: '203.0.113.7' } as const;
    await store.codes.lookup({ ...web, digits: code });
    const waits = await store.codes.lookup({ ...web, digits: WRONG });
    if (waits.outcome === 'limited') expect(waits.retryAfterMs).to.be.within(25_000, 30_000);
    expect(waits.outcome).to.equal('limited');
  });

  it('count strongly where counters are shared', async () => {
    const phones = { tries: 20, windowSeconds: 600 };
    const store = await subject().open({ codeLimits: { phones, decoyWeight: 10 } });
    const { code } = await store.decoys.create({ tenantId: 'default', note: 'x', by });
    const alarms: boolean[] = [];
    store.codes.onEntry(({ attackBegins }) => alarms.push(attackBegins));
    for (const callerNumber of ['+49301', '+49302'])
      await store.codes.lookup({ ...caller, callerNumber, digits: code });
    expect(alarms).to.deep.equal([false, true]);
    const types = (await store.journal.read('default')).map(({ type }) => type);
    expect(types.slice(0, 3)).to.deep.equal(['code.attack', 'code.decoy', 'code.decoy']);
  });

  it('do the same work as an unknown code', async () => {
    const { store, redis } = subject();
    const { code } = await store.decoys.create({ tenantId: 'default', note: 'x', by });
    const rounds = async () => {
      const info = String(await redis.command('INFO', 'commandstats'));
      return Number(/cmdstat_evalsha:calls=(\d+)/.exec(info)?.[1] ?? 0);
    };
    await store.codes.lookup({ ...caller, callerNumber: '+49300', digits: WRONG });
    const before = await rounds();
    await store.codes.lookup({ ...caller, callerNumber: '+49301', digits: WRONG });
    await store.codes.lookup({ ...caller, callerNumber: '+49302', digits: code });
    expect((await rounds()) - before).to.equal(2);
  });

  it('are taken away, and are unknown afterwards', async () => {
    const { store } = subject();
    const { decoy, code } = await store.decoys.create({ tenantId: 'default', note: 'x', by });
    expect(await codeOf(store.decoys.remove('acme', decoy.id, by))).to.equal('decoy/not-found');
    await store.decoys.remove('default', decoy.id, by);
    expect(await store.decoys.list('default')).to.deep.equal([]);
    const seen: string[] = [];
    store.codes.onEntry(({ outcome }) => seen.push(outcome));
    await store.codes.lookup({ ...caller, digits: code });
    expect(seen).to.deep.equal(['unknown']);
    for (const id of [decoy.id, '', 'a b'])
      expect(await codeOf(store.decoys.remove('default', id, by))).to.equal('decoy/not-found');
  });
});
