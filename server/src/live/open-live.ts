import type { Vocabulary } from '@milepost/contract';
import type { DeadLetter } from '../events/index.ts';
import type { Clock, Logger } from '../kernel/index.ts';
import type { Directory } from '../registry/index.ts';
import type { SnapshotStore } from '../storage/index.ts';
import { keepCore } from './cores.ts';
import { defaultTimeouts, tickLagMs } from './limits.ts';
import { LiveCore } from './live-core.ts';
import { LiveReader } from './live-reader.ts';
import { Snapshots } from './snapshots.ts';
import type { Live, LiveStatistics, StatusTimeouts } from './types.ts';

export interface LiveOptions {
  readonly directory: Directory;
  /** Asked each time: users may add signals. */
  readonly vocabulary: () => Vocabulary;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly snapshots: SnapshotStore;
  /** Whose snapshots they are, where several processes keep them in one place. */
  readonly snapshotOwner?: string;
  /** Physical partitions of the log; 1 unless it says otherwise. */
  readonly partitions?: number;
  readonly defaults?: StatusTimeouts;
  /** Keeps a record that cannot be applied; when it is not given such records are logged. */
  readonly deadLetter?: (letter: DeadLetter) => void;
}

const statisticsOf = (core: LiveCore, isSaving: boolean): LiveStatistics => {
  const status = core.tracker.statistics;
  const values = core.latest.statistics;
  return {
    vehicles: status.vehicles,
    values: values.values,
    bytes: values.bytes + status.bytes + core.derived.bytes,
    timers: status.timers,
    unreadableRecords: core.applier.unreadableRecords,
    isSaving,
  };
};

/** Opens an empty live state; load a snapshot, then apply the log: all of its partitions, or some. */
export const openLive = (options: LiveOptions): Live => {
  const { directory, vocabulary, clock, logger, defaults = defaultTimeouts, partitions = 1, snapshotOwner = '0' } = options;
  const {
    deadLetter = ({ offset, error }) => logger.error('a log record cannot be read and is passed over', { offset, error }),
  } = options;
  const core = new LiveCore({ directory, vocabulary, logger, defaults, deadLetter, hasManyTimes: partitions > 1 });
  const reader = new LiveReader(core, clock);
  const snapshots = new Snapshots(core, { store: options.snapshots, owner: snapshotOwner, partitions, clock, logger });
  const stopListening = directory.onChange((change) => core.directoryChanged(change));
  const live: Live = {
    apply: (batch) => core.applier.apply(batch),
    erase: (vehicleNo, fromMs, toMs) => core.erase(vehicleNo, fromMs, toMs),
    eraseOlder: (vehicleNo, keptFromMs) => core.eraseOlder(vehicleNo, keptFromMs),
    knownVehicles: () => core.knownVehicles(),
    deviceNoMax: () => core.latest.deviceNoMax(),
    tick: (nowMs) => core.tracker.advance(nowMs - tickLagMs),
    takeStatusChanges: () => core.takeStatusChanges(),
    latest: (scope, vehicleNo) => reader.latest(scope, vehicleNo),
    told: (scope, vehicleNo) => reader.told(scope, vehicleNo),
    peek: (vehicleNo, signalNumber) => core.latest.value(vehicleNo, signalNumber),
    status: (scope, vehicleNo) => reader.status(scope, vehicleNo),
    mapVehicle: (scope, vehicleNo) => reader.mapVehicle(scope, vehicleNo),
    activeWarnings: (vehicleNo) => reader.activeWarnings(vehicleNo),
    warningLookedAt: (vehicleNo, code) => reader.warningLookedAt(vehicleNo, code),
    warnings: (scope, vehicleNo) => reader.warnings(scope, vehicleNo),
    listVehicles: (scope, query) => reader.listVehicles(scope, query),
    eachVehicle: (scope, query) => reader.eachVehicle(scope, query),
    fleetCounts: (scope, filters) => reader.fleetCounts(scope, filters),
    countParts: (scope, by, filters) => reader.countParts(scope, by, filters),
    counts: (scope) => reader.fleetCounts(scope).byStatus,
    closeMapTick: () => {
      core.closedMapTick = core.derived.closeTick();
      return core.closedMapTick;
    },
    mapSource: (scope, isCounted) => reader.mapSource(scope, isCounted),
    listen: (listener) => {
      core.listeners.add(listener);
      return () => void core.listeners.delete(listener);
    },
    saveSnapshot: (positions) => snapshots.save(positions),
    loadSnapshot: (atMost) => snapshots.load(atMost),
    startAt: (positions) => {
      for (const position of positions) core.applier.startAt(position);
    },
    statistics: () => statisticsOf(core, snapshots.isSaving),
    close: () => {
      stopListening();
      return snapshots.saved();
    },
  };
  return keepCore(live, core);
};
