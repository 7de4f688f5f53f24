import type { HistoryView } from '@milepost/contract/api';
import { onBeforeUnmount, type Ref, type ShallowRef, shallowRef, watch } from 'vue';
import { ApiError, api } from '../../api/client.ts';
import type { FleetVehicle } from './fleet-vehicle.ts';
import { growTrail, makeTrail, positionPaths, type Trail } from './past/trail.ts';

/** The trail of a vehicle that is chosen now begins so long ago. */
const reachMs = 1_800_000;
/** Positions that are read of that. */
const rowsMax = 7200;

export interface LiveTrailOptions {
  /** False while the past is shown. */
  readonly isLive: Readonly<Ref<boolean>>;
  /** Grows when vehicles changed. */
  readonly revision: Readonly<Ref<number>>;
  readonly find: (id: string) => FleetVehicle | undefined;
  /** Of the newest frame, ms. */
  readonly heardMs: () => number;
  readonly gapMs: () => number;
}

/** Where the chosen vehicle came from in the last half hour, and goes from now on. Without history it begins where the vehicle is. */
export const useLiveTrail = (
  vehicleId: Readonly<Ref<string>>,
  { isLive, revision, find, heardMs, gapMs }: LiveTrailOptions,
): Readonly<ShallowRef<Trail | undefined>> => {
  const trail = shallowRef<Trail | undefined>();
  let reading: AbortController | undefined;

  const read = async (id: string): Promise<void> => {
    reading?.abort();
    trail.value = undefined;
    if (id === '' || !isLive.value) return;
    const attempt = new AbortController();
    reading = attempt;
    const toMs = heardMs();
    const span = { fromMs: toMs - reachMs, toMs };
    const asked = { signals: positionPaths.join(','), from: String(span.fromMs), to: String(toMs), limit: rowsMax };
    try {
      const history = (await api.history(id, asked)) as HistoryView;
      if (!attempt.signal.aborted) trail.value = makeTrail(id, span, history, gapMs());
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // The way it came by is not known; the way it goes is.
      if (!attempt.signal.aborted) trail.value = makeTrail(id, span, { times: [], columns: {} }, gapMs());
    }
  };
  watch([vehicleId, isLive], ([id]) => void read(id), { immediate: true });
  // The map draws it anew with each frame: the same object may grow.
  watch(revision, () => {
    const vehicle = trail.value && find(trail.value.vehicleId);
    if (trail.value && vehicle) growTrail(trail.value, vehicle, heardMs(), gapMs());
  });
  onBeforeUnmount(() => reading?.abort());
  return trail;
};
