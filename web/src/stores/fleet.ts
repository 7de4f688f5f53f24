import type { VehicleItem } from '@milepost/contract/api';
import type { MapFrame, RosterMessage, StatusMessage } from '@milepost/contract/stream';
import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import { ApiError, api } from '../api/client.ts';
import { liveStream } from '../api/live-stream.ts';
import { noteServerTime } from '../components/use-now.ts';
import { applyEntry, type FleetVehicle, makeFleetVehicle, worstSeverity } from '../features/map/fleet-vehicle.ts';

/** The page holds at most this many vehicles; the list of all others is a search away. */
export const fleetVehiclesMax = 20_000;
const pageSize = 500;
/** Names and warnings are asked for again at most this often. */
const refreshMs = 5000;

const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');

/**
 * All vehicles with what changes each second. The vehicles are plain objects, changed in place; `revision` grows when any of them
 * changed, so ten thousand of them cost Vue one watcher.
 */
export const useFleet = defineStore('fleet', () => {
  const vehicles = new Map<string, FleetVehicle>();
  const handles = new Map<number, string>();
  const revision = ref(0);
  const isLoaded = ref(false);
  const isCut = ref(false);
  const problem = shallowRef<ApiError | undefined>();
  let users = 0;
  let stops: (() => void)[] = [];
  let refreshTimer: ReturnType<typeof setTimeout> | undefined;
  let loading: Promise<void> | undefined;

  const take = (item: VehicleItem): void => {
    const known = vehicles.get(item.id);
    if (known) known.item = item;
    else vehicles.set(item.id, makeFleetVehicle(item));
  };

  const loadAll = async (): Promise<void> => {
    const seen = new Set<string>();
    let cursor: string | undefined;
    do {
      const page = await api.vehicles({ limit: pageSize, sort: 'name', ...(cursor ? { cursor } : {}) });
      for (const item of page.items) {
        seen.add(item.id);
        take(item);
      }
      cursor = page.next ?? undefined;
      revision.value++;
    } while (cursor && seen.size < fleetVehiclesMax);
    isCut.value = cursor !== undefined;
    for (const id of vehicles.keys()) if (!seen.has(id)) vehicles.delete(id);
  };

  const load = (): Promise<void> => {
    loading ??= loadAll()
      .then(() => {
        isLoaded.value = true;
        problem.value = undefined;
        revision.value++;
      })
      .catch((error: unknown) => {
        if (!(error instanceof ApiError)) throw error;
        problem.value = error;
      })
      .finally(() => {
        loading = undefined;
      });
    return loading;
  };

  const refreshSoon = (): void => {
    refreshTimer ??= setTimeout(() => {
      refreshTimer = undefined;
      if (users > 0) void load();
    }, refreshMs);
  };

  const roster = (message: RosterMessage): void => {
    if (message.isComplete) handles.clear();
    for (const [handle, id] of message.vehicles) {
      handles.set(handle, id);
      if (isLoaded.value && !vehicles.has(id)) refreshSoon();
    }
  };

  const frame = ({ entries, timeMs }: MapFrame): void => {
    noteServerTime(timeMs);
    const nowMs = performance.now();
    for (const entry of entries) {
      const vehicle = vehicles.get(handles.get(entry.handle) ?? '');
      if (!vehicle) continue;
      if (entry.isRemoved) {
        vehicles.delete(vehicle.id);
        continue;
      }
      applyEntry(vehicle, entry, nowMs, !reducedMotion.matches);
      // The frame says how bad it is; what it is, the list says.
      if (entry.severity !== worstSeverity(vehicle.item)) refreshSoon();
    }
    revision.value++;
  };

  const statusChanged = ({ changes, more }: StatusMessage): void => {
    for (const { vehicleId, to, at, reason } of changes) {
      const vehicle = vehicles.get(vehicleId);
      if (!vehicle) continue;
      vehicle.status = to;
      vehicle.item = { ...vehicle.item, status: to, statusSince: at, statusReason: reason };
    }
    if (more > 0) refreshSoon();
    revision.value++;
  };

  /** Follows the fleet while somebody uses it. Answers how to stop. */
  const use = (): (() => void) => {
    if (users++ === 0) {
      // What was empty when somebody looked last may not be any more.
      isLoaded.value &&= vehicles.size > 0;
      void load().then(() => {
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

  const list = (): FleetVehicle[] => [...vehicles.values()];
  const find = (id: string): FleetVehicle | undefined => vehicles.get(id);
  return { revision, isLoaded, isCut, problem, use, load, list, find };
});
