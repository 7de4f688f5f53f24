import { slabBytes } from '../limits.ts';
import { pageOfEntry, placeOfEntry, type SharedTable } from '../memtable.ts';
import { bucketStartMs } from '../month-bucket.ts';
import type { ChunkStore, MonthScan, StatusChange, VehiclePeriod } from '../ports.ts';
import { ChunkReader } from '../read-chunk.ts';
import type { TimePeriod } from '../row-collector.ts';
import { addChunkRows, addRecordRows } from './fleet-rows.ts';
import type { FleetState } from './fleet-state.ts';
import { addPage } from './keyframe-page.ts';
import type { KeyframeStore } from './keyframe-store.ts';
import { addNewestRows } from './newest-rows.ts';
import { fleetValueAgeMaxMs, vehiclesPerPage } from './limits.ts';

/** What is known beside the store when a state is asked for. */
export interface FleetMemory {
  readonly tables: readonly SharedTable[];
  readonly statusChanges: readonly StatusChange[];
}
export const nothingInMemory: FleetMemory = { tables: [], statusChanges: [] };

export interface FleetSources {
  readonly store: ChunkStore;
  /** Undefined: there are none. */
  readonly keyframes: KeyframeStore | undefined;
  /** Periods of which everything was erased. */
  erasedOf(vehicleNo: number): readonly VehiclePeriod[];
  /** A keyframe that cannot be read. */
  readonly damaged: (atMs: number, error: unknown) => void;
}

export interface FleetPass {
  /** Ascending, all within the numbers of `state`. */
  readonly vehicleNos: ArrayLike<number>;
  readonly atMs: number;
  readonly memory: FleetMemory;
  /** A keyframe of the moment itself is not used: it is being made. */
  readonly isBefore?: boolean;
}

const chunks = new ChunkReader();
const always: readonly TimePeriod[] = [];

/** One pass: which vehicles are wanted, and from when on each must be read beside what the keyframe says. */
class Pass {
  readonly state: FleetState;
  readonly sources: FleetSources;
  readonly vehicleNos: ArrayLike<number>;
  readonly atMs: number;
  /** By slot: index in `vehicleNos`, −1: not wanted. */
  readonly indices: Int32Array;
  /** By index: rows before are in the keyframe. */
  readonly fromMs: Float64Array;
  readonly erased: (readonly TimePeriod[])[];

  constructor(state: FleetState, sources: FleetSources, { vehicleNos, atMs }: FleetPass) {
    this.state = state;
    this.sources = sources;
    this.vehicleNos = vehicleNos;
    this.atMs = atMs;
    this.indices = new Int32Array(state.slots).fill(-1);
    this.fromMs = new Float64Array(vehicleNos.length).fill(Number.NEGATIVE_INFINITY);
    this.erased = [];
    for (let i = 0; i < vehicleNos.length; i++) {
      this.indices[this.slotOf(i)] = i;
      const erased = sources.erasedOf(vehicleNos[i] as number);
      this.erased.push(erased.length > 0 ? erased : always);
    }
  }

  slotOf(index: number): number {
    return (this.vehicleNos[index] as number) - this.state.fromVehicleNo;
  }

  isErased(index: number, ms: number): boolean {
    return (this.erased[index] as readonly TimePeriod[]).some(({ fromMs, toMs }) => ms >= fromMs && ms < toMs);
  }

  /** Rows that end before need not be looked at. */
  valuesFromMs(index: number): number {
    const newest = this.state.newest[this.slotOf(index)] as number;
    const byAge = newest < 0 ? Number.NEGATIVE_INFINITY : newest - fleetValueAgeMaxMs;
    return Math.max(this.fromMs[index] as number, byAge);
  }

  statusFromMs(index: number): number {
    const at = this.state.statusAt[this.slotOf(index)] as number;
    return Math.max(this.fromMs[index] as number, at < 0 ? Number.NEGATIVE_INFINITY : at);
  }
}

