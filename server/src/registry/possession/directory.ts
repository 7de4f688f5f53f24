import type { Logger } from '../../kernel/index.ts';
import { ChangeLog } from '../change-log.ts';
import type { NumberRange } from '../rows.ts';
import type { Directory } from '../types.ts';
import { possessionLimits } from './limits.ts';
import type { BrokenGlass, Holder, PossessionDirectory, PossessionPeriod } from './types.ts';

export interface PossessionRow extends PossessionPeriod {
  readonly vehicleNo: number;
}
export interface BrokenGlassRow extends BrokenGlass {
  readonly vehicleNo: number;
}

export interface WritablePossessionDirectory extends PossessionDirectory {
  /** All that is known of the vehicles of a range: what is not given is no more. Both in order of vehicle and time. */
  putVehicles(range: NumberRange, periods: readonly PossessionRow[], glass: readonly BrokenGlassRow[]): void;
  /** Forgets glass that is whole again; answers when the next one is, undefined: none is broken. */
  forgetGlass(nowMs: number): number | undefined;
}

const none: readonly never[] = [];

/** Answers whether anything is different now. */
const putRows = <T>(known: Map<number, readonly T[]>, vehicleNo: number, rows: readonly T[]): boolean => {
  if (textOf(known.get(vehicleNo) ?? none) === textOf(rows)) return false;
  if (rows.length === 0) known.delete(vehicleNo);
  else known.set(vehicleNo, rows);
  return true;
};

const groupByVehicle = <T extends { readonly vehicleNo: number }>(rows: readonly T[]): Map<number, T[]> =>
  Map.groupBy(rows, ({ vehicleNo }) => vehicleNo);

/** Open ends are null in it, which nothing else is. */
const textOf = (rows: readonly unknown[]): string => JSON.stringify(rows);

class MemoryPossession implements WritablePossessionDirectory {
  readonly #vehicles: Pick<Directory, 'vehicleByNo'>;
  readonly #logger: Logger;
  readonly #periods = new Map<number, readonly PossessionPeriod[]>();
  readonly #glass = new Map<number, readonly BrokenGlass[]>();
  readonly #vehiclesOf = new Map<number, Set<number>>();
  /** By customer: the one period of each vehicle that has always been its. */
  readonly #always = new Map<number, readonly PossessionPeriod[]>();
  readonly #changes = new ChangeLog(possessionLimits.changesKept);
  readonly #listeners = new Set<(vehicleNos: readonly number[]) => void>();

  constructor(vehicles: Pick<Directory, 'vehicleByNo'>, logger: Logger) {
    this.#vehicles = vehicles;
    this.#logger = logger;
  }

  periods(vehicleNo: number): readonly PossessionPeriod[] {
    const rows = this.#periods.get(vehicleNo);
    if (rows) return rows;
    const vehicle = this.#vehicles.vehicleByNo(vehicleNo);
    return vehicle ? this.#alwaysOf(vehicle.customerNo) : none;
  }

  hasRows(vehicleNo: number): boolean {
    return this.#periods.has(vehicleNo);
  }

  holderNow(vehicleNo: number): Holder | undefined {
    return this.periods(vehicleNo).at(-1)?.holder;
  }

  vehiclesOfPerson(personNo: number): Iterable<number> {
    return this.#vehiclesOf.get(personNo) ?? none;
  }

  isAnyPersons(): boolean {
    return this.#vehiclesOf.size > 0;
  }

  brokenGlass(vehicleNo: number): readonly BrokenGlass[] {
    return this.#glass.get(vehicleNo) ?? none;
  }

  glassOf(personNo: number | null, nowMs: number): readonly number[] {
    if (this.#glass.size === 0) return none;
    const isOpen = (glass: BrokenGlass): boolean => glass.personNo === personNo && glass.untilMs > nowMs;
    return [...this.#glass].filter(([, rows]) => rows.some(isOpen)).map(([vehicleNo]) => vehicleNo);
  }

  version(): number {
    return this.#changes.version;
  }

  changedSince(version: number): readonly number[] | undefined {
    return this.#changes.since(version);
  }

  onChange(callback: (vehicleNos: readonly number[]) => void): () => void {
    this.#listeners.add(callback);
    return () => void this.#listeners.delete(callback);
  }

  putVehicles({ from, to }: NumberRange, rows: readonly PossessionRow[], glass: readonly BrokenGlassRow[]): void {
    const held = groupByVehicle(rows);
    const broken = groupByVehicle(glass);
    // Few vehicles ever change hands: only those that did, or did before, are looked at.
    const touched = new Set([...held.keys(), ...broken.keys()]);
    for (const known of [this.#periods, this.#glass])
      for (const vehicleNo of known.keys()) if (vehicleNo >= from && vehicleNo <= to) touched.add(vehicleNo);
    const changed: number[] = [];
    for (const vehicleNo of touched) {
      const isHeldOtherwise = this.#putPeriods(vehicleNo, held.get(vehicleNo) ?? none);
      if (putRows(this.#glass, vehicleNo, broken.get(vehicleNo) ?? none) || isHeldOtherwise) changed.push(vehicleNo);
    }
    if (changed.length > 0) this.#tell(changed);
  }

  forgetGlass(nowMs: number): number | undefined {
    const changed: number[] = [];
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [vehicleNo, rows] of this.#glass) {
      const open = rows.filter(({ untilMs }) => untilMs > nowMs);
      if (putRows(this.#glass, vehicleNo, open)) changed.push(vehicleNo);
      for (const { untilMs } of open) nextMs = Math.min(nextMs, untilMs);
    }
    if (changed.length > 0) this.#tell(changed);
    return Number.isFinite(nextMs) ? nextMs : undefined;
  }

  #alwaysOf(customerNo: number): readonly PossessionPeriod[] {
    const known = this.#always.get(customerNo);
    if (known) return known;
    const made: readonly PossessionPeriod[] = [
      { holder: { kind: 'customer', customerNo }, fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY },
    ];
    this.#always.set(customerNo, made);
    return made;
  }

  #putPeriods(vehicleNo: number, rows: readonly PossessionPeriod[]): boolean {
    const before = this.#periods.get(vehicleNo) ?? none;
    if (!putRows(this.#periods, vehicleNo, rows)) return false;
    for (const { holder } of before) if (holder.kind === 'person') this.#vehiclesOf.get(holder.personNo)?.delete(vehicleNo);
    for (const { holder } of rows) {
      if (holder.kind !== 'person') continue;
      const held = this.#vehiclesOf.get(holder.personNo);
      if (held) held.add(vehicleNo);
      else this.#vehiclesOf.set(holder.personNo, new Set([vehicleNo]));
    }
    return true;
  }

  #tell(vehicleNos: readonly number[]): void {
    for (const vehicleNo of vehicleNos) this.#changes.note(vehicleNo);
    for (const listener of this.#listeners) {
      try {
        listener(vehicleNos);
      } catch (error) {
        this.#logger.error('a listener of possession failed', { error });
      }
    }
  }
}

/** `vehicles` says whose a vehicle is that never changed hands. */
export const makePossessionDirectory = (vehicles: Pick<Directory, 'vehicleByNo'>, logger: Logger): WritablePossessionDirectory =>
  new MemoryPossession(vehicles, logger);
