import { assert } from '../kernel/index.ts';
import type { ChunkStore, MergeUnit, StatusChange, StatusQuery, StoredChunk } from './ports.ts';

/** Vehicle numbers whose chunks of one month are in memory at once. */
const vehiclesAtOnce = 4096;
const statusAtOnce = 10_000;

export interface TakenOver {
  chunks: number;
  rows: number;
}

const largest = (chunks: readonly StoredChunk[]): number => chunks.reduce((ms, { toMs }) => Math.max(ms, toMs), 0);

/**
 * Copies chunks that begin before an offset into a new store, as they are: what the log no longer has. A chunk that reaches over the offset
 * is taken whole; its later rows are in the log, too, and count once. Flushed chunks stay flushed (each step a flush of its own, named by
 * its number, which is below every offset that the log still has), merged ones stay merged.
 */
export const takeOverChunks = async (
  from: ChunkStore,
  to: ChunkStore,
  beforeOffset: number,
  progress: (taken: TakenOver) => void,
): Promise<TakenOver> => {
  const taken: TakenOver = { chunks: 0, rows: 0 };
  let flushNo = 0;
  const copy = async (unit: MergeUnit, fromVehicleNo: number): Promise<void> => {
    const vehicles = await from.readUnit(unit, fromVehicleNo, fromVehicleNo + vehiclesAtOnce);
    const isOld = ({ firstOffset }: { readonly firstOffset: number }): boolean => firstOffset < beforeOffset;
    const flushed = vehicles.flatMap((vehicle) => vehicle.flushed.filter(isOld));
    const merged = await from.readMerged(vehicles.flatMap((vehicle) => vehicle.merged.filter(isOld)));
    if (flushed.length > 0) {
      assert(flushNo + 1 < beforeOffset, `more than ${beforeOffset} steps before the offset ${beforeOffset}`);
      const completeTo = largest(flushed);
      const chunks = flushed.toSorted((a, b) => a.vehicleNo - b.vehicleNo || a.firstOffset - b.firstOffset);
      await to.write({ partition: 0, fromOffset: flushNo, appliedOffset: flushNo + 1, completeTo, chunks, statusChanges: [] });
      flushNo++;
    }
    if (merged.length > 0) await to.replace(unit, { removed: [], added: merged, removedStatus: [] });
    for (const chunk of [...flushed, ...merged]) {
      taken.chunks++;
      taken.rows += chunk.rows;
    }
    progress(taken);
  };
  for (const unit of await from.mergeUnits())
    for (let vehicleNo = 0; vehicleNo <= unit.vehicleNoMax; vehicleNo += vehiclesAtOnce) await copy(unit, vehicleNo);
  if (beforeOffset > 0) {
    const end = { partition: 0, fromOffset: beforeOffset, appliedOffset: beforeOffset, completeTo: 0 };
    await to.write({ ...end, chunks: [], statusChanges: [] });
  }
  return taken;
};

/** Every status change of a store, newest first, in pages. */
export async function* readAllStatus(store: ChunkStore): AsyncIterable<readonly StatusChange[]> {
  let query: StatusQuery = { vehicleNos: null, fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, limit: statusAtOnce };
  for (;;) {
    const page = await store.readStatus(query);
    if (page.length > 0) yield page;
    const last = page.at(-1);
    if (!last || page.length < statusAtOnce) return;
    query = { ...query, after: { at: last.at, vehicleNo: last.vehicleNo } };
  }
}
