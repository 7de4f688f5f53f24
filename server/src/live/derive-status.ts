import { type Vocabulary, wellKnown } from '@milepost/contract';
import type { RecordBatch, ReportColumn, ReportColumns } from '../events/index.ts';
import type { StatusChange } from '../history/index.ts';
import type { Logger } from '../kernel/index.ts';
import type { Directory } from '../registry/index.ts';
import { RecordApplier } from './apply-records.ts';
import { LatestTable } from './latest-table.ts';
import { makeIsBatteryLow, makeTimeoutsOf } from './silence-facts.ts';
import { type SeededStatus, StatusTracker } from './status-tracker.ts';
import type { StatusTimeouts } from './types.ts';

export interface StatusDeriverOptions {
  readonly directory: Directory;
  readonly vocabulary: Vocabulary;
  readonly defaults: StatusTimeouts;
  readonly logger: Logger;
  /** Called with every report that has samples, so that it need not be decoded twice. The columns are used again for the next. */
  readonly decoded: (columns: ReportColumns, vehicleNo: number) => void;
}

/** Signals that explain a silence: nothing else of a report matters for the status. */
const silenceSignals: ReadonlySet<number> = new Set([wellKnown.deviceBatteryVoltage, wellKnown.deviceBatteryLevel]);
const nothingTouched = new Uint32Array(65_536);

/** Finds the changes of connection status that the records of a log lead to, as `Live` does, and keeps nothing else. */
export class StatusDeriver {
  readonly #tracker: StatusTracker;
  readonly #applier: RecordApplier;
  #changes: StatusChange[] = [];

  constructor({ directory, vocabulary, defaults, logger, decoded }: StatusDeriverOptions) {
    const latest = new LatestTable(
      {
        kindOf: (deviceNo) => directory.deviceByNo(deviceNo)?.kind,
        definitionOf: (signalNumber) => vocabulary.byNumber(signalNumber),
      },
      nothingTouched,
    );
    this.#tracker = new StatusTracker({
      timeoutsOf: makeTimeoutsOf(directory, defaults),
      isBatteryLow: makeIsBatteryLow(latest),
      changed: (change) => void this.#changes.push(change),
    });
    this.#applier = new RecordApplier({
      latest: {
        apply: (columns, vehicleNo, deviceNo, receivedAt) => {
          decoded(columns, vehicleNo);
          return applySilence(latest, columns, vehicleNo, deviceNo, receivedAt);
        },
      },
      tracker: this.#tracker,
      logger,
      touched: () => {},
      heard: () => {},
    });
  }

  get unreadableRecords(): number {
    return this.#applier.unreadableRecords;
  }

  apply(batch: RecordBatch): void {
    this.#applier.apply(batch);
  }

  /** What is known of a vehicle from before the log; only before its first record. */
  seed(vehicleNo: number, status: SeededStatus): void {
    this.#tracker.seed(vehicleNo, status);
  }

  takeChanges(): readonly StatusChange[] {
    const taken = this.#changes;
    if (taken.length > 0) this.#changes = [];
    return taken;
  }
}

const kept: ReportColumn[] = [];

const applySilence = (
  latest: LatestTable,
  report: ReportColumns,
  vehicleNo: number,
  deviceNo: number,
  receivedAt: number,
): number => {
  kept.length = 0;
  for (let i = 0; i < report.columnCount; i++) {
    const column = report.columns[i] as ReportColumn;
    if (silenceSignals.has(column.signalNumber)) kept.push(column);
  }
  return kept.length === 0
    ? 0
    : latest.apply({ ...report, columns: kept, columnCount: kept.length }, vehicleNo, deviceNo, receivedAt);
};
