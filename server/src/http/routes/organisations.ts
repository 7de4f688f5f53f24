import { apiLimits, type OrganisationView } from '@milepost/contract/api';
import type { FastifyRequest } from 'fastify';
import { CallerError } from '../../kernel/index.ts';
import type { ActingMember, OrganisationRecord } from '../../people/index.ts';
import type { Caller } from '../access/authenticate.ts';
import { readCursor, writeCursor } from '../cursors.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { toIso } from '../times.ts';
import type { HttpDeps } from '../types.ts';

const view = ({ id, kind, name, customerId, createdMs, members }: OrganisationRecord): OrganisationView => ({
  id,
  kind,
  name,
  customerId,
  createdAt: toIso(createdMs),
  members,
});

const membershipOf = (caller: Caller, { organisationNo }: OrganisationRecord) =>
  caller.actor === 'person' ? caller.signedIn.memberships.find((one) => one.organisationNo === organisationNo) : undefined;

const managing = new Set(['operator', 'manager', 'administrator']);

const acting = (caller: Caller, request: FastifyRequest): ActingMember => ({
  personNo: caller.reader.personNo,
  from: { address: request.client.address, userAgent: request.headers['user-agent'] ?? '' },
});

/** Organisations and who belongs to them. docs/people.md */
export const addOrganisationRoutes = (routes: RouteRegistrar, { people }: HttpDeps): void => {
  const { members } = people;

  /** One of which the caller is no member is as if it were not there. */
  const find = async (caller: Caller, id: string): Promise<OrganisationRecord> => {
    const organisation = await members.organisation(id);
    if (caller.reader.isStaff || membershipOf(caller, organisation)) return organisation;
    throw new CallerError('not_found', 'there is no such organisation');
  };
  const managed = async (caller: Caller, id: string): Promise<OrganisationRecord> => {
    const organisation = await find(caller, id);
    if (caller.isOperator || managing.has(membershipOf(caller, organisation)?.role ?? '')) return organisation;
    throw new CallerError('forbidden', 'this is for who manages the organisation');
  };

  routes.add('listOrganisations', async ({ query, caller }) => {
    const { cursor, limit = apiLimits.pageSizeDefault, kind = null, q = '' } = query;
    const afterNo = cursor === undefined ? 0 : readCursor(cursor, ['number'])[0];
    const personNo = caller.reader.isStaff ? null : caller.reader.personNo;
    const found = await members.organisations({ personNo, kind, text: q, afterNo, limit: limit + 1 });
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return { items: page.map(view), next: last && found.length > limit ? writeCursor([last.organisationNo]) : null };
  });

  routes.add('readOrganisation', async ({ params, caller }) => view(await find(caller, params.id)));

  routes.add('listMembers', async ({ params, caller }) => {
    const found = await members.list(await find(caller, params.id));
    const items = found.map(({ personId, personNo, name, email, role, sinceMs }) => ({
      personId,
      name,
      email,
      role,
      isYou: personNo === caller.reader.personNo,
      since: toIso(sinceMs),
    }));
    return { items };
  });

  routes.add('addMember', async ({ params, body, caller, request }) => {
    await managed(caller, params.id);
    return { outcome: await members.add(params.id, body.email, body.role, acting(caller, request)) };
  });

  routes.add('changeMember', async ({ params, body, caller, request }) => {
    await managed(caller, params.id);
    await members.change(params.id, params.person, body.role, acting(caller, request));
  });

  routes.add('removeMember', async ({ params, caller, request }) => {
    const isOwn = caller.actor === 'person' && caller.signedIn.person.id === params.person;
    await (isOwn ? find(caller, params.id) : managed(caller, params.id));
    await members.remove(params.id, params.person, acting(caller, request));
  });
};
