import { sql } from 'kysely';
import { CallerError, invalidField } from '../kernel/index.ts';
import type { Transaction } from '../storage/index.ts';
import type { CheckedDevice, VehicleFields } from './check-input.ts';
import { type Customer, type Device, type RetentionDays, type Vehicle } from './types.ts';
import { type DeviceRecord, only, readCustomers, readDevices, readVehicles } from './rows.ts';
import type { Revised } from './directory.ts';
import { idPrefixes, isId } from './ids.ts';

export const at = (ms: number) => new Date(ms).toISOString();
/** Half-open period; −Infinity reaches back without limit. */
export const periodFrom = (fromMs: number): string => `[${Number.isFinite(fromMs) ? at(fromMs) : '-infinity'},)`;

const first = <T>(rows: readonly T[]): T => {
  const [row] = rows;
  if (row === undefined) throw new CallerError('not_found', 'there is nothing with this id');
  return row;
};

const alreadyExists = (field: string, value: string, existingId: string): CallerError =>
  new CallerError('already_exists', `${field} ${value} exists already`, { field, value, existingId });

export const readCustomer = async (tx: Transaction, customerNo: number): Promise<Revised<Customer>> =>
  first(await readCustomers(tx, only(customerNo)));
export const readVehicle = async (tx: Transaction, vehicleNo: number): Promise<Revised<Vehicle>> =>
  first(await readVehicles(tx, only(vehicleNo)));
export const readDevice = async (tx: Transaction, deviceNo: number): Promise<DeviceRecord> =>
  first(await readDevices(tx, only(deviceNo)));

/** Answers the number of a new customer, or undefined and the id of the one with this name. */
const tryInsertCustomer = async (tx: Transaction, id: string, name: string, nowMs: number): Promise<number | undefined> => {
  const { rows } = await sql<{ no: number }>`insert into customers (id, name, created_at) values (${id}, ${name}, ${at(nowMs)})
    on conflict (name) do nothing returning customer_no as no`.execute(tx);
  return rows[0]?.no;
};

export const insertCustomer = async (tx: Transaction, id: string, name: string, nowMs: number): Promise<number> => {
  const no = await tryInsertCustomer(tx, id, name, nowMs);
  if (no !== undefined) return no;
  const { rows } = await sql<{ id: string }>`select id from customers where name = ${name}`.execute(tx);
  throw alreadyExists('name', name, first(rows).id);
};

export interface ResolvedCustomer {
  readonly customerNo: number;
  readonly isNew: boolean;
}

/** By id, or by name; a name that is not there is made. */
export const resolveCustomer = async (
  tx: Transaction,
  nameOrId: string,
  newId: string,
  nowMs: number,
): Promise<ResolvedCustomer> => {
  const find = async (): Promise<number | undefined> => {
    const { rows } = await sql<{
      no: number;
    }>`select customer_no as no from customers where id = ${nameOrId} or name = ${nameOrId}`.execute(tx);
    return rows[0]?.no;
  };
  const found = await find();
  if (found !== undefined) return { customerNo: found, isNew: false };
  if (isId(idPrefixes.customer, nameOrId))
    throw invalidField('customer', nameOrId, 'the id of a customer that exists, or a name');
  const made = await tryInsertCustomer(tx, newId, nameOrId, nowMs);
  if (made !== undefined) return { customerNo: made, isNew: true };
  // Another transaction made it between the two statements.
  return { customerNo: first([await find()].filter((no) => no !== undefined)), isNew: false };
};

export interface CustomerChanges {
  readonly name?: string;
  readonly lateAfterSeconds?: number | null;
  readonly offlineAfterSeconds?: number | null;
}

