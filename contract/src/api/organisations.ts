import Type, { type Static } from 'typebox';
import { organisationKinds, roles } from './people.ts';
import { known, manager } from './route.ts';
import { apiLimits, closed, isoTime, oneOf, opaqueId, pageOf, paging } from './shared.ts';

export const organisation = closed({
  id: opaqueId,
  kind: oneOf(organisationKinds),
  name: Type.String(),
  customerId: Type.Union([Type.String(), Type.Null()], { description: 'Of a customer: its id as such' }),
  createdAt: isoTime,
  members: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
});
export type OrganisationView = Static<typeof organisation>;

export const member = closed({
  personId: opaqueId,
  name: Type.String(),
  email: Type.String(),
  role: oneOf(roles),
  isYou: Type.Boolean(),
  since: isoTime,
});
export type MemberView = Static<typeof member>;

const byOrganisation = closed({ id: opaqueId });
const byMember = closed({ id: opaqueId, person: opaqueId });
const role = oneOf(roles, { description: 'One that members of an organisation of this kind have' });
const tag = 'people';

/** Organisations and who belongs to them. docs/people.md */
export const organisationRoutes = {
  listOrganisations: known({
    method: 'GET',
    path: '/v1/organisations',
    summary: 'List organisations',
    description: 'Staff see all; everybody else those of which they are a member.',
    tag,
    query: closed({
      ...paging,
      kind: Type.Optional(oneOf(organisationKinds)),
      q: Type.Optional(Type.String({ minLength: 1, maxLength: apiLimits.searchCharactersMax })),
    }),
    status: 200,
    response: pageOf(organisation),
  }),
  readOrganisation: known({
    method: 'GET',
    path: '/v1/organisations/{id}',
    summary: 'Read an organisation',
    tag,
    params: byOrganisation,
    status: 200,
    response: organisation,
  }),
  listMembers: known({
    method: 'GET',
    path: '/v1/organisations/{id}/members',
    summary: 'List the members of an organisation',
    tag,
    params: byOrganisation,
    status: 200,
    response: closed({ items: Type.Array(member) }),
  }),
  addMember: manager({
    method: 'POST',
    path: '/v1/organisations/{id}/members',
    summary: 'Add a member by e-mail',
    description: 'Who has an account is a member at once; anybody else is mailed a link that makes one.',
    tag,
    params: byOrganisation,
    body: closed({ email: Type.String({ minLength: 3, maxLength: apiLimits.emailCharactersMax }), role }),
    status: 201,
    response: closed({ outcome: oneOf(['added', 'invited']) }),
  }),
  changeMember: manager({
    method: 'PATCH',
    path: '/v1/organisations/{id}/members/{person}',
    summary: 'Give a member another role',
    tag,
    params: byMember,
    body: closed({ role }),
    status: 204,
  }),
  removeMember: manager({
    method: 'DELETE',
    path: '/v1/organisations/{id}/members/{person}',
    summary: 'End a membership',
    description: 'Everybody may end the own one. The last operator of the platform stays (`in_use`).',
    tag,
    params: byMember,
    status: 204,
  }),
} as const;
