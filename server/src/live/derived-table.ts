import { pageShift, slotMask, vehiclesPerPage } from './pages.ts';

interface DerivedPage {
  /** Bits of active warnings. */
  readonly warnings: Uint32Array;
  /** Tick in which something that a map shows changed last; 0: never. */
  readonly mapTicks: Uint32Array;
}

/** What is derived from the latest values and never saved: warning masks, and when a map would show a difference. */
export class DerivedTable {
  readonly #pages: (DerivedPage | undefined)[] = [];
  #tick = 1;

  /** Ends the current tick and answers its number: everything changed so far is not after it. */
  closeTick(): number {
    return this.#tick++;
  }
  get bytes(): number {
    return this.#pages.filter(Boolean).length * vehiclesPerPage * 8;
  }

  warnings(vehicleNo: number): number {
    return this.#pages[vehicleNo >> pageShift]?.warnings[vehicleNo & slotMask] ?? 0;
  }
  setWarnings(vehicleNo: number, mask: number): void {
    this.#pageFor(vehicleNo).warnings[vehicleNo & slotMask] = mask;
  }
  touchMap(vehicleNo: number): void {
    this.#pageFor(vehicleNo).mapTicks[vehicleNo & slotMask] = this.#tick;
  }

  /** Vehicles in which something that a map shows changed after a tick, ascending. 0: all that ever had anything. */
  changedSince(tick: number): number[] {
    const changed: number[] = [];
    for (let index = 0; index < this.#pages.length; index++) {
      const ticks = this.#pages[index]?.mapTicks;
      if (!ticks) continue;
      for (let slot = 0; slot < vehiclesPerPage; slot++)
        if ((ticks[slot] as number) > tick) changed.push((index << pageShift) | slot);
    }
    return changed;
  }

  /** Takes the warnings of another table over; whatever either has counts as changed in this tick. */
  adopt(next: DerivedTable): void {
    for (let index = 0; index < Math.max(this.#pages.length, next.#pages.length); index++) {
      const other = next.#pages[index];
      if (!other && !this.#pages[index]) continue;
      const { warnings, mapTicks } = this.#pageFor(index << pageShift);
      if (other) warnings.set(other.warnings);
      else warnings.fill(0);
      for (let slot = 0; slot < vehiclesPerPage; slot++)
        if ((mapTicks[slot] as number) > 0 || (other?.mapTicks[slot] ?? 0) > 0) mapTicks[slot] = this.#tick;
    }
  }

  #pageFor(vehicleNo: number): DerivedPage {
    const index = vehicleNo >> pageShift;
    const old = this.#pages[index];
    if (old) return old;
    while (this.#pages.length < index) this.#pages.push(undefined);
    const page = { warnings: new Uint32Array(vehiclesPerPage), mapTicks: new Uint32Array(vehiclesPerPage) };
    this.#pages[index] = page;
    return page;
  }
}
