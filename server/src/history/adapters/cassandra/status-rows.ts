import { assert } from '../../../kernel/index.ts';
import { bucketOf } from '../../month-bucket.ts';
import type { StatusChange, StatusQuery, StatusScan, VehiclePeriod } from '../../ports.ts';
import { reasonCodes, reasonNames, statusCodes, statusNames } from '../../status-codes.ts';
import { forEachOf, type Row, type Session } from './session.ts';
import { type CassandraStore, groupOf, meets, withinMonth } from './store.ts';
import { readUnits } from './units.ts';

/**
 * Changes of connection status, twice: by vehicle and month, and by quarter of an hour. Of each month it is noted which quarters have some, so that
 * nobody looks through empty ones. In a quarter all of a fleet of a million may go off and come back: 80 MB.
 */
const slotMs = 900_000;
const slotOf = (at: number): number => Math.floor(at / slotMs);

const columns = 'vehicle_no, at, to_status, from_status, reason';
const cql = {
  add: `INSERT INTO status (vehicle_no, bucket, at, to_status, from_status, reason) VALUES (?, ?, ?, ?, ?, ?) USING TTL ? AND TIMESTAMP ?`,
  addByTime: `INSERT INTO status_by_time (slot, at, vehicle_no, to_status, from_status, reason) VALUES (?, ?, ?, ?, ?, ?)
    USING TTL ? AND TIMESTAMP ?`,
  addSlot: 'INSERT INTO status_slot (bucket, slot) VALUES (?, ?) USING TTL ? AND TIMESTAMP ?',
  ofVehicle: `SELECT ${columns} FROM status WHERE vehicle_no = ? AND bucket = ? AND at >= ? AND at < ?`,
  ofSlot: `SELECT ${columns} FROM status_by_time WHERE slot = ? AND at >= ? AND at < ?`,
  slots: 'SELECT slot FROM status_slot WHERE bucket = ? AND slot >= ? AND slot <= ?',
  remove: 'DELETE FROM status WHERE vehicle_no = ? AND bucket = ? AND at >= ? AND at < ?',
  removeByTime: 'DELETE FROM status_by_time WHERE slot = ? AND at = ? AND vehicle_no = ? AND to_status = ?',
  dropVehicle: 'DELETE FROM status WHERE vehicle_no = ? AND bucket = ?',
  dropSlot: 'DELETE FROM status_by_time WHERE slot = ?',
  dropSlots: 'DELETE FROM status_slot WHERE bucket = ?',
} as const;

const changeOf = (row: Row): StatusChange => {
  const [from, to] = [statusNames.get(Number(row['from_status'])), statusNames.get(Number(row['to_status']))];
  const reason = reasonNames.get(Number(row['reason']));
  assert(
    from && to && reason,
    `a status change has a code that is unknown: ${row['from_status']}, ${row['to_status']}, ${row['reason']}`,
  );
  return { vehicleNo: Number(row['vehicle_no']), at: Number(row['at']), from, to, reason };
};

export interface StatusWrite {
  readonly ttlSeconds: (bucket: number) => number;
  /** µs */
  readonly timestamp: bigint;
}

export const writeStatus = async (
  session: Session,
  changes: readonly StatusChange[],
  { ttlSeconds, timestamp }: StatusWrite,
): Promise<void> => {
  const slots = new Set(changes.map(({ at }) => slotOf(at)));
  // First what says where to look.
  await forEachOf(slots, session.limits.inFlightMax, (slot) => {
    const bucket = bucketOf(slot * slotMs);
    return session.write(cql.addSlot, [bucket, slot, ttlSeconds(bucket), timestamp]);
  });
  await forEachOf(changes, session.limits.inFlightMax, async ({ vehicleNo, at, from, to, reason }) => {
    const bucket = bucketOf(at);
    const what = [statusCodes[to], statusCodes[from], reasonCodes[reason], ttlSeconds(bucket), timestamp];
    await session.write(cql.addByTime, [slotOf(at), BigInt(at), vehicleNo, ...what]);
    await session.write(cql.add, [vehicleNo, bucket, BigInt(at), ...what]);
  });
};

/** Of vehicles of a group, in one month. */
export const removeStatus = (
  store: CassandraStore,
  { bucket, group }: { readonly bucket: number; readonly group: number },
  periods: readonly VehiclePeriod[],
): Promise<void> => {
  const { session } = store;
  const here = periods.filter(
    (period) => groupOf(store, period.vehicleNo) === group && meets(bucket, period.fromMs, period.toMs),
  );
  return forEachOf(here, session.limits.scannedAtOnce, async (period) => {
    const { fromMs, toMs } = withinMonth(bucket, period.fromMs, period.toMs);
    const range = [period.vehicleNo, bucket, BigInt(fromMs), BigInt(toMs)];
    for await (const row of session.each(cql.ofVehicle, range)) {
      const { vehicleNo, at, to } = changeOf(row);
      await session.write(cql.removeByTime, [slotOf(at), BigInt(at), vehicleNo, statusCodes[to]]);
    }
    await session.write(cql.remove, range);
  });
};

const readSlots = async (session: Session, bucket: number, fromMs: number, toMs: number): Promise<number[]> => {
  const period = withinMonth(bucket, fromMs, toMs);
  const rows = await session.rows(cql.slots, [bucket, slotOf(period.fromMs), slotOf(period.toMs - 1)]);
  return rows.map((row) => Number(row['slot']));
};

