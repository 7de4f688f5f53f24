import type { ReportFilters, ReportGrouping, ReportPeriod } from '@milepost/contract/api';
import type { ReadScope } from '../events/index.ts';
import type { Clock } from '../kernel/index.ts';
import type { Directory, DriverDirectory } from '../registry/index.ts';
import type { Trips } from '../trips/index.ts';

/** ms; `toMs` exclusive. */
export interface Period {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A warning as reports count it. */
export interface RaisedWarning {
  readonly vehicleNo: number;
  readonly raisedMs: number;
}

/** What a report is asked of. */
export interface ReportQuestion {
  readonly by: ReportGrouping;
  readonly period: ReportPeriod;
  readonly timeZone: string;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly filters: ReportFilters;
}

/** What reports are made of. */
export interface ReportSources {
  readonly directory: Directory;
  readonly drivers: DriverDirectory;
  readonly trips: Pick<Trips, 'summaries' | 'trips'>;
  /** Raised in a period, mere information left out, as a scope allows. */
  readonly warnings: (scope: ReadScope, period: Period) => AsyncIterable<RaisedWarning>;
  readonly clock: Clock;
}
