import type { ConsentGroup, DeviceKind } from '@milepost/contract';
import { type RawBuilder, sql } from 'kysely';
import type { Transaction } from '../storage/index.ts';
import type { Revised } from './directory.ts';
import type { Assignment, Customer, Device, DeviceCredentials, RetentionDays, TirePlacardKpa, Vehicle } from './types.ts';

/**
 * Rows travel as one JSON text a query: the driver would make an object of each row and a parser call of each column, which
 * for 100,000 vehicles takes several times as long.
 */
export const readJson = async <T>(tx: Transaction, query: RawBuilder<{ rows: string }>): Promise<T[]> => {
  const { rows } = await query.execute(tx);
  return JSON.parse(rows[0]?.rows ?? '[]') as T[];
};

export const ms = (column: string) => sql.raw(`(extract(epoch from ${column}) * 1000)::bigint`);

/** Which rows: those of a range of numbers, both ends included. */
export interface NumberRange {
  readonly from: number;
  readonly to: number;
}
export const only = (no: number): NumberRange => ({ from: no, to: no });

type DaysByGroup = Partial<Record<ConsentGroup, number>>;
/** Without a rule there is no object, of which there would be one a vehicle. */
const toRetention = (days: number | null, byGroup: DaysByGroup): { retention?: RetentionDays } =>
  days === null && Object.keys(byGroup).length === 0 ? {} : { retention: { days, byGroup } };

type CustomerRow = [
  ...[no: number, id: string, name: string, late: number | null, offline: number | null],
  ...[days: number | null, byGroup: DaysByGroup, revision: number],
];

const readCustomersWhere = async (tx: Transaction, condition: RawBuilder<unknown>): Promise<Revised<Customer>[]> => {
  const rows = await readJson<CustomerRow>(
    tx,
    sql`select json_agg(json_build_array(customer_no, id, name, late_after_seconds, offline_after_seconds,
          retention_days, retention_days_by_group, revision))::text as rows
        from customers where ${condition}`,
  );
  return rows.map(([customerNo, id, name, lateAfterSeconds, offlineAfterSeconds, days, byGroup, revision]) => ({
    entity: { customerNo, id, name, lateAfterSeconds, offlineAfterSeconds, ...toRetention(days, byGroup) },
    revision,
  }));
};

export const readCustomers = (tx: Transaction, range: NumberRange): Promise<Revised<Customer>[]> =>
  readCustomersWhere(tx, sql`customer_no between ${range.from} and ${range.to}`);

export const readCustomersOf = (
  tx: Transaction,
  { namesOrIds, customerNos }: { readonly namesOrIds: readonly string[]; readonly customerNos: readonly number[] },
): Promise<Revised<Customer>[]> =>
  readCustomersWhere(tx, sql`name = any(${namesOrIds}) or id = any(${namesOrIds}) or customer_no = any(${customerNos})`);

type VehicleRow = [
  ...[no: number, id: string, vin: string, isValid: boolean, plate: string | null, customerNo: number, model: string | null],
  ...[
    grossWeightKg: number | null,
    batteryKwh: number | null,
    placard: TirePlacardKpa | null,
    groups: string[],
    note: string | null,
  ],
  ...[days: number | null, byGroup: DaysByGroup, createdAt: number, endedAt: number | null, revision: number],
];

const readVehiclesWhere = async (tx: Transaction, condition: RawBuilder<unknown>): Promise<Revised<Vehicle>[]> => {
  const rows = await readJson<VehicleRow>(
    tx,
    sql`select json_agg(json_build_array(vehicle_no, id, vin, vin_check_digit_valid, plate, customer_no, model,
          gross_weight_kg, battery_kwh, tire_placard_kpa, groups, note, retention_days, retention_days_by_group, ${ms('created_at')}, ${ms('ended_at')}, revision))::text as rows
        from vehicles where ${condition}`,
  );
  return rows.map((row) => {
    const [vehicleNo, id, vin, isVinCheckDigitValid, plate, customerNo, model] = row;
    const [, , , , , , , grossWeightKg, batteryKwh, tirePlacardKpa, groups, note, days, byGroup, createdAt, endedAt, revision] =
      row;
    const identity = { vehicleNo, id, vin, isVinCheckDigitValid, plate, customerNo, model };
    const rest = { grossWeightKg, batteryKwh, tirePlacardKpa, groups, note, ...toRetention(days, byGroup), createdAt, endedAt };
    return { entity: { ...identity, ...rest }, revision };
  });
};

export const readVehicles = (tx: Transaction, range: NumberRange): Promise<Revised<Vehicle>[]> =>
  readVehiclesWhere(tx, sql`vehicle_no between ${range.from} and ${range.to}`);

/** Those that have not ended. */
export const readVehiclesByVin = (tx: Transaction, vins: readonly string[]): Promise<Revised<Vehicle>[]> =>
  readVehiclesWhere(tx, sql`vin = any(${vins}) and ended_at is null`);