/** Everything of a month by time, and of these vehicles. */
export const dropStatus = async (session: Session, bucket: number, vehicleNos: Iterable<number>): Promise<void> => {
  await forEachOf(vehicleNos, session.limits.inFlightMax, (vehicleNo) => session.write(cql.dropVehicle, [vehicleNo, bucket]));
  const slots = await readSlots(session, bucket, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  await forEachOf(slots, session.limits.inFlightMax, (slot) => session.write(cql.dropSlot, [slot]));
  await session.write(cql.dropSlots, [bucket]);
};

const byNewest = (a: StatusChange, b: StatusChange): number => b.at - a.at || a.vehicleNo - b.vehicleNo;

const isWanted = ({ to, after }: StatusQuery, change: StatusChange): boolean => {
  if (to !== undefined && change.to !== to) return false;
  return !after || change.at < after.at || (change.at === after.at && change.vehicleNo > after.vehicleNo);
};

const isSame = (a: StatusChange | undefined, b: StatusChange): boolean => a?.at === b.at && a.vehicleNo === b.vehicleNo;

/** The first `limit` that are wanted, and those that share the key of the last. */
const takeSome = async (rows: AsyncIterable<Row>, query: StatusQuery): Promise<StatusChange[]> => {
  const found: StatusChange[] = [];
  for await (const row of rows) {
    const change = changeOf(row);
    if (!isWanted(query, change)) continue;
    if (found.length >= query.limit && !isSame(found.at(-1), change)) break;
    found.push(change);
  }
  return found;
};

/** Rows of one page: about what is wanted, and those that share a key. */
const pageRowsOf = ({ limit }: StatusQuery, { pageRows }: Session['limits']): number =>
  Math.max(16, Math.min(pageRows, limit + 8));

const bounds = (bucket: number, { fromMs, toMs, after }: StatusQuery): readonly [bigint, bigint] => {
  const period = withinMonth(bucket, fromMs, after ? Math.min(toMs, after.at + 1) : toMs);
  return [BigInt(period.fromMs), BigInt(Math.max(period.fromMs, period.toMs))];
};

/** Of a month, newest first: at least `limit`, if there are as many. */
const readMonth = async (
  { session }: CassandraStore,
  bucket: number,
  query: StatusQuery,
  missing: number,
): Promise<StatusChange[]> => {
  const [from, to] = bounds(bucket, query);
  const some = { ...query, limit: missing };
  const pageRows = pageRowsOf(some, session.limits);
  const found: StatusChange[] = [];
  if (query.vehicleNos) {
    await forEachOf(new Set(query.vehicleNos), session.limits.scannedAtOnce, async (vehicleNo) => {
      found.push(...(await takeSome(session.each(cql.ofVehicle, [vehicleNo, bucket, from, to], pageRows), some)));
    });
    return found.sort(byNewest);
  }
  const slots = await readSlots(session, bucket, Number(from), Number(to));
  const { scannedAtOnce } = session.limits;
  for (let i = 0; i < slots.length && found.length < missing; i += scannedAtOnce) {
    const parts = slots
      .slice(i, i + scannedAtOnce)
      .map((slot) => takeSome(session.each(cql.ofSlot, [slot, from, to], pageRows), some));
    for (const part of await Promise.all(parts)) found.push(...part);
  }
  return found;
};

export const readStatus = async (store: CassandraStore, query: StatusQuery): Promise<StatusChange[]> => {
  const toMs = query.after ? Math.min(query.toMs, query.after.at + 1) : query.toMs;
  const units = await readUnits(store.session);
  const buckets = [...new Set(units.map(({ bucket }) => bucket))].filter((bucket) => meets(bucket, query.fromMs, toMs));
  const found: StatusChange[] = [];
  for (const bucket of buckets.sort((a, b) => b - a)) {
    if (found.length >= query.limit) break;
    for (const change of await readMonth(store, bucket, query, query.limit - found.length)) {
      if (found.length >= query.limit && !isSame(found.at(-1), change)) return found;
      found.push(change);
    }
  }
  return found;
};

/** Of each vehicle the changes of the month from the newest back. */
export const scanStatus = async ({ session }: CassandraStore, scan: StatusScan): Promise<void> => {
  const { scannedAtOnce } = session.limits;
  const read = (index: number): Promise<Row[]> => {
    const { fromMs, toMs } = withinMonth(scan.bucket, scan.fromMs(index), scan.toMs);
    if (fromMs >= toMs) return Promise.resolve([]);
    return session.rows(cql.ofVehicle, [scan.vehicleNos[index] as number, scan.bucket, BigInt(fromMs), BigInt(toMs)]);
  };
  for (let first = 0; first < scan.vehicleNos.length; first += scannedAtOnce) {
    const count = Math.min(scannedAtOnce, scan.vehicleNos.length - first);
    const found = await Promise.all(Array.from({ length: count }, (_, i) => read(first + i)));
    for (const [i, rows] of found.entries()) for (const row of rows) takeChange(scan, first + i, changeOf(row));
  }
};

const takeChange = (scan: StatusScan, index: number, change: StatusChange): void => {
  if (change.at >= scan.fromMs(index)) scan.take(index, change);
};
