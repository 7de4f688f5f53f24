import type { Erasures } from '../../erasure/index.ts';
import type { History } from '../../history/index.ts';
import type { Clock, Logger } from '../../kernel/index.ts';
import type { Directory, Retention } from '../../registry/index.ts';
import type { Storage } from '../../storage/index.ts';
import { Deriver } from './deriver.ts';
import { KnownDays } from './known-days.ts';
import type { MakeDay } from './make-day.ts';
import { openTrips } from './open-trips.ts';
import type { Trips } from './reads.ts';
import { DayTender } from './tend-days.ts';
import type { TripMarks } from './trip-marks.ts';

export interface TripsParts {
  readonly storage: Storage;
  /** Of the records that `marks` is given. */
  readonly history: Pick<History, 'query'>;
  readonly directory: Directory;
  readonly retention: Retention;
  readonly erasures: Pick<Erasures, 'periods' | 'periodsOf' | 'onErased'>;
  readonly marks: TripMarks;
  readonly makeDay: MakeDay;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What /metrics shows. */
export interface TripsStatistics {
  /** Since the start: ranges of samples that made marks, days derived, the time that took, and days that could not be. */
  readonly marked: number;
  readonly derived: number;
  readonly derivedMs: number;
  readonly failed: number;
  /** Of all processes: days that are marked, those of them that are due, and since when the oldest is, ms. */
  readonly daysMarked: number;
  readonly daysDue: number;
  readonly oldestDueMs: number | null;
  /** Waiting for their turn in this process. */
  readonly derivesWaiting: number;
  /** Ranges that are not written yet. */
  readonly rangesNoted: number;
}

export interface AssembledTrips {
  readonly trips: Trips;
  statistics(): TripsStatistics;
  /** Begins the work in the background: when the read models have caught up. */
  tend(): void;
  close(): Promise<void>;
}

/** Reads of trips, and the work in the background of who writes the marks. */
export const assembleTrips = (parts: TripsParts): AssembledTrips => {
  const { storage, marks, retention, erasures, clock, logger } = parts;
  const deriver = new Deriver(parts);
  const known = new KnownDays({ ...parts, deriver });
  const tender = new DayTender({ ...parts, deriver });
  const stopHearing = erasures.onErased((period) => {
    tender.erased(period).catch((error: unknown) => logger.error('days that were erased will go with the next hour', { error }));
  });
  return {
    trips: openTrips({ storage, known, marks, retention, clock }),
    statistics: () => ({
      marked: marks.marked,
      derived: deriver.derived,
      derivedMs: deriver.derivedMs,
      failed: tender.failed,
      daysMarked: tender.waiting.marked,
      daysDue: tender.waiting.due,
      oldestDueMs: tender.waiting.oldestDueMs,
      derivesWaiting: deriver.waiting,
      rangesNoted: marks.noted.count,
    }),
    tend: () => tender.start(),
    close: async () => {
      stopHearing();
      await tender.close();
    },
  };
};
