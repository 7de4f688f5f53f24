import type { VehicleFilters, VehicleItem } from '@milepost/contract/api';
import type { MapFrame, MapFrameEntry, RosterMessage, StatusMessage } from '@milepost/contract/stream';
import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import { ApiError, api } from '../api/client.ts';
import { liveStream } from '../api/live-stream.ts';
import { makeNextTask, type Pieces, TaskQueue } from '../components/task-queue.ts';
import { noteServerTime } from '../components/use-now.ts';
import {
  applyEntry,
  byName,
  type FleetVehicle,
  makeFleetVehicle,
  setDetails,
  worstSeverity,
} from '../features/map/fleet-vehicle.ts';

/** The page holds at most this many vehicles; the list of all others is a search away. */
export const fleetVehiclesMax = 20_000;
const pageSize = 500;
/** What the stream does not tell is asked for again at most this often. */
const refreshMs = 5000;
/** What is old: what the warnings are, which few vehicles have, or who there is. */
type Outdated = 'warnings' | 'roster';

const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');

/** Reads all vehicles that fit, page by page; answers who was there, and whether there are more. */
const makePager = (vehicles: Map<string, FleetVehicle>, tookPage: () => void) => {
  const take = (item: VehicleItem): void => {
    const known = vehicles.get(item.id);
    if (known) setDetails(known, item);
    else vehicles.set(item.id, makeFleetVehicle(item));
  };
  return async (filters: VehicleFilters): Promise<{ seen: ReadonlySet<string>; hasMore: boolean }> => {
    const seen = new Set<string>();
    let cursor: string | undefined;
    do {
      const page = await api.vehicles({ ...filters, limit: pageSize, sort: 'name', ...(cursor ? { cursor } : {}) });
      for (const item of page.items) {
        seen.add(item.id);
        take(item);
      }
      cursor = page.next ?? undefined;
      tookPage();
    } while (cursor && seen.size < fleetVehiclesMax);
    return { seen, hasMore: cursor !== undefined };
  };
};

/** Loads all vehicles, page by page, and again, at most every `refreshMs`, what somebody finds old: all of them, or those with warnings. */
const makeLoader = (vehicles: Map<string, FleetVehicle>, changed: () => void) => {
  /** Grows when the list was read: who there is, what they are called. */
  const rosterRevision = ref(0);
  const isLoaded = ref(false);
  const isCut = ref(false);
  const problem = shallowRef<ApiError | undefined>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let loading: Promise<void> | undefined;
  let loads: Outdated = 'roster';
  let loadedAtMs = Number.NEGATIVE_INFINITY;

  // Page by page while there is nothing else to see; later all at once, which is one picture of the list and the map instead of twenty.
  const takePages = makePager(vehicles, () => {
    if (!isLoaded.value) changed();
  });
  const loadWarnings = async (): Promise<void> => {
    const { seen } = await takePages({ warning: 'true' });
    for (const vehicle of vehicles.values()) if (!seen.has(vehicle.id)) vehicle.warnings = [];
    changed();
  };
  const loadAll = async (): Promise<void> => {
    const { seen, hasMore } = await takePages({});
    isCut.value = hasMore;
    for (const id of vehicles.keys()) if (!seen.has(id)) vehicles.delete(id);
    isLoaded.value = true;
    loadedAtMs = performance.now();
    problem.value = undefined;
    rosterRevision.value++;
    changed();
  };
  const load = (what: Outdated = 'roster'): Promise<void> => {
    // Who there is, the answer under way does not tell.
    if (loading && what === 'roster' && loads === 'warnings') return loading.then(() => load());
    if (!loading) loads = what;
    loading ??= (what === 'roster' ? loadAll() : loadWarnings())
      .catch((error: unknown) => {
        if (!(error instanceof ApiError)) throw error;
        problem.value = error;
      })
      .finally(() => {
        loading = undefined;
      });
    return loading;
  };
  /** Unless it was loaded just now: the app asks before the first page is there. What was empty may not be any more. */
  const loadUnlessFresh = (): Promise<void> =>
    vehicles.size > 0 && performance.now() - loadedAtMs < refreshMs ? Promise.resolve() : load();
  let outdated: Outdated = 'warnings';
  const loadSoon = (what: Outdated, isWanted: () => boolean): void => {
    if (what === 'roster') outdated = 'roster';
    timer ??= setTimeout(() => {
      timer = undefined;
      const due = outdated;
      outdated = 'warnings';
      if (isWanted()) void load(due);
    }, refreshMs);
  };
  return { rosterRevision, isLoaded, isCut, problem, load, loadUnlessFresh, loadSoon };
};

/** So many vehicles are changed without a pause: a few milliseconds of a slow phone. */
const entriesAPiece = 2000;

