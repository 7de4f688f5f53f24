import type { Customer, Device, Directory, DirectoryChange, Vehicle } from '../registry/index.ts';

/** A directory that lives in memory alone: for tests and benches that need no database. */
export interface MemoryDirectory extends Directory {
  put(change: DirectoryChange): void;
}

export const aCustomer = (customerNo: number, fields: Partial<Customer> = {}): Customer => ({
  customerNo,
  id: `cus_${customerNo}`,
  name: `Customer ${customerNo}`,
  lateAfterSeconds: null,
  offlineAfterSeconds: null,
  ...fields,
});

export const aVehicle = (vehicleNo: number, fields: Partial<Vehicle> = {}): Vehicle => ({
  vehicleNo,
  id: `veh_${vehicleNo}`,
  vin: `WVWZZZ1JZ${String(vehicleNo).padStart(8, '0')}`,
  isVinCheckDigitValid: false,
  plate: null,
  customerNo: 1,
  model: null,
  grossWeightKg: null,
  batteryKwh: null,
  tirePlacardKpa: null,
  groups: [],
  note: null,
  createdAt: 0,
  endedAt: null,
  ...fields,
});

export const aDevice = (deviceNo: number, vehicleNo: number, fields: Partial<Device> = {}): Device => ({
  deviceNo,
  id: `dev_${deviceNo}`,
  imei: String(350_000_000_000_000 + deviceNo),
  isImeiCheckDigitValid: false,
  kind: 'vehicle',
  createdAt: 0,
  revokedAt: null,
  lateAfterSeconds: null,
  offlineAfterSeconds: null,
  assignments: [{ vehicleNo, fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY }],
  credentials: { version: 1, secretIssuedAt: 0, secretFetchedAt: null, enrolmentUntil: null, certificateSha256: null },
  ...fields,
});

export const makeMemoryDirectory = (): MemoryDirectory => {
  const customers = new Map<number, Customer>();
  const vehicles = new Map<number, Vehicle>();
  const devices = new Map<number, Device>();
  const callbacks = new Set<(change: DirectoryChange) => void>();
  const find = <T>(items: Iterable<T>, is: (item: T) => boolean): T | undefined => {
    for (const item of items) if (is(item)) return item;
    return undefined;
  };
  let version = 0;
  const isOn = (device: Device, vehicleNo: number): boolean =>
    device.assignments.some((assignment) => assignment.vehicleNo === vehicleNo && assignment.toMs === Number.POSITIVE_INFINITY);
  return {
    vehicleByNo: (vehicleNo) => vehicles.get(vehicleNo),
    vehicleById: (id) => find(vehicles.values(), (vehicle) => vehicle.id === id),
    customerByNo: (customerNo) => customers.get(customerNo),
    deviceByNo: (deviceNo) => devices.get(deviceNo),
    deviceById: (id) => find(devices.values(), (device) => device.id === id),
    deviceByImei: (imei) => find(devices.values(), (device) => device.imei === imei),
    devicesOfVehicle: (vehicleNo) =>
      [...devices.values()].filter((device) => device.assignments.some((one) => one.vehicleNo === vehicleNo)),
    devicesOnVehicle: (vehicleNo) => [...devices.values()].filter((device) => isOn(device, vehicleNo)),
    devices: () => devices.values(),
    vehicles: () => vehicles.values(),
    vehicleCount: () => vehicles.size,
    customers: () => customers.values(),
    vehicleNoMax: () => Math.max(0, ...vehicles.keys()),
    version: () => version,
    onChange: (callback) => {
      callbacks.add(callback);
      return () => void callbacks.delete(callback);
    },
    put: (change) => {
      version++;
      if (change.kind === 'customer') customers.set(change.customer.customerNo, change.customer);
      else if (change.kind === 'vehicle') vehicles.set(change.vehicle.vehicleNo, change.vehicle);
      else devices.set(change.device.deviceNo, change.device);
      for (const callback of callbacks) callback(change);
    },
  };
};
