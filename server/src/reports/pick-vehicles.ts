import { apiLimits, type ReportFilters } from '@milepost/contract/api';
import type { ReadScope } from '../events/index.ts';
import { invalidField } from '../kernel/index.ts';
import type { Customer, Directory, DriverDirectory, Vehicle } from '../registry/index.ts';
import { asSeen } from '../sharing/index.ts';
import type { Period } from './types.ts';

const findCustomer = (directory: Directory, scope: ReadScope, nameOrId: string): Customer => {
  const name = nameOrId.toLowerCase();
  for (const customer of directory.customers())
    if (scope.seesCustomer(customer.customerNo) && (customer.id === nameOrId || customer.name.toLowerCase() === name))
      return customer;
  throw invalidField('customer', nameOrId, 'the name or id of a customer');
};

/** Whose trips are asked for; undefined: everybody's. Throws `invalid_field`. */
export const findDriverNo = (drivers: DriverDirectory, scope: ReadScope, { driver }: ReportFilters): number | undefined => {
  if (driver === undefined) return undefined;
  const found = drivers.driverById(driver);
  if (!found || !scope.seesCustomer(found.customerNo)) throw invalidField('driver', driver, 'the id of a driver');
  return found.driverNo;
};

/** The vehicles that filters leave and that were there in the period, by number. Throws `invalid_field`. */
export const pickVehicles = (
  directory: Directory,
  scope: ReadScope,
  filters: ReportFilters,
  { fromMs }: Period,
): readonly Vehicle[] => {
  const { group, vehicle: id } = filters;
  const customerNo = filters.customer === undefined ? undefined : findCustomer(directory, scope, filters.customer).customerNo;
  const asked = id === undefined ? undefined : directory.vehicleById(id);
  if (id !== undefined && !(asked && scope.allowsVehicle(asked.vehicleNo)))
    throw invalidField('vehicle', id, 'the id of a vehicle');
  const found: Vehicle[] = [];
  for (const known of directory.vehicles()) {
    if (!scope.allowsVehicle(known.vehicleNo)) continue;
    const vehicle = asSeen(scope, known);
    if (customerNo !== undefined && vehicle.customerNo !== customerNo) continue;
    if (group !== undefined && !vehicle.groups.includes(group)) continue;
    if (id !== undefined && vehicle.id !== id) continue;
    if (vehicle.endedAt !== null && vehicle.endedAt <= fromMs) continue;
    found.push(vehicle);
  }
  const { reportVehiclesMax } = apiLimits;
  if (found.length > reportVehiclesMax)
    throw invalidField('customer', found.length, `a narrower filter: at most ${reportVehiclesMax} vehicles in one report`);
  return found.sort((a, b) => a.vehicleNo - b.vehicleNo);
};
