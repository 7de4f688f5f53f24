import { connectionStatuses, isWarningCode, type StatusReason, warningKinds, wellKnown } from '@milepost/contract';
import { invalidField } from '../kernel/index.ts';
import type { Directory } from '../registry/index.ts';
import { asSeen } from '../sharing/index.ts';
import { isInBox, parseBox } from './box.ts';
import { decodeCursor, encodeCursor, type ListCursor } from './list-cursor.ts';
import type { ScopeView } from './scope-view.ts';
import { fold, type IndexedVehicle, type SearchIndex } from './search-index.ts';
import { type VehicleFilters, type VehicleListQuery, type VehicleSort, vehicleSorts } from './types.ts';

export const listLimitMax = 500;
export const listLimitDefault = 50;
/** Longest search text, and most words of it that count. */
export const searchLengthMax = 200;
export const searchWordsMax = 8;

/** What the list reads of the live state, beside the values that a scope shows. */
export interface ListSource {
  readonly directory: Directory;
  readonly index: SearchIndex;
  statusCode(view: ScopeView, vehicleNo: number): number;
  /** 0: never. */
  lastSeen(view: ScopeView, vehicleNo: number): number;
  reason(view: ScopeView, vehicleNo: number): StatusReason;
  /** Bits of the warnings that the scope shows. */
  warningMask(view: ScopeView, vehicleNo: number): number;
}

type Test = (entry: IndexedVehicle) => boolean;

const searchTest = (q: string): Test | undefined => {
  if (q.length > searchLengthMax) throw invalidField('q', q.slice(0, searchLengthMax), `at most ${searchLengthMax} characters`);
  const words = fold(q).split(/\s+/).filter(Boolean).slice(0, searchWordsMax);
  if (words.length === 0) return undefined;
  return (entry) => {
    for (const word of words) if (!entry.text.includes(word)) return false;
    return true;
  };
};

const warningTest = (source: ListSource, view: ScopeView, warning: boolean | string): Test => {
  if (typeof warning === 'boolean') return ({ vehicle }) => (source.warningMask(view, vehicle.vehicleNo) !== 0) === warning;
  if (!isWarningCode(warning))
    throw invalidField('warning', warning, `true, false or one of ${Object.keys(warningKinds).join(', ')}`);
  const bit = 1 << warningKinds[warning].bit;
  return ({ vehicle }) => (source.warningMask(view, vehicle.vehicleNo) & bit) !== 0;
};

const customerNoOf = (directory: Directory, id: string): number => {
  for (const customer of directory.customers()) if (customer.id === id) return customer.customerNo;
  throw invalidField('customer', id, 'the id of a customer');
};

/** The filters as one list of tests, the cheapest first. */
export const testsOf = (source: ListSource, view: ScopeView, filters: VehicleFilters): readonly Test[] => {
  const tests: Test[] = [({ vehicle }) => view.scope.seesNow(vehicle.vehicleNo)];
  if (filters.customerId !== undefined) {
    const customerNo = customerNoOf(source.directory, filters.customerId);
    tests.push(({ vehicle }) => asSeen(view.scope, vehicle).customerNo === customerNo);
  }
  if (filters.status !== undefined) {
    const code = connectionStatuses.indexOf(filters.status);
    if (code < 0) throw invalidField('status', filters.status, `one of ${connectionStatuses.join(', ')}`);
    tests.push(({ vehicle }) => source.statusCode(view, vehicle.vehicleNo) === code);
  }
  const { reason, group, hasGroup, energyBelow } = filters;
  if (reason !== undefined) tests.push(({ vehicle }) => source.reason(view, vehicle.vehicleNo) === reason);
  if (hasGroup !== undefined) tests.push(({ vehicle }) => asSeen(view.scope, vehicle).groups.length > 0 === hasGroup);
  if (group !== undefined) tests.push(({ vehicle }) => asSeen(view.scope, vehicle).groups.includes(group));
  if (filters.warning !== undefined) tests.push(warningTest(source, view, filters.warning));
  if (energyBelow !== undefined) {
    if (!Number.isFinite(energyBelow)) throw invalidField('energyBelow', energyBelow, 'a number of percent');
    tests.push(
      ({ vehicle }) => (view.unitValue(vehicle.vehicleNo, wellKnown.energyPercent) ?? Number.POSITIVE_INFINITY) < energyBelow,
    );
  }
  const search = filters.q === undefined ? undefined : searchTest(filters.q);
  if (search) tests.push(search);
  if (filters.bbox !== undefined) {
    const box = parseBox(filters.bbox);
    tests.push(({ vehicle }) => {
      const position = view.position(vehicle.vehicleNo);
      return position !== null && isInBox(box, position.latitude, position.longitude);
    });
  }
  return tests;
};

export const passes = (tests: readonly Test[], entry: IndexedVehicle): boolean => {
  for (const test of tests) if (!test(entry)) return false;
  return true;
};

/** What a vehicle is sorted by; null: it has none and comes last. */
type KeyOf = (entry: IndexedVehicle) => number | string | null;