/** Something that was erased stands where an older value would have to: the chunks alone know that one. */
const holdsErased = (pass: Pass, slot: number, index: number): boolean => {
  const { state } = pass;
  if ((pass.erased[index] as readonly TimePeriod[]).length === 0) return false;
  if ((state.statusAt[slot] as number) >= 0 && pass.isErased(index, state.statusAt[slot] as number)) return true;
  for (let signal = 0; signal < state.signals.length; signal++) {
    const at = signal * state.slots + slot;
    if ((state.times[at] as number) >= 0 && pass.isErased(index, state.times[at] as number)) return true;
    if (state.others.get(at)?.some(({ time }) => pass.isErased(index, time))) return true;
  }
  return false;
};

/** Newest keyframe at or before the moment that can be read; answers when it is of, undefined: none. */
const addKeyframe = (pass: Pass, atMs: number): number | undefined => {
  const { state, sources } = pass;
  const fromIndex = Math.floor(state.fromVehicleNo / vehiclesPerPage);
  const toIndex = Math.ceil((state.fromVehicleNo + state.slots) / vehiclesPerPage);
  const found = sources.keyframes?.read(atMs, fromIndex, toIndex);
  if (!found) return undefined;
  const removed = new Set<number>();
  const isWanted = (slot: number): boolean => (pass.indices[slot] as number) >= 0;
  try {
    for (const { index, bytes } of found.pages)
      addPage(state, bytes, { atMs: found.atMs, index, isWanted, removed: (slot) => removed.add(slot) });
  } catch (error) {
    sources.damaged(found.atMs, error);
    sources.keyframes?.drop(found.atMs);
    state.reset(state.fromVehicleNo, state.slots);
    return addKeyframe(pass, found.atMs - 1);
  }
  pass.fromMs.fill(found.atMs + 1);
  for (const { vehicleNo, fromMs } of found.late) {
    const index = pass.indices[vehicleNo - state.fromVehicleNo] ?? -1;
    if (index >= 0) pass.fromMs[index] = Math.min(pass.fromMs[index] as number, fromMs);
  }
  for (let index = 0; index < pass.vehicleNos.length; index++) {
    const slot = pass.slotOf(index);
    if (!removed.has(slot) && !holdsErased(pass, slot, index)) continue;
    state.clear(slot);
    pass.fromMs[index] = Number.NEGATIVE_INFINITY;
  }
  return found.atMs;
};

const addMemory = (pass: Pass, { tables, statusChanges }: FleetMemory): void => {
  const { state } = pass;
  for (const table of tables) addTable(pass, table);
  for (const change of statusChanges) {
    const index = pass.indices[change.vehicleNo - state.fromVehicleNo] ?? -1;
    if (index >= 0 && change.at <= pass.atMs && !pass.isErased(index, change.at)) state.putStatus(change);
  }
};

const addTable = (pass: Pass, { slabs, entries, heads }: SharedTable): void => {
  const { state } = pass;
  const open = slabs.map((slab) => ({ bytes: new Uint8Array(slab), view: new DataView(slab) }));
  for (const { firstVehicleNo, newest } of heads) {
    for (let i = 0; i < newest.length; i++) {
      const slot = firstVehicleNo + i - state.fromVehicleNo;
      const index = pass.indices[slot] ?? -1;
      if (index < 0) continue;
      const erased = pass.erased[index] as readonly TimePeriod[];
      const wanted = { fromMs: Number.NEGATIVE_INFINITY, toMs: pass.atMs + 1, erased };
      // From the newest back: each vehicle's records are linked, over its entries + 1.
      for (let next = newest[i] as number; next > 0; ) {
        const { positions, lengths, offsets, before } = pageOfEntry(entries, next - 1);
        const place = placeOfEntry(next - 1);
        const position = positions[place] as number;
        const { bytes, view } = open[Math.floor(position / slabBytes)] as (typeof open)[number];
        const from = position % slabBytes;
        addRecordRows(state, slot, bytes, view, from, from + (lengths[place] as number), offsets[place] as number, wanted);
        next = before[place] as number;
      }
    }
  }
};

