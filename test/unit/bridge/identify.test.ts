import { expect } from 'chai';
import { identifyByTicket, identifyCaller, type Identification } from '../../../bridge/calls/identify.ts';
import type { Invite } from '../../../bridge/sip/index.ts';
import { DEFAULT_POLICY, PartylineError, type ConferencePolicy } from '../../../config/contract/index.ts';
import type { CodeEntry, CodeLookup, Conference, Invitee, Pass } from '../../../store/index.ts';
import { ScriptedLeg } from '../ivr/scripted-leg.ts';
import { VirtualClock } from '../ivr/virtual-clock.ts';
import { silent } from './fakes.ts';

const [GUEST, HOST, ADA, EVE] = ['123456789', '987654321', '271828182', '314159265'];

const invitee: Invitee = { id: 'ada', conferenceId: 'c1', name: 'Ada', role: 'host', language: 'de', createdAt: 0 };

function meeting(policy: Partial<ConferencePolicy> = {}): Conference {
  return {
    ...{ id: 'c1', tenantId: 'acme', title: 'x', state: 'open', createdBy: 'p', createdAt: 0 },
    policy: { ...DEFAULT_POLICY, ...policy },
  };
}

const phone: Invite = {
  ...{ sipCallId: 's', callerName: 'Bea', callerNumber: '+15551230001', dialledNumber: '1000' },
  ...{ sourceAddress: '192.0.2.1', sourcePort: 5060, protocol: 'udp', offer: '' },
};

/** @param keys what the caller keys, one entry after the other */
async function identify(
  keys: readonly string[],
  options: { policy?: Partial<ConferencePolicy>; invite?: Partial<Invite>; codeTries?: number; away?: boolean } = {},
): Promise<{ result: Identification; entries: CodeEntry[]; words: readonly unknown[] }> {
  const conference = meeting(options.policy);
  const codes: Record<string, CodeLookup> = {
    [GUEST]: { outcome: 'found', resolved: { kind: 'guest', conference } },
    [HOST]: { outcome: 'found', resolved: { kind: 'host', conference } },
    [ADA]: { outcome: 'found', resolved: { kind: 'personal', conference, invitee } },
    [EVE]: { outcome: 'limited', retryAfterMs: 1_000 },
  };
  const clock = new VirtualClock();
  const leg = new ScriptedLeg(clock).pressAt(...keys.map((each, index) => [2_500 + index * 4_500, each] as const));
  const entries: CodeEntry[] = [];
  const lookup = async (entry: CodeEntry): Promise<CodeLookup> => {
    entries.push(entry);
    if (options.away === true) throw new PartylineError('store/unavailable');
    const found = codes[entry.digits] ?? { outcome: 'unknown' };
    const asked = entry.conferenceId !== undefined && found.outcome === 'found' && found.resolved.kind !== 'personal';
    return asked ? { outcome: 'unknown' } : found;
  };
  const { codeTries = 3 } = options;
  const settings = { codeTries, codeTimeoutSeconds: 5, interDigitTimeoutSeconds: 2, earlyGreeting: false };
  const result = await clock.run(
    identifyCaller(
      leg,
      { codes: { lookup }, settings, clock, newId: () => 'new' },
      { tenantId: 'acme', invite: { ...phone, ...options.invite }, logger: silent },
    ),
  );
  return { result, entries, words: leg.words };
}

const whoIn = (result: Identification) => (result.outcome === 'identified' ? result.who : undefined);

