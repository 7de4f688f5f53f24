import type { VehicleDetail } from '@milepost/contract/api';
import type { StatusMessage, VehicleMessage } from '@milepost/contract/stream';
import { onBeforeUnmount, type ShallowRef, shallowRef } from 'vue';
import { ApiError, api } from '../../api/client.ts';
import { liveStream } from '../../api/live-stream.ts';

/** Warnings and devices do not come by the stream: they are read again this often while values change. */
const refreshMs = 3000;

const paths = {
  latitude: 'Vehicle.CurrentLocation.Latitude',
  longitude: 'Vehicle.CurrentLocation.Longitude',
  heading: 'Vehicle.CurrentLocation.Heading',
} as const;

/** `before`: where it was by what was read. */
const positionOf = (before: VehicleDetail['position'], latest: VehicleDetail['latest']): VehicleDetail['position'] => {
  const latitude = latest[paths.latitude];
  const longitude = latest[paths.longitude]?.value;
  const heading = latest[paths.heading]?.value;
  if (!latitude || typeof latitude.value !== 'number' || typeof longitude !== 'number') return before;
  return { latitude: latitude.value, longitude, time: latitude.time, ...(typeof heading === 'number' ? { heading } : {}) };
};

const merge = (detail: VehicleDetail, message: VehicleMessage): VehicleDetail => {
  const latest = message.isComplete ? message.latest : { ...detail.latest, ...message.latest };
  // A message that is whole and holds no position: it is not shown any more.
  const position = positionOf(message.isComplete ? null : detail.position, latest);
  return { ...detail, latest, position, lastSeen: message.lastSeen, isPrivate: message.isPrivate };
};

export interface WatchedVehicle {
  readonly detail: ShallowRef<VehicleDetail | undefined>;
  readonly problem: ShallowRef<ApiError | undefined>;
  load(): Promise<void>;
}

/** A vehicle with all it said last, kept up to date while the component lives. */
export const useVehicle = (id: string): WatchedVehicle => {
  const detail = shallowRef<VehicleDetail | undefined>();
  const problem = shallowRef<ApiError | undefined>();
  const aborter = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;

  const load = async (): Promise<void> => {
    try {
      detail.value = await api.vehicle(id, aborter.signal);
      problem.value = undefined;
    } catch (error) {
      if (aborter.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      problem.value = error;
    }
  };
  const refreshSoon = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      if (!aborter.signal.aborted) void load();
    }, refreshMs);
  };
  const changed = (message: VehicleMessage): void => {
    if (!detail.value) return;
    // What came between reading and watching is in the first message, which is whole: warnings may have changed with it.
    const isNewer = message.lastSeen !== detail.value.lastSeen;
    detail.value = merge(detail.value, message);
    if (!message.isComplete || isNewer) refreshSoon();
  };
  const statusChanged = ({ changes, more }: StatusMessage): void => {
    const change = changes.findLast(({ vehicleId }) => vehicleId === id);
    if (change && detail.value) {
      detail.value = { ...detail.value, status: change.to, statusSince: change.at, statusReason: change.reason };
    }
    if (more > 0) refreshSoon();
  };

  const stops: (() => void)[] = [];
  void load().then(() => {
    if (!aborter.signal.aborted) stops.push(liveStream.watchVehicle(id, changed), liveStream.watchStatus(statusChanged));
  });
  onBeforeUnmount(() => {
    aborter.abort();
    clearTimeout(timer);
    for (const stop of stops) stop();
  });
  return { detail, problem, load };
};
