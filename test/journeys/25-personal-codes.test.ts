/** Invited people key a code of their own, and are known by it. */
import { expect } from 'chai';
import type { ConferenceView, ParticipantView } from '../../config/contract/index.ts';
import { Service, useBench } from '../peers/index.ts';

describe('personal codes', function () {
  this.timeout(90_000);
  const bench = useBench();
  let service: Service;
  before('start the service', async () => {
    service = await Service.start({ environment: { PARTYLINE_CODE_TIMEOUT_SECONDS: '2', PARTYLINE_CODE_TRIES: '2' } });
  });
  after('stop the service', async () => service.stop());

  interface Invited {
    readonly id: string;
    readonly personalCode: string;
  }

  async function meeting(personalCodes: 'off' | 'optional' | 'required'): Promise<Required<ConferenceView>> {
    const made = await service.createConference('Board');
    const { status } = await service.request('PATCH', `/api/v1/conferences/${made.id}`, { policy: { personalCodes } });
    expect(status).to.equal(200);
    return made;
  }

  async function invite(conferenceId: string, name: string, role = 'guest'): Promise<Invited> {
    const { status, body } = await service.request('POST', `/api/v1/conferences/${conferenceId}/invitees`, {
      name,
      role,
    });
    expect(status).to.equal(201);
    return body as Invited;
  }

  /** Dials, and keys one entry after the other, each once the one before has been taken. */
  async function caller(...entries: string[]) {
    const phone = await bench.baresip({ user: '4915112345678', displayName: 'A phone' });
    await phone.dial(service.uri);
    await phone.established();
    for (const entry of entries) await phone.keys(`${entry}#`);
    return phone;
  }

  const rows = async (id: string, count: number): Promise<readonly ParticipantView[]> =>
    (await service.participants(id, count)).participants;

  it('are enough by themselves: one code leads to the conference, in one’s own name and role', async () => {
    const { id } = await meeting('off');
    const ada = await invite(id, 'Ada Lovelace', 'host');
    await caller(ada.personalCode);
    const [row] = await rows(id, 1);
    expect(row).to.include({ id: ada.id, name: 'Ada Lovelace', role: 'host' });
  });

  it('are asked for after the guest code, where they are required; a wrong one does not get in', async () => {
    const { id, guestCode } = await meeting('required');
    const bob = await invite(id, 'Bob');
    await caller(guestCode, bob.personalCode);
    const [row] = await rows(id, 1);
    expect(row).to.include({ id: bob.id, name: 'Bob', role: 'guest' });

    const ended = service.endings.length;
    const stranger = await caller(guestCode, '111111111', '222222222');
    await stranger.closed(60_000);
    expect((await service.callsEnded(ended + 1)).at(-1)).to.equal('no-valid-code');
    expect(await rows(id, 1)).to.have.length(1);
  });

  it('may be left out where they are optional', async () => {
    const { id, guestCode } = await meeting('optional');
    const bob = await invite(id, 'Bob');
    await caller(guestCode, '');
    await rows(id, 1);
    await caller(guestCode, bob.personalCode);
    const both = await rows(id, 2);
    expect(both.map(({ id: each }) => each === bob.id)).to.deep.equal([false, true]);
  });

  it('never come into the log, nor does a link', async () => {
    const { id } = await meeting('off');
    const ada = await invite(id, 'Ada');
    const link = await service.request('POST', `/api/v1/conferences/${id}/invitees/${ada.id}/invitation`, {});
    const { invitation } = link.body as { invitation: string };
    const joined = await service.request('POST', '/api/v1/join', { invitation });
    const { token, ticket } = joined.body as { token: string; ticket: string };
    await caller(ada.personalCode);
    await rows(id, 1);
    for (const secret of [ada.personalCode, invitation, token, ticket]) {
      expect(secret.length).to.be.greaterThan(8);
      expect(service.log).not.to.contain(secret);
    }
  });
});
