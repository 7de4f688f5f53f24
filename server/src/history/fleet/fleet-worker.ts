import type { ChunkStore, StatusChange, VehiclePeriod } from '../ports.ts';
import { groupIn, HiddenValues, type HidingRules, nothingHidden } from '../hidden-values.ts';
import type { SharedTable } from '../memtable.ts';
import { FleetState } from './fleet-state.ts';
import { dueKeyframe } from './due-keyframe.ts';
import { encodePage } from './keyframe-page.ts';
import type { KeyframeStore, StoredPage } from './keyframe-store.ts';
import { vehiclesPerPage, vehiclesPerPass, vehiclesPerStep } from './limits.ts';
import { nothingInMemory, passesOf, readFleet, type FleetSources } from './read-fleet.ts';
import { KeyframeSweep } from './sweep-keyframes.ts';

export interface FleetRequest {
  /** Ascending. */
  readonly vehicleNos: Int32Array;
  readonly atMs: number;
  readonly tables: readonly SharedTable[];
  readonly statusChanges: readonly StatusChange[];
  /** With the request, not as the thread was told before: what was erased is hidden at once. */
  readonly erased: readonly VehiclePeriod[];
}

/** Values of one signal by vehicle, in the order of the request. */
export interface FleetColumn {
  readonly signalNumber: number;
  /** Stored numbers, or indices into `words`. */
  readonly values: Float64Array;
  /** Sample times, ms; −1: no value. */
  readonly times: Float64Array;
  readonly devices: Float64Array;
  readonly isText: Uint8Array;
}

/** A value of a device beside the one in the column. */
export interface FleetOther {
  readonly place: number;
  readonly column: number;
  readonly device: number;
  readonly time: number;
  readonly value: number;
  readonly isText: boolean;
}

/** State of vehicles that were asked for together. */
export interface FleetPart {
  readonly vehicleNos: Int32Array;
  readonly columns: readonly FleetColumn[];
  readonly others: readonly FleetOther[];
  readonly words: readonly string[];
  /** ms; −1: no change of status is known. */
  readonly statusAt: Float64Array;
  readonly status: Uint8Array;
  readonly reasons: Uint8Array;
  /** Moment of the keyframe that was begun with; undefined: chunks alone. */
  readonly keyframeMs: number | undefined;
}

export interface DueRequest {
  readonly nowMs: number;
  /** receivedAt up to which everything is in chunks. */
  readonly storedToMs: number;
  readonly retentionMs: number;
  /** Look for older ones that are missing or lack much, too. */
  readonly isSearch: boolean;
}

export interface MakeRequest {
  readonly atMs: number;
  /** Of `announce`. */
  readonly mark: number;
  readonly vehicleNoMax: number;
  readonly nowMs: number;
  /** 0 begins anew. */
  readonly fromVehicleNo: number;
}

interface Making {
  readonly atMs: number;
  readonly pages: StoredPage[];
  vehicles: number;
}

/** What the thread of keyframes and fleet states does. */
export class FleetWorker {
  readonly #store: ChunkStore;
  readonly #keyframes: KeyframeStore | undefined;
  readonly #state: FleetState;
  readonly #sources: FleetSources;
  #hidden = new HiddenValues(nothingHidden);
  #groupsOfSignals: Uint8Array = new Uint8Array(0);
  #making: Making | undefined;
  #sweep: KeyframeSweep | undefined;
  #oldestMs: number | undefined;

  constructor(
    store: ChunkStore,
    keyframes: KeyframeStore | undefined,
    signals: readonly number[],
    damaged: FleetSources['damaged'],
  ) {
    this.#store = store;
    this.#keyframes = keyframes;
    this.#state = new FleetState(signals);
    this.#sources = { store, keyframes, erasedOf: (vehicleNo) => this.#hidden.erasedOf(vehicleNo), damaged };
  }

  setRules(rules: HidingRules, groupsOfSignals: Uint8Array): void {
    this.#hidden = new HiddenValues(rules);
    this.#groupsOfSignals = groupsOfSignals;
    // What was worked out by the rules before is worked out again.
    this.#making = undefined;
    this.#sweep = undefined;
  }