interface MonthWanted {
  /** In the pass, of those that are wanted of this month. */
  readonly indices: readonly number[];
  readonly scan: MonthScan;
}

/** Months from the newest back, as long as one may hold something from `fromMs` of a vehicle on, which earlier months may have moved. */
async function* monthsWanted(pass: Pass, fromMs: (index: number) => number): AsyncGenerator<MonthWanted> {
  const { sources, vehicleNos } = pass;
  const toMs = pass.atMs + 1;
  for (const bucket of await sources.store.months(Number.NEGATIVE_INFINITY, toMs)) {
    const endMs = Math.min(bucketStartMs(bucket + 1), toMs);
    const indices = Array.from(vehicleNos, (_, index) => index).filter((index) => fromMs(index) < endMs);
    if (indices.length === 0) return;
    const scan: MonthScan = {
      bucket,
      vehicleNos: indices.map((index) => vehicleNos[index] as number),
      fromMs: (i) => fromMs(indices[i] as number),
      toMs,
    };
    yield { indices, scan };
  }
}

const addChunks = async (pass: Pass): Promise<void> => {
  const { state, sources } = pass;
  for await (const { indices, scan } of monthsWanted(pass, (index) => pass.valuesFromMs(index))) {
    await sources.store.scanChunks({
      ...scan,
      take: (i, firstOffset, start, rest) => {
        const index = indices[i] as number;
        const erased = pass.erased[index] as readonly TimePeriod[];
        const slot = pass.slotOf(index);
        const fromMs = pass.fromMs[index] as number;
        if (erased.length === 0 && addNewestRows(state, slot, start, rest, firstOffset, fromMs, pass.atMs)) return;
        chunks.open(start.length > 0 ? Buffer.concat([start, rest]) : rest);
        addChunkRows(state, slot, chunks, firstOffset, { fromMs, toMs: scan.toMs, erased });
      },
    });
  }
};

const addStatus = async (pass: Pass): Promise<void> => {
  const { state, sources } = pass;
  for await (const { indices, scan } of monthsWanted(pass, (index) => pass.statusFromMs(index))) {
    await sources.store.scanStatus({
      ...scan,
      take: (i, change) => {
        if (!pass.isErased(indices[i] as number, change.at)) state.putStatus(change);
      },
    });
  }
};

/**
 * Works out what was known of vehicles at a moment: the newest value of each signal and the status, by sample times and times of
 * changes up to it. From the newest keyframe at or before it and what was stored since, or from the chunks alone; the answer is the same.
 * Answers when the keyframe is of; undefined: none was there.
 */
export const readFleet = async (state: FleetState, sources: FleetSources, asked: FleetPass): Promise<number | undefined> => {
  const pass = new Pass(state, sources, asked);
  // Memory was taken before the store is read: what is flushed in between is in both.
  const keyframeMs = addKeyframe(pass, asked.isBefore === true ? asked.atMs - 1 : asked.atMs);
  addMemory(pass, asked.memory);
  await addChunks(pass);
  await addStatus(pass);
  state.finish();
  return keyframeMs;
};

/** Passes of so many vehicle numbers that follow each other; `vehicleNos` ascend. */
export function* passesOf(
  vehicleNos: Int32Array,
  numbersPerPass: number,
): Generator<{ fromVehicleNo: number; vehicleNos: Int32Array }> {
  for (let from = 0; from < vehicleNos.length; ) {
    const fromVehicleNo = Math.floor((vehicleNos[from] as number) / vehiclesPerPage) * vehiclesPerPage;
    let to = from;
    while (to < vehicleNos.length && (vehicleNos[to] as number) < fromVehicleNo + numbersPerPass) to++;
    yield { fromVehicleNo, vehicleNos: vehicleNos.subarray(from, to) };
    from = to;
  }
}
