import type { History } from '../../history/index.ts';
import type { Clock } from '../../kernel/index.ts';
import { serverScope } from '../../sharing/index.ts';
import { decodeDay } from '../days/day-document.ts';
import type { DerivedDay } from '../days/deriver.ts';
import type { KnownDays } from '../days/known-days.ts';
import { makeDayWith } from '../days/make-day.ts';
import { openTrips } from '../days/open-trips.ts';
import { SampleReading } from '../days/read-samples.ts';
import type { Trips } from '../days/reads.ts';
import { deriveDay } from '../derive-day.ts';
import type { VehicleDay } from '../types.ts';

const dayMs = 86_400_000;

/** Trips over days that are made as they are asked for: as the server's, without the database that keeps them. */
const tripsOfDays = (clock: Clock, completeTo: number, dayOf: (vehicleNo: number, day: number) => Promise<VehicleDay>): Trips => {
  const known: Pick<KnownDays, 'ofVehicle'> = {
    async *ofVehicle(vehicleNo, fromDay, toDay, { isDescending = true }) {
      for (let i = 0; i <= toDay - fromDay; i++) {
        const day = await dayOf(vehicleNo, isDescending ? toDay - i : fromDay + i);
        yield { vehicleNo, day, completeTo, packKwh: null } satisfies DerivedDay;
      }
    },
  };
  return openTrips({
    storage: undefined as never,
    known: known as KnownDays,
    marks: { completeToOf: () => completeTo } as never,
    retention: { keptFromMs: () => Number.NEGATIVE_INFINITY },
    clock,
  });
};

export const tripsOf = (days: readonly VehicleDay[], clock: Clock): Trips => {
  const empty = { trips: [], stops: [], charging: [] };
  return tripsOfDays(clock, clock.now(), (_, day) =>
    Promise.resolve(days.find((one) => one.dayMs === day * dayMs) ?? ({ dayMs: day * dayMs, ...empty } as unknown as VehicleDay)),
  );
};

/** Derived for real, from what history has. */
export const tripsOfHistory = (history: Pick<History, 'query'>, clock: Clock): Trips => {
  const make = makeDayWith(deriveDay);
  const directory = { devicesOfVehicle: () => [] };
  return tripsOfDays(clock, clock.now(), async (vehicleNo, day) => {
    const reading = new SampleReading({ history, directory, scope: serverScope() }, vehicleNo);
    const { document } = await make({ day, packKwh: null, nowMs: clock.now() }, (fromMs, toMs) => reading.read(fromMs, toMs));
    return decodeDay(day, document);
  });
};
