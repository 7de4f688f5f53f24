import { connectionStatuses, silenceReasons, type StatusReason, warningSeverities } from '@milepost/contract';
import { type ListSource, passes, testsOf } from './list-vehicles.ts';
import type { ScopeView } from './scope-view.ts';
import { asSeen } from '../sharing/index.ts';
import { fold } from './search-index.ts';
import type { FleetCounts, PartCounts, VehicleFilters, VehicleGrouping } from './types.ts';

const attentionSeverity = warningSeverities.indexOf('warning');

/** Counts one vehicle after the other. */
class Tally {
  #total = 0;
  #needAttention = 0;
  readonly #byStatus = [0, 0, 0, 0];
  readonly #byReason = Object.fromEntries(silenceReasons.map((reason) => [reason, 0])) as Record<StatusReason, number>;

  add(statusCode: number, reason: StatusReason, needsAttention: boolean): void {
    this.#total++;
    this.#byStatus[statusCode] = (this.#byStatus[statusCode] as number) + 1;
    if (needsAttention) this.#needAttention++;
    if (reason !== 'none') this.#byReason[reason]++;
  }

  counts(): FleetCounts {
    const [never_seen, online, late, offline] = this.#byStatus as [number, number, number, number];
    return {
      total: this.#total,
      byStatus: { never_seen, online, late, offline },
      byReason: { ...this.#byReason },
      needAttention: this.#needAttention,
    };
  }
}

type SeverityOf = (mask: number) => number;

const needsAttention = (source: ListSource, view: ScopeView, severityOf: SeverityOf, vehicleNo: number): boolean => {
  const isLost =
    connectionStatuses[source.statusCode(view, vehicleNo)] === 'offline' && source.reason(view, vehicleNo) !== 'goodbye';
  return isLost || severityOf(source.warningMask(view, vehicleNo)) >= attentionSeverity;
};

/** How many vehicles that pass the filters have which status, and how many somebody should look at. */
export const countFleet = (
  source: ListSource,
  view: ScopeView,
  severityOf: SeverityOf,
  filters: VehicleFilters = {},
): FleetCounts => {
  const tests = testsOf(source, view, filters);
  const tally = new Tally();
  for (const entry of source.index.sorted()) {
    if (!passes(tests, entry)) continue;
    const { vehicleNo } = entry.vehicle;
    tally.add(
      source.statusCode(view, vehicleNo),
      source.reason(view, vehicleNo),
      needsAttention(source, view, severityOf, vehicleNo),
    );
  }
  return tally.counts();
};

/** By name as it is folded; those without one last. */
const byName = (a: PartCounts, b: PartCounts): number => {
  if (a.name === null || b.name === null) return Number(a.name === null) - Number(b.name === null);
  const [left, right] = [fold(a.name), fold(b.name)];
  return left < right ? -1 : Number(left > right);
};

/** The same for each customer, or for each group and those without one. */
export const countParts = (
  source: ListSource,
  view: ScopeView,
  severityOf: SeverityOf,
  by: VehicleGrouping,
  filters: VehicleFilters = {},
): readonly PartCounts[] => {
  const tests = testsOf(source, view, filters);
  const tallies = new Map<string | null, Tally>();
  const none = [null];
  for (const entry of source.index.sorted()) {
    if (!passes(tests, entry)) continue;
    const { vehicleNo, customerNo, groups } = asSeen(view.scope, entry.vehicle);
    const ofGroups = groups.length > 0 ? groups : none;
    const names = by === 'group' ? ofGroups : [source.directory.customerByNo(customerNo)?.name ?? ''];
    const needs = needsAttention(source, view, severityOf, vehicleNo);
    for (const name of names) {
      let tally = tallies.get(name);
      if (!tally) tallies.set(name, (tally = new Tally()));
      tally.add(source.statusCode(view, vehicleNo), source.reason(view, vehicleNo), needs);
    }
  }
  return [...tallies].map(([name, tally]) => ({ name, ...tally.counts() })).sort(byName);
};
