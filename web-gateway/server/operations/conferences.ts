import {
  changeConferenceRequest,
  conferenceList,
  conferenceQuery,
  conferenceView,
  createConferenceRequest,
  PartylineError,
  replacedCodes,
  type ConferenceView,
} from '../../../config/contract/index.ts';
import type { Conference, Person, Store } from '../../../store/index.ts';
import { hasRole } from '../authentication.ts';
import { operation, withoutUndefined, type Operation } from '../operation.ts';

/** Who makes conferences also sees their codes. */
export const MAKERS = ['admin', 'moderator'] as const;
const READERS = ['admin', 'moderator', 'presenter', 'tsr'] as const;

export function conferenceOperations(store: Store): Operation[] {
  const create = operation({
    method: 'post',
    path: '/conferences',
    summary: 'Make a conference with a guest and a host code',
    access: MAKERS,
    body: createConferenceRequest,
    answers: { status: 201, schema: conferenceView, description: 'The conference with its codes.' },
    handle: async ({ body, person }) => {
      const policy = body.policy === undefined ? {} : { policy: withoutUndefined(body.policy) };
      const made = await store.conferences.create({
        tenantId: person.tenantId,
        title: body.title,
        createdBy: person.id,
        ...policy,
      });
      return { ...toView(made.conference), guestCode: made.guestCode, hostCode: made.hostCode };
    },
  });

  const list = operation({
    method: 'get',
    path: '/conferences',
    summary: 'The conferences of one’s company, oldest first, without codes',
    access: READERS,
    query: conferenceQuery,
    answers: { status: 200, schema: conferenceList, description: 'One page of the conferences.' },
    handle: async ({ person, query: { count, after } }) => {
      const page = await store.conferences.list(person.tenantId, { count, ...(after === undefined ? {} : { after }) });
      return { conferences: page.conferences.map(toView), next: page.next };
    },
  });

  const get = operation({
    method: 'get',
    path: '/conferences/:id',
    summary: 'One conference; with its codes for those who may make conferences',
    access: READERS,
    answers: { status: 200, schema: conferenceView, description: 'The conference.' },
    handle: async ({ person, params }) => {
      const conference = await findConference(store, person, params['id']);
      if (!hasRole(person, MAKERS)) return toView(conference);
      const codes = await store.conferences.codes(person.tenantId, conference.id);
      return { ...toView(conference), guestCode: codes.guest, hostCode: codes.host };
    },
  });

  const change = (verb: 'open' | 'close', state: Conference['state'], summary: string) =>
    operation({
      method: 'post',
      path: `/conferences/:id/${verb}`,
      summary,
      access: MAKERS,
      answers: { status: 200, schema: conferenceView, description: 'The conference as it is now.' },
      handle: async ({ person, params }) => {
        const conference = await findConference(store, person, params['id']);
        await store.conferences.setState(person.tenantId, conference.id, state);
        if (state === 'closed') await letOnlyPresentStay(store, conference);
        return toView({ ...conference, state });
      },
    });

  const patch = operation({
    method: 'patch',
    path: '/conferences/:id',
    summary: 'Change title and policy; what is not named stays as it is',
    access: MAKERS,
    body: changeConferenceRequest,
    answers: { status: 200, schema: conferenceView, description: 'The conference as it is now.' },
    handle: async ({ person, params, body }) => {
      const { id } = await findConference(store, person, params['id']);
      const changes = {
        ...(body.title === undefined ? {} : { title: body.title }),
        ...(body.policy === undefined ? {} : { policy: withoutUndefined(body.policy) }),
      };
      return toView(await store.conferences.change(person.tenantId, id, { ...changes, by: person.id }));
    },
  });

  const archive = operation({
    method: 'delete',
    path: '/conferences/:id',
    summary: 'Take a conference away for good, with its codes and invitees',
    access: MAKERS,
    answers: { status: 204, description: 'It is gone; the journal keeps what happened in it.' },
    handle: async ({ person, params }) => {
      const { id } = await findConference(store, person, params['id']);
      await store.conferences.archive(person.tenantId, id, person.id);
    },
  });

  const replaceCodes = operation({
    method: 'post',
    path: '/conferences/:id/codes',
    summary: 'Replace both codes; those of before lead nowhere from now on',
    access: MAKERS,
    answers: { status: 200, schema: replacedCodes, description: 'The new codes.' },
    handle: async ({ person, params }) => {
      const conference = await findConference(store, person, params['id']);
      const codes = await store.conferences.replaceCodes(person.tenantId, conference.id, person.id);
      await letOnlyPresentStay(store, conference);
      return { guestCode: codes.guest, hostCode: codes.host };
    },
  });

  return [
    create,
    list,
    get,
    patch,
    archive,
    replaceCodes,
    change('open', 'open', 'Let callers in again'),
    change('close', 'closed', 'Let no more callers in; whoever is in stays'),
  ];
}

/**
 * Looks only among the conferences of the person's own company: another's id is as unknown as any other.
 * @throws PartylineError conference/not-found
 */
export async function findConference(store: Store, person: Person, id: string | undefined): Promise<Conference> {
  const conference = id === undefined ? null : await store.conferences.get(person.tenantId, id);
  if (conference === null) throw new PartylineError('conference/not-found');
  return conference;
}

/** Whoever is in the room may come back after a change of network; everybody else's pass is void. */
async function letOnlyPresentStay(store: Store, { tenantId, id: conferenceId }: Conference): Promise<void> {
  const room = await store.rooms.read(tenantId, conferenceId);
  const present = room?.participants.map(({ id }) => id) ?? [];
  await store.passes.revokeAll({ tenantId, conferenceId }, present);
}

function toView(conference: Conference): ConferenceView {
  const { id, title, state, policy, createdAt } = conference;
  return { id, title, state, policy, createdAt };
}
