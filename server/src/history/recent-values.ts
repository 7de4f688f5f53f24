import {
  decodeReport,
  hasValue,
  isPoison,
  makeReportColumns,
  type ReportColumns,
  recordFields,
  recordHeaderBytes,
  storedValueOf,
} from '../events/index.ts';
import { recentTimesMax, recentVehiclesMax } from './limits.ts';
import type { Memtable } from './memtable.ts';

/** Where the samples of one vehicle are: entries by original time, oldest first. */
interface VehicleIndex {
  /** By table: newest entry that is in the index. */
  readonly seenTo: Map<Memtable, number>;
  readonly entriesByTime: Map<number, { readonly table: Memtable; readonly position: number }[]>;
  times: number;
  newestMs: number;
}

const originalTime = (report: ReportColumns, sample: number): number =>
  (report.hasOriginalTimes ? report.originalTimes[sample] : report.times[sample]) as number;

/**
 * Finds a value that is still in memory, to answer `conflict`. Records are decoded only when somebody asks for their vehicle;
 * what was found is kept for the vehicles asked for last.
 */
export class RecentValues {
  /** In order of use, least recent first. */
  readonly #byVehicle = new Map<number, VehicleIndex>();
  readonly #report = makeReportColumns();
  /** The entry that `#report` holds. */
  #decoded: { readonly table: Memtable; readonly position: number; readonly deviceNo: number } | undefined;

  /** `tables` are oldest first: the lowest offset wins. */
  find(
    tables: readonly Memtable[],
    vehicleNo: number,
    deviceNo: number,
    signalNumber: number,
    timeMs: number,
  ): number | string | undefined {
    if (!tables.some((table) => table.newestOf(vehicleNo) >= 0)) return undefined;
    const index = this.#indexOf(vehicleNo);
    for (const table of tables) this.#extend(index, table, vehicleNo);
    if (timeMs > index.newestMs) return undefined;
    for (const entry of index.entriesByTime.get(timeMs) ?? []) {
      const found = this.#valueIn(entry.table, entry.position, deviceNo, signalNumber, timeMs);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** A table was stored: what is known of it is let go. */
  forget(): void {
    this.#byVehicle.clear();
    this.#decoded = undefined;
  }

  #indexOf(vehicleNo: number): VehicleIndex {
    const known = this.#byVehicle.get(vehicleNo);
    const index = known ?? { seenTo: new Map(), entriesByTime: new Map(), times: 0, newestMs: Number.NEGATIVE_INFINITY };
    this.#byVehicle.delete(vehicleNo);
    this.#byVehicle.set(vehicleNo, index);
    const oldest = this.#byVehicle.keys().next();
    if (this.#byVehicle.size > recentVehiclesMax && !oldest.done) this.#byVehicle.delete(oldest.value);
    return index;
  }

  #extend(index: VehicleIndex, table: Memtable, vehicleNo: number): void {
    const newest = table.newestOf(vehicleNo);
    const seenTo = index.seenTo.get(table) ?? -1;
    const added: number[] = [];
    for (let at = newest; at > seenTo; at = table.before(at)) added.push(at);
    for (const position of added.reverse()) this.#addEntry(index, table, position);
    if (added.length > 0) index.seenTo.set(table, newest);
  }

  #addEntry(index: VehicleIndex, table: Memtable, position: number): void {
    if (!this.#decode(table, position)) return;
    const report = this.#report;
    for (let sample = 0; sample < report.sampleCount; sample++) {
      if (index.times >= recentTimesMax) return;
      const time = originalTime(report, sample);
      if (time > index.newestMs) index.newestMs = time;
      const entries = index.entriesByTime.get(time);
      if (entries) entries.push({ table, position });
      else index.entriesByTime.set(time, [{ table, position }]);
      index.times++;
    }
  }

  /** False: the flush counts it as unreadable. */
  #decode(table: Memtable, position: number): boolean {
    if (this.#decoded?.table === table && this.#decoded.position === position) return true;
    const record = table.recordOf(position);
    const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
    this.#decoded = undefined;
    try {
      decodeReport(record, recordHeaderBytes, record.length, this.#report, view);
    } catch (error) {
      if (isPoison(error)) return false;
      throw error;
    }
    this.#decoded = { table, position, deviceNo: recordFields.deviceNo(view, 0) };
    return true;
  }

  #valueIn(
    table: Memtable,
    position: number,
    deviceNo: number,
    signalNumber: number,
    timeMs: number,
  ): number | string | undefined {
    if (!this.#decode(table, position) || this.#decoded?.deviceNo !== deviceNo) return undefined;
    const report = this.#report;
    for (let c = 0; c < report.columnCount; c++) {
      const column = report.columns[c];
      if (column?.signalNumber !== signalNumber) continue;
      for (let sample = 0; sample < report.sampleCount; sample++) {
        if (originalTime(report, sample) === timeMs && hasValue(column, sample)) return storedValueOf(column, sample);
      }
    }
    return undefined;
  }
}
