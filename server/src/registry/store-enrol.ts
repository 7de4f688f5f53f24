import { sql } from 'kysely';
import type { DeviceKind } from '@milepost/contract';
import type { Transaction } from '../storage/index.ts';
import type { VehicleFields } from './check-input.ts';
import { isImeiCheckDigitValid } from './imei.ts';
import { at, periodFrom } from './store.ts';
import { isVinCheckDigitValid } from './vin.ts';

export interface VehicleInsert {
  readonly id: string;
  readonly vin: string;
  readonly customerNo: number;
  readonly fields: VehicleFields;
}

/** Numbers by id. They ascend with the input. */
export const insertVehicles = async (
  tx: Transaction,
  vehicles: readonly VehicleInsert[],
  nowMs: number,
): Promise<Map<string, number>> => {
  const rows = vehicles.map(({ id, vin, customerNo, fields: { tirePlacardKpa: placard, ...fields } }) => ({
    id,
    vin,
    isValid: isVinCheckDigitValid(vin),
    customerNo,
    placard,
    ...fields,
  }));
  const { rows: made } = await sql<{ no: number; id: string }>`insert into vehicles
    (id, vin, vin_check_digit_valid, plate, customer_no, model, gross_weight_kg, battery_kwh, tire_placard_kpa, groups, note, created_at)
    select id, vin, "isValid", plate, "customerNo", model, "grossWeightKg", "batteryKwh", placard, groups, note, ${at(nowMs)}
    from json_to_recordset(${JSON.stringify(rows)}::json) as r(id text, vin text, "isValid" boolean, plate text, "customerNo" int, model text,
      "grossWeightKg" int, "batteryKwh" double precision, placard int[], groups text[], note text)
    returning vehicle_no as no, id`.execute(tx);
  return new Map(made.map((row) => [row.id, row.no]));
};

export interface DeviceInsert {
  readonly id: string;
  readonly imei: string;
  readonly kind: DeviceKind;
  /** −Infinity: reaches back without limit. */
  readonly fromMs: number;
  /** Undefined: it gets its secret later. */
  readonly secretHash: Buffer | undefined;
  readonly vehicleNo: number;
}

/** Devices and their assignments; numbers by id. `windowUntilMs`: enrolment windows that are open from the start. */
export const insertDevices = async (
  tx: Transaction,
  devices: readonly DeviceInsert[],
  nowMs: number,
  windowUntilMs?: number,
): Promise<Map<string, number>> => {
  const rows = devices.map(({ id, imei, kind, fromMs, secretHash, vehicleNo }) => ({
    id,
    imei,
    isValid: isImeiCheckDigitValid(imei),
    kind,
    hash: secretHash?.toString('hex') ?? null,
    period: periodFrom(fromMs),
    vehicleNo,
  }));
  const until = windowUntilMs === undefined ? null : at(windowUntilMs);
  const { rows: made } = await sql<{ no: number; id: string }>`with input as (
      select * from json_to_recordset(${JSON.stringify(rows)}::json)
        as r(id text, imei text, "isValid" boolean, kind text, hash text, period tstzrange, "vehicleNo" int)
    ), device as (
      insert into devices (id, imei, imei_check_digit_valid, kind, secret_hash, secret_issued_at, enrolment_until, created_at)
      select id, imei, "isValid", kind, decode(hash, 'hex'), case when hash is null then null else ${at(nowMs)}::timestamptz end,
        ${until}::timestamptz, ${at(nowMs)} from input returning device_no, id
    ), assigned as (
      insert into assignments select device_no, "vehicleNo", period from device join input using (id)
    ) select device_no as no, id from device`.execute(tx);
  return new Map(made.map((row) => [row.id, row.no]));
};
