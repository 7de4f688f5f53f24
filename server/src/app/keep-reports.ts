import { apiLimits } from '@milepost/contract/api';
import type { WarningPlace, Warnings } from '../alerts/index.ts';
import type { ReadScope } from '../events/index.ts';
import type { Clock, Logger } from '../kernel/index.ts';
import type { Registry } from '../registry/index.ts';
import { openReports, type Period, type RaisedWarning, type Reports } from '../reports/index.ts';
import { jobScope } from '../sharing/index.ts';
import type { Storage } from '../storage/index.ts';
import type { Trips } from '../trips/index.ts';

export interface ReportParts {
  readonly storage: Storage;
  readonly registry: Registry;
  readonly trips: Trips;
  readonly warnings: Warnings;
  /** Where files of scheduled reports lie. */
  readonly folder: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Newest first; those that were active in the period but raised before it are passed over. */
const raisedWarnings = (warnings: Warnings) =>
  async function* (scope: ReadScope, { fromMs, toMs }: Period): AsyncGenerator<RaisedWarning> {
    const filters = { fromMs, toMs, severities: ['warning', 'critical'] as const };
    for (let after: WarningPlace | undefined; ; ) {
      const page = await warnings.list(scope, filters, { limit: apiLimits.pageSizeMax, ...(after ? { after } : {}) });
      for (const { vehicleNo, raisedMs } of page.items) if (raisedMs >= fromMs && raisedMs < toMs) yield { vehicleNo, raisedMs };
      // Newest first: what follows was raised before the period.
      if (!page.next || page.next.raisedMs < fromMs) return;
      after = page.next;
    }
  };

/** Reports of what this process can read; `start` lets it make those that are due. */
export const openReportsOf = ({ storage, registry, trips, warnings, folder, clock, logger }: ReportParts): Reports =>
  openReports({
    storage,
    directory: registry.directory,
    drivers: registry.drivers.directory,
    trips,
    warnings: raisedWarnings(warnings),
    scheduleScope: jobScope({ possession: registry.possessions.directory, drivers: registry.drivers.directory, clock }),
    folder,
    clock,
    logger,
  });