export const updateCustomerRow = async (tx: Transaction, id: string, changes: CustomerChanges): Promise<number> => {
  const { rows: locked } = await sql<{ no: number }>`select customer_no as no from customers where id = ${id} for update`.execute(
    tx,
  );
  const { no } = first(locked);
  if (changes.name !== undefined) {
    const { rows } = await sql<{
      id: string;
    }>`select id from customers where name = ${changes.name} and customer_no <> ${no}`.execute(tx);
    if (rows[0]) throw alreadyExists('name', changes.name, rows[0].id);
  }
  await sql`update customers set revision = revision + 1,
    name = coalesce(${changes.name ?? null}, name),
    late_after_seconds = case when ${changes.lateAfterSeconds !== undefined} then ${changes.lateAfterSeconds ?? null}::int else late_after_seconds end,
    offline_after_seconds = case when ${changes.offlineAfterSeconds !== undefined} then ${changes.offlineAfterSeconds ?? null}::int
      else offline_after_seconds end
    where customer_no = ${no}`.execute(tx);
  return no;
};

export const lockCustomer = async (tx: Transaction, id: string): Promise<number> => {
  const { rows } = await sql<{ no: number }>`select customer_no as no from customers where id = ${id} for update`.execute(tx);
  return first(rows).no;
};

export const updateRetentionRow = async (
  tx: Transaction,
  table: 'customers' | 'vehicles',
  no: number,
  { days, byGroup }: RetentionDays,
): Promise<void> => {
  const column = table === 'customers' ? 'customer_no' : 'vehicle_no';
  await sql`update ${sql.table(table)} set revision = revision + 1, retention_days = ${days},
    retention_days_by_group = ${JSON.stringify(byGroup)}::jsonb where ${sql.ref(column)} = ${no}`.execute(tx);
};

export interface VehicleRowInput extends VehicleFields {
  readonly id: string;
  readonly vin: string;
  readonly isVinCheckDigitValid: boolean;
  readonly customerNo: number;
}

export const insertVehicle = async (tx: Transaction, row: VehicleRowInput, nowMs: number): Promise<number> => {
  const { rows } = await sql<{ no: number }>`insert into vehicles
    (id, vin, vin_check_digit_valid, plate, customer_no, model, gross_weight_kg, battery_kwh, tire_placard_kpa, groups, note, created_at)
    values (${row.id}, ${row.vin}, ${row.isVinCheckDigitValid}, ${row.plate}, ${row.customerNo}, ${row.model}, ${row.grossWeightKg}, ${row.batteryKwh},
      ${row.tirePlacardKpa}, ${row.groups}, ${row.note}, ${at(nowMs)})
    on conflict (vin) where ended_at is null do nothing returning vehicle_no as no`.execute(tx);
  if (rows[0]) return rows[0].no;
  const { rows: existing } = await sql<{
    id: string;
  }>`select id from vehicles where vin = ${row.vin} and ended_at is null`.execute(tx);
  throw alreadyExists('vin', row.vin, first(existing).id);
};

const vehicleColumns: { readonly [K in keyof VehicleFields]: string } = {
  plate: 'plate',
  model: 'model',
  grossWeightKg: 'gross_weight_kg',
  batteryKwh: 'battery_kwh',
  tirePlacardKpa: 'tire_placard_kpa',
  groups: 'groups',
  note: 'note',
};

export const lockVehicle = async (tx: Transaction, id: string): Promise<{ no: number; hasEnded: boolean }> => {
  const { rows } = await sql<{ no: number; hasEnded: boolean }>`select vehicle_no as no, ended_at is not null as "hasEnded"
    from vehicles where id = ${id} for update`.execute(tx);
  return first(rows);
};

export const updateVehicleRow = async (tx: Transaction, vehicleNo: number, fields: Partial<VehicleFields>): Promise<void> => {
  const sets = Object.entries(fields).map(
    ([name, value]) => sql`${sql.ref(vehicleColumns[name as keyof VehicleFields])} = ${value}`,
  );
  await sql`update vehicles set ${sql.join([sql`revision = revision + 1`, ...sets])} where vehicle_no = ${vehicleNo}`.execute(tx);
};

