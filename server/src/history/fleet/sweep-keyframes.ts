import type { ConsentGroup } from '@milepost/contract';
import type { HiddenValues } from '../hidden-values.ts';
import type { FleetState } from './fleet-state.ts';
import { addPage, encodePage } from './keyframe-page.ts';
import type { KeyframeStore } from './keyframe-store.ts';
import { vehiclesPerPage } from './limits.ts';

const dayMs = 86_400_000;

/** A day that is being swept. */
interface Day {
  readonly fromMs: number;
  readonly name: string;
  /** Keyframes still to do. */
  readonly left: number[];
}

/**
 * Removes from keyframes what was erased, and what is past its vehicle's retention when all of the day is. It is hidden when it is read
 * anyway. Of a vehicle that had something erased only that is left: its state is found in the chunks.
 */
export class KeyframeSweep {
  readonly #keyframes: KeyframeStore;
  readonly #state: FleetState;
  readonly #hidden: HiddenValues;
  readonly #groupOf: (signalNumber: number) => ConsentGroup | undefined;
  #day: Day | undefined;

  constructor(
    keyframes: KeyframeStore,
    state: FleetState,
    hidden: HiddenValues,
    groupOf: (signalNumber: number) => ConsentGroup | undefined,
  ) {
    this.#keyframes = keyframes;
    this.#state = state;
    this.#hidden = hidden;
    this.#groupOf = groupOf;
  }

  /** One keyframe; answers whether there is more to do. */
  step(nowMs: number): boolean {
    this.#day ??= this.#nextDay(nowMs);
    if (!this.#day) return false;
    const atMs = this.#day.left.shift();
    if (atMs !== undefined) {
      this.#sweepKeyframe(atMs, nowMs, this.#day.fromMs + dayMs);
      return true;
    }
    this.#keyframes.setSwept(this.#day.fromMs, this.#day.name);
    this.#day = undefined;
    return true;
  }

  #nextDay(nowMs: number): Day | undefined {
    for (const { fromMs, swept } of this.#keyframes.days()) {
      // A value may be much older than the keyframe that shows it.
      const name = this.#hidden.sweepName(Number.NEGATIVE_INFINITY, fromMs + dayMs, nowMs);
      if (name === swept) continue;
      const left = this.#keyframes.list(fromMs, fromMs + dayMs - 1).map(({ atMs }) => atMs);
      return { fromMs, name, left };
    }
    return undefined;
  }

  #sweepKeyframe(atMs: number, nowMs: number, dayToMs: number): void {
    const found = this.#keyframes.read(atMs, 0, Number.MAX_SAFE_INTEGER);
    if (found?.atMs !== atMs) return;
    for (const { index, bytes } of found.pages) {
      const removed = new Set<number>();
      const state = this.#state;
      state.reset(index * vehiclesPerPage, vehiclesPerPage);
      try {
        addPage(state, bytes, { atMs, index, isWanted: () => true, removed: (slot) => removed.add(slot) });
      } catch {
        this.#keyframes.drop(atMs);
        return;
      }
      let isChanged = false;
      for (let slot = 0; slot < vehiclesPerPage; slot++)
        isChanged = this.#sweepVehicle(slot, removed, nowMs, dayToMs) || isChanged;
      if (!isChanged) continue;
      state.finish();
      this.#keyframes.replacePage(
        atMs,
        index,
        encodePage(state, atMs, index, (slot) => removed.has(slot)),
      );
    }
  }

  #sweepVehicle(slot: number, removed: Set<number>, nowMs: number, dayToMs: number): boolean {
    const state = this.#state;
    const vehicleNo = state.fromVehicleNo + slot;
    if ((state.newest[slot] as number) < 0 && (state.statusAt[slot] as number) < 0) return false;
    if (this.#holdsErased(slot, vehicleNo)) {
      state.clear(slot);
      removed.add(slot);
      return true;
    }
    if (dayToMs > this.#hidden.allKeptFromMs(vehicleNo, nowMs)) return false;
    return this.#dropOld(slot, vehicleNo, nowMs);
  }

  #holdsErased(slot: number, vehicleNo: number): boolean {
    const state = this.#state;
    if (this.#hidden.erasedOf(vehicleNo).length === 0) return false;
    const isErased = (ms: number): boolean => ms >= 0 && this.#hidden.isErased(vehicleNo, ms);
    if (isErased(state.statusAt[slot] as number)) return true;
    return state.signals.some((_, signal) => {
      const at = signal * state.slots + slot;
      return isErased(state.times[at] as number) || (state.others.get(at) ?? []).some(({ time }) => isErased(time));
    });
  }

  #dropOld(slot: number, vehicleNo: number, nowMs: number): boolean {
    const state = this.#state;
    let isChanged = false;
    state.signals.forEach((signalNumber, signal) => {
      const group = this.#groupOf(signalNumber);
      const at = signal * state.slots + slot;
      if (group === undefined || (state.times[at] as number) < 0) return;
      if ((state.times[at] as number) >= this.#hidden.keptFromMs(vehicleNo, group, nowMs)) return;
      state.times[at] = -1;
      state.others.delete(at);
      isChanged = true;
    });
    const statusAt = state.statusAt[slot] as number;
    if (statusAt >= 0 && statusAt < this.#hidden.keptFromMs(vehicleNo, 'status', nowMs)) {
      state.statusAt[slot] = -1;
      isChanged = true;
    }
    return isChanged;
  }
}
