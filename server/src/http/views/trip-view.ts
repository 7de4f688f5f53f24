import type { ChargingView, DriverHarshEventView, DriverTripView, StopView, TripView } from '@milepost/contract/api';
import type { Registry } from '../../registry/index.ts';
import type { Charging, Gap, HarshEvent, SeenTrip, Stop, Trip, VehicleTrip } from '../../trips/index.ts';
import { toIso } from '../times.ts';
import { driverRef, type SeenDirectories, vehicleRef } from './driver-view.ts';

const round = (value: number, digits: number): number => Number(value.toFixed(digits));
export const km = (meters: number): number => round(meters / 1000, 3);
export const kmOrNull = (meters: number | null): number | null => (meters === null ? null : km(meters));
export const roundOrNull = (value: number | null, digits: number): number | null =>
  value === null ? null : round(value, digits);
const seconds = (ms: number): number => round(ms / 1000, 3);

/** Names a moment of the thing: whatever is corrected later, what has that moment is found by it. */
export const idAt = (prefix: 'trip' | 'charging', atMs: number): string => `${prefix}_${atMs.toString(36)}`;
/** Undefined: it is no such id. */
export const momentOfId = (prefix: 'trip' | 'charging', id: string): number | undefined => {
  const [, text = ''] = new RegExp(`^${prefix}_([0-9a-z]{1,10})$`).exec(id) ?? [];
  const atMs = Number.parseInt(text, 36);
  return Number.isSafeInteger(atMs) ? atMs : undefined;
};

const gapView = ({ fromMs, toMs, distanceM }: Gap) => ({ from: toIso(fromMs), to: toIso(toMs), distanceKm: kmOrNull(distanceM) });

const harshView = ({ kind, atMs, metersPerSecond2, position, source }: HarshEvent) => ({
  kind,
  at: toIso(atMs),
  metersPerSecond2: round(metersPerSecond2, 2),
  position,
  source,
});

/** km/h over all of its time; null for one that took none. */
const averageKmh = ({ fromMs, toMs, distanceM }: Trip): number | null =>
  toMs > fromMs ? round((distanceM / (toMs - fromMs)) * 3600, 1) : null;

type Directories = Pick<Registry, 'directory' | 'drivers'>;

/** What is said of a trip whoever asks. */
export const activityView = (trip: SeenTrip): Omit<TripView, 'driver' | 'isPrivate'> => ({
  id: idAt('trip', trip.fromMs),
  start: toIso(trip.fromMs),
  end: toIso(trip.toMs),
  isRunning: trip.isOpen,
  from: trip.start,
  to: trip.end,
  distanceKm: km(trip.distanceM),
  distanceSource: trip.distanceSource,
  durationSeconds: seconds(trip.toMs - trip.fromMs),
  idleSeconds: seconds(trip.idleMs),
  // Who may not see how fast it went may not see this either.
  averageSpeedKmh: trip.topSpeedKmh === null ? null : averageKmh(trip),
  topSpeedKmh: roundOrNull(trip.topSpeedKmh, 1),
  energyKwh: roundOrNull(trip.energyKwh, 3),
  energySource: trip.energySource,
  energyPercent: trip.fromPercent === null || trip.toPercent === null ? null : round(trip.fromPercent - trip.toPercent, 2),
  energyFromPercent: trip.fromPercent,
  energyToPercent: trip.toPercent,
  gaps: trip.gaps.map(gapView),
  harshEvents: trip.harshEvents.map(harshView),
});

export const tripView = (directories: Directories, { vehicleNo, trip }: VehicleTrip): TripView => ({
  ...activityView(trip),
  driver: driverRef(directories, directories.drivers.directory.driverAt(vehicleNo, trip.fromMs)?.driverNo ?? null),
  isPrivate: trip.isPrivate,
});

export const driverTripView = (directories: SeenDirectories, one: VehicleTrip): DriverTripView => ({
  ...tripView(directories, one),
  vehicle: vehicleRef(directories, one.vehicleNo),
});

export const driverHarshView = (
  directories: SeenDirectories,
  { vehicleNo, trip }: VehicleTrip,
  event: HarshEvent,
): DriverHarshEventView => ({
  ...harshView(event),
  tripId: idAt('trip', trip.fromMs),
  vehicle: vehicleRef(directories, vehicleNo),
});

export const stopView = (stop: Stop): StopView => ({
  start: toIso(stop.fromMs),
  end: stop.isOpen ? null : toIso(stop.toMs),
  kind: stop.kind,
  position: stop.position,
  idleSeconds: seconds(stop.idleMs),
});

export const chargingView = (charging: Charging): ChargingView => ({
  id: idAt('charging', charging.fromMs),
  start: toIso(charging.fromMs),
  end: charging.isOpen ? null : toIso(charging.toMs),
  position: charging.position,
  fromPercent: charging.fromPercent,
  toPercent: charging.toPercent,
  energyAddedKwh: roundOrNull(charging.addedKwh, 3),
  energySource: charging.energySource,
  peakPowerKw: roundOrNull(charging.peakPowerKw, 2),
  powerSource: charging.powerSource,
});
