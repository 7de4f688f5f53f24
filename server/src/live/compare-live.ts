import { coreOf } from './cores.ts';
import type { LatestValue, Live, VehicleStatus } from './types.ts';

export interface ValueDifference {
  readonly vehicleNo: number;
  readonly signalNumber: number;
  readonly before: LatestValue | undefined;
  readonly after: LatestValue | undefined;
}

export interface ConnectionDifference {
  readonly vehicleNo: number;
  readonly before: VehicleStatus;
  readonly after: VehicleStatus;
}

export interface LiveComparison {
  readonly vehicles: number;
  readonly values: number;
  readonly valueDifferences: number;
  readonly connectionDifferences: number;
  readonly firstValues: readonly ValueDifference[];
  readonly firstConnections: readonly ConnectionDifference[];
}

const isSameValue = (a: LatestValue | undefined, b: LatestValue | undefined): boolean =>
  a === b ||
  (a !== undefined &&
    b !== undefined &&
    a.stored === b.stored &&
    a.time === b.time &&
    a.deviceNo === b.deviceNo &&
    a.receivedAt === b.receivedAt);

const isSameStatus = (a: VehicleStatus, b: VehicleStatus): boolean =>
  a.status === b.status && a.since === b.since && a.reason === b.reason && a.lastSeen === b.lastSeen;

/** Two states that stand at the same offset, value by value and vehicle by vehicle. */
export const compareLive = (old: Live, next: Live, firstMax: number): LiveComparison => {
  const [before, after] = [coreOf(old), coreOf(next)];
  const vehicles = new Set([...before.knownVehicles(), ...after.knownVehicles()]);
  const firstValues: ValueDifference[] = [];
  const firstConnections: ConnectionDifference[] = [];
  let [values, valueDifferences, connectionDifferences] = [0, 0, 0];
  for (const signalNumber of new Set([...before.latest.signals, ...after.latest.signals])) {
    for (const vehicleNo of vehicles) {
      const [a, b] = [before.latest.value(vehicleNo, signalNumber), after.latest.value(vehicleNo, signalNumber)];
      if (a || b) values++;
      if (isSameValue(a, b)) continue;
      valueDifferences++;
      if (firstValues.length < firstMax) firstValues.push({ vehicleNo, signalNumber, before: a, after: b });
    }
  }
  for (const vehicleNo of vehicles) {
    const [a, b] = [before.tracker.status(vehicleNo), after.tracker.status(vehicleNo)];
    if (isSameStatus(a, b)) continue;
    connectionDifferences++;
    if (firstConnections.length < firstMax) firstConnections.push({ vehicleNo, before: a, after: b });
  }
  return { vehicles: vehicles.size, values, valueDifferences, connectionDifferences, firstValues, firstConnections };
};

/** Every latest value of a state with its vehicle. */
export function* everyValue(live: Live): Generator<{ readonly vehicleNo: number; readonly value: LatestValue }> {
  const { latest } = coreOf(live);
  const vehicles = [...live.knownVehicles()];
  for (const signalNumber of latest.signals) {
    for (const vehicleNo of vehicles) {
      const value = latest.value(vehicleNo, signalNumber);
      if (value) yield { vehicleNo, value };
    }
  }
}

/** Device that was heard last of a vehicle; 0: none. */
export const deviceHeardLast = (live: Live, vehicleNo: number): number => coreOf(live).tracker.deviceOf(vehicleNo);

/** receivedAt of a vehicle's last report or heartbeat; undefined: never. */
export const lastSeenOf = (live: Live, vehicleNo: number): number | undefined =>
  coreOf(live).tracker.status(vehicleNo).lastSeen ?? undefined;

/** Moves the timers to where those of another state stand: a silence that one has noticed is noticed by both. */
export const alignTime = (live: Live, other: Live): void => void coreOf(live).tracker.advance(coreOf(other).tracker.settledMs);
