import { decideMerge, type MergeJob } from './decide-merge.ts';
import { HiddenValues, type HidingRules, nothingHidden } from './hidden-values.ts';
import {
  giveBackStepBytes,
  mergeStepRows,
  mergeStepVehiclesMax,
  rowsPerMergedChunk,
  spareBytesKept,
  spareShareMax,
} from './limits.ts';
import { chooseHidden, chooseMerged, mergeVehicle } from './merge-vehicle.ts';
import { bucketStartMs } from './month-bucket.ts';
import type {
  ChunkInfo,
  ChunkKey,
  ChunkStore,
  Claim,
  MergeUnit,
  Replacement,
  StoredChunk,
  VehicleChunks,
  VehiclePeriod,
} from './ports.ts';

/** What merges did since the start. */
export interface MergeCounts {
  /** Units that were merged to their end. */
  merges: number;
  /** Months from which everything that is no longer kept was removed. */
  sweeps: number;
  steps: number;
  rowsBefore: number;
  rowsAfter: number;
  bytesBefore: number;
  bytesAfter: number;
  /** Values that lost against a different one at a lower offset. */
  conflicts: number;
  bytesGivenBack: number;
}

export const mergeFigures = (counts: MergeCounts | undefined) => ({
  merges: counts?.merges ?? 0,
  mergeRowsBefore: counts?.rowsBefore ?? 0,
  mergeRowsAfter: counts?.rowsAfter ?? 0,
  mergeBytesBefore: counts?.bytesBefore ?? 0,
  mergeBytesAfter: counts?.bytesAfter ?? 0,
  sweeps: counts?.sweeps ?? 0,
});

export interface MergeSizes {
  /** Rows that one step reads at most, where one vehicle does not have more. */
  readonly stepRows: number;
  readonly rowsPerChunk: number;
}

interface RunningJob extends MergeJob {
  nextVehicleNo: number;
  /** Vehicle numbers of the next step. */
  width: number;
}

/** Vehicle numbers that hold about the rows of one step. */
const firstWidth = ({ flushedRows, mergedRows, vehicleNoMax }: MergeUnit, isSweep: boolean, stepRows: number): number => {
  const rows = isSweep ? mergedRows : flushedRows;
  return clampWidth((stepRows * (vehicleNoMax + 1)) / Math.max(1, rows));
};

const clampWidth = (width: number): number => Math.max(1, Math.min(mergeStepVehiclesMax, Math.floor(width)));

const sum = (chunks: readonly { readonly rows: number }[]): number => chunks.reduce((total, { rows }) => total + rows, 0);
const sumBytes = (chunks: readonly StoredChunk[]): number => chunks.reduce((total, { bytes }) => total + bytes.length, 0);
const inLogOrder = (a: ChunkKey, b: ChunkKey): number => a.firstOffset - b.firstOffset || a.level - b.level;

/**
 * Merges in small steps, each one transaction of the store: a kill between two loses nothing, since what is left to do is what
 * the store still holds as flushed. Keeps no state that must survive.
 */
export class MergePass {
  readonly counts: MergeCounts = {
    merges: 0,
    sweeps: 0,
    steps: 0,
    rowsBefore: 0,
    rowsAfter: 0,
    bytesBefore: 0,
    bytesAfter: 0,
    conflicts: 0,
    bytesGivenBack: 0,
  };
  readonly #store: ChunkStore;
  #hidden = new HiddenValues(nothingHidden);
  #groupsOfSignals = new Uint8Array(0);
  #job: RunningJob | undefined;
  /** By partition of the log, which is the group of a unit; undefined: everything may be merged. */
  #claims: ReadonlyMap<number, Claim> | undefined;

  readonly #sizes: MergeSizes;

  constructor(store: ChunkStore, sizes: MergeSizes = { stepRows: mergeStepRows, rowsPerChunk: rowsPerMergedChunk }) {
    this.#store = store;
    this.#sizes = sizes;
  }

  setRules(rules: HidingRules, groupsOfSignals: Uint8Array): void {
    this.#hidden = new HiddenValues(rules);
    this.#groupsOfSignals = new Uint8Array(groupsOfSignals);
    // A sweep under older rules is begun anew.
    if (this.#job?.sweepName !== undefined) this.#job = undefined;
  }

  /**
   * Merges only the vehicles of the partitions that were claimed, and gives up what it was doing. For stores whose groups are the partitions of
   * the log.
   */
  setClaims(claims: readonly Claim[] | undefined): void {
    this.#claims = claims && new Map(claims.map((claim) => [claim.partition, claim]));
    this.#job = undefined;
  }

  async #units(): Promise<readonly MergeUnit[]> {
    const units = await this.#store.mergeUnits();
    const claims = this.#claims;
    return claims ? units.filter(({ group }) => claims.has(group)) : units;
  }

