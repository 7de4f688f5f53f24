import type { ReadScope } from '../events/index.ts';
import { CallerError } from '../kernel/index.ts';
import type { Customer, Device, Directory, Driver, Registry, Vehicle } from '../registry/index.ts';

/** A vehicle that the scope shows; one that it does not is as if it were not there. Throws `not_found`. */
export const findVehicle = (directory: Directory, scope: ReadScope, id: string): Vehicle => {
  const vehicle = directory.vehicleById(id);
  if (vehicle && scope.allowsVehicle(vehicle.vehicleNo)) return vehicle;
  throw new CallerError('not_found', `there is no vehicle ${JSON.stringify(id)}`);
};

export const findDevice = (directory: Directory, id: string): Device => {
  const device = directory.deviceById(id);
  if (device) return device;
  throw new CallerError('not_found', `there is no device ${JSON.stringify(id)}`);
};

export const findCustomer = (directory: Directory, nameOrId: string): Customer | undefined => {
  const name = nameOrId.toLowerCase();
  for (const customer of directory.customers()) {
    if (customer.id === nameOrId || customer.name.toLowerCase() === name) return customer;
  }
  return undefined;
};

export const findDriver = ({ drivers }: Pick<Registry, 'drivers'>, id: string): Driver => {
  const driver = drivers.directory.driverById(id);
  if (driver) return driver;
  throw new CallerError('not_found', `there is no driver ${JSON.stringify(id)}`);
};
