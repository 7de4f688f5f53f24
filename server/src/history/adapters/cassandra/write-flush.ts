import { bucketOf } from '../../month-bucket.ts';
import type { ChunkFlush, StoredChunk, UnitKey } from '../../ports.ts';
import { checkClaim, commitApplied, readAppliedOffset } from './applied.ts';
import { writeCarLog } from './car-logs.ts';
import { writeFlushed } from './chunk-rows.ts';
import { forEachOf } from './session.ts';
import { writeStatus } from './status-rows.ts';
import { type CassandraStore, groupOf } from './store.ts';
import { flushTimestamp, ttlSeconds } from './times.ts';
import {
  addTotals,
  emptyUnit,
  noTotals,
  readFlushes,
  readUnitRow,
  sumTotals,
  type Totals,
  writeFlushRow,
  writeUnitRow,
} from './units.ts';

/** What a flush puts into one month of one group. */
interface UnitPart extends UnitKey {
  flushed: Totals;
  merged: Totals;
  fromMs: number | undefined;
  vehicleNoMax: number;
}

class UnitParts {
  readonly #parts = new Map<string, UnitPart>();

  add(key: UnitKey, vehicleNo: number, chunk?: StoredChunk): void {
    const name = `${key.bucket}/${key.group}`;
    let part = this.#parts.get(name);
    if (!part)
      this.#parts.set(name, (part = { ...key, flushed: noTotals, merged: noTotals, fromMs: undefined, vehicleNoMax: 0 }));
    part.vehicleNoMax = Math.max(part.vehicleNoMax, vehicleNo);
    if (!chunk) return;
    const totals = { chunks: 1, rows: chunk.rows, bytes: chunk.bytes.length };
    if (chunk.level === 0) part.flushed = addTotals(part.flushed, totals);
    else part.merged = addTotals(part.merged, totals);
    part.fromMs = Math.min(part.fromMs ?? chunk.fromMs, chunk.fromMs);
  }

  all(): UnitPart[] {
    return [...this.#parts.values()];
  }
}

const notNaN = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);

/** Written after the chunks of the unit: a flush that was cut off before is written again. One that is there and ends later stays. */
const noteFlush = async ({ session }: CassandraStore, flush: ChunkFlush, part: UnitPart): Promise<void> => {
  const { partition, fromOffset, appliedOffset, completeTo } = flush;
  let flushes = await readFlushes(session, part);
  const known = flushes.find((one) => one.partition === partition && one.fromOffset === fromOffset);
  if (part.flushed.chunks > 0 && (known?.endOffset ?? -1) < appliedOffset) {
    const row = { partition, fromOffset, endOffset: appliedOffset, completeTo, ...part.flushed };
    await writeFlushRow(session, part, row);
    flushes = [...flushes.filter((one) => one !== known), row];
  }
  const before = (await readUnitRow(session, part)) ?? emptyUnit(part);
  await writeUnitRow(session, {
    ...before,
    merged: addTotals(before.merged, part.merged),
    flushed: sumTotals(flushes),
    fromMs: notNaN(before.fromMs, part.fromMs),
    vehicleNoMax: Math.max(before.vehicleNoMax, part.vehicleNoMax),
  });
};

/** Chunks and status changes, then what is known of them, then the applied offset: a kill between leaves rows that the next flush writes again. */
export const writeFlush = async (store: CassandraStore, flush: ChunkFlush): Promise<void> => {
  const { session, options } = store;
  const { partition, epoch, appliedOffset, statusChanges } = flush;
  if (epoch !== undefined) await checkClaim(session, { partition, epoch });
  // Its chunks may have been merged since.
  const isKnown = appliedOffset <= ((await readAppliedOffset(session, partition)) ?? -1);
  const nowMs = store.now();
  const timestamp = flushTimestamp(flush.completeTo, nowMs);
  const ttlOf = (bucket: number): number => ttlSeconds(bucket, options.retentionDays, nowMs);
  const parts = new UnitParts();
  await forEachOf(isKnown ? [] : flush.chunks, session.limits.inFlightMax, async (chunk) => {
    const { vehicleNo, bucket } = chunk;
    parts.add({ bucket, group: groupOf(store, vehicleNo) }, vehicleNo, chunk);
    await writeFlushed(session, chunk, { endOffset: appliedOffset, ttlSeconds: ttlOf(bucket), timestamp });
    if (options.carLogs === true) await writeCarLog(session, chunk, { ttlSeconds: ttlOf(bucket), timestamp });
  });
  flush.breathe?.();
  for (const { vehicleNo, at } of statusChanges) parts.add({ bucket: bucketOf(at), group: groupOf(store, vehicleNo) }, vehicleNo);
  await writeStatus(session, statusChanges, { ttlSeconds: ttlOf, timestamp });
  for (const part of parts.all()) await noteFlush(store, flush, part);
  await commitApplied(session, flush);
};