type AssignmentRow = [vehicleNo: number, fromMs: number | null, toMs: number | null];
type DeviceRow = [
  ...[no: number, id: string, imei: string, isValid: boolean, kind: DeviceKind, createdAt: number, revokedAt: number | null],
  ...[
    late: number | null,
    offline: number | null,
    assignments: AssignmentRow[] | null,
    credentials: CredentialsRow,
    revision: number,
  ],
];
type CredentialsRow = [
  ...[version: number, secretHash: string | null, issuedAt: number | null, fetchedAt: number | null],
  ...[until: number | null, certificateSha256: string | null],
];

export interface DeviceRecord extends Revised<Device> {
  /** Undefined: it has no secret yet. */
  readonly secretHash: Uint8Array | undefined;
}

/** JSON has no infinity: null stands for an end that is open. */
const toAssignment = ([vehicleNo, fromMs, toMs]: AssignmentRow): Assignment => ({
  vehicleNo,
  fromMs: fromMs ?? Number.NEGATIVE_INFINITY,
  toMs: toMs ?? Number.POSITIVE_INFINITY,
});

/**
 * Devices that were enrolled together share one object: for a million of them, each with its own, these would be some 90 MB.
 * Bounded; what is forgotten is made again.
 */
const sharedCredentialsMax = 1000;
const sharedCredentials = new Map<string, DeviceCredentials>();

const toCredentials = (row: CredentialsRow): DeviceCredentials => {
  const [version, , secretIssuedAt, secretFetchedAt, enrolmentUntil, certificateSha256] = row;
  const key = `${version} ${secretIssuedAt} ${secretFetchedAt} ${enrolmentUntil} ${certificateSha256}`;
  const shared = sharedCredentials.get(key);
  if (shared) return shared;
  if (sharedCredentials.size >= sharedCredentialsMax) sharedCredentials.clear();
  const credentials = { version, secretIssuedAt, secretFetchedAt, enrolmentUntil, certificateSha256 };
  sharedCredentials.set(key, credentials);
  return credentials;
};

const toDevice = (row: DeviceRow): DeviceRecord => {
  const [deviceNo, id, imei, isImeiCheckDigitValid, kind, createdAt, revokedAt] = row;
  const [, , , , , , , lateAfterSeconds, offlineAfterSeconds, assignments, credentialsRow, revision] = row;
  const identity = { deviceNo, id, imei, isImeiCheckDigitValid, kind, createdAt, revokedAt };
  return {
    entity: {
      ...identity,
      lateAfterSeconds,
      offlineAfterSeconds,
      assignments: (assignments ?? []).map(toAssignment),
      credentials: toCredentials(credentialsRow),
    },
    secretHash: credentialsRow[1] === null ? undefined : Buffer.from(credentialsRow[1], 'hex'),
    revision,
  };
};

const assignmentList = sql`json_agg(json_build_array(vehicle_no,
  case when isfinite(lower(period)) then ${ms('lower(period)')} end, ${ms('upper(period)')}) order by period)`;

/** `assigned`: device_no and list, the assignments of the same devices. */
const readDevicesWhere = async (
  tx: Transaction,
  condition: RawBuilder<unknown>,
  assigned: RawBuilder<unknown>,
): Promise<DeviceRecord[]> => {
  const rows = await readJson<DeviceRow>(
    tx,
    sql`select json_agg(json_build_array(device_no, id, imei, imei_check_digit_valid, kind, ${ms('created_at')}, ${ms('revoked_at')},
          late_after_seconds, offline_after_seconds, a.list,
          json_build_array(credential_version, encode(secret_hash, 'hex'), ${ms('secret_issued_at')}, ${ms('secret_fetched_at')},
            ${ms('enrolment_until')}, encode(certificate_sha256, 'hex')), revision))::text as rows
        from devices left join ${assigned} where ${condition}`,
  );
  return rows.map(toDevice);
};

export const readDevices = (tx: Transaction, range: NumberRange): Promise<DeviceRecord[]> => {
  const inRange = sql`device_no between ${range.from} and ${range.to}`;
  const assigned = sql`(select device_no, ${assignmentList} as list from assignments where ${inRange} group by device_no) a using (device_no)`;
  return readDevicesWhere(tx, inRange, assigned);
};

/** Those that are not revoked. */
export const readDevicesByImei = (tx: Transaction, imeis: readonly string[]): Promise<DeviceRecord[]> => {
  // One look-up a device: PostgreSQL would take them for few and compare each with each.
  const assigned = sql`lateral (select ${assignmentList} as list from assignments where assignments.device_no = devices.device_no) a on true`;
  return readDevicesWhere(tx, sql`imei = any(${imeis}) and revoked_at is null`, assigned);
};

type Maxima = Readonly<Record<'customers' | 'vehicles' | 'devices' | 'drivers', number>>;

/** Numbers given so far: the ranges to read everything by. */
export const readMaxima = async (tx: Transaction): Promise<Maxima> => {
  const { rows } = await sql<Maxima>`select
    coalesce((select max(customer_no) from customers), 0) as customers,
    coalesce((select max(vehicle_no) from vehicles), 0) as vehicles,
    coalesce((select max(device_no) from devices), 0) as devices,
    coalesce((select max(driver_no) from drivers), 0) as drivers`.execute(tx);
  return rows[0] ?? { customers: 0, vehicles: 0, devices: 0, drivers: 0 };
};
