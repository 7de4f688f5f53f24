import { connectionStatuses, coreSignal, type Vocabulary, warningSeverities, wellKnown } from '@milepost/contract';
import type { ReadScope } from '../events/index.ts';
import type { StatusChange } from '../history/index.ts';
import { BugError, CallerError, type Clock, type Logger } from '../kernel/index.ts';
import type { Device, Directory } from '../registry/index.ts';
import { RecordApplier } from './apply-records.ts';
import { DerivedTable } from './derived-table.ts';
import { LatestTable } from './latest-table.ts';
import { countFleet, findVehicles, type ListSource } from './list-vehicles.ts';
import { makeMapSource, mapSignals, type MapState } from './map-source.ts';
import { pageShift, vehiclesPerPage } from './pages.ts';
import { ScopeView } from './scope-view.ts';
import { SearchIndex } from './search-index.ts';
import { readSnapshot, writeSnapshot } from './snapshot-files.ts';
import { StatusTracker } from './status-tracker.ts';
import type { LatestValue, Live, LiveListener, StatusTimeouts, VehicleListItem } from './types.ts';
import {
  describeWarnings,
  everyWarning,
  rulesOfSignal,
  severityOf,
  updateWarnings,
  type WarningFacts,
  warningRules,
} from './warnings.ts';

export const defaultTimeouts: StatusTimeouts = { lateAfterMs: 75_000, offlineAfterMs: 180_000 };
/** Shortest timeout that is obeyed. */
export const timeoutMsMin = 1000;
/** How far ticks stay behind the clock, so that reports on their way to the disk are applied before deadlines after them. */
export const tickLagMs = 500;
/** Below these a device's own battery explains its silence. */
export const batteryLowVolts = 3.5;
export const batteryLowPercent = 15;
/** How much older than the last report the battery's value may be. */
export const batteryValueAgeMaxMs = 600_000;
/** Bit of a signal's interest mask: a map shows it. The bits of warning rules are below. */
const mapBit = 1 << 30;

export interface LiveOptions {
  readonly directory: Directory;
  /** Asked each time: users may add signals. */
  readonly vocabulary: () => Vocabulary;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where snapshots lie. */
  readonly folder: string;
  readonly defaults?: StatusTimeouts;
  /** receivedAt of the oldest record that was appended but not applied yet; undefined: there is none. Ticks stay before it. */
  readonly oldestPendingMs?: () => number | undefined;
}

const makeInterest = (): Uint32Array => {
  const interest = new Uint32Array(65_536);
  for (const [signal, rules] of rulesOfSignal) interest[signal] = rules;
  for (const signal of mapSignals) interest[signal] = (interest[signal] as number) | mapBit;
  return interest;
};

const timeoutMs = (device: number | null | undefined, customer: number | null | undefined, defaultMs: number): number => {
  const seconds = device ?? customer ?? null;
  return Math.max(timeoutMsMin, seconds === null ? defaultMs : seconds * 1000);
};

const voltsPerUnit = coreSignal('Vehicle.Device.BatteryVoltage').perUnit;

