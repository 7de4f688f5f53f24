import type { ReadScope } from '../events/index.ts';
import type { DaySummary, VehicleTrip } from '../trips/index.ts';
import { reportLimits } from './limits.ts';
import { dayAt, dayText, type ReportTime } from './periods.ts';
import type { Portion } from './sums.ts';
import type { ReportSources } from './types.ts';

const ofDay = (day: DaySummary): Portion => ({ ...day, driverNo: undefined });

const ofTrip = ({ vehicleNo, trip }: VehicleTrip, driverNo: number | null, day: string): Portion => {
  const harshEvents = { braking: 0, acceleration: 0, cornering: 0 };
  for (const { kind } of trip.harshEvents) harshEvents[kind]++;
  return {
    vehicleNo,
    driverNo,
    day,
    distanceM: trip.distanceM,
    trips: 1,
    drivingMs: trip.toMs - trip.fromMs - trip.idleMs,
    idleMs: trip.idleMs,
    topSpeedKmh: trip.topSpeedKmh,
    energyKwh: trip.energyKwh,
    energySource: trip.energySource,
    charging: null,
    chargedKwh: null,
    harshEvents,
    completeTo: null,
  };
};

/**
 * What is known of vehicles in a period, vehicle by vehicle: by day, or where it matters who drove by trip. A trip belongs to who was
 * assigned when it began.
 */
export const portionsOf = async function* (
  { trips, drivers }: ReportSources,
  scope: ReadScope,
  time: ReportTime,
  vehicleNos: readonly number[],
  isByDriver: boolean,
): AsyncGenerator<Portion> {
  const { fromMs, toMs, zone } = time;
  if (!isByDriver) {
    const acceptAgeMs = vehicleNos.length > reportLimits.exactVehiclesMax ? reportLimits.acceptAgeMs : 0;
    for await (const day of trips.summaries(scope, { vehicleNos, fromMs, toMs, timeZone: zone.name, acceptAgeMs }))
      yield ofDay(day);
    return;
  }
  for await (const found of trips.trips(scope, { vehicleNos, fromMs, toMs })) {
    const { fromMs: beganMs } = found.trip;
    const driver = drivers.driverAt(found.vehicleNo, beganMs);
    yield ofTrip(found, driver?.driverNo ?? null, dayText(dayAt(zone, beganMs)));
  }
};
