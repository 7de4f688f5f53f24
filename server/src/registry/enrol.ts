import { setImmediate as turn } from 'node:timers/promises';
import { sql } from 'kysely';
import { CallerError } from '../kernel/index.ts';
import { type Transaction, uniqueViolation } from '../storage/index.ts';
import { checkNewDevice, checkNewVehicle } from './check-input.ts';
import { idPrefixes, makeId, type Random } from './ids.ts';
import { isImeiCheckDigitValid } from './imei.ts';
import { hashSecret, makeSecret } from './secrets.ts';
import { at, periodFrom, resolveCustomer } from './store.ts';
import type { EnrolledRow, EnrolRow } from './types.ts';
import { isVinCheckDigitValid } from './vin.ts';

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
  readonly vehicle: Record<string, unknown> & { readonly id: string };
  readonly device: Record<string, unknown> & { readonly id: string };
  readonly secret: string;
  readonly customer: string;
}

const prepare = ({ vehicle, device }: EnrolRow, { pepper, random }: EnrolContext): Prepared => {
  const { customer, vin, tirePlacardKpa, ...fields } = checkNewVehicle(vehicle);
  const { imei, kind, fromMs } = checkNewDevice(device);
  const secret = makeSecret(random);
  return {
    customer,
    secret,
    vehicle: {
      id: makeId(idPrefixes.vehicle, random),
      vin,
      isValid: isVinCheckDigitValid(vin),
      placard: tirePlacardKpa,
      ...fields,
    },
    device: {
      id: makeId(idPrefixes.device, random),
      imei,
      isValid: isImeiCheckDigitValid(imei),
      kind,
      hash: hashSecret(pepper, secret).toString('hex'),
      period: periodFrom(fromMs),
    },
  };
};

/** Numbers by id. They ascend with the input. */
const insertVehicles = async (
  tx: Transaction,
  rows: readonly Prepared[],
  customerNos: ReadonlyMap<string, number>,
  nowMs: number,
): Promise<Map<string, number>> => {
  const json = JSON.stringify(rows.map((row) => ({ ...row.vehicle, customerNo: customerNos.get(row.customer) })));
  const { rows: made } = await sql<{ no: number; id: string }>`insert into vehicles
    (id, vin, vin_check_digit_valid, plate, customer_no, model, gross_weight_kg, tire_placard_kpa, groups, note, created_at)
    select id, vin, "isValid", plate, "customerNo", model, "grossWeightKg", placard, groups, note, ${at(nowMs)}
    from json_to_recordset(${json}::json) as r(id text, vin text, "isValid" boolean, plate text, "customerNo" int, model text,
      "grossWeightKg" int, placard int[], groups text[], note text)
    returning vehicle_no as no, id`.execute(tx);
  return new Map(made.map((row) => [row.id, row.no]));
};

const insertDevices = async (
  tx: Transaction,
  rows: readonly Prepared[],
  vehicleNos: ReadonlyMap<string, number>,
  nowMs: number,
): Promise<number[]> => {
  const json = JSON.stringify(rows.map((row) => ({ ...row.device, vehicleNo: vehicleNos.get(row.vehicle.id) })));
  const { rows: made } = await sql<{ no: number }>`with input as (
      select * from json_to_recordset(${json}::json) as r(id text, imei text, "isValid" boolean, kind text, hash text, period tstzrange, "vehicleNo" int)
    ), device as (
      insert into devices (id, imei, imei_check_digit_valid, kind, secret_hash, secret_issued_at, created_at)
      select id, imei, "isValid", kind, decode(hash, 'hex'), ${at(nowMs)}, ${at(nowMs)} from input returning device_no, id
    ), assigned as (
      insert into assignments select device_no, "vehicleNo", period from device join input using (id)
    ) select device_no as no from device`.execute(tx);
  return made.map((row) => row.no);
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
  const vehicleNos = await insertVehicles(tx, rows, into.customerNos, context.nowMs);
  const deviceNos = await insertDevices(tx, rows, vehicleNos, context.nowMs);
  for (const no of vehicleNos.values()) into.vehicleNos.push(no);
  for (const no of deviceNos) into.deviceNos.push(no);
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
