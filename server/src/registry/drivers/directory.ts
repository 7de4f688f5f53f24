import { ChangeLog } from '../change-log.ts';
import type { NumberRange } from '../rows.ts';
import type { Driver, DriverAssignment, DriverDirectory, DriverPeriod, PrivatePeriod } from './types.ts';

/** Changes of private periods that are remembered: who asks for older ones looks at everything anew. */
export const privateChangesKept = 1000;

export interface WritableDriverDirectory extends DriverDirectory {
  putDriver(driver: Driver): void;
  /** All that is known of the vehicles of a range: what is not given is no more. Both lists in order of vehicle and time. */
  putVehicles(range: NumberRange, assignments: readonly DriverAssignment[], privatePeriods: readonly PrivatePeriod[]): void;
}

const none: readonly never[] = [];

const groupByVehicle = <T extends { readonly vehicleNo: number }>(rows: readonly T[]): Map<number, T[]> => {
  const groups = new Map<number, T[]>();
  for (const row of rows) {
    const group = groups.get(row.vehicleNo);
    if (group) group.push(row);
    else groups.set(row.vehicleNo, [row]);
  }
  return groups;
};

/** The one of ascending periods that holds a moment. */
const holding = <T extends DriverPeriod>(periods: readonly T[], ms: number): T | undefined => {
  for (let i = periods.length - 1; i >= 0; i--) {
    const period = periods[i] as T;
    if (period.fromMs <= ms) return ms < period.toMs ? period : undefined;
  }
  return undefined;
};

const sameText = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

export const makeDriverDirectory = (): WritableDriverDirectory => {
  const byNo: (Driver | undefined)[] = [];
  const byId = new Map<string, Driver>();
  const ofVehicle = new Map<number, readonly DriverAssignment[]>();
  /** By driver: the vehicles of their assignments. */
  const vehiclesOf = new Map<number, Set<number>>();
  const privateOf = new Map<number, readonly PrivatePeriod[]>();
  const privateChanges = new ChangeLog(privateChangesKept);

  const assignmentsOfVehicle = (vehicleNo: number): readonly DriverAssignment[] => ofVehicle.get(vehicleNo) ?? none;
  const assignmentsOfDriver = (driverNo: number): DriverAssignment[] =>
    [...(vehiclesOf.get(driverNo) ?? none)]
      .flatMap((vehicleNo) => assignmentsOfVehicle(vehicleNo).filter((assignment) => assignment.driverNo === driverNo))
      .sort((a, b) => a.fromMs - b.fromMs);

  const putAssignments = (vehicleNo: number, assignments: readonly DriverAssignment[]): void => {
    for (const { driverNo } of assignmentsOfVehicle(vehicleNo)) vehiclesOf.get(driverNo)?.delete(vehicleNo);
    if (assignments.length === 0) ofVehicle.delete(vehicleNo);
    else ofVehicle.set(vehicleNo, assignments);
    for (const { driverNo } of assignments) {
      const vehicles = vehiclesOf.get(driverNo);
      if (vehicles) vehicles.add(vehicleNo);
      else vehiclesOf.set(driverNo, new Set([vehicleNo]));
    }
  };
  const putPrivate = (vehicleNo: number, periods: readonly PrivatePeriod[]): void => {
    if (sameText(privateOf.get(vehicleNo) ?? none, periods)) return;
    if (periods.length === 0) privateOf.delete(vehicleNo);
    else privateOf.set(vehicleNo, periods);
    privateChanges.note(vehicleNo);
  };
  return {
    driverByNo: (driverNo) => byNo[driverNo],
    driverById: (id) => byId.get(id),
    drivers: () => byId.values(),
    driverAt: (vehicleNo, ms) => {
      const assignments = ofVehicle.get(vehicleNo);
      const found = assignments && holding(assignments, ms);
      return found && byNo[found.driverNo];
    },
    vehicleOf: (driverNo, ms) => holding(assignmentsOfDriver(driverNo), ms)?.vehicleNo,
    assignmentsOfVehicle,
    assignmentsOfDriver,
    privatePeriods: (vehicleNo) => privateOf.get(vehicleNo) ?? none,
    isAnyPrivate: () => privateOf.size > 0,
    privateVersion: () => privateChanges.version,
    privateChangedSince: (version) => privateChanges.since(version),
    putDriver: (driver) => {
      byNo[driver.driverNo] = driver;
      byId.set(driver.id, driver);
    },
    putVehicles: ({ from, to }, assignments, privatePeriods) => {
      const assigned = groupByVehicle(assignments);
      const hidden = groupByVehicle(privatePeriods);
      for (let vehicleNo = from; vehicleNo <= to; vehicleNo++) {
        putAssignments(vehicleNo, assigned.get(vehicleNo) ?? none);
        putPrivate(vehicleNo, hidden.get(vehicleNo) ?? none);
      }
    },
  };
};
