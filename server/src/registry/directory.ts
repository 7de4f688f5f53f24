import { type Clock, type Logger } from '../kernel/index.ts';
import { TextIndex } from './text-index.ts';
import type { Customer, Device, Directory, DirectoryChange, Vehicle } from './types.ts';

/** A row with how often it was changed: an older one that arrives late is dropped. */
export interface Revised<T> {
  readonly entity: T;
  readonly revision: number;
}

/** A directory that can be written to: by the registry only. */
export interface WritableDirectory extends Directory {
  putCustomer(row: Revised<Customer>): void;
  putVehicle(row: Revised<Vehicle>): void;
  putDevice(row: Revised<Device>): void;
}

/** Things by number and by id, with the revision of each. */
class Table<T extends { readonly id: string }> {
  readonly byNo: (T | undefined)[] = [];
  readonly #byId = new TextIndex((no) => (this.byNo[no] as T).id);
  readonly #revisions: number[] = [];

  /** Answers false when what is there is as new. */
  put(no: number, { entity, revision }: Revised<T>): boolean {
    if ((this.#revisions[no] ?? 0) >= revision) return false;
    this.#revisions[no] = revision;
    this.byNo[no] = entity;
    this.#byId.put(entity.id, no);
    return true;
  }

  get size(): number {
    return this.#byId.size;
  }

  byId(id: string): T | undefined {
    return this.byNo[this.#byId.find(id)];
  }
}

const present = function* <T>(list: readonly (T | undefined)[]): Iterable<T> {
  for (const item of list) if (item !== undefined) yield item;
};

const isOn = (device: Device, vehicleNo: number, nowMs: number): boolean =>
  device.revokedAt === null &&
  device.assignments.some((period) => period.vehicleNo === vehicleNo && period.fromMs <= nowMs && nowMs < period.toMs);

/** Adds the device to the lists of the vehicles that it is or was on. */
const noteAssignments = ({ deviceNo, assignments }: Device, deviceNosOfVehicle: (number | number[] | undefined)[]): void => {
  for (const { vehicleNo } of assignments) {
    const known = deviceNosOfVehicle[vehicleNo];
    if (known === undefined) deviceNosOfVehicle[vehicleNo] = deviceNo;
    else if (typeof known === 'number' && known !== deviceNo) deviceNosOfVehicle[vehicleNo] = [known, deviceNo];
    else if (typeof known === 'object' && !known.includes(deviceNo)) known.push(deviceNo);
  }
};

export const makeDirectory = (clock: Clock, logger: Logger): WritableDirectory => {
  const customers = new Table<Customer>();
  const vehicles = new Table<Vehicle>();
  const devices = new Table<Device>();
  const devicesByImei = new TextIndex((no) => (devices.byNo[no] as Device).imei);
  /** Number of the device that is or was on a vehicle; a list where there were several. */
  const deviceNosOfVehicle: (number | number[] | undefined)[] = [];
  const listeners = new Set<(change: DirectoryChange) => void>();
  let version = 0;
  let vehicleNoMax = 0;

  const tell = (change: DirectoryChange): void => {
    version++;
    for (const listener of listeners) {
      try {
        listener(change);
      } catch (error) {
        logger.error('a listener of the directory failed', { kind: change.kind, error });
      }
    }
  };
  /** One that was revoked gives way to its successor, and never takes its place again. */
  const noteImei = (device: Device): void => {
    const known = devicesByImei.find(device.imei);
    if (known === 0 || known === device.deviceNo || device.revokedAt === null) devicesByImei.put(device.imei, device.deviceNo);
  };
  const devicesOfVehicle = (vehicleNo: number): Device[] =>
    [deviceNosOfVehicle[vehicleNo] ?? []].flat().map((deviceNo) => devices.byNo[deviceNo] as Device);
  return {
    vehicleByNo: (vehicleNo) => vehicles.byNo[vehicleNo],
    vehicleById: (id) => vehicles.byId(id),
    customerByNo: (customerNo) => customers.byNo[customerNo],
    deviceByNo: (deviceNo) => devices.byNo[deviceNo],
    deviceById: (id) => devices.byId(id),
    deviceByImei: (imei) => devices.byNo[devicesByImei.find(imei)],
    devicesOfVehicle,
    devicesOnVehicle: (vehicleNo) => {
      const nowMs = clock.now();
      return devicesOfVehicle(vehicleNo).filter((device) => isOn(device, vehicleNo, nowMs));
    },
    devices: () => present(devices.byNo),
    vehicles: () => present(vehicles.byNo),
    vehicleCount: () => vehicles.size,
    customers: () => present(customers.byNo),
    vehicleNoMax: () => vehicleNoMax,
    version: () => version,
    onChange: (callback) => {
      listeners.add(callback);
      return () => void listeners.delete(callback);
    },
    putCustomer: (row) => {
      if (customers.put(row.entity.customerNo, row)) tell({ kind: 'customer', customer: row.entity });
    },
    putVehicle: (row) => {
      if (!vehicles.put(row.entity.vehicleNo, row)) return;
      vehicleNoMax = Math.max(vehicleNoMax, row.entity.vehicleNo);
      tell({ kind: 'vehicle', vehicle: row.entity });
    },
    putDevice: (row) => {
      const previous = devices.byNo[row.entity.deviceNo];
      if (!devices.put(row.entity.deviceNo, row)) return;
      noteImei(row.entity);
      noteAssignments(row.entity, deviceNosOfVehicle);
      tell({ kind: 'device', device: row.entity, previous });
    },
  };
};
