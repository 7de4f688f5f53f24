import { warningSeverities } from '@milepost/contract';
import {
  apiLimits,
  type RouteQuery,
  type RouteResponse,
  severityWords,
  type WarningCounts as CountsView,
  type WarningEntry,
  type WarningPage,
} from '@milepost/contract/api';
import type { FastifyReply } from 'fastify';
import type { WarningCounts, WarningFilters } from '../../alerts/index.ts';
import type { ReadScope } from '../../events/index.ts';
import { invalidField } from '../../kernel/index.ts';
import type { Directory } from '../../registry/index.ts';
import { readCursor, writeCursor } from '../cursors.ts';
import { findCustomer, findVehicle } from '../find-vehicle.ts';
import { wantsCsv } from '../history/read-query.ts';
import { type CsvList, sendCsvList } from '../list-csv.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { readPeriod, readTime, toIsoOrNull } from '../times.ts';
import type { HttpDeps } from '../types.ts';
import { warningEntryView } from '../views/warning-view.ts';

type Query = RouteQuery<'listWarnings'>;

const severitiesFrom = (least: NonNullable<Query['severity']>) =>
  severityWords.filter((word) => warningSeverities.indexOf(word) >= warningSeverities.indexOf(least));

const customerNoOf = (directory: Directory, scope: ReadScope, nameOrId: string): number => {
  const customer = findCustomer(directory, scope, nameOrId);
  if (!customer) throw invalidField('customer', nameOrId, 'the name or id of a customer');
  return customer.customerNo;
};

const filtersOf = (directory: Directory, scope: ReadScope, query: Query): WarningFilters => {
  const { fromMs, toMs } = readPeriod(query, (from, to) => ({
    fromMs: from ?? Number.NEGATIVE_INFINITY,
    toMs: to ?? Number.POSITIVE_INFINITY,
  }));
  return {
    q: query.q,
    state: query.state,
    code: query.code,
    ...(query.severity === undefined ? {} : { severities: severitiesFrom(query.severity) }),
    ...(query.vehicle === undefined ? {} : { vehicleNo: findVehicle(directory, scope, query.vehicle).vehicleNo }),
    ...(query.customer === undefined ? {} : { customerNo: customerNoOf(directory, scope, query.customer) }),
    ...(Number.isFinite(fromMs) ? { fromMs } : {}),
    ...(Number.isFinite(toMs) ? { toMs } : {}),
  };
};

const columns: CsvList<WarningEntry>['columns'] = [
  ['raisedAt', ({ raisedAt }) => raisedAt],
  ['endedAt', ({ endedAt }) => endedAt],
  ['severity', ({ severity }) => severity],
  ['code', ({ code }) => code],
  ['text', ({ text }) => text],
  ['times', ({ times }) => times],
  ['plate', ({ plate }) => plate],
  ['vin', ({ vin }) => vin],
  ['customer', ({ customer }) => customer],
  ['vehicleId', ({ vehicleId }) => vehicleId],
];

const countsView = ({ open, unseen, seenUntilMs }: WarningCounts): CountsView => ({
  open: { ...open },
  unseen,
  seenUntil: toIsoOrNull(seenUntilMs),
});

export const addWarningRoutes = (routes: RouteRegistrar, { registry, warnings, clock }: HttpDeps): void => {
  const { directory } = registry;

  const readPage = async (scope: ReadScope, filters: WarningFilters, limit: number, cursor?: string): Promise<WarningPage> => {
    const [raisedMs, warningNo] = cursor === undefined ? [] : readCursor(cursor, ['number', 'number']);
    const after = raisedMs === undefined || warningNo === undefined ? {} : { after: { raisedMs, warningNo } };
    const { items, next } = await warnings.list(scope, filters, { limit, ...after });
    return {
      items: items.map((warning) => warningEntryView(directory, scope, warning)).filter((entry) => entry !== undefined),
      next: next && writeCursor([next.raisedMs, next.warningNo]),
    };
  };

  routes.add('listWarnings', async ({ query, scope, request, reply }): Promise<RouteResponse<'listWarnings'> | FastifyReply> => {
    const filters = filtersOf(directory, scope, query);
    reply.header('vary', 'accept');
    if (!wantsCsv(query.format, request.headers.accept))
      return readPage(scope, filters, query.limit ?? apiLimits.pageSizeDefault, query.cursor);
    const read = (cursor?: string): Promise<WarningPage> => readPage(scope, filters, apiLimits.pageSizeMax, cursor);
    return sendCsvList(reply, clock, { name: 'warnings.csv', columns, read });
  });

  routes.add('countWarnings', async ({ scope }) => countsView(await warnings.counts(scope)));

  routes.add('seeWarnings', async ({ body, scope }) => {
    await warnings.see(scope, readTime('until', body.until));
    return countsView(await warnings.counts(scope));
  });
};