  async at({ vehicleNos, atMs, tables, statusChanges, erased }: FleetRequest): Promise<FleetPart[]> {
    const hidden = new HiddenValues({ ...nothingHidden, erased });
    const sources = { ...this.#sources, erasedOf: (vehicleNo: number) => hidden.erasedOf(vehicleNo) };
    const parts: FleetPart[] = [];
    for (const pass of passesOf(vehicleNos, vehiclesPerPass)) {
      const last = pass.vehicleNos.at(-1) as number;
      this.#state.reset(pass.fromVehicleNo, last - pass.fromVehicleNo + 1);
      const memory = { tables, statusChanges };
      const keyframeMs = await readFleet(this.#state, sources, { vehicleNos: pass.vehicleNos, atMs, memory });
      parts.push({ ...partOf(this.#state, pass.vehicleNos), keyframeMs });
    }
    return parts;
  }

  /** The keyframe to make next; undefined: nothing is due. */
  async due({ nowMs, storedToMs, retentionMs, isSearch }: DueRequest): Promise<number | undefined> {
    if (!this.#keyframes) return undefined;
    this.#keyframes.dropBefore(nowMs - retentionMs);
    this.#oldestMs ??= await this.#store.oldestMs();
    if (this.#oldestMs === undefined) return undefined;
    const facts = { nowMs, storedToMs, keptFromMs: Math.max(nowMs - retentionMs, this.#oldestMs) };
    return dueKeyframe(this.#keyframes, facts, isSearch);
  }

  /** Works out the next vehicles of a keyframe; answers where to go on, undefined: it is stored. */
  async make({ atMs, mark, vehicleNoMax, nowMs, fromVehicleNo }: MakeRequest): Promise<number | undefined> {
    if (!this.#keyframes) return undefined;
    if (fromVehicleNo === 0 || this.#making?.atMs !== atMs) {
      this.#making = { atMs, pages: [], vehicles: 0 };
      if (fromVehicleNo > 0) return 0;
    }
    const making = this.#making;
    const pages = Math.ceil((Math.min(vehicleNoMax + 1, fromVehicleNo + vehiclesPerStep) - fromVehicleNo) / vehiclesPerPage);
    const slots = Math.max(1, pages) * vehiclesPerPage;
    const vehicleNos = Int32Array.from({ length: slots }, (_, i) => fromVehicleNo + i);
    this.#state.reset(fromVehicleNo, slots);
    await readFleet(this.#state, this.#sources, { vehicleNos, atMs, memory: nothingInMemory, isBefore: true });
    addPages(this.#state, making);
    if (fromVehicleNo + slots <= vehicleNoMax) return fromVehicleNo + slots;
    this.#keyframes.write(atMs, mark, nowMs, making.vehicles, making.pages);
    this.#making = undefined;
    return undefined;
  }

  /** Removes a little of what may no longer be kept; answers whether there is more. */
  sweep(nowMs: number): boolean {
    if (!this.#keyframes) return false;
    this.#sweep ??= new KeyframeSweep(this.#keyframes, this.#state, this.#hidden, (signalNumber) =>
      groupIn(this.#groupsOfSignals, signalNumber),
    );
    return this.#sweep.step(nowMs);
  }

  dropBefore(ms: number): Promise<void> {
    return this.#store.dropBefore(ms);
  }

  async close(): Promise<void> {
    this.#keyframes?.close();
    await this.#store.close();
  }
}

const addPages = (state: FleetState, making: Making): void => {
  for (let slot = 0; slot < state.slots; slot++)
    if ((state.newest[slot] as number) >= 0 || (state.statusAt[slot] as number) >= 0) making.vehicles++;
  const first = state.fromVehicleNo / vehiclesPerPage;
  for (let index = first; index < first + state.slots / vehiclesPerPage; index++) {
    const bytes = encodePage(state, making.atMs, index, () => false);
    if (bytes) making.pages.push({ index, bytes });
  }
};

const partOf = (state: FleetState, vehicleNos: Int32Array): Omit<FleetPart, 'keyframeMs'> => {
  const count = vehicleNos.length;
  const slots = Int32Array.from(vehicleNos, (vehicleNo) => vehicleNo - state.fromVehicleNo);
  const columns: FleetColumn[] = [];
  const places = new Map(Array.from(slots, (slot, place) => [slot, place]));
  const others: FleetOther[] = [];
  state.signals.forEach((signalNumber, signal) => {
    const column = columnOf(state, signalNumber, signal * state.slots, slots);
    if (column) columns.push(column);
  });
  for (const [at, list] of state.others) {
    const place = places.get(at % state.slots);
    const signalNumber = state.signals[Math.floor(at / state.slots)];
    const column = columns.findIndex((one) => one.signalNumber === signalNumber);
    if (place === undefined || column < 0) continue;
    for (const { device, time, value, isText } of list) others.push({ place, column, device, time, value, isText });
  }
  const statusAt = new Float64Array(count);
  const status = new Uint8Array(count);
  const reasons = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const slot = slots[i] as number;
    statusAt[i] = state.statusAt[slot] as number;
    status[i] = state.status[slot] as number;
    reasons[i] = state.reasons[slot] as number;
  }
  return { vehicleNos: vehicleNos.slice(), columns, others, words: [...state.words], statusAt, status, reasons };
};

/** Undefined: no vehicle has a value. */
const columnOf = (state: FleetState, signalNumber: number, base: number, slots: Int32Array): FleetColumn | undefined => {
  const count = slots.length;
  const times = new Float64Array(count);
  let isAny = false;
  for (let i = 0; i < count; i++) {
    times[i] = state.times[base + (slots[i] as number)] as number;
    if ((times[i] as number) >= 0) isAny = true;
  }
  if (!isAny) return undefined;
  const column = {
    signalNumber,
    times,
    values: new Float64Array(count),
    devices: new Float64Array(count),
    isText: new Uint8Array(count),
  };
  for (let i = 0; i < count; i++) {
    const at = base + (slots[i] as number);
    column.values[i] = state.values[at] as number;
    column.devices[i] = state.devices[at] as number;
    column.isText[i] = state.isText[at] as number;
  }
  return column;
};
