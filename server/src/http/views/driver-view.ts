import type { DriverAssignmentView, DriverView, PrivatePeriodView } from '@milepost/contract/api';
import type { ReadScope } from '../../events/index.ts';
import type { Driver, DriverAssignment, PrivatePeriod, Registry } from '../../registry/index.ts';
import { asSeen } from '../../sharing/index.ts';
import { toIso, toIsoOrNull } from '../times.ts';

type Directories = Pick<Registry, 'directory' | 'drivers'>;
/** What is known, and who asks. */
export type SeenDirectories = Directories & { readonly scope: ReadScope };

export const vehicleRef = ({ directory, scope }: SeenDirectories, vehicleNo: number): DriverAssignmentView['vehicle'] => {
  const known = directory.vehicleByNo(vehicleNo);
  const vehicle = known && asSeen(scope, known);
  return { id: vehicle?.id ?? '', plate: vehicle?.plate ?? null, vin: vehicle?.vin ?? '' };
};

export const driverRef = ({ drivers }: Directories, driverNo: number | null): { id: string; name: string } | null => {
  const driver = driverNo === null ? undefined : drivers.directory.driverByNo(driverNo);
  return driver ? { id: driver.id, name: driver.name } : null;
};

export const driverView = (directories: SeenDirectories, driver: Driver, nowMs: number): DriverView => {
  const customer = directories.directory.customerByNo(driver.customerNo);
  const vehicleNo = directories.drivers.directory.vehicleOf(driver.driverNo, nowMs);
  return {
    id: driver.id,
    name: driver.name,
    number: driver.number,
    customer: customer?.name ?? '',
    customerId: customer?.id ?? '',
    createdAt: toIso(driver.createdAt),
    endedAt: toIsoOrNull(driver.endedAt),
    vehicle: vehicleNo === undefined ? null : vehicleRef(directories, vehicleNo),
  };
};

export const assignmentView = (directories: SeenDirectories, assignment: DriverAssignment): DriverAssignmentView => ({
  id: assignment.id,
  vehicle: vehicleRef(directories, assignment.vehicleNo),
  driver: driverRef(directories, assignment.driverNo) ?? { id: '', name: '' },
  from: toIsoOrNull(assignment.fromMs),
  to: toIsoOrNull(assignment.toMs),
});

export const privateView = (directories: Directories, { id, fromMs, toMs, driverNo }: PrivatePeriod): PrivatePeriodView => ({
  id,
  from: toIso(fromMs),
  to: toIsoOrNull(toMs),
  driver: driverRef(directories, driverNo),
});
