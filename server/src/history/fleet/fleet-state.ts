import { type ConnectionStatus, connectionStatuses, type StatusReason, statusReasons } from '@milepost/contract';
import type { StatusChange } from '../ports.ts';
import { deviceHoldMs, fleetValueAgeMaxMs } from './limits.ts';

/** A value of another device than the one that has the newest. */
export interface OtherValue {
  device: number;
  time: number;
  value: number;
  isText: boolean;
  /** Order in the log of what it came from: of two at one time the lower one counts. */
  order: number;
}

/** What was worked out before goes before anything that is read beside it. */
export const orderOfKeyframe = -1;
const noTime = -1;

/**
 * Newest value of each signal and device, and newest change of status, of vehicles whose numbers follow each other. Whatever is added, in
 * whatever order and however often, the outcome is the same: of one device the newest value counts, of two at one time the one that
 * came first. So a state that was kept and the rows that came since may be joined in any way.
 *
 * A cell is `signal index · slots + slot`.
 */
export class FleetState {
  fromVehicleNo = 0;
  slots = 0;
  readonly signals: readonly number[];
  /** Numbers, or indices into `words`. */
  values = new Float64Array(0);
  /** Sample times, ms; −1: no value. */
  times = new Float64Array(0);
  devices = new Float64Array(0);
  orders = new Float64Array(0);
  isText = new Uint8Array(0);
  /** Newest sample time of any value, by slot. */
  newest = new Float64Array(0);
  statusAt = new Float64Array(0);
  status = new Uint8Array(0);
  reasons = new Uint8Array(0);
  readonly words: string[] = [];
  readonly others = new Map<number, OtherValue[]>();
  readonly #wordIndex = new Map<string, number>();
  readonly #signalIndex: Int16Array;
  /** By slot: changes at the time of the newest, when there is more than one. */
  readonly #sameTime = new Map<number, StatusChange[]>();

  constructor(signals: readonly number[]) {
    this.signals = signals;
    this.#signalIndex = new Int16Array(65_536).fill(-1);
    signals.forEach((signalNumber, i) => {
      this.#signalIndex[signalNumber] = i;
    });
  }

  /** Begins anew with the vehicles `fromVehicleNo` … `fromVehicleNo + slots − 1`. */
  reset(fromVehicleNo: number, slots: number): void {
    this.fromVehicleNo = fromVehicleNo;
    const cells = slots * this.signals.length;
    if (cells > this.times.length || slots > this.newest.length) this.#allocate(cells, slots);
    this.slots = slots;
    this.times.fill(noTime, 0, cells);
    this.newest.fill(noTime, 0, slots);
    this.statusAt.fill(noTime, 0, slots);
    this.others.clear();
    this.#sameTime.clear();
    this.words.length = 0;
    this.#wordIndex.clear();
  }

