import type { Customer, Directory, Vehicle } from '../registry/index.ts';

/** A vehicle of the list with what finding and sorting it needs. */
export interface IndexedVehicle {
  readonly vehicle: Vehicle;
  /** Folded plate, or VIN where there is none. */
  readonly name: string;
  /** Folded VIN, plate, customer and model. */
  readonly text: string;
}

/** Small letters without accents: what a person types is how it is found. */
export const fold = (text: string): string => text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase().replaceAll('ß', 'ss');

/** By name in code point order, then by vehicleNo. */
export const compareByName = (a: IndexedVehicle, b: IndexedVehicle): number => {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.vehicle.vehicleNo - b.vehicle.vehicleNo;
};

const mergeSorted = (left: readonly IndexedVehicle[], right: readonly IndexedVehicle[]): IndexedVehicle[] => {
  const merged: IndexedVehicle[] = [];
  let l = 0;
  let r = 0;
  while (l < left.length || r < right.length) {
    const a = left[l];
    const b = right[r];
    if (a && (!b || compareByName(a, b) <= 0)) {
      merged.push(a);
      l++;
    } else if (b) {
      merged.push(b);
      r++;
    }
  }
  return merged;
};

/** All vehicles that have not ended, in order of name, kept as the directory changes. Changes are merged in at the next read. */
export class SearchIndex {
  readonly #directory: Directory;
  #sorted: IndexedVehicle[] | undefined;
  readonly #changed = new Set<number>();

  constructor(directory: Directory) {
    this.#directory = directory;
  }

  vehicleChanged(vehicle: Vehicle): void {
    if (this.#sorted) this.#changed.add(vehicle.vehicleNo);
  }
  customerChanged(customer: Customer): void {
    for (const entry of this.#sorted ?? [])
      if (entry.vehicle.customerNo === customer.customerNo) this.#changed.add(entry.vehicle.vehicleNo);
  }

  sorted(): readonly IndexedVehicle[] {
    if (!this.#sorted) this.#sorted = this.#index(this.#directory.vehicles()).sort(compareByName);
    else if (this.#changed.size > 0) this.#sorted = this.#merge(this.#sorted);
    return this.#sorted;
  }

  #merge(sorted: readonly IndexedVehicle[]): IndexedVehicle[] {
    const kept = sorted.filter((entry) => !this.#changed.has(entry.vehicle.vehicleNo));
    const vehicles = [...this.#changed]
      .map((vehicleNo) => this.#directory.vehicleByNo(vehicleNo))
      .filter((vehicle) => vehicle !== undefined);
    this.#changed.clear();
    return mergeSorted(kept, this.#index(vehicles).sort(compareByName));
  }

  #index(vehicles: Iterable<Vehicle>): IndexedVehicle[] {
    const entries: IndexedVehicle[] = [];
    for (const vehicle of vehicles) {
      if (vehicle.endedAt !== null) continue;
      const customer = this.#directory.customerByNo(vehicle.customerNo)?.name ?? '';
      const text = fold([vehicle.vin, vehicle.plate ?? '', customer, vehicle.model ?? ''].join('\n'));
      entries.push({ vehicle, name: fold(vehicle.plate ?? vehicle.vin), text });
    }
    return entries;
  }
}
