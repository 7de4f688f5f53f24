import {
  apiLimits,
  type AppLimitView,
  type AuditEntryView,
  managementApiLimits,
  type ManagedPersonView,
  type RouteQuery,
  type RouteResponse,
} from '@milepost/contract/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CallerError, invalidField } from '../../kernel/index.ts';
import type { ActingMember, AuditEntry, ManagedPerson } from '../../people/index.ts';
import type { Caller } from '../access/authenticate.ts';
import { readCursor, writeCursor } from '../cursors.ts';
import { wantsCsv } from '../history/read-query.ts';
import { type CsvList, sendCsvList } from '../list-csv.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { readPeriod, toIso, toIsoOrNull } from '../times.ts';
import type { HttpDeps } from '../types.ts';

const dayMs = 86_400_000;

const acting = (caller: Caller, request: FastifyRequest): ActingMember => ({
  personNo: caller.reader.personNo,
  from: { address: request.client.address, userAgent: request.headers['user-agent'] ?? '' },
});

const addPeopleRoutes = (routes: RouteRegistrar, { people, registry }: HttpDeps): void => {
  const { management } = people;
  const { directory } = registry.possessions;

  const holdsNow = (personNo: number): number =>
    [...directory.vehiclesOfPerson(personNo)].filter((vehicleNo) => {
      const holder = directory.holderNow(vehicleNo);
      return holder?.kind === 'person' && holder.personNo === personNo;
    }).length;
  const view = (person: ManagedPerson, readerNo: number | null): ManagedPersonView => ({
    id: person.id,
    isYou: person.personNo === readerNo,
    name: person.name,
    email: person.email,
    userName: person.userName,
    state: person.suspendedMs === null ? 'active' : 'suspended',
    suspendedAt: toIsoOrNull(person.suspendedMs),
    suspendedFor: person.suspendedFor,
    createdAt: toIso(person.createdMs),
    lastUsedAt: toIsoOrNull(person.lastUsedMs),
    sessions: person.sessions,
    hasSecondFactor: person.hasSecondFactor,
    vehicles: holdsNow(person.personNo),
    memberships: person.memberships.map(({ id, kind, name, role }) => ({ organisationId: id, kind, name, role })),
  });

  routes.add('listPeople', async ({ query, caller }) => {
    const { cursor, limit = apiLimits.pageSizeDefault, q = '', state } = query;
    const beforeNo = cursor === undefined ? null : readCursor(cursor, ['number'])[0];
    const isSuspended = state === undefined ? null : state === 'suspended';
    const found = await management.list({ text: q.trim(), isSuspended, beforeNo, limit: limit + 1 });
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return {
      items: page.map((one) => view(one, caller.reader.personNo)),
      next: last && found.length > limit ? writeCursor([last.personNo]) : null,
    };
  });

  routes.add('suspendPerson', async ({ params, body, caller, request }) => {
    const reason = body.reason.trim();
    if (reason.length < managementApiLimits.suspensionReasonCharactersMin) throw invalidField('reason', body.reason, 'a reason');
    await management.suspend(params.id, reason, acting(caller, request));
  });
  routes.add('endSuspension', ({ params, caller, request }) => management.endSuspension(params.id, acting(caller, request)));
};

const auditView = ({ eventNo, atMs, act, by, about, subject, address, detail }: AuditEntry): AuditEntryView => ({
  id: String(eventNo),
  at: toIso(atMs),
  act,
  by,
  about,
  subject,
  address,
  detail: { ...detail },
});

const auditColumns: CsvList<AuditEntryView>['columns'] = [
  ['at', ({ at }) => at],
  ['act', ({ act }) => act],
  ['by', ({ by }) => by?.name ?? ''],
  ['byId', ({ by }) => by?.id ?? ''],
  ['about', ({ about }) => about?.name ?? ''],
  ['aboutId', ({ about }) => about?.id ?? ''],
  ['subject', ({ subject }) => subject],
  ['address', ({ address }) => address],
  ['detail', ({ detail }) => JSON.stringify(detail)],
];

/** The platform's staff see all of it; who manages a customer what row-level security leaves them. Throws `forbidden`. */
const readerOf = ({ reader, ...caller }: Caller): number | null => {
  if (reader.isStaff) return null;
  const isManager =
    'signedIn' in caller && caller.signedIn.memberships.some(({ kind, role }) => kind === 'customer' && role === 'manager');
  if (isManager && reader.personNo !== null) return reader.personNo;
  throw new CallerError('forbidden', 'this is for the platform’s staff, and for who manages a customer');
};

const addAuditRoute = (routes: RouteRegistrar, { people, clock }: HttpDeps): void => {
  type Page = RouteResponse<'listAudit'>;
  const readPage = async (
    query: RouteQuery<'listAudit'>,
    readerNo: number | null,
    limit: number,
    cursor?: string,
  ): Promise<Page> => {
    const { actor, act, subject } = query;
    const period = readPeriod(query, (from, to) => ({ fromMs: from ?? 0, toMs: to ?? clock.now() + dayMs }));
    const beforeNo = cursor === undefined ? null : readCursor(cursor, ['number'])[0];
    const found = await people.management.audit({
      ...period,
      readerNo,
      actorId: actor,
      act,
      subject,
      beforeNo,
      limit: limit + 1,
    });
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return { items: page.map(auditView), next: last && found.length > limit ? writeCursor([last.eventNo]) : null };
  };
  routes.add('listAudit', async ({ query, caller, request, reply }): Promise<Page | FastifyReply> => {
    const readerNo = readerOf(caller);
    reply.header('vary', 'accept');
    if (!wantsCsv(query.format, request.headers.accept))
      return readPage(query, readerNo, query.limit ?? apiLimits.pageSizeDefault, query.cursor);
    const read = (cursor?: string): Promise<Page> => readPage(query, readerNo, apiLimits.pageSizeMax, cursor);
    return sendCsvList(reply, clock, { name: 'audit.csv', columns: auditColumns, read });
  });
};

const addLimitRoute = (routes: RouteRegistrar, { partners, receipts, clock }: HttpDeps): void => {
  routes.add('listAppLimits', async () => {
    const nowMs = clock.now();
    const used = await receipts.useOfApps(nowMs - (managementApiLimits.usageDays - 1) * dayMs, nowMs + 1);
    const byApp = new Map(used.map((one) => [one.appNo, one]));
    const items = partners.directory.list().map((app): AppLimitView => {
      const use = byApp.get(app.appNo);
      return {
        id: app.id,
        name: app.name,
        partner: { id: app.organisationId, name: app.organisationName },
        environment: app.environment,
        state: app.state,
        requestsPerMinute: app.requestsPerMinute,
        reads: use?.reads ?? 0,
        vehicles: use?.vehicles ?? 0,
        lastReadAt: toIsoOrNull(use?.lastMs ?? null),
      };
    });
    return { items: items.toSorted((a, b) => b.reads - a.reads || (a.name < b.name ? -1 : 1)) };
  });
};

/** People, the audit log, and limits of apps: for who runs the platform. docs/people.md */
export const addManagementRoutes = (routes: RouteRegistrar, deps: HttpDeps): void => {
  addPeopleRoutes(routes, deps);
  addAuditRoute(routes, deps);
  addLimitRoute(routes, deps);
};
