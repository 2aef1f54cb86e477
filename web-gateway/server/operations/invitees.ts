/** People who are expected in a conference, their personal codes and their links. */
import {
  createdInvitee,
  createInviteeRequest,
  invitationRequest,
  invitationResponse,
  inviteeList,
  replacedPersonalCode,
  type InviteeView,
} from '../../../config/contract/index.ts';
import type { InviteeChange, InviteeState, Person, Store } from '../../../store/index.ts';
import { operation, type Operation } from '../operation.ts';
import { findConference, MAKERS } from './conferences.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
const INVITEES = '/conferences/:id/invitees';
const INVITEE = `${INVITEES}/:inviteeId`;

export function inviteeOperations(store: Store): Operation[] {
  /** Only of one's own company. @throws PartylineError conference/not-found */
  const refOf = async (person: Person, params: Readonly<Record<string, string>>): Promise<InviteeChange> => {
    const { tenantId, id: conferenceId } = await findConference(store, person, params['id']);
    return { tenantId, conferenceId, id: params['inviteeId'] ?? '', by: person.id };
  };

  const list = operation({
    method: 'get',
    path: INVITEES,
    summary: 'Who is expected in a conference',
    access: MAKERS,
    answers: { status: 200, schema: inviteeList, description: 'The invitees, without codes.' },
    handle: async ({ person, params }) => {
      const invitees = await store.invitees.list(await refOf(person, params));
      return { invitees: invitees.map(toView) };
    },
  });

  const create = operation({
    method: 'post',
    path: INVITEES,
    summary: 'Expect somebody, who gets a personal code',
    access: MAKERS,
    body: createInviteeRequest,
    answers: { status: 201, schema: createdInvitee, description: 'The invitee, and the code, which is told once.' },
    handle: async ({ person, params, body: { name, role, language, email } }) => {
      const { tenantId, conferenceId, by } = await refOf(person, params);
      const known = { ...(language === undefined ? {} : { language }), ...(email === undefined ? {} : { email }) };
      const made = await store.invitees.create({ tenantId, conferenceId, name, role, ...known, by });
      return { ...toView(made.invitee), personalCode: made.personalCode };
    },
  });

  const remove = operation({
    method: 'delete',
    path: INVITEE,
    summary: 'Expect somebody no more; code, link and pass are void',
    access: MAKERS,
    answers: { status: 204, description: 'They are not expected any more. If they are in the room, they stay.' },
    handle: async ({ person, params }) => store.invitees.remove(await refOf(person, params)),
  });

  const replaceCode = operation({
    method: 'post',
    path: `${INVITEE}/code`,
    summary: 'Replace a personal code; the one of before leads nowhere from now on',
    access: MAKERS,
    answers: { status: 200, schema: replacedPersonalCode, description: 'The new code, which is told once.' },
    handle: async ({ person, params }) => ({
      personalCode: await store.invitees.replaceCode(await refOf(person, params)),
    }),
  });

  const invite = operation({
    method: 'post',
    path: `${INVITEE}/invitation`,
    summary: 'Make a link for a browser; the one of before is void',
    access: MAKERS,
    body: invitationRequest,
    answers: { status: 200, schema: invitationResponse, description: 'The link, which is told once.' },
    handle: async ({ person, params, body }) => {
      const made = await store.invitees.invite(await refOf(person, params), body.days * DAY_MS);
      return { ...made, path: `/j/${made.invitation}` };
    },
  });

  const withdraw = operation({
    method: 'delete',
    path: `${INVITEE}/invitation`,
    summary: 'Make a link void',
    access: MAKERS,
    answers: { status: 204, description: 'The link is worth nothing any more.' },
    handle: async ({ person, params }) => store.invitees.withdraw(await refOf(person, params)),
  });

  return [list, create, remove, replaceCode, invite, withdraw];
}

function toView({ id, name, role, language, email, createdAt, invitedUntil }: InviteeState): InviteeView {
  return { id, name, role, language: language ?? null, email: email ?? null, createdAt, invitedUntil };
}
