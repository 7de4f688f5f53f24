import type { ConsentGroup } from '@milepost/contract';
import { effectiveByGroup, effectiveDays, type EffectiveDays } from './effective-retention.ts';
import type { Customer, Directory, RetentionDays, Vehicle } from './types.ts';

const dayMs = 86_400_000;

/** How long values of a vehicle are kept, ms from their sample time. Rules that say the same are one object. */
export interface RetentionRule {
  readonly retentionMs: number;
  /** Groups that are kept for a shorter or longer time. */
  readonly byGroup?: Readonly<Partial<Record<ConsentGroup, number>>>;
  /** Of all groups: from here on everything is kept, and nothing for longer than that. */
  readonly shortestMs: number;
  readonly longestMs: number;
}

/** How long data are kept, by customer, vehicle and consent group: what the registry says, and the server's default for the others. */
export interface Retention {
  /** Of vehicles for which nobody has a rule. */
  readonly standard: RetentionRule;
  ruleOf(vehicleNo: number): RetentionRule;
  /** Vehicles with another rule than the standard one. The same map for ever: it follows the registry. */
  readonly byVehicle: ReadonlyMap<number, RetentionRule>;
  /** First moment (ms) of which values of a group are kept. */
  keptFromMs(vehicleNo: number, group: ConsentGroup, nowMs: number): number;
  /** Nothing of any vehicle or group is kept for longer. */
  longestMs(): number;
  /** Whatever is younger is kept, of every vehicle and group. */
  shortestMs(): number;
  /** What holds for each group of a vehicle, or of a customer's vehicles that have no rule of their own. */
  effective(of: { readonly vehicle?: Vehicle; readonly customer?: Customer }): Readonly<Record<ConsentGroup, EffectiveDays>>;
  /** Calls back, once a turn, with the vehicles whose rule has changed. */
  onChange(callback: (vehicleNos: readonly number[]) => void): () => void;
  close(): void;
}

/** A rule without limit of other things than time: tests and tools that keep everything, or everything for as long. */
export const sameForAll = (retentionMs: number): Pick<Retention, 'standard' | 'ruleOf' | 'byVehicle' | 'keptFromMs'> => {
  const standard = { retentionMs, shortestMs: retentionMs, longestMs: retentionMs };
  return {
    standard,
    ruleOf: () => standard,
    byVehicle: new Map(),
    keptFromMs: (_vehicleNo, _group, nowMs) => nowMs - retentionMs,
  };
};

const hasRule = (days: RetentionDays | undefined): boolean =>
  days !== undefined && (days.days !== null || Object.keys(days.byGroup).length > 0);

class RegistryRetention implements Retention {
  readonly standard: RetentionRule;
  readonly byVehicle = new Map<number, RetentionRule>();
  readonly #directory: Directory;
  readonly #serverDays: number;
  readonly #rules = new Map<string, RetentionRule>();
  /** What each customer's rule said last, as JSON: their vehicles are looked at only when it changes. */
  readonly #saidByCustomer = new Map<number, string>();
  /** Rules of their vehicles that have none of their own: nearly all have none. */
  readonly #ruleOfCustomer = new Map<number, RetentionRule>();
  readonly #listeners = new Set<(vehicleNos: readonly number[]) => void>();
  readonly #stopListening: () => void;
  #changed: Set<number> | undefined;

