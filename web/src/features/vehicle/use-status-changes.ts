import type { StatusChangeView } from '@milepost/contract/api';
import { onBeforeUnmount, type ShallowRef, shallowRef, watch } from 'vue';
import { ApiError, api } from '../../api/client.ts';
import { liveStream } from '../../api/live-stream.ts';
import type { Period } from '../charts/time-range.ts';

const pageSize = 500;
/** Of one period, at most; a vehicle that changes more often is shown from the newest back. */
export const statusChangesMax = 2000;

export interface LoadedChanges {
  readonly changes: readonly StatusChangeView[];
  readonly before: StatusChangeView | undefined;
  readonly period: Period;
  /** There are more than are shown. */
  readonly isCut: boolean;
}

export interface WatchedChanges {
  readonly loaded: ShallowRef<LoadedChanges | undefined>;
  readonly problem: ShallowRef<ApiError | undefined>;
  load(): Promise<void>;
}

const readChanges = async (id: string, period: Period, signal: AbortSignal): Promise<LoadedChanges> => {
  const from = String(period.from);
  const changes: StatusChangeView[] = [];
  let cursor: string | undefined;
  do {
    const query = { from, to: String(period.to), limit: pageSize, ...(cursor ? { cursor } : {}) };
    const page = await api.statusChanges(id, query, signal);
    changes.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor && changes.length < statusChangesMax);
  if (cursor)
    return { changes, before: undefined, period: { from: Date.parse(changes.at(-1)?.at ?? ''), to: period.to }, isCut: true };
  // How it was when the period began is what the last change before it says.
  const earlier = await api.statusChanges(id, { to: from, limit: 1 }, signal);
  return { changes, before: earlier.items[0], period, isCut: false };
};

/** The changes of a vehicle's connection in a period; new ones come by themselves. */
export const useStatusChanges = (id: string, period: () => Period): WatchedChanges => {
  const loaded = shallowRef<LoadedChanges | undefined>();
  const problem = shallowRef<ApiError | undefined>();
  let aborter = new AbortController();
  const load = async (): Promise<void> => {
    aborter.abort();
    aborter = new AbortController();
    const { signal } = aborter;
    try {
      loaded.value = await readChanges(id, period(), signal);
      problem.value = undefined;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      problem.value = error;
    }
  };
  watch(
    () => JSON.stringify(period()),
    () => void load(),
    { immediate: true },
  );
  const stop = liveStream.watchStatus(({ changes }) => {
    if (changes.some(({ vehicleId }) => vehicleId === id)) void load();
  });
  onBeforeUnmount(() => {
    aborter.abort();
    stop();
  });
  return { loaded, problem, load };
};
