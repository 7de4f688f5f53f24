import { virtualPartitionOf } from '../../events/index.ts';
import type { History } from '../../history/index.ts';
import type { Clock } from '../../kernel/index.ts';
import type { Retention } from '../../registry/index.ts';
import { serverScope } from '../../sharing/index.ts';
import type { Storage } from '../../storage/index.ts';
import { dayStepSignals } from './read-samples.ts';
import { readDaysToTrust } from './store-days.ts';
import { dayMs, dayOf, tripStoreLimits } from './store-limits.ts';
import { addTripVehicles, markIfUnmarked, noteScanned } from './store-marks.ts';
import { tripsActor } from './trip-marks.ts';

export interface ScanOptions {
  readonly storage: Storage;
  readonly history: Pick<History, 'query'>;
  readonly retention: Pick<Retention, 'ruleOf'>;
  readonly clock: Clock;
}

/** Rows of an answer: a day each. */
const daysMax = 100_000;

/**
 * Looks through all of a vehicle's history for days with samples, and marks those that are not derived: once for each vehicle, since from then on
 * marks say what comes. History answers it from its roll-ups.
 */
export const scanVehicle = async ({ storage, history, retention, clock }: ScanOptions, vehicleNo: number): Promise<void> => {
  const nowMs = clock.now();
  const { times } = await history.query(serverScope(), {
    vehicleNo,
    signals: dayStepSignals,
    fromMs: Math.max(0, nowMs - retention.ruleOf(vehicleNo).longestMs - dayMs),
    toMs: nowMs + dayMs,
    stepMs: dayMs,
    rowsMax: daysMax,
  });
  const vehicle = { vehicleNo, virtualPartition: virtualPartitionOf(vehicleNo) };
  await storage.withActor(tripsActor, async (tx) => {
    await addTripVehicles(tx, [vehicle]);
    const { trusted, others } = await readDaysToTrust(tx, vehicleNo);
    const days = new Set([...Array.from(times, dayOf).filter((day) => !trusted.has(day)), ...others]);
    const due = { nowMs, settleMs: tripStoreLimits.settleMs, lateMs: 0 };
    await markIfUnmarked(tx, vehicle, [...days], due);
    await noteScanned(tx, vehicleNo, nowMs);
  });
};