  constructor(directory: Directory, serverDays: number) {
    this.#directory = directory;
    this.#serverDays = serverDays;
    this.standard = this.#makeRule(undefined, undefined);
    for (const customer of directory.customers()) this.#noteCustomer(customer);
    for (const vehicle of directory.vehicles()) this.#note(vehicle);
    this.#stopListening = directory.onChange((change) => {
      if (change.kind === 'vehicle') this.#note(change.vehicle);
      if (change.kind === 'customer' && this.#noteCustomer(change.customer)) this.#noteVehiclesOf(change.customer);
    });
  }

  ruleOf(vehicleNo: number): RetentionRule {
    return this.byVehicle.get(vehicleNo) ?? this.standard;
  }

  keptFromMs(vehicleNo: number, group: ConsentGroup, nowMs: number): number {
    const rule = this.ruleOf(vehicleNo);
    return nowMs - (rule.byGroup?.[group] ?? rule.retentionMs);
  }

  longestMs(): number {
    let longestMs = this.standard.longestMs;
    for (const rule of new Set(this.byVehicle.values())) longestMs = Math.max(longestMs, rule.longestMs);
    return longestMs;
  }

  shortestMs(): number {
    let shortestMs = this.standard.shortestMs;
    for (const rule of new Set(this.byVehicle.values())) shortestMs = Math.min(shortestMs, rule.shortestMs);
    return shortestMs;
  }

  effective({ vehicle, customer }: Parameters<Retention['effective']>[0]): Readonly<Record<ConsentGroup, EffectiveDays>> {
    const owner = vehicle ? this.#directory.customerByNo(vehicle.customerNo) : customer;
    return effectiveByGroup(vehicle?.retention, owner?.retention, this.#serverDays);
  }

  onChange(callback: (vehicleNos: readonly number[]) => void): () => void {
    this.#listeners.add(callback);
    return () => void this.#listeners.delete(callback);
  }

  close(): void {
    this.#stopListening();
    this.#listeners.clear();
  }

  /** Whether it says something else than before. */
  #noteCustomer({ customerNo, retention }: Customer): boolean {
    const said = hasRule(retention) ? JSON.stringify(retention) : '';
    if ((this.#saidByCustomer.get(customerNo) ?? '') === said) return false;
    this.#saidByCustomer.set(customerNo, said);
    this.#ruleOfCustomer.delete(customerNo);
    return true;
  }

  #noteVehiclesOf({ customerNo }: Customer): void {
    for (const vehicle of this.#directory.vehicles()) if (vehicle.customerNo === customerNo) this.#note(vehicle);
  }

  #note({ vehicleNo, customerNo, retention }: Vehicle): void {
    const rule = hasRule(retention)
      ? this.#makeRule(retention, this.#directory.customerByNo(customerNo)?.retention)
      : this.#commonRule(customerNo);
    if (rule === this.ruleOf(vehicleNo)) return;
    if (rule === this.standard) this.byVehicle.delete(vehicleNo);
    else this.byVehicle.set(vehicleNo, rule);
    this.#tellSoon(vehicleNo);
  }

  #commonRule(customerNo: number): RetentionRule {
    const known = this.#ruleOfCustomer.get(customerNo);
    if (known) return known;
    const customer = this.#directory.customerByNo(customerNo)?.retention;
    const rule = hasRule(customer) ? this.#makeRule(undefined, customer) : this.standard;
    this.#ruleOfCustomer.set(customerNo, rule);
    return rule;
  }

  #makeRule(vehicle: RetentionDays | undefined, customer: RetentionDays | undefined): RetentionRule {
    const retentionMs = effectiveDays(undefined, vehicle, customer, this.#serverDays).days * dayMs;
    const byGroup: Partial<Record<ConsentGroup, number>> = {};
    const all = Object.entries(effectiveByGroup(vehicle, customer, this.#serverDays)) as [ConsentGroup, EffectiveDays][];
    for (const [group, { days }] of all) if (days * dayMs !== retentionMs) byGroup[group] = days * dayMs;
    const allMs = all.map(([, { days }]) => days * dayMs);
    const rule = {
      retentionMs,
      ...(Object.keys(byGroup).length > 0 ? { byGroup } : {}),
      shortestMs: Math.min(retentionMs, ...allMs),
      longestMs: Math.max(retentionMs, ...allMs),
    };
    const name = JSON.stringify(rule);
    const known = this.#rules.get(name);
    if (known) return known;
    this.#rules.set(name, rule);
    return rule;
  }

  #tellSoon(vehicleNo: number): void {
    if (this.#changed) {
      this.#changed.add(vehicleNo);
      return;
    }
    this.#changed = new Set([vehicleNo]);
    queueMicrotask(() => {
      const vehicleNos = [...(this.#changed ?? [])];
      this.#changed = undefined;
      for (const listener of this.#listeners) listener(vehicleNos);
    });
  }
}

/** Follows the registry. `serverDays` holds where nobody has a rule. */
export const openRetention = (directory: Directory, serverDays: number): Retention =>
  new RegistryRetention(directory, serverDays);
