import type { StoredChunk, UnitKey } from '../../ports.ts';
import type { ChunkEntry, MonthEntries, VehicleMonth } from './chunk-rows.ts';
import type { CassandraStore } from './store.ts';
import {
  addTotals,
  type FlushRow,
  flushOf,
  noTotals,
  readFlushes,
  readUnitRow,
  sumTotals,
  takeTotals,
  type Totals,
  type UnitRow,
  writeFlushRow,
  writeUnitRow,
} from './units.ts';

/** One way through all vehicles of a unit, from the first on. */
interface Pass {
  readonly unit: UnitKey;
  readonly vehicleNoMax: number;
  nextVehicleNo: number;
  /** Those that were complete when it began, and what of each is left. */
  readonly flushes: readonly FlushRow[];
  readonly left: Map<FlushRow, Totals>;
  merged: Totals;
}

const isSame = (a: UnitKey, b: UnitKey): boolean => a.bucket === b.bucket && a.group === b.group;

/**
 * What a merge has to know between its steps: of the vehicles that were read last, how often they had been merged; and what it saw of a unit, because
 * whoever passed all its vehicles knows better what it holds than the figures, which a kill may have left behind.
 */
export class MergeMemory {
  readonly #seen = new Map<number, number | null>();
  #bucket = 0;
  #pass: Pass | undefined;

  /** Vehicles `from` … `to` − 1 of a unit are about to be read. */
  begin(unit: UnitRow, complete: readonly FlushRow[], [from, to]: readonly [number, number]): void {
    this.#seen.clear();
    this.#bucket = unit.bucket;
    if (from === 0)
      this.#pass = {
        unit,
        vehicleNoMax: unit.vehicleNoMax,
        nextVehicleNo: to,
        flushes: complete,
        left: new Map(),
        merged: noTotals,
      };
    else if (this.#pass && isSame(this.#pass.unit, unit) && this.#pass.nextVehicleNo === from) this.#pass.nextVehicleNo = to;
    else this.#pass = undefined;
  }

  saw({ vehicleNo }: VehicleMonth, { mergeNo, entries }: MonthEntries): void {
    this.#seen.set(vehicleNo, mergeNo);
    for (const entry of entries) this.#count(entry, addTotals);
  }

  #count(entry: ChunkEntry, change: (a: Totals, b: Totals) => Totals): void {
    const pass = this.#pass;
    if (!pass) return;
    const one = { chunks: 1, rows: entry.rows, bytes: entry.size };
    if (entry.level > 0) pass.merged = change(pass.merged, one);
    const flush = entry.level === 0 ? flushOf(pass.flushes, entry) : undefined;
    if (flush) pass.left.set(flush, change(pass.left.get(flush) ?? noTotals, one));
  }

  /** Somebody else merged the vehicle since it was read. */
  isOther({ vehicleNo, bucket }: VehicleMonth, mergeNo: number | null): boolean {
    const seen = this.#seen.get(vehicleNo);
    return bucket === this.#bucket && seen !== undefined && seen !== mergeNo;
  }

  /** What was read of it is used up. */
  forget({ vehicleNo }: VehicleMonth): void {
    this.#seen.delete(vehicleNo);
  }

  replaced(
    unit: UnitKey,
    { removed, added }: { readonly removed: readonly ChunkEntry[]; readonly added: readonly StoredChunk[] },
  ): void {
    const pass = this.#pass;
    if (!pass || !isSame(pass.unit, unit)) return;
    for (const entry of removed) this.#count(entry, takeTotals);
    for (const { rows, bytes } of added) pass.merged = addTotals(pass.merged, { chunks: 1, rows, bytes: bytes.length });
  }

  /** Writes what a pass saw that came to its end, where the figures say something else. */
  async setRight({ session }: CassandraStore): Promise<void> {
    const pass = this.#pass;
    if (!pass || pass.nextVehicleNo <= pass.vehicleNoMax) return;
    this.#pass = undefined;
    const [row, flushes] = await Promise.all([readUnitRow(session, pass.unit), readFlushes(session, pass.unit)]);
    if (!row) return;
    const right = flushes.map((flush) => {
      const known = pass.flushes.find((one) => one.partition === flush.partition && one.fromOffset === flush.fromOffset);
      return known ? { ...flush, ...(pass.left.get(known) ?? noTotals) } : flush;
    });
    const isWrong = right.some((flush, i) => flush.chunks !== flushes[i]?.chunks) || row.merged.chunks !== pass.merged.chunks;
    if (!isWrong) return;
    for (const [i, flush] of right.entries()) if (flush.chunks !== flushes[i]?.chunks) await writeFlushRow(session, row, flush);
    await writeUnitRow(session, { ...row, merged: pass.merged, flushed: sumTotals(right) });
  }
}