  #allocate(cells: number, slots: number): void {
    this.values = new Float64Array(cells);
    this.times = new Float64Array(cells);
    this.devices = new Float64Array(cells);
    this.orders = new Float64Array(cells);
    this.isText = new Uint8Array(cells);
    this.newest = new Float64Array(slots);
    this.statusAt = new Float64Array(slots);
    this.status = new Uint8Array(slots);
    this.reasons = new Uint8Array(slots);
  }

  /** Index of a signal; −1: it is not kept. */
  indexOf(signalNumber: number): number {
    return this.#signalIndex[signalNumber] ?? -1;
  }

  wordOf(text: string): number {
    const known = this.#wordIndex.get(text);
    if (known !== undefined) return known;
    const index = this.words.push(text) - 1;
    this.#wordIndex.set(text, index);
    return index;
  }

  put(slot: number, signal: number, time: number, value: number, isText: boolean, device: number, order: number): void {
    const at = signal * this.slots + slot;
    const old = this.times[at] as number;
    if (time > (this.newest[slot] as number)) this.newest[slot] = time;
    if (old >= 0 && this.devices[at] !== device) {
      this.#putOther(at, { time, value, isText, device, order });
      return;
    }
    if (old > time || (old === time && (this.orders[at] as number) <= order)) return;
    this.#set(at, time, value, isText, device, order);
  }

  #set(at: number, time: number, value: number, isText: boolean, device: number, order: number): void {
    this.times[at] = time;
    this.values[at] = value;
    this.isText[at] = isText ? 1 : 0;
    this.devices[at] = device;
    this.orders[at] = order;
  }

  /** The cell holds a value of another device. */
  #putOther(at: number, added: OtherValue): void {
    const others = this.others.get(at) ?? [];
    const known = others.find(({ device }) => device === added.device);
    if (!known) others.push(added);
    else if (known.time < added.time || (known.time === added.time && added.order < known.order)) Object.assign(known, added);
    if (!this.others.has(at)) this.others.set(at, others);
    const newest = known ?? added;
    const time = this.times[at] as number;
    const device = this.devices[at] as number;
    if (newest.time < time || (newest.time === time && newest.device > device)) return;
    const before = {
      time,
      device,
      value: this.values[at] as number,
      isText: this.isText[at] === 1,
      order: this.orders[at] as number,
    };
    this.#set(at, newest.time, newest.value, newest.isText, newest.device, newest.order);
    others[others.indexOf(newest)] = before;
  }

  putStatus(change: StatusChange): void {
    const slot = change.vehicleNo - this.fromVehicleNo;
    const at = this.statusAt[slot] as number;
    if (change.at < at) return;
    const same = change.at === at ? [...(this.#sameTime.get(slot) ?? [this.#changeAt(slot)]), change] : [change];
    if (same.length > 1) this.#sameTime.set(slot, same);
    else this.#sameTime.delete(slot);
    const last = lastOf(same);
    this.statusAt[slot] = change.at;
    this.status[slot] = connectionStatuses.indexOf(last.to);
    this.reasons[slot] = statusReasons.indexOf(last.reason);
  }

  /** What is known of the newest change: where it came from is not kept. */
  #changeAt(slot: number): StatusChange {
    const to = connectionStatuses[this.status[slot] as number] as ConnectionStatus;
    const reason = statusReasons[this.reasons[slot] as number] as StatusReason;
    return { vehicleNo: this.fromVehicleNo + slot, at: this.statusAt[slot] as number, from: 'never_seen', to, reason };
  }

  /** Drops values that are too old beside the newer ones: what is left depends on the rows alone, not on how they were read. */
  finish(): void {
    for (let signal = 0; signal < this.signals.length; signal++) {
      const base = signal * this.slots;
      for (let slot = 0; slot < this.slots; slot++) {
        const time = this.times[base + slot] as number;
        if (time >= 0 && time < (this.newest[slot] as number) - fleetValueAgeMaxMs) this.#drop(base + slot);
      }
    }
    for (const [at, others] of this.others) {
      const kept = others.filter(({ time }) => time >= (this.times[at] as number) - deviceHoldMs);
      if (kept.length === 0) this.others.delete(at);
      else this.others.set(at, kept);
    }
  }

  #drop(at: number): void {
    this.times[at] = noTime;
    this.others.delete(at);
  }

  /** Forgets everything of one vehicle. */
  clear(slot: number): void {
    for (let signal = 0; signal < this.signals.length; signal++) this.#drop(signal * this.slots + slot);
    this.newest[slot] = noTime;
    this.statusAt[slot] = noTime;
    this.#sameTime.delete(slot);
  }
}

/** Of changes at one moment the one that no other follows; where they go round in a circle, one to online. */
const lastOf = (changes: readonly StatusChange[]): StatusChange => {
  const ends = changes.filter(({ to }) => !changes.some((other) => other.to !== to && other.from === to));
  const candidates = ends.length > 0 ? ends : changes;
  return [...candidates].sort(
    (a, b) =>
      connectionStatuses.indexOf(a.to) - connectionStatuses.indexOf(b.to) ||
      statusReasons.indexOf(a.reason) - statusReasons.indexOf(b.reason),
  )[0] as StatusChange;
};
