import { type ConsentGroup, consentGroups } from '@milepost/contract';
import type { VehiclePeriod } from './ports.ts';
import type { TimePeriod } from './row-collector.ts';

type ConsentGroupOf = (signalNumber: number) => ConsentGroup | undefined;

/** How long values of a vehicle are kept, ms from their sample time. */
export interface RetentionRule {
  readonly retentionMs: number;
  /** Groups that are kept for a shorter or longer time. */
  readonly byGroup?: Readonly<Partial<Record<ConsentGroup, number>>>;
}

/**
 * What is no longer shown, as plain data: hidden from the moment it is set, removed by the next merge. The rule of a customer is one
 * object that is shared by all of its vehicles.
 */
export interface HidingRules {
  /** Of vehicles that have no rule of their own. */
  readonly standard: RetentionRule;
  /** May change afterwards: reads follow at once, merges with the next rules that are set. */
  readonly byVehicle: ReadonlyMap<number, RetentionRule>;
  /** Sample times that were erased, for ever: also of samples that arrive later. */
  readonly erased: readonly VehiclePeriod[];
}

export const nothingHidden: HidingRules = {
  standard: { retentionMs: Number.POSITIVE_INFINITY },
  byVehicle: new Map(),
  erased: [],
};

const retentionsOf = ({ retentionMs, byGroup }: RetentionRule): number[] => [retentionMs, ...Object.values(byGroup ?? {})];

/** Rules, with what is asked often made ready. */
export class HiddenValues {
  readonly rules: HidingRules;
  readonly #erasedOf = new Map<number, VehiclePeriod[]>();

  #distinctRules: readonly RetentionRule[] | undefined;
  /** Names which vehicle has which rule. */
  #assignment: string | undefined;

  constructor(rules: HidingRules) {
    this.rules = rules;
    for (const period of rules.erased) {
      const known = this.#erasedOf.get(period.vehicleNo);
      if (known) known.push(period);
      else this.#erasedOf.set(period.vehicleNo, [period]);
    }
  }

  erasedOf(vehicleNo: number): readonly VehiclePeriod[] {
    return this.#erasedOf.get(vehicleNo) ?? [];
  }

  isErased(vehicleNo: number, timeMs: number): boolean {
    return this.erasedOf(vehicleNo).some(({ fromMs, toMs }) => timeMs >= fromMs && timeMs < toMs);
  }

  #ruleOf(vehicleNo: number): RetentionRule {
    return this.rules.byVehicle.get(vehicleNo) ?? this.rules.standard;
  }

  /** First moment of which values of a group are kept. */
  keptFromMs(vehicleNo: number, group: ConsentGroup, nowMs: number): number {
    const rule = this.#ruleOf(vehicleNo);
    return nowMs - (rule.byGroup?.[group] ?? rule.retentionMs);
  }

  /** First moment of which anything is kept. */
  rowsKeptFromMs(vehicleNo: number, nowMs: number): number {
    return nowMs - Math.max(...retentionsOf(this.#ruleOf(vehicleNo)));
  }

  /** First moment of which everything is kept. */
  allKeptFromMs(vehicleNo: number, nowMs: number): number {
    return nowMs - Math.min(...retentionsOf(this.#ruleOf(vehicleNo)));
  }

  /** Of all vehicles, what reaches into a period. */
  erasedIn(fromMs: number, toMs: number): readonly VehiclePeriod[] {
    return this.rules.erased.filter((period) => period.fromMs < toMs && period.toMs > fromMs);
  }

  /** What of the periods may be shown: those that were erased are cut out. */
  cutErased(vehicleNo: number, periods: readonly TimePeriod[]): TimePeriod[] {
    let left = [...periods];
    for (const erased of this.erasedOf(vehicleNo)) {
      left = left
        .flatMap(({ fromMs, toMs }) => [
          { fromMs, toMs: Math.min(toMs, erased.fromMs) },
          { fromMs: Math.max(fromMs, erased.toMs), toMs },
        ])
        .filter(({ fromMs, toMs }) => fromMs < toMs);
    }
    return left;
  }

  /**
   * Names what a sweep of a month at `nowMs` removes: when two sweeps have the same name, the second finds nothing to do. Empty: there
   * is nothing to remove.
   */
  sweepName(monthFromMs: number, monthToMs: number, nowMs: number): string {
    const names: string[] = [];
    this.#distinctRules ??= [...new Set([this.rules.standard, ...this.rules.byVehicle.values()])];
    for (const rule of this.#distinctRules) {
      // A month is swept when all of it is too old, not from day to day.
      const past = retentionsOf(rule).filter((retentionMs) => monthToMs <= nowMs - retentionMs);
      if (past.length > 0) names.push(JSON.stringify([rule, past.length]));
    }
    const erased = this.erasedIn(monthFromMs, monthToMs);
    if (names.length === 0 && erased.length === 0) return '';
    const ledger = erased.map(({ vehicleNo, fromMs, toMs }) => `${vehicleNo}:${fromMs}:${toMs}`).sort();
    return hashText(
      [...names.sort(), names.length > 0 ? (this.#assignment ??= nameAssignment(this.rules.byVehicle)) : '', ...ledger].join('|'),
    );
  }
}

const nameAssignment = (byVehicle: ReadonlyMap<number, RetentionRule>): string => {
  const texts = new Map<RetentionRule, string>();
  let sum = 0;
  for (const [vehicleNo, rule] of byVehicle) {
    let text = texts.get(rule);
    if (text === undefined) {
      text = String(Number.parseInt(hashText(JSON.stringify(rule)).slice(0, 8), 16));
      texts.set(rule, text);
    }
    // A sum: the order of the vehicles does not count.
    sum = (sum + (Math.imul(vehicleNo, 0x9e3779b1) ^ Number(text)) * 65_537) % 2 ** 52;
  }
  return `${byVehicle.size}:${sum}`;
};

/** 64 bits of FNV-1a over the text: a name, not a secret. */
const hashText = (text: string): string => {
  let low = 0x811c9dc5;
  let high = 0x1000193;
  for (let i = 0; i < text.length; i++) {
    low = Math.imul(low ^ text.charCodeAt(i), 0x01000193);
    high = Math.imul(high ^ text.charCodeAt(i), 0x01000193) ^ (low >>> 15);
  }
  return `${(low >>> 0).toString(16)}${(high >>> 0).toString(16)}:${text.length}`;
};

const signalNumberMax = 65_535;

/** Group of each signal as plain data for a thread: index into `consentGroups`, 255: none. */
export const groupTable = (groupOf: ConsentGroupOf): Uint8Array => {
  const table = new Uint8Array(signalNumberMax + 1).fill(255);
  for (let signalNumber = 0; signalNumber <= signalNumberMax; signalNumber++) {
    const group = groupOf(signalNumber);
    if (group !== undefined) table[signalNumber] = consentGroups.indexOf(group);
  }
  return table;
};

export const groupIn = (table: Uint8Array, signalNumber: number): ConsentGroup | undefined =>
  consentGroups[table[signalNumber] ?? 255];