const keyFunctions = (source: ListSource, view: ScopeView): Record<VehicleSort, KeyOf> => ({
  name: (entry) => entry.name,
  status: ({ vehicle }) => source.statusCode(view, vehicle.vehicleNo),
  lastSeen: ({ vehicle }) => source.lastSeen(view, vehicle.vehicleNo) || null,
  energy: ({ vehicle }) => view.unitValue(vehicle.vehicleNo, wellKnown.energyPercent),
  range: ({ vehicle }) => view.unitValue(vehicle.vehicleNo, wellKnown.range),
  customer: ({ vehicle }) => fold(source.directory.customerByNo(vehicle.customerNo)?.name ?? ''),
  // The longer the silence, the smaller lastSeen: no need for the time of day, so cursors stay valid.
  silence: ({ vehicle }) => -source.lastSeen(view, vehicle.vehicleNo) || null,
});

interface Candidate {
  readonly key: number | string | null;
  readonly entry: IndexedVehicle;
}
type Order = (a: { key: Candidate['key']; vehicleNo: number }, b: { key: Candidate['key']; vehicleNo: number }) => number;

/** By key, those without one last, then by vehicleNo: a total order, so a page never repeats or leaves out a vehicle that stays put. */
const orderOf = (isDescending: boolean): Order => {
  const sign = isDescending ? -1 : 1;
  return (a, b) => {
    if (a.key !== b.key) {
      if (a.key === null) return 1;
      if (b.key === null) return -1;
      return a.key < b.key ? -sign : sign;
    }
    return a.vehicleNo - b.vehicleNo;
  };
};

/** The first `count` candidates in order, kept in a sorted array: most of a long scan fails the one comparison with the last. */
class FirstFew {
  readonly found: { key: Candidate['key']; vehicleNo: number; entry: IndexedVehicle }[] = [];
  readonly #count: number;
  readonly #order: Order;
  constructor(count: number, order: Order) {
    this.#count = count;
    this.#order = order;
  }
  offer(key: Candidate['key'], entry: IndexedVehicle): void {
    const candidate = { key, vehicleNo: entry.vehicle.vehicleNo, entry };
    const last = this.found[this.#count - 1];
    if (last && this.#order(candidate, last) >= 0) return;
    let low = 0;
    let high = this.found.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#order(this.found[middle] as typeof candidate, candidate) < 0) low = middle + 1;
      else high = middle;
    }
    this.found.splice(low, 0, candidate);
    if (this.found.length > this.#count) this.found.pop();
  }
}

const parseSort = (text: string): { sort: VehicleSort; isDescending: boolean } => {
  const isDescending = text.startsWith('-');
  const sort = vehicleSorts.find((name) => name === (isDescending ? text.slice(1) : text));
  if (!sort) throw invalidField('sort', text, `one of ${vehicleSorts.join(', ')}, with - before it for descending`);
  return { sort, isDescending };
};

const startOf = (
  cursor: ListCursor | undefined,
  directory: Directory,
): { key: Candidate['key']; vehicleNo: number } | undefined => {
  if (!cursor) return undefined;
  const vehicle = directory.vehicleById(cursor.id);
  if (!vehicle) throw invalidField('cursor', cursor.id, 'a value of `next` of an answer before');
  return { key: cursor.key, vehicleNo: vehicle.vehicleNo };
};

export interface FoundVehicles {
  readonly entries: readonly IndexedVehicle[];
  readonly next: string | null;
}

/** One page of the vehicles that pass the filters. Throws CallerError for filters, sorts and cursors that cannot be. */
export const findVehicles = (source: ListSource, view: ScopeView, query: VehicleListQuery): FoundVehicles => {
  const limit = query.limit ?? listLimitDefault;
  if (!Number.isInteger(limit) || limit < 1 || limit > listLimitMax)
    throw invalidField('limit', limit, `a whole number from 1 to ${listLimitMax}`);
  const sortText = query.sort ?? 'name';
  const { sort, isDescending } = parseSort(sortText);
  const tests = testsOf(source, view, query);
  const start = startOf(query.cursor === undefined ? undefined : decodeCursor(query.cursor, sortText), source.directory);
  const keyOf = keyFunctions(source, view)[sort];
  const order = orderOf(isDescending);
  const few = new FirstFew(limit + 1, order);
  for (const entry of source.index.sorted()) {
    if (!passes(tests, entry)) continue;
    const key = keyOf(entry);
    if (start && order({ key, vehicleNo: entry.vehicle.vehicleNo }, start) <= 0) continue;
    few.offer(key, entry);
    // Already in this order: what follows cannot come before.
    if (sort === 'name' && !isDescending && few.found.length > limit) break;
  }
  const page = few.found.slice(0, limit);
  const last = few.found.length > limit ? page.at(-1) : undefined;
  return {
    entries: page.map((found) => found.entry),
    next: last ? encodeCursor({ sort: sortText, key: last.key, id: last.entry.vehicle.id }) : null,
  };
};

/** All vehicles that pass the filters, in the order asked for. Throws as `findVehicles` does. */
export const findAll = (
  source: ListSource,
  view: ScopeView,
  query: VehicleFilters & Pick<VehicleListQuery, 'sort'>,
): readonly IndexedVehicle[] => {
  const { sort, isDescending } = parseSort(query.sort ?? 'name');
  const tests = testsOf(source, view, query);
  const keyOf = keyFunctions(source, view)[sort];
  const order = orderOf(isDescending);
  const found = source.index
    .sorted()
    .filter((entry) => passes(tests, entry))
    .map((entry) => ({ key: keyOf(entry), vehicleNo: entry.vehicle.vehicleNo, entry }));
  return found.sort(order).map(({ entry }) => entry);
};
