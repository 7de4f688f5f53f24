import { apiLimits } from '@milepost/contract/api';
import { readCursor, writeCursor } from '../cursors.ts';
import { findHeldVehicle } from '../find-vehicle.ts';
import { httpLimits } from '../limits.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { readPeriod } from '../times.ts';
import type { HttpDeps } from '../types.ts';
import { reportView } from '../views/report-view.ts';

export const addReportRoutes = (
  routes: RouteRegistrar,
  { registry, eventLog, vocabulary, clock, erasures, retention }: HttpDeps,
): void => {
  const { directory } = registry;

  routes.add('readReports', async ({ params, query, scope }) => {
    const { vehicleNo } = findHeldVehicle(directory, scope, params.id);
    const period = readPeriod(query, (from, to) => ({ fromMs: from ?? 0, toMs: to ?? clock.now() + apiLimits.historyAheadMs }));
    const limit = Math.min(query.limit ?? apiLimits.pageSizeDefault, httpLimits.reportsPerPageMax);
    const before = query.cursor === undefined ? {} : { beforeOffset: readCursor(query.cursor, ['number'])[0] };
    const records = await eventLog.readVehicle({ vehicleNo, ...period, ...before, limit: limit + 1 });
    const shown = records.slice(0, limit);
    const last = shown.at(-1);
    const context = { directory, vocabulary: vocabulary(), erasures, retention, nowMs: clock.now() };
    return {
      items: shown.map((record) => reportView(context, scope, record.bytes)),
      next: records.length > limit && last ? writeCursor([last.offset]) : null,
    };
  });
};
