import { type Vocabulary, wellKnown } from '@milepost/contract';
import { makeSingleSample, type RecordBatch, type ReportColumn, type ReportColumns, type SingleSample } from '../events/index.ts';
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
  /** Told of the sample times of every report that has samples, so that it need not be decoded twice; `toMs` inclusive. */
  readonly timesOf: (vehicleNo: number, fromMs: number, toMs: number) => void;
}

/** Signals that explain a silence: nothing else of a report matters for the status. */
const silenceSignals: ReadonlySet<number> = new Set([wellKnown.deviceBatteryVoltage, wellKnown.deviceBatteryLevel]);
const nothingTouched = new Uint32Array(65_536);

/** Finds the changes of connection status that the records of a log lead to, as `Live` does, and keeps nothing else. */
export class StatusDeriver {
  readonly #tracker: StatusTracker;
  readonly #applier: RecordApplier;
  #changes: StatusChange[] = [];

  constructor({ directory, vocabulary, defaults, logger, timesOf }: StatusDeriverOptions) {
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
          if (columns.sampleCount === 0) return 0;
          tellTimes(columns, vehicleNo, timesOf);
          return applySilence(latest, columns, vehicleNo, deviceNo, receivedAt);
        },
        applySingle: (single, vehicleNo, deviceNo, receivedAt) => {
          timesOf(vehicleNo, single.timeMs, single.timeMs);
          return applySilenceSingle(latest, single, vehicleNo, deviceNo, receivedAt);
        },
      },
      tracker: this.#tracker,
      // Whoever follows the log has put it aside already.
      deadLetter: ({ offset, error }) => logger.warn('a log record cannot be read and is passed over', { offset, error }),
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

const tellTimes = ({ times, sampleCount }: ReportColumns, vehicleNo: number, timesOf: StatusDeriverOptions['timesOf']): void => {
  let [fromMs, toMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < sampleCount; i++) {
    fromMs = Math.min(fromMs, times[i] as number);
    toMs = Math.max(toMs, times[i] as number);
  }
  timesOf(vehicleNo, fromMs, toMs);
};

const keptSingle = makeSingleSample();
const applySilenceSingle = (
  latest: LatestTable,
  { timeMs, count, signals, values }: SingleSample,
  vehicleNo: number,
  deviceNo: number,
  receivedAt: number,
): number => {
  keptSingle.count = 0;
  for (let i = 0; i < count; i++) {
    if (!silenceSignals.has(signals[i] as number)) continue;
    keptSingle.signals[keptSingle.count] = signals[i] as number;
    keptSingle.values[keptSingle.count++] = values[i] as number;
  }
  keptSingle.timeMs = timeMs;
  return keptSingle.count === 0 ? 0 : latest.applySingle(keptSingle, vehicleNo, deviceNo, receivedAt);
};

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
