import type { ConsentGroup, Vocabulary } from '@milepost/contract';
import { type DeadLetter, groupPermission, isExactly } from '../events/index.ts';
import type { StatusChange } from '../history/index.ts';
import type { Logger } from '../kernel/index.ts';
import type { Directory, DirectoryChange } from '../registry/index.ts';
import { RecordApplier } from './apply-records.ts';
import { DerivedTable } from './derived-table.ts';
import { LatestTable } from './latest-table.ts';
import { mapSignals } from './map-source.ts';
import type { ScopeView } from './scope-view.ts';
import { SearchIndex } from './search-index.ts';
import { StatusTracker } from './status-tracker.ts';
import { makeIsBatteryLow, makeTimeoutsOf } from './silence-facts.ts';
import type { LiveListener, StatusTimeouts, VehicleStatus } from './types.ts';
import { everyWarning, rulesOfSignal, severityOf, updateWarnings, type WarningFacts, warningRules } from './warnings.ts';

const neverSeen: VehicleStatus = { status: 'never_seen', since: null, reason: 'none', lastSeen: null };

/** Bit of a signal's interest mask: a map shows it. The bits of warning rules are below. */
const mapBit = 1 << 30;

const makeInterest = (): Uint32Array => {
  const interest = new Uint32Array(65_536);
  for (const [signal, rules] of rulesOfSignal) interest[signal] = rules;
  for (const signal of mapSignals) interest[signal] = (interest[signal] as number) | mapBit;
  return interest;
};

export interface CoreOptions {
  readonly directory: Directory;
  readonly vocabulary: () => Vocabulary;
  readonly logger: Logger;
  readonly defaults: StatusTimeouts;
  readonly deadLetter: (letter: DeadLetter) => void;
  /** See `StatusContext`. */
  readonly hasManyTimes: boolean;
}

/** The tables of the live state and what happens between them when a record or a change of the directory comes. */
export class LiveCore {
  readonly directory: Directory;
  readonly vocabulary: () => Vocabulary;
  readonly derived = new DerivedTable();
  readonly index: SearchIndex;
  readonly latest: LatestTable;
  readonly tracker: StatusTracker;
  readonly applier: RecordApplier;
  readonly listeners = new Set<LiveListener>();
  /** Number of the map tick closed last. */
  closedMapTick = 0;
  readonly #logger: Logger;
  #changes: StatusChange[] = [];

  constructor({ directory, vocabulary, logger, defaults, deadLetter, hasManyTimes }: CoreOptions) {
    this.directory = directory;
    this.vocabulary = vocabulary;
    this.#logger = logger;
    this.index = new SearchIndex(directory);
    const sources = {
      kindOf: (deviceNo: number) => directory.deviceByNo(deviceNo)?.kind,
      definitionOf: (signalNumber: number) => vocabulary().byNumber(signalNumber),
    };
    this.latest = new LatestTable(sources, makeInterest());
    this.tracker = new StatusTracker({
      timeoutsOf: makeTimeoutsOf(directory, defaults),
      isBatteryLow: makeIsBatteryLow(this.latest),
      changed: (change) => this.#statusChanged(change),
      hasManyTimes,
    });
    this.applier = new RecordApplier({
      latest: this.latest,
      tracker: this.tracker,
      deadLetter: (letter) => deadLetter({ reader: 'live', ...letter }),
      touched: (vehicleNo, bits) => this.#touched(vehicleNo, bits),
      heard: (vehicleNo, receivedAt) => this.#tell((listener) => listener.vehicleChanged?.(vehicleNo, receivedAt)),
    });
  }

  takeStatusChanges(): readonly StatusChange[] {
    const taken = this.#changes;
    if (taken.length > 0) this.#changes = [];
    return taken;
  }

  /** Vehicles that were heard, and those of which there are only values from elsewhere. */
  *knownVehicles(): Generator<number> {
    yield* this.tracker.seenVehicles();
    for (const vehicleNo of this.latest.vehicles()) if (!this.tracker.isSeen(vehicleNo)) yield vehicleNo;
  }

  erase(vehicleNo: number, fromMs: number, toMs: number): void {
    this.#touched(vehicleNo, this.latest.erase(vehicleNo, fromMs, toMs));
  }

  eraseOlder(vehicleNo: number, keptFromMs: (signalNumber: number) => number): void {
    this.#touched(vehicleNo, this.latest.eraseOlder(vehicleNo, keptFromMs));
  }