  /** Does a little; true: there is more to do now. */
  async step(nowMs: number): Promise<boolean> {
    if (!this.#job) {
      const units = await this.#units();
      const job = decideMerge(units, this.#hidden, nowMs);
      if (!job) return this.#giveBack(units, nowMs);
      this.#job = { ...job, nextVehicleNo: 0, width: firstWidth(job.unit, job.sweepName !== undefined, this.#sizes.stepRows) };
    }
    await this.#stepOf(this.#job, nowMs);
    return true;
  }

  async #stepOf(job: RunningJob, nowMs: number): Promise<void> {
    const { unit, nextVehicleNo } = job;
    const toVehicleNo = nextVehicleNo + job.width;
    const vehicles = await this.#store.readUnit(unit, nextVehicleNo, toVehicleNo);
    const replacement = await this.#merge(vehicles, job, nowMs);
    const isLast = toVehicleNo > unit.vehicleNoMax;
    const swept = isLast && job.sweepName !== undefined ? { swept: job.sweepName } : {};
    // A vehicle may have a status and no chunk: the ledger as a whole is applied, also after a sweep, because samples of an erased time may still arrive.
    const erased = isLast ? this.#hidden.erasedIn(bucketStartMs(unit.bucket), bucketStartMs(unit.bucket + 1)) : [];
    if (replacement.removed.length + replacement.removedStatus.length + erased.length > 0 || 'swept' in swept)
      await this.#store.replace(unit, { ...replacement, erased, ...swept }, this.#claims?.get(unit.group));
    this.counts.steps++;
    job.nextVehicleNo = toVehicleNo;
    const rows = vehicles.reduce((total, { flushed }) => total + sum(flushed), 0);
    const { stepRows } = this.#sizes;
    if (rows > stepRows * 1.5 || rows < stepRows / 2)
      job.width = clampWidth(Math.min(job.width * 4, (job.width * stepRows) / Math.max(1, rows)));
    if (isLast) this.#finish(job);
  }

  #finish(job: RunningJob): void {
    if (job.sweepName === undefined) this.counts.merges++;
    else this.counts.sweeps++;
    this.#job = undefined;
  }

  async #merge(vehicles: readonly VehicleChunks[], job: RunningJob, nowMs: number): Promise<Replacement> {
    const removed: ChunkKey[] = [];
    const added: StoredChunk[] = [];
    for (const vehicle of vehicles) {
      const chosen = this.#choose(vehicle, job.sweepName !== undefined, nowMs);
      const flushed = job.sweepName === undefined ? vehicle.flushed : [];
      if (chosen.length + flushed.length === 0) continue;
      const sources = [...(await this.#store.readMerged(chosen)), ...flushed].sort(inLogOrder);
      const { vehicleNo, merged } = vehicle;
      const { bucket } = job.unit;
      const made = mergeVehicle({
        vehicleNo,
        bucket,
        sources,
        merged,
        hidden: this.#hidden,
        groupsOfSignals: this.#groupsOfSignals,
        nowMs,
        rowsPerChunk: this.#sizes.rowsPerChunk,
      });
      if (job.sweepName !== undefined && sum(made.added) === sum(sources) && sumBytes(made.added) === sumBytes(sources)) continue;
      this.#count(sources, made.added, made.conflicts);
      for (const source of sources) removed.push(source);
      for (const chunk of made.added) added.push(chunk);
    }
    return { removed, added, removedStatus: job.sweepName === undefined ? [] : this.#oldStatus(vehicles, job, nowMs) };
  }

  #choose(vehicle: VehicleChunks, isSweep: boolean, nowMs: number): ChunkInfo[] {
    return isSweep
      ? chooseHidden(vehicle.vehicleNo, vehicle.merged, this.#hidden, nowMs)
      : chooseMerged(vehicle.flushed, vehicle.merged, this.#sizes.rowsPerChunk);
  }

  #count(sources: readonly StoredChunk[], added: readonly StoredChunk[], conflicts: number): void {
    const { counts } = this;
    counts.rowsBefore += sum(sources);
    counts.rowsAfter += sum(added);
    counts.bytesBefore += sumBytes(sources);
    counts.bytesAfter += sumBytes(added);
    counts.conflicts += conflicts;
  }

  /** Status changes of a sweep's vehicles that are kept for a shorter time. */
  #oldStatus(vehicles: readonly VehicleChunks[], { unit }: RunningJob, nowMs: number): VehiclePeriod[] {
    return vehicles.flatMap(({ vehicleNo }) => {
      const keptFromMs = this.#hidden.keptFromMs(vehicleNo, 'status', nowMs);
      return keptFromMs > bucketStartMs(unit.bucket) ? [{ vehicleNo, fromMs: 0, toMs: keptFromMs }] : [];
    });
  }

  /** Months that are over give back what they no longer need; the others keep it for their next flushes. */
  async #giveBack(units: readonly MergeUnit[], nowMs: number): Promise<boolean> {
    const unit = units.find(
      ({ bucket, spareBytes, usedBytes, flushedChunks }) =>
        bucketStartMs(bucket + 1) <= nowMs &&
        flushedChunks === 0 &&
        spareBytes > Math.max(spareBytesKept, (spareBytes + usedBytes) * spareShareMax),
    );
    if (!unit) return false;
    const left = await this.#store.giveBack(unit, giveBackStepBytes);
    this.counts.bytesGivenBack += unit.spareBytes - left;
    return left < unit.spareBytes;
  }
}