/** Ends every assignment that matches and is still open; one that has not begun goes. Answers the devices that came off. */
const endAssignments = async (
  tx: Transaction,
  column: 'vehicle_no' | 'device_no',
  no: number,
  nowMs: number,
): Promise<number[]> => {
  const now = at(nowMs);
  const { rows: gone } = await sql<{ no: number }>`delete from assignments
    where ${sql.ref(column)} = ${no} and lower(period) >= ${now} returning device_no as no`.execute(tx);
  const { rows: ended } = await sql<{ no: number }>`update assignments set period = tstzrange(lower(period), ${now})
    where ${sql.ref(column)} = ${no} and period @> ${now}::timestamptz returning device_no as no`.execute(tx);
  return [...new Set([...gone, ...ended].map((row) => row.no))];
};

export const endVehicleRow = async (tx: Transaction, vehicleNo: number, nowMs: number): Promise<number[]> => {
  await sql`update vehicles set ended_at = ${at(nowMs)}, revision = revision + 1 where vehicle_no = ${vehicleNo}`.execute(tx);
  return takeDevicesOff(tx, vehicleNo, nowMs);
};

/** What its devices send is refused from then on. Answers which they were. */
export const takeDevicesOff = async (tx: Transaction, vehicleNo: number, nowMs: number): Promise<number[]> => {
  const devices = await endAssignments(tx, 'vehicle_no', vehicleNo, nowMs);
  await sql`update devices set revision = revision + 1 where device_no = any(${devices})`.execute(tx);
  return devices;
};

export interface DeviceRowInput extends CheckedDevice {
  readonly id: string;
  readonly isImeiCheckDigitValid: boolean;
  readonly secretHash: Uint8Array;
}

export const insertDevice = async (tx: Transaction, row: DeviceRowInput, vehicleNo: number, nowMs: number): Promise<number> => {
  const { rows } = await sql<{ no: number }>`insert into devices
    (id, imei, imei_check_digit_valid, kind, secret_hash, secret_issued_at, created_at)
    values (${row.id}, ${row.imei}, ${row.isImeiCheckDigitValid}, ${row.kind}, ${row.secretHash}, ${at(nowMs)}, ${at(nowMs)})
    on conflict (imei) where revoked_at is null do nothing returning device_no as no`.execute(tx);
  const no = rows[0]?.no;
  if (no === undefined) {
    const { rows: existing } = await sql<{
      id: string;
    }>`select id from devices where imei = ${row.imei} and revoked_at is null`.execute(tx);
    throw alreadyExists('imei', row.imei, first(existing).id);
  }
  await sql`insert into assignments values (${no}, ${vehicleNo}, ${periodFrom(row.fromMs)}::tstzrange)`.execute(tx);
  return no;
};

export const lockDevice = async (tx: Transaction, id: string): Promise<DeviceRecord> => {
  const { rows } = await sql<{ no: number }>`select device_no as no from devices where id = ${id} for update`.execute(tx);
  return readDevice(tx, first(rows).no);
};

export const moveDevice = async (tx: Transaction, device: Device, vehicleNo: number, fromMs: number): Promise<void> => {
  const { deviceNo } = device;
  await sql`update assignments set period = tstzrange(lower(period), ${at(fromMs)})
    where device_no = ${deviceNo} and period @> ${at(fromMs)}::timestamptz`.execute(tx);
  await sql`insert into assignments values (${deviceNo}, ${vehicleNo}, ${periodFrom(fromMs)}::tstzrange)`.execute(tx);
  await sql`update devices set revision = revision + 1 where device_no = ${deviceNo}`.execute(tx);
};

export const revokeDeviceRow = async (tx: Transaction, deviceNo: number, nowMs: number): Promise<void> => {
  await endAssignments(tx, 'device_no', deviceNo, nowMs);
  await sql`update devices set revoked_at = ${at(nowMs)}, revision = revision + 1 where device_no = ${deviceNo}`.execute(tx);
};
