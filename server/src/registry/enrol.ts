import { setImmediate as turn } from 'node:timers/promises';
import { CallerError } from '../kernel/index.ts';
import { type Transaction, uniqueViolation } from '../storage/index.ts';
import { checkNewDevice, checkNewVehicle } from './check-input.ts';
import { idPrefixes, makeId, type Random } from './ids.ts';
import { hashSecret, makeSecret } from './secrets.ts';
import { type DeviceInsert, insertDevices, insertVehicles, type VehicleInsert } from './store-enrol.ts';
import { resolveCustomer } from './store.ts';
import type { EnrolledRow, EnrolRow } from './types.ts';

/** Rows of one statement. */
const rowsPerStatement = 5000;
/** Rows of one enrolment, which is one transaction and is held in memory. */
export const enrolRowsMax = 200_000;

export interface EnrolContext {
  readonly pepper: Uint8Array;
  readonly random: Random;
  readonly nowMs: number;
}

interface Prepared {
  readonly vehicle: Omit<VehicleInsert, 'customerNo'>;
  readonly device: Omit<DeviceInsert, 'vehicleNo'>;
  readonly secret: string;
  readonly customer: string;
}

const prepare = ({ vehicle, device }: EnrolRow, { pepper, random }: EnrolContext): Prepared => {
  const { customer, vin, ...fields } = checkNewVehicle(vehicle);
  const secret = makeSecret(random);
  return {
    customer,
    secret,
    vehicle: { id: makeId(idPrefixes.vehicle, random), vin, fields },
    device: { id: makeId(idPrefixes.device, random), ...checkNewDevice(device), secretHash: hashSecret(pepper, secret) },
  };
};

const describeDuplicate = (error: unknown): unknown => {
  const constraint = uniqueViolation(error) ?? '';
  const field = constraint.startsWith('vehicles_vin') ? 'vin' : constraint.startsWith('devices_imei') ? 'imei' : undefined;
  return field
    ? new CallerError('already_exists', `one of the rows has a ${field} that exists already: none of them was made`, {
        field,
        cause: error,
      })
    : error;
};

export interface Enrolled {
  readonly customerNos: readonly number[];
  readonly vehicleNos: readonly number[];
  readonly deviceNos: readonly number[];
  readonly answers: readonly EnrolledRow[];
}

/** After what is waiting to be sent has been sent. */
const soon = async <T>(make: () => T): Promise<T> => {
  await turn();
  return make();
};

interface Filling {
  readonly customerNos: Map<string, number>;
  readonly vehicleNos: number[];
  readonly deviceNos: number[];
  readonly answers: EnrolledRow[];
}

const insertSome = async (tx: Transaction, rows: readonly Prepared[], into: Filling, context: EnrolContext): Promise<void> => {
  for (const name of new Set(rows.map((row) => row.customer))) {
    if (into.customerNos.has(name)) continue;
    const { customerNo } = await resolveCustomer(tx, name, makeId(idPrefixes.customer, context.random), context.nowMs);
    into.customerNos.set(name, customerNo);
  }
  const vehicles = rows.map(({ vehicle, customer }) => ({ ...vehicle, customerNo: into.customerNos.get(customer) as number }));
  const vehicleNos = await insertVehicles(tx, vehicles, context.nowMs);
  const devices = rows.map(({ device, vehicle }) => ({ ...device, vehicleNo: vehicleNos.get(vehicle.id) as number }));
  const deviceNos = await insertDevices(tx, devices, context.nowMs);
  for (const no of vehicleNos.values()) into.vehicleNos.push(no);
  for (const no of deviceNos.values()) into.deviceNos.push(no);
  for (const { vehicle, device, secret } of rows) into.answers.push({ vehicleId: vehicle.id, deviceId: device.id, secret });
};

/** Makes many vehicles, each with its device, within the caller's transaction: all or none. */
export const enrolInto = async (tx: Transaction, rows: readonly EnrolRow[], context: EnrolContext): Promise<Enrolled> => {
  const into: Filling = { customerNos: new Map(), vehicleNos: [], deviceNos: [], answers: [] };
  const prepareFrom = (start: number): Prepared[] =>
    rows.slice(start, start + rowsPerStatement).map((row) => prepare(row, context));
  let next = prepareFrom(0);
  for (let start = 0; start < rows.length; start += rowsPerStatement) {
    const inserting = insertSome(tx, next, into, context).catch((error: unknown) => {
      throw describeDuplicate(error);
    });
    // The next rows are made ready while PostgreSQL works on these.
    [next] = await Promise.all([soon(() => prepareFrom(start + rowsPerStatement)), inserting]);
  }
  return { ...into, customerNos: [...into.customerNos.values()] };
};
