import { coreVocabulary, wellKnown } from '@milepost/contract';
import { types } from 'cassandra-driver';
import type { StoredChunk, VehiclePeriod } from '../../ports.ts';
import { ChunkReader } from '../../read-chunk.ts';
import { forEachOf, type Session, type Statement } from './session.ts';
import { type CassandraStore, groupOf, meets, withinMonth } from './store.ts';

/**
 * The table that everybody expects: a row a sample. A projection of what is flushed, never read here. `car_id` is the vehicle number: the thread that
 * writes knows no other.
 */

const dayMs = 86_400_000;

/** Signals with a column of their own. */
const columnOf: ReadonlyMap<number, string> = new Map([
  [wellKnown.latitude, 'latitude'],
  [wellKnown.longitude, 'longitude'],
  [wellKnown.speed, 'speed'],
  [wellKnown.energyPercent, 'charge_percent'],
  [wellKnown.mileage, 'mileage'],
]);
const columns = [...columnOf.values()];

/** What a row has beside what is written stays: two reports may hold parts of one sample. */
const update = `UPDATE car_logs USING TTL ? AND TIMESTAMP ? SET ${columns.map((column) => `${column} = ?`).join(', ')},
  numbers = numbers + ?, texts = texts + ? WHERE car_id = ? AND day = ? AND timestamp = ? AND device_no = ?`;

const remove = 'DELETE FROM car_logs WHERE car_id = ? AND day = ? AND timestamp >= ? AND timestamp < ?';

const dayOf = (atMs: number): types.LocalDate => types.LocalDate.fromString(new Date(atMs).toISOString().slice(0, 10));

interface LogRow {
  readonly atMs: number;
  readonly deviceNo: number;
  readonly named: Map<string, number>;
  readonly numbers: Map<number, number>;
  readonly texts: Map<number, string>;
}

const reader = new ChunkReader();

/** In the unit of the signal; of signals that a user added as they are stored. */
const valueOf = (signalNumber: number, stored: number): number => stored / (coreVocabulary.byNumber(signalNumber)?.perUnit ?? 1);

/** Rows that hold a value; a heartbeat holds none. */
const rowsOf = (chunk: StoredChunk): LogRow[] => {
  reader.open(chunk.bytes);
  const rows: LogRow[] = Array.from({ length: reader.rows }, (_, i) => ({
    atMs: reader.times[i] as number,
    deviceNo: reader.devices[i] as number,
    named: new Map(),
    numbers: new Map(),
    texts: new Map(),
  }));
  reader.readColumns(
    () => true,
    ({ signalNumber, values, present, words }) => {
      const column = columnOf.get(signalNumber);
      for (const [i, row] of rows.entries()) {
        if (present[i] !== 1) continue;
        const stored = values[i] as number;
        if (words) row.texts.set(signalNumber, words[stored] as string);
        else if (column !== undefined) row.named.set(column, valueOf(signalNumber, stored));
        else row.numbers.set(signalNumber, valueOf(signalNumber, stored));
      }
    },
  );
  return rows.filter(({ named, numbers, texts }) => named.size + numbers.size + texts.size > 0);
};

/** The driver takes maps as objects. */
const mapOf = (map: ReadonlyMap<number, unknown>): unknown => (map.size === 0 ? types.unset : Object.fromEntries(map));

interface LogWrite {
  readonly ttlSeconds: number;
  /** µs */
  readonly timestamp: bigint;
}

const statementOf = (carId: number, row: LogRow, { ttlSeconds, timestamp }: LogWrite): Statement => {
  const named = columns.map((column) => row.named.get(column) ?? types.unset);
  const key = [carId, dayOf(row.atMs), new Date(row.atMs), row.deviceNo];
  return { query: update, params: [ttlSeconds, timestamp, ...named, mapOf(row.numbers), mapOf(row.texts), ...key] };
};

/** Written again it changes nothing. A day of a vehicle is a partition. */
export const writeCarLog = async (session: Session, chunk: StoredChunk, how: LogWrite): Promise<void> => {
  const days = Map.groupBy(rowsOf(chunk), ({ atMs }) => Math.floor(atMs / dayMs));
  const { carLogRowsAtOnce } = session.limits;
  for (const rows of days.values()) {
    for (let i = 0; i < rows.length; i += carLogRowsAtOnce) {
      const some = rows.slice(i, i + carLogRowsAtOnce);
      await session.writeTogether(some.map((row) => statementOf(chunk.vehicleNo, row, how)));
    }
  }
};

/** What was erased of vehicles of a group, in one month. */
export const removeCarLogs = (
  store: CassandraStore,
  { bucket, group }: { readonly bucket: number; readonly group: number },
  erased: readonly VehiclePeriod[],
): Promise<void> => {
  const { session } = store;
  const here = erased.filter((period) => groupOf(store, period.vehicleNo) === group && meets(bucket, period.fromMs, period.toMs));
  return forEachOf(here, session.limits.scannedAtOnce, async ({ vehicleNo, ...period }) => {
    const { fromMs, toMs } = withinMonth(bucket, period.fromMs, period.toMs);
    for (let day = Math.floor(fromMs / dayMs); day * dayMs < toMs; day++)
      await session.write(remove, [vehicleNo, dayOf(day * dayMs), new Date(fromMs), new Date(toMs)]);
  });
};
