import type { ReadScope } from '../events/index.ts';
import { CallerError } from '../kernel/index.ts';
import type { Customer, Device, Directory, Driver, Registry, Vehicle } from '../registry/index.ts';
import { asSeen } from '../sharing/index.ts';

/** A vehicle that the scope shows, as it shows it; one that it does not is as if it were not there. Throws `not_found`. */
export const findVehicle = (directory: Directory, scope: ReadScope, id: string): Vehicle => {
  const vehicle = directory.vehicleById(id);
  if (vehicle && scope.allowsVehicle(vehicle.vehicleNo)) return asSeen(scope, vehicle);
  throw new CallerError('not_found', `there is no vehicle ${JSON.stringify(id)}`);
};

/** The same, but not for who sees it by a grant alone: what its holder keeps of it is none of a driver's. Throws `not_found`, `forbidden`. */
export const findHeldVehicle = (directory: Directory, scope: ReadScope, id: string): Vehicle => {
  const vehicle = findVehicle(directory, scope, id);
  if (scope.isGuest?.(vehicle.vehicleNo)) throw new CallerError('forbidden', 'this is for who holds the vehicle');
  return vehicle;
};

/** Any of a stretch of time is of the reader's periods: who drove then, say, is the business of who held the vehicle then. */
export const isOfReader = (
  scope: ReadScope,
  { vehicleNo, fromMs, toMs }: { readonly vehicleNo: number; readonly fromMs: number; readonly toMs: number | null },
): boolean =>
  scope
    .periods(vehicleNo)
    .some((period) => fromMs < (period.toMs ?? Number.POSITIVE_INFINITY) && (toMs ?? Number.POSITIVE_INFINITY) > period.fromMs);

export const findDevice = (directory: Directory, id: string): Device => {
  const device = directory.deviceById(id);
  if (device) return device;
  throw new CallerError('not_found', `there is no device ${JSON.stringify(id)}`);
};

/** A customer that the scope shows; undefined: none that it does. */
export const findCustomer = (directory: Directory, scope: ReadScope, nameOrId: string): Customer | undefined => {
  const name = nameOrId.toLowerCase();
  for (const customer of directory.customers()) {
    const isNamed = customer.id === nameOrId || customer.name.toLowerCase() === name;
    if (isNamed && scope.seesCustomer(customer.customerNo)) return customer;
  }
  return undefined;
};

/** By its id alone. Throws `not_found`. */
export const findCustomerById = (directory: Directory, scope: ReadScope, id: string): Customer => {
  for (const customer of directory.customers())
    if (customer.id === id && scope.seesCustomer(customer.customerNo)) return customer;
  throw new CallerError('not_found', `there is no customer ${JSON.stringify(id)}`);
};

export const findDriver = ({ drivers }: Pick<Registry, 'drivers'>, scope: ReadScope, id: string): Driver => {
  const driver = drivers.directory.driverById(id);
  if (driver && scope.seesCustomer(driver.customerNo)) return driver;
  throw new CallerError('not_found', `there is no driver ${JSON.stringify(id)}`);
};
