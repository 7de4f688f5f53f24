import { connectionStatuses, type VehicleWarning, type WarningCode, warningSeverities, wellKnown } from '@milepost/contract';
import type { ReadScope } from '../events/index.ts';
import { CallerError, type Clock } from '../kernel/index.ts';
import { countFleet, countParts } from './count-fleet.ts';
import { findAll, findVehicles, type ListSource } from './list-vehicles.ts';
import type { LiveCore } from './live-core.ts';
import { makeMapSource, type MapState } from './map-source.ts';
import { ScopeView } from './scope-view.ts';
import type { IndexedVehicle } from './search-index.ts';
import type {
  ActiveWarning,
  FleetCounts,
  LatestValue,
  MapSource,
  MapVehicle,
  PartCounts,
  ToldValue,
  VehicleFilters,
  VehicleGrouping,
  VehicleList,
  VehicleListItem,
  VehicleListQuery,
  VehicleStatus,
} from './types.ts';
import { describeWarnings, severityOf, signalsOfWarning } from './warnings.ts';

/** Everything that is read of the live state, as a scope allows. */
export class LiveReader {
  readonly #core: LiveCore;
  readonly #list: ListSource;
  readonly #map: MapState;

  constructor(core: LiveCore, clock: Clock) {
    this.#core = core;
    const { directory, index, derived } = core;
    const statusCode = (view: ScopeView, vehicleNo: number): number => core.statusCode(view, vehicleNo);
    const warningMask = (view: ScopeView, vehicleNo: number): number => core.warningMask(view, vehicleNo);
    this.#list = {
      directory,
      index,
      statusCode,
      lastSeen: (view, vehicleNo) => core.lastSeen(view, vehicleNo),
      reason: (view, vehicleNo) => core.status(view, vehicleNo).reason,
      warningMask,
    };
    this.#map = {
      closedTick: () => core.closedMapTick,
      now: () => clock.now(),
      changedSince: (tick) => derived.changedSince(tick),
      statusCode,
      severity: (view, vehicleNo) => severityOf(warningMask(view, vehicleNo)),
      // One that the directory does not know is not shown either.
      isEnded: (vehicleNo) => directory.vehicleByNo(vehicleNo)?.endedAt !== null,
    };
  }

  latest(scope: ReadScope, vehicleNo: number): readonly LatestValue[] {
    const view = this.#viewOf(scope, vehicleNo);
    return this.#core.latest.signals.flatMap((signalNumber) => view.shown(vehicleNo, signalNumber) ?? []);
  }

  told(scope: ReadScope, vehicleNo: number): readonly ToldValue[] {
    const view = this.#viewOf(scope, vehicleNo);
    return this.#core.latest.signals.flatMap((signalNumber) => view.told(vehicleNo, signalNumber) ?? []);
  }

  status(scope: ReadScope, vehicleNo: number): VehicleStatus {
    return this.#core.status(this.#viewOf(scope, vehicleNo), vehicleNo);
  }

  warnings(scope: ReadScope, vehicleNo: number): readonly VehicleWarning[] {
    return this.#warnings(this.#viewOf(scope, vehicleNo), vehicleNo);
  }

  activeWarnings(vehicleNo: number): readonly ActiveWarning[] {
    const { derived, directory } = this.#core;
    if (derived.warnings(vehicleNo) === 0 || directory.vehicleByNo(vehicleNo)?.endedAt !== null) return [];
    return describeWarnings(this.#core.factsOf(vehicleNo), () => true).map(({ code, severity, detail, signals }) => ({
      code,
      severity,
      detail,
      timeMs: this.#newestOf(vehicleNo, signals),
    }));
  }

  warningLookedAt(vehicleNo: number, code: WarningCode): number | undefined {
    const timeMs = this.#newestOf(vehicleNo, signalsOfWarning(code));
    return timeMs < 0 ? undefined : timeMs;
  }

  mapVehicle(scope: ReadScope, vehicleNo: number): MapVehicle | undefined {
    const view = this.#viewOf(scope, vehicleNo);
    const position = view.position(vehicleNo);
    if (!position) return undefined;
    const severity = severityOf(this.#core.warningMask(view, vehicleNo));
    return {
      vehicleNo,
      latitude: position.latitude,
      longitude: position.longitude,
      headingDegrees: view.unitValue(vehicleNo, wellKnown.heading),
      speedKmh: view.unitValue(vehicleNo, wellKnown.speed),
      energyPercent: view.unitValue(vehicleNo, wellKnown.energyPercent),
      status: connectionStatuses[this.#core.statusCode(view, vehicleNo)] ?? 'never_seen',
      hasWarning: severity > 0,
      severity: warningSeverities[severity] ?? 'none',
    };
  }

  listVehicles(scope: ReadScope, query: VehicleListQuery): VehicleList {
    const view = new ScopeView(scope, this.#core.latest);
    const { entries, next } = findVehicles(this.#list, view, query);
    return { items: entries.map((entry) => this.#item(view, entry)), next };
  }

  eachVehicle(scope: ReadScope, query: VehicleFilters & Pick<VehicleListQuery, 'sort'>): Iterable<VehicleListItem> {
    const view = new ScopeView(scope, this.#core.latest);
    const found = findAll(this.#list, view, query);
    const item = (entry: IndexedVehicle): VehicleListItem => this.#item(view, entry);
    return (function* () {
      for (const entry of found) yield item(entry);
    })();
  }

  fleetCounts(scope: ReadScope, filters?: VehicleFilters): FleetCounts {
    return countFleet(this.#list, new ScopeView(scope, this.#core.latest), severityOf, filters);
  }

  countParts(scope: ReadScope, by: VehicleGrouping, filters?: VehicleFilters): readonly PartCounts[] {
    return countParts(this.#list, new ScopeView(scope, this.#core.latest), severityOf, by, filters);
  }

  mapSource(scope: ReadScope, isCounted?: (vehicleNo: number) => boolean): MapSource {
    return makeMapSource(new ScopeView(scope, this.#core.latest), this.#map, isCounted);
  }

  /** −1: there is no value. */
  #newestOf(vehicleNo: number, signals: readonly number[]): number {
    return signals.reduce((newest, signal) => Math.max(newest, this.#core.latest.timeOf(vehicleNo, signal)), -1);
  }

  #item(view: ScopeView, { vehicle }: IndexedVehicle): VehicleListItem {
    const { vehicleNo } = vehicle;
    return {
      vehicle,
      status: this.#core.status(view, vehicleNo),
      position: view.position(vehicleNo),
      warnings: this.#warnings(view, vehicleNo),
      energyPercent: view.unitValue(vehicleNo, wellKnown.energyPercent),
      rangeM: view.unitValue(vehicleNo, wellKnown.range),
    };
  }

  #warnings(view: ScopeView, vehicleNo: number): readonly VehicleWarning[] {
    if (this.#core.warningMask(view, vehicleNo) === 0) return [];
    const mayRead = (signal: number): boolean =>
      view.mayRead(vehicleNo, signal, this.#core.vocabulary().byNumber(signal)?.group ?? 'warnings');
    return describeWarnings(this.#core.factsOf(vehicleNo), mayRead);
  }

  #viewOf(scope: ReadScope, vehicleNo: number): ScopeView {
    if (!scope.allowsVehicle(vehicleNo)) throw new CallerError('not_found', 'There is no such vehicle');
    return new ScopeView(scope, this.#core.latest);
  }
}