  directoryChanged(change: DirectoryChange): void {
    if (change.kind === 'device') {
      for (const assignment of change.device.assignments) this.tracker.refresh(assignment.vehicleNo);
      return;
    }
    if (change.kind === 'vehicle') {
      const { vehicleNo } = change.vehicle;
      this.index.vehicleChanged(change.vehicle);
      this.tracker.refresh(vehicleNo);
      this.refreshWarnings(vehicleNo, everyWarning);
      // One that has ended has no warnings any more, whatever its values say.
      if (change.vehicle.endedAt !== null) this.#tell((listener) => listener.warningsChanged?.(vehicleNo));
      // A map must learn that a vehicle has ended.
      if (this.tracker.isSeen(vehicleNo)) this.derived.touchMap(vehicleNo);
      return;
    }
    this.index.customerChanged(change.customer);
    for (const vehicle of this.directory.vehicles()) {
      if (vehicle.customerNo === change.customer.customerNo) this.tracker.refresh(vehicle.vehicleNo);
    }
  }

  factsOf(vehicleNo: number): WarningFacts {
    const vehicle = this.directory.vehicleByNo(vehicleNo);
    return {
      number: (signal) => this.latest.number(vehicleNo, signal),
      text: (signal) => this.latest.text(vehicleNo, signal),
      tirePlacardKpa: vehicle?.tirePlacardKpa ?? null,
      grossWeightKg: vehicle?.grossWeightKg ?? null,
    };
  }

  refreshWarnings(vehicleNo: number, touched: number): void {
    const before = this.derived.warnings(vehicleNo);
    const after = updateWarnings(before, touched, this.factsOf(vehicleNo));
    // One that stays may be about something else now: another wheel, another code.
    if (after === before && (after & touched) === 0) return;
    if (after !== before) this.derived.setWarnings(vehicleNo, after);
    if (severityOf(after) !== severityOf(before)) this.derived.touchMap(vehicleNo);
    this.#tell((listener) => listener.warningsChanged?.(vehicleNo));
  }

  /** The connection status as a scope shows it. */
  status(view: ScopeView, vehicleNo: number): VehicleStatus {
    const status = this.tracker.status(vehicleNo);
    const { since, lastSeen } = status;
    if (lastSeen === null || !view.seesStatus(vehicleNo, lastSeen)) return neverSeen;
    // Before the reader's periods it is as if it had begun with them.
    const fromMs = view.scope.periods(vehicleNo).at(-1)?.fromMs ?? Number.NEGATIVE_INFINITY;
    return since !== null && since < fromMs ? { ...status, since: fromMs } : status;
  }

  /** Index into `connectionStatuses`. */
  statusCode(view: ScopeView, vehicleNo: number): number {
    const code = this.tracker.statusCode(vehicleNo);
    return code === 0 || view.seesStatus(vehicleNo, this.tracker.lastSeen(vehicleNo)) ? code : 0;
  }

  /** 0: never, as far as the scope shows it. */
  lastSeen(view: ScopeView, vehicleNo: number): number {
    const lastSeen = this.tracker.lastSeen(vehicleNo);
    return lastSeen === 0 || view.seesStatus(vehicleNo, lastSeen) ? lastSeen : 0;
  }

  /** Bits of the active warnings that a scope shows: those whose signals' group it allows (the signals of a rule share one group). */
  warningMask(view: ScopeView, vehicleNo: number): number {
    let visible = this.derived.warnings(vehicleNo);
    for (let rest = visible; rest !== 0; rest &= rest - 1) {
      const bit = 31 - Math.clz32(rest & -rest);
      if (!this.#seesWarning(view, vehicleNo, warningRules[bit]?.signals ?? [])) visible &= ~(1 << bit);
    }
    return visible;
  }

  /** Of a scope made of grants every value that the rule looks at must be told as it is. */
  #seesWarning(view: ScopeView, vehicleNo: number, signals: readonly number[]): boolean {
    const groupOf = (signal: number): ConsentGroup => this.vocabulary().byNumber(signal)?.group ?? 'warnings';
    const { scope } = view;
    if (!scope.items) return scope.allowsGroup(vehicleNo, groupOf(signals[0] ?? 0));
    if (groupPermission(scope, vehicleNo, groupOf(signals[0] ?? 0))?.precision.time !== 'report') return false;
    return signals.every((signal) => {
      if (this.latest.timeOf(vehicleNo, signal) < 0) return true;
      const told = view.told(vehicleNo, signal);
      return told !== undefined && isExactly(told.precision);
    });
  }

  #statusChanged(change: StatusChange): void {
    this.#changes.push(change);
    this.derived.touchMap(change.vehicleNo);
    this.#tell((listener) => listener.statusChanged?.(change));
  }

  /** What a listener throws is its own failure, not that of the record it is told of. */
  #tell(what: (listener: LiveListener) => void): void {
    for (const listener of this.listeners) {
      try {
        what(listener);
      } catch (error) {
        this.#logger.error('a listener of live failed', { error });
      }
    }
  }

  #touched(vehicleNo: number, bits: number): void {
    if (bits & mapBit) this.derived.touchMap(vehicleNo);
    if (bits & everyWarning) this.refreshWarnings(vehicleNo, bits & everyWarning);
  }
}