/** Opens an empty live state; load a snapshot, then apply the log. One instance follows one physical partition. */
export const openLive = (options: LiveOptions): Live => {
  const { directory, vocabulary, clock, logger, folder, defaults = defaultTimeouts, oldestPendingMs } = options;
  const derived = new DerivedTable();
  const index = new SearchIndex(directory);
  const listeners = new Set<LiveListener>();
  let changes: StatusChange[] = [];
  let closedTick = 0;
  let isSaving = false;

  const latest = new LatestTable(
    {
      kindOf: (deviceNo) => directory.deviceByNo(deviceNo)?.kind,
      definitionOf: (signalNumber) => vocabulary().byNumber(signalNumber),
    },
    makeInterest(),
  );

  const isRecent = (vehicleNo: number, signal: number, lastSeen: number): boolean =>
    (latest.value(vehicleNo, signal)?.receivedAt ?? Number.NEGATIVE_INFINITY) >= lastSeen - batteryValueAgeMaxMs;

  const tracker = new StatusTracker({
    timeoutsOf: (vehicleNo, deviceNo) => {
      const device = directory.deviceByNo(deviceNo);
      const customer = directory.customerByNo(directory.vehicleByNo(vehicleNo)?.customerNo ?? 0);
      return {
        lateAfterMs: timeoutMs(device?.lateAfterSeconds, customer?.lateAfterSeconds, defaults.lateAfterMs),
        offlineAfterMs: timeoutMs(device?.offlineAfterSeconds, customer?.offlineAfterSeconds, defaults.offlineAfterMs),
      };
    },
    isBatteryLow: (vehicleNo, lastSeen) => {
      const { deviceBatteryVoltage, deviceBatteryLevel } = wellKnown;
      if (
        latest.number(vehicleNo, deviceBatteryVoltage) < batteryLowVolts * voltsPerUnit &&
        isRecent(vehicleNo, deviceBatteryVoltage, lastSeen)
      )
        return true;
      return (
        latest.number(vehicleNo, deviceBatteryLevel) < batteryLowPercent && isRecent(vehicleNo, deviceBatteryLevel, lastSeen)
      );
    },
    changed: (change) => {
      changes.push(change);
      derived.touchMap(change.vehicleNo);
      for (const listener of listeners) listener.statusChanged?.(change);
    },
  });

  const factsOf = (vehicleNo: number): WarningFacts => {
    const vehicle = directory.vehicleByNo(vehicleNo);
    return {
      number: (signal) => latest.number(vehicleNo, signal),
      text: (signal) => latest.text(vehicleNo, signal),
      tirePlacardKpa: vehicle?.tirePlacardKpa ?? null,
      grossWeightKg: vehicle?.grossWeightKg ?? null,
    };
  };

  const refreshWarnings = (vehicleNo: number, touched: number): void => {
    const before = derived.warnings(vehicleNo);
    const after = updateWarnings(before, touched, factsOf(vehicleNo));
    if (after === before) return;
    derived.setWarnings(vehicleNo, after);
    if (severityOf(after) !== severityOf(before)) derived.touchMap(vehicleNo);
  };

  const applier = new RecordApplier({
    latest,
    tracker,
    logger,
    touched: (vehicleNo, bits) => {
      if (bits & mapBit) derived.touchMap(vehicleNo);
      if (bits & everyWarning) refreshWarnings(vehicleNo, bits & everyWarning);
    },
    heard: (vehicleNo, receivedAt) => {
      for (const listener of listeners) listener.vehicleChanged?.(vehicleNo, receivedAt);
    },
  });

  const refreshDevice = (device: Device): void => {
    for (const assignment of device.assignments) tracker.refresh(assignment.vehicleNo);
  };
  const stopListening = directory.onChange((change) => {
    if (change.kind === 'device') return refreshDevice(change.device);
    if (change.kind === 'vehicle') {
      index.vehicleChanged(change.vehicle);
      tracker.refresh(change.vehicle.vehicleNo);
      refreshWarnings(change.vehicle.vehicleNo, everyWarning);
      if (tracker.statusCode(change.vehicle.vehicleNo) !== 0) derived.touchMap(change.vehicle.vehicleNo);
      return;
    }
    index.customerChanged(change.customer);
    for (const vehicle of directory.vehicles())
      if (vehicle.customerNo === change.customer.customerNo) tracker.refresh(vehicle.vehicleNo);
  });

  /** A warning is seen by who may read the group that its signals are in: all signals of a rule share one or are not shown. */
  const warningMask = (view: ScopeView, vehicleNo: number): number => {
    const mask = derived.warnings(vehicleNo);
    if (mask === 0) return 0;
    let visible = mask;
    for (let rest = mask; rest !== 0; rest &= rest - 1) {
      const bit = 31 - Math.clz32(rest & -rest);
      const group = vocabulary().byNumber(warningRules[bit]?.signals[0] ?? 0)?.group ?? 'warnings';
      if (!view.scope.allowsGroup(vehicleNo, group)) visible &= ~(1 << bit);
    }
    return visible;
  };

  const viewOf = (scope: ReadScope): ScopeView => new ScopeView(scope, latest);
  const checked = (scope: ReadScope, vehicleNo: number): ScopeView => {
    if (!scope.allowsVehicle(vehicleNo)) throw new CallerError('not_found', 'There is no such vehicle');
    return viewOf(scope);
  };
  const describe = (view: ScopeView, vehicleNo: number) => {
    if (warningMask(view, vehicleNo) === 0) return [];
    return describeWarnings(factsOf(vehicleNo), (signal) =>
      view.mayRead(vehicleNo, signal, vocabulary().byNumber(signal)?.group ?? 'warnings'),
    );
  };

  const listSource: ListSource = {
    directory,
    index,
    statusCode: (vehicleNo) => tracker.statusCode(vehicleNo),
    lastSeen: (vehicleNo) => tracker.lastSeen(vehicleNo),
    reasonIsGoodbye: (vehicleNo) => tracker.status(vehicleNo).reason === 'goodbye',
    warningMask,
  };
  const mapState: MapState = {
    closedTick: () => closedTick,
    now: () => clock.now(),
    changedSince: (tick) => derived.changedSince(tick),
    statusCode: (vehicleNo) => tracker.statusCode(vehicleNo),
    severity: (view, vehicleNo) => severityOf(warningMask(view, vehicleNo)),
    isEnded: (vehicleNo) => (directory.vehicleByNo(vehicleNo)?.endedAt ?? null) !== null,
  };

  const save = async (partition: number, offset: number): Promise<void> => {
    if (offset !== applier.nextOffset || partition !== applier.partition) {
      throw new BugError(
        `a snapshot of partition ${partition} at ${offset} was asked for, but live stands at ${applier.nextOffset} of ${applier.partition}`,
      );
    }
    if (isSaving) {
      logger.warn('a live snapshot is left out because the one before is still being written', { offset });
      return;
    }
    isSaving = true;
    const header = {
      partition,
      offset,
      savedAt: clock.now(),
      newestRecordMs: tracker.newestRecordMs,
      settledMs: tracker.settledMs,
      outages: [...tracker.outages],
    };
    tracker.guard.begin();
    latest.guard.begin();
    const status = tracker.entries();
    const pages = [...latest.pages()];
    const startedAt = clock.now();
    try {
      const bytes = await writeSnapshot(folder, {
        header,
        status,
        statusGuard: tracker.guard,
        latest: pages,
        latestGuard: latest.guard,
      });
      logger.debug('live snapshot saved', { offset, bytes, durationMs: clock.now() - startedAt });
    } finally {
      tracker.guard.end();
      latest.guard.end();
      isSaving = false;
    }
  };

  const load = async (partition: number, atMost: number): Promise<number | undefined> => {
    const snapshot = await readSnapshot(folder, partition, atMost, (text) => latest.intern(text), logger);
    if (!snapshot) return undefined;
    if (applier.nextOffset !== -1) throw new BugError('a snapshot can only be loaded before the first record');
    for (const { signalNumber, index: pageIndex, page } of snapshot.latest) latest.restore(signalNumber, pageIndex, page);
    tracker.restore(snapshot.status, snapshot.outages, snapshot.newestRecordMs, snapshot.settledMs);
    applier.startAt(partition, snapshot.offset);
    for (const { index: pageIndex, page } of snapshot.status) {
      for (let slot = 0; slot < vehiclesPerPage; slot++) {
        if (page.status[slot] === 0) continue;
        const vehicleNo = (pageIndex << pageShift) | slot;
        refreshWarnings(vehicleNo, everyWarning);
        derived.touchMap(vehicleNo);
      }
    }
    return snapshot.offset;
  };

  return {
    apply: (batch) => applier.apply(batch),
    tick: (nowMs) => tracker.advance(Math.min(nowMs - tickLagMs, oldestPendingMs?.() ?? Number.POSITIVE_INFINITY)),
    takeStatusChanges: () => {
      const taken = changes;
      if (taken.length > 0) changes = [];
      return taken;
    },
    latest: (scope, vehicleNo) => {
      const view = checked(scope, vehicleNo);
      const precision = scope.precision(vehicleNo, 'position');
      const values: LatestValue[] = [];
      for (const signalNumber of latest.signals) {
        const group = vocabulary().byNumber(signalNumber)?.group;
        const value = group && view.mayRead(vehicleNo, signalNumber, group) ? latest.value(vehicleNo, signalNumber) : undefined;
        if (value) values.push(view.blurred(value, precision));
      }
      return values;
    },
    peek: (vehicleNo, signalNumber) => latest.value(vehicleNo, signalNumber),
    status: (scope, vehicleNo) => {
      checked(scope, vehicleNo);
      return tracker.status(vehicleNo);
    },
    mapVehicle: (scope, vehicleNo) => {
      const view = checked(scope, vehicleNo);
      const position = view.position(vehicleNo);
      if (!position) return undefined;
      const severity = severityOf(warningMask(view, vehicleNo));
      return {
        vehicleNo,
        latitude: position.latitude,
        longitude: position.longitude,
        headingDegrees: view.unitValue(vehicleNo, wellKnown.heading),
        speedKmh: view.unitValue(vehicleNo, wellKnown.speed),
        energyPercent: view.unitValue(vehicleNo, wellKnown.energyPercent),
        status: connectionStatuses[tracker.statusCode(vehicleNo)] ?? 'never_seen',
        hasWarning: severity > 0,
        severity: warningSeverities[severity] ?? 'none',
      };
    },
    warnings: (scope, vehicleNo) => describe(checked(scope, vehicleNo), vehicleNo),
    listVehicles: (scope, query) => {
      const view = viewOf(scope);
      const { entries, next } = findVehicles(listSource, view, query);
      const items = entries.map(({ vehicle }): VehicleListItem => {
        const { vehicleNo } = vehicle;
        return {
          vehicle,
          status: tracker.status(vehicleNo),
          position: view.position(vehicleNo),
          warnings: describe(view, vehicleNo),
          energyPercent: view.unitValue(vehicleNo, wellKnown.energyPercent),
        };
      });
      return { items, next };
    },
    fleetCounts: (scope) => countFleet(listSource, viewOf(scope), severityOf),
    counts: (scope) => countFleet(listSource, viewOf(scope), severityOf).byStatus,
    closeMapTick: () => {
      closedTick = derived.closeTick();
      return closedTick;
    },
    mapSource: (scope) => makeMapSource(viewOf(scope), mapState),
    listen: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    saveSnapshot: save,
    loadSnapshot: load,
    statistics: () => {
      const status = tracker.statistics;
      const values = latest.statistics;
      return {
        vehicles: status.vehicles,
        values: values.values,
        bytes: values.bytes + status.bytes + derived.bytes,
        timers: status.timers,
        unreadableRecords: applier.unreadableRecords,
        isSaving,
      };
    },
    close: () => stopListening(),
  };
};
