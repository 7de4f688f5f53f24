import type { ConsentGroup, Vocabulary } from '@milepost/contract';
import {
  type ItemPermission,
  periodMsOf,
  type ReadPeriod,
  type ReadScope,
  type ReadScopeFields,
  type SignalPrecision,
} from '../../events/index.ts';
import { OperationalError } from '../../kernel/index.ts';
import { intersection, never, union } from '../periods.ts';
import type { ScopeSources } from '../reader.ts';
import type { GrantBook } from './book.ts';
import { compareFineness, itemOfSignal, precisionOfItem } from './items.ts';
import type { StoredGrant } from './stored.ts';
import { type GrantReader, isSameHolder } from './types.ts';

export interface GrantSources extends ScopeSources {
  readonly book: GrantBook;
  readonly vocabulary: () => Pick<Vocabulary, 'byNumber' | 'byPath'>;
}

const asPeriod = ({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): ReadPeriod => ({
  fromMs,
  toMs: toMs === Number.POSITIVE_INFINITY ? null : toMs,
});

/** A period of which one value is told is told when all of it may be read: else where it was cut would say when the value was. */
const wholeWithin = ({ fromMs, toMs }: ReadPeriod, periodMs: number): ReadPeriod[] => {
  if (periodMs === 0) return [{ fromMs, toMs }];
  const from = Math.ceil(fromMs / periodMs) * periodMs;
  const to = toMs === null ? null : Math.floor(toMs / periodMs) * periodMs;
  return to === null || from < to ? [{ fromMs: from, toMs: to }] : [];
};

/** … and withheld when any of it is. */
const wholeAround = ({ fromMs, toMs }: ReadPeriod, periodMs: number): ReadPeriod => {
  if (periodMs === 0) return { fromMs, toMs };
  return { fromMs: Math.floor(fromMs / periodMs) * periodMs, toMs: toMs === null ? null : Math.ceil(toMs / periodMs) * periodMs };
};

/** One way in which something may be read. */
interface Way {
  readonly grant: StoredGrant;
  readonly precision: SignalPrecision;
}

/** The finest; of those the one that reaches back furthest. Each has its own periods: of two grants they are never mixed. */
const bestOf = (ways: readonly Way[]): Way | undefined =>
  ways.reduce<Way | undefined>((best, way) => {
    if (!best) return way;
    const step = compareFineness(way.precision, best.precision) || way.grant.backToMs - best.grant.backToMs;
    return step < 0 ? way : best;
  }, undefined);

/** What a reader's grants allow, worked out once for each signal and version. */
class GrantRules {
  readonly #sources: GrantSources;
  readonly #reader: GrantReader;
  #version = -1;
  readonly #signals = new Map<number, ItemPermission | undefined>();
  readonly #groups = new Map<string, ItemPermission | undefined>();

  constructor(sources: GrantSources, reader: GrantReader) {
    this.#sources = sources;
    this.#reader = reader;
  }

  /** Versions of grants, possession and private periods as one number that grows with each. */
  version(): number {
    const { book, possession, drivers } = this.#sources;
    return book.version() + possession.version() + drivers.privateVersion();
  }

  #refresh(): void {
    const version = this.version();
    if (version === this.#version) return;
    this.#version = version;
    this.#signals.clear();
    this.#groups.clear();
  }

  /** Those by which something may be read now: none while changes are not heard. */
  active(vehicleNo: number): readonly StoredGrant[] {
    const { book, possession } = this.#sources;
    if (!book.isHeard()) return [];
    const holder = possession.holderNow(vehicleNo);
    return book
      .of(this.#reader, vehicleNo)
      .filter((grant) => grant.state === 'active' && holder !== undefined && isSameHolder(grant.holder, holder));
  }

  ofSignal(vehicleNo: number, signalNumber: number, group: ConsentGroup): ItemPermission | undefined {
    if (!this.#sources.book.isHeard()) return undefined;
    this.#refresh();
    const key = vehicleNo * 65_536 + signalNumber;
    if (this.#signals.has(key)) return this.#signals.get(key);
    const signal = this.#sources.vocabulary().byNumber(signalNumber);
    const ways = this.active(vehicleNo).flatMap((grant): Way[] => {
      const item = signal && itemOfSignal(grant.items, signal);
      return item ? [{ grant, precision: precisionOfItem(item, signal) }] : [];
    });
    const found = this.#permission(bestOf(ways), group);
    this.#signals.set(key, found);
    return found;
  }

  ofGroup(vehicleNo: number, group: ConsentGroup): ItemPermission | undefined {
    if (!this.#sources.book.isHeard()) return undefined;
    this.#refresh();
    const key = `${vehicleNo}:${group}`;
    if (this.#groups.has(key)) return this.#groups.get(key);
    const ways = this.active(vehicleNo).flatMap((grant): Way[] => {
      const item = grant.items.find((one) => one.item === group);
      return item ? [{ grant, precision: precisionOfItem(item, { perUnit: 1 }) }] : [];
    });
    const found = this.#permission(bestOf(ways), group);
    this.#groups.set(key, found);
    return found;
  }

  #permission(way: Way | undefined, group: ConsentGroup): ItemPermission | undefined {
    if (!way) return undefined;
    const { grant, precision } = way;
    const isPlace = group === 'position';
    const priv = isPlace ? this.#sources.drivers.privatePeriods(grant.vehicleNo) : never;
    const periodMs = periodMsOf(precision.time);
    const periods = this.periodsOf(grant).flatMap((one) => wholeWithin(one, periodMs));
    return { periods, hidden: union([...grant.pauses, ...priv].map((one) => wholeAround(one, periodMs))), precision };
  }

  /** Sample times of a grant, in the time in which its holder held the vehicle. */
  periodsOf({ vehicleNo, holder, backToMs, untilMs }: StoredGrant): readonly ReadPeriod[] {
    const held = this.#sources.possession.periods(vehicleNo).filter((period) => isSameHolder(period.holder, holder));
    return intersection(union(held.map(asPeriod)), [{ fromMs: backToMs, toMs: untilMs }]);
  }
}

/** Throws `unavailable` where changes of grants are not heard: nobody is answered by what may have been taken back. */
const checkHeard = ({ book }: GrantSources): void => {
  if (!book.isHeard())
    throw new OperationalError('unavailable', 'changes of consent cannot be heard now', { retryAfterSeconds: 2 });
};

const scopeOf = (sources: GrantSources, reader: GrantReader, name: string): ReadScope => {
  const rules = new GrantRules(sources, reader);
  const { book } = sources;
  const isAny = (vehicleNo: number): boolean => rules.active(vehicleNo).length > 0;
  const fields: ReadScopeFields = {
    reader: name,
    audience: name,
    // Nothing is known of what is not heard: a version that nobody had before makes streams ask again.
    version: () => rules.version() * 2 + (book.isHeard() ? 0 : 1),
    allowsVehicle: isAny,
    seesNow: isAny,
    seesCustomer: () => false,
    allowsGroup: (vehicleNo, group) => rules.ofGroup(vehicleNo, group) !== undefined,
    precision: (vehicleNo, group) => rules.ofGroup(vehicleNo, group)?.precision.place ?? 'about10km',
    periods: (vehicleNo) => union(rules.active(vehicleNo).flatMap((grant) => rules.periodsOf(grant))),
    hiddenPeriods: (vehicleNo, group) => rules.ofGroup(vehicleNo, group)?.hidden ?? never,
    hidesAnything: () => true,
    changedSince: () => [...book.vehiclesOf(reader)],
    items: {
      ofSignal: (vehicleNo, signalNumber, group) => rules.ofSignal(vehicleNo, signalNumber, group),
      ofGroup: (vehicleNo, group) => rules.ofGroup(vehicleNo, group),
    },
  };
  return fields as ReadScope;
};

/** What an app of a partner may read. Throws `unavailable`. */
export const partnerScope = (sources: GrantSources, appNo: number): ReadScope => {
  checkHeard(sources);
  return scopeOf(sources, { kind: 'app', appNo }, `app:${appNo}`);
};

/** What a person may read by grants of others: family, employees. Throws `unavailable`. */
export const driverScope = (sources: GrantSources, personNo: number): ReadScope => {
  checkHeard(sources);
  return driverScopeUnlessUnheard(sources, personNo);
};

/** The same for who sees other vehicles, too: while changes are not heard it is as if nothing were granted. */
export const driverScopeUnlessUnheard = (sources: GrantSources, personNo: number): ReadScope =>
  scopeOf(sources, { kind: 'person', personNo }, `person:${personNo}`);