describe('who a caller is', () => {
  it('a guest or a host by the conference’s codes, under the name of the phone', async () => {
    const { result, entries } = await identify([`${GUEST}#`]);
    expect(whoIn(result)).to.deep.equal({
      ...{ conference: meeting(), participantId: 'new', name: 'Bea', role: 'guest', via: 'phone' },
    });
    expect(entries).to.deep.equal([
      { tenantId: 'acme', digits: GUEST, via: 'phone', callerNumber: '+15551230001', sourceAddress: '192.0.2.1' },
    ]);
    expect(whoIn((await identify([`${HOST}#`])).result)).to.include({ role: 'host', name: 'Bea' });
  });

  for (const [what, invite, name] of [
    ['the end of the number without a name', { callerName: '' }, '••••0001'],
    ['the end of the number when the name is the number', { callerName: '+1 555-123-0001' }, '••••0001'],
    ['nothing of a number that is none', { callerName: '', callerNumber: 'anonymous' }, '••••'],
    ['nothing when all is withheld', { callerName: '', callerNumber: '' }, '••••'],
    ['the name of whoever withholds the number', { callerName: 'Anonymous', callerNumber: 'anonymous' }, 'Anonymous'],
    ['a name in any script', { callerName: '王芳 2' }, '王芳 2'],
  ] as const) {
    it(`is called ${what}`, async () => {
      expect(whoIn((await identify([`${GUEST}#`], { invite })).result)).to.include({ name });
    });
  }

  it('an invitee by the personal code alone: same participant each time, own name, role and language', async () => {
    for (const personalCodes of ['off', 'optional', 'required'] as const) {
      const { result, entries } = await identify([`${ADA}#`], { policy: { personalCodes } });
      expect(whoIn(result)).to.deep.equal({
        ...{ conference: meeting({ personalCodes }), participantId: 'ada', identity: 'ada', name: 'Ada', role: 'host' },
        ...{ language: 'de', via: 'phone' },
      });
      expect(entries).to.have.length(1);
    }
  });

  it('is asked for the personal code after the guest code, where it is required', async () => {
    const required = { policy: { personalCodes: 'required' } } as const;
    const { result, entries, words } = await identify([`${GUEST}#`, `${ADA}#`], required);
    expect(whoIn(result)).to.include({ participantId: 'ada', role: 'host' });
    expect(entries[1]).to.include({ digits: ADA, conferenceId: 'c1' });
    expect(words).to.include('enter-personal-code');
    const without = await identify([`${GUEST}#`, `${GUEST}#`, '#'], required);
    expect(without.result).to.deep.equal({ outcome: 'refused', reason: 'no-valid-code' });
    const host = await identify([`${HOST}#`], required);
    expect(whoIn(host.result), 'the host code is enough').to.include({ role: 'host' });
  });

  it('may do without, where it is optional', async () => {
    const optional = { policy: { personalCodes: 'optional' } } as const;
    expect(whoIn((await identify([`${GUEST}#`, '#'], optional)).result)).to.include({ participantId: 'new' });
    expect(whoIn((await identify([`${GUEST}#`, `${ADA}#`], optional)).result)).to.include({ participantId: 'ada' });
  });

  it('has three wrong entries in all', async () => {
    const required = { policy: { personalCodes: 'required' } } as const;
    const { result, entries } = await identify(['1#', '2#', `${GUEST}#`, '3#', `${ADA}#`], required);
    expect(result).to.deep.equal({ outcome: 'refused', reason: 'no-valid-code' });
    expect(entries.map(({ digits }) => digits)).to.deep.equal(['1', '2', GUEST, '3']);
  });

  it('hears of limits nothing, but is reported', async () => {
    const { result, words } = await identify([`${EVE}#`, `${EVE}#`, `${EVE}#`]);
    expect(result).to.deep.equal({ outcome: 'refused', reason: 'too-many-tries' });
    expect(words.slice(-2)).to.deep.equal(['too-many-wrong-codes', 'goodbye']);
  });

  it('is told when the store is away', async () => {
    const { result } = await identify([`${GUEST}#`], { away: true });
    expect(result).to.deep.equal({ outcome: 'refused', reason: 'store-unavailable' });
  });
});

describe('who a ticket is for', () => {
  const pass: Pass = {
    ...{ tenantId: 'acme', conferenceId: 'c1', participantId: 'p', name: 'Bea', role: 'guest' },
    ...{ issuedAt: 0, expiresAt: 1 },
  };
  const redeem = (dialled: string, found: Pass | null, conference: Conference | null = meeting()) =>
    identifyByTicket(
      { passes: { redeemTicket: async () => found }, conferences: { get: async () => conference } },
      'ticket',
      dialled,
    );

  it('is what the pass says', async () => {
    const who = { conference: meeting(), participantId: 'p', name: 'Bea', role: 'guest', via: 'browser' };
    expect(await redeem('c1', pass)).to.deep.equal(who);
    expect(await redeem('c1', { ...pass, identity: 'p', language: 'fr' })).to.deep.equal({
      ...who,
      ...{ identity: 'p', language: 'fr' },
    });
  });

  it('is nobody without a pass, in another conference, or when that is gone', async () => {
    expect(await redeem('c1', null)).to.equal(null);
    expect(await redeem('c2', pass)).to.equal(null);
    expect(await redeem('', pass)).to.equal(null);
    expect(await redeem('c1', pass, null)).to.equal(null);
  });

  it('may come back into a conference that has been closed meanwhile', async () => {
    expect(await redeem('c1', pass, { ...meeting(), state: 'closed' })).to.include({ participantId: 'p' });
  });
});