/**
 * What the stream tells, written into the vehicles in the order in which it came. A frame of ten thousand is taken in pieces, so that nobody who types or
 * moves the map waits for it; what it makes of the page comes last. `outdated`: the list knows more than the stream does.
 */
const makeListener = (vehicles: Map<string, FleetVehicle>, changed: () => void, outdated: (what: Outdated) => void) => {
  const handles = new Map<number, string>();
  const heardMs = ref<number | undefined>();
  const queue = new TaskQueue(makeNextTask());
  const apply = (entry: MapFrameEntry, nowMs: number): void => {
    const vehicle = vehicles.get(handles.get(entry.handle) ?? '');
    if (!vehicle) return;
    if (entry.isRemoved) {
      vehicles.delete(vehicle.id);
      return;
    }
    applyEntry(vehicle, entry, nowMs, !reducedMotion.matches);
    // The frame says how bad it is; what it is, the list says.
    if (entry.severity !== worstSeverity(vehicle.warnings)) outdated('warnings');
  };
  const takeRoster = function* ({ vehicles: listed, isComplete }: RosterMessage): Pieces {
    if (isComplete) handles.clear();
    for (const [index, [handle, id]] of listed.entries()) {
      handles.set(handle, id);
      if (!vehicles.has(id)) outdated('roster');
      if (index % entriesAPiece === entriesAPiece - 1) yield;
    }
  };
  const takeFrame = function* ({ entries, timeMs }: MapFrame): Pieces {
    const nowMs = performance.now();
    for (const [index, entry] of entries.entries()) {
      apply(entry, nowMs);
      if (index % entriesAPiece === entriesAPiece - 1) yield;
    }
    yield;
    heardMs.value = timeMs;
    changed();
  };
  const takeStatuses = function* ({ changes, more }: StatusMessage): Pieces {
    for (const { vehicleId, to, at, reason } of changes) {
      const vehicle = vehicles.get(vehicleId);
      if (!vehicle) continue;
      vehicle.status = to;
      vehicle.statusSinceMs = Date.parse(at);
      vehicle.statusReason = reason;
    }
    yield;
    if (more > 0) outdated('roster');
    changed();
  };
  const roster = (message: RosterMessage): void => queue.add(takeRoster(message));
  const frame = (message: MapFrame): void => {
    noteServerTime(message.timeMs);
    queue.add(takeFrame(message));
  };
  const statusChanged = (message: StatusMessage): void => queue.add(takeStatuses(message));
  return { heardMs, roster, frame, statusChanged };
};

/** All vehicles in order of names; sorted again when some came, went or were renamed. */
const makeRanking = (vehicles: ReadonlyMap<string, FleetVehicle>): (() => readonly FleetVehicle[]) => {
  let ranked: FleetVehicle[] = [];
  const isInOrder = (): boolean => {
    if (ranked.length !== vehicles.size) return false;
    let before = '';
    for (const vehicle of ranked) {
      if (vehicle.sortKey < before || vehicles.get(vehicle.id) !== vehicle) return false;
      before = vehicle.sortKey;
    }
    return true;
  };
  return () => {
    if (!isInOrder()) ranked = [...vehicles.values()].sort(byName);
    return ranked;
  };
};

/**
 * All vehicles with what changes each second. The vehicles are plain objects, changed in place; `revision` grows when any of them
 * changed, so ten thousand of them cost Vue one watcher.
 */
export const useFleet = defineStore('fleet', () => {
  const vehicles = new Map<string, FleetVehicle>();
  const revision = ref(0);
  const changed = (): void => {
    revision.value++;
  };
  let users = 0;
  let stops: (() => void)[] = [];
  const { rosterRevision, isLoaded, isCut, problem, load, loadUnlessFresh, loadSoon } = makeLoader(vehicles, changed);
  const { heardMs, roster, frame, statusChanged } = makeListener(vehicles, changed, (what) => loadSoon(what, () => users > 0));

  /** Follows the fleet while somebody uses it. Answers how to stop. */
  const use = (): (() => void) => {
    if (users++ === 0) {
      // What was empty when somebody looked last may not be any more.
      isLoaded.value &&= vehicles.size > 0;
      void loadUnlessFresh().then(() => {
        if (users > 0 && stops.length === 0)
          stops = [liveStream.watchMap({ roster, frame }), liveStream.watchStatus(statusChanged)];
      });
    }
    return () => {
      if (--users > 0) return;
      for (const stop of stops) stop();
      stops = [];
    };
  };

  const find = (id: string): FleetVehicle | undefined => vehicles.get(id);
  return { revision, rosterRevision, heardMs, isLoaded, isCut, problem, use, load, list: makeRanking(vehicles), find };
});
