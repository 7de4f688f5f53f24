import type { HistoryView } from '@milepost/contract/api';
import { onBeforeUnmount, type Ref, shallowRef, watch } from 'vue';
import { ApiError, api } from '../../../api/client.ts';
import { makeTrail, positionPaths, type Trail } from './trail.ts';

/** The trail reaches so far to either side of the moment. */
const reachMs = 1_800_000;
/** It is read again when the moment has come so near to its end. */
const marginMs = 300_000;
/** Positions of a trail; of a vehicle that reports more than once a second the rest is left out. */
const rowsMax = 7200;
const covers = (trail: Trail | undefined, vehicleId: string, atMs: number): boolean =>
  trail !== undefined && trail.vehicleId === vehicleId && atMs >= trail.fromMs + marginMs && atMs <= trail.toMs - marginMs;

/** Where a vehicle was in the hour around a moment; one request at a time, the newest wish wins. */
export const useTrail = (
  vehicleId: Readonly<Ref<string>>,
  atMs: Readonly<Ref<number | null>>,
  options: { readonly gapMs: () => number /** Signals whose values are wanted too. */; readonly paths: readonly string[] },
): Readonly<Ref<Trail | undefined>> => {
  const trail = shallowRef<Trail | undefined>();
  let isReading = false;
  let isClosed = false;

  const read = async (): Promise<void> => {
    const id = vehicleId.value;
    const at = atMs.value;
    if (at === null || id === '') {
      trail.value = undefined;
      return;
    }
    if (isReading || covers(trail.value, id, at)) return;
    isReading = true;
    const [fromMs, toMs] = [at - reachMs, at + reachMs];
    const signals = [...positionPaths, ...options.paths].join(',');
    try {
      const history = (await api.history(id, { signals, from: String(fromMs), to: String(toMs), limit: rowsMax })) as HistoryView;
      if (!isClosed) trail.value = makeTrail(id, { fromMs, toMs }, history, options.gapMs());
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // Without a trail the map is as it was; it is asked for again with the next moment.
      trail.value = undefined;
      isReading = false;
      return;
    }
    isReading = false;
    if (!isClosed && (vehicleId.value !== id || (atMs.value !== null && !covers(trail.value, id, atMs.value)))) await read();
  };
  watch(
    [vehicleId, atMs],
    ([id]) => {
      if (trail.value && trail.value.vehicleId !== id) trail.value = undefined;
      void read();
    },
    { immediate: true },
  );
  onBeforeUnmount(() => {
    isClosed = true;
  });
  return trail;
};
