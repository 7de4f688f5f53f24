import type { VehicleItem, VehicleQuery } from '@milepost/contract/api';
import { onBeforeUnmount, type Ref, ref, type ShallowRef, shallowRef, watch } from 'vue';
import type { StatusMessage } from '@milepost/contract/stream';
import { ApiError, api } from '../../api/client.ts';
import { liveStream } from '../../api/live-stream.ts';

const pageSize = 100;
/** As many rows are kept fresh; those below are as of when they were scrolled to. */
const freshRowsMax = 500;
const refreshMs = 3000;
/** After a change of status the rest of the row has changed too. */
const afterChangeMs = 300;

export interface VehicleList {
  readonly items: ShallowRef<readonly VehicleItem[]>;
  readonly isLoaded: Ref<boolean>;
  readonly hasMore: Ref<boolean>;
  readonly problem: ShallowRef<ApiError | undefined>;
  loadMore(): Promise<void>;
  reload(): Promise<void>;
}

/** Vehicles by page, read again from the start when the question changes, and kept fresh while the list is on the page. */
export const useVehicleList = (query: Readonly<Ref<VehicleQuery>>): VehicleList => {
  const items = shallowRef<readonly VehicleItem[]>([]);
  const isLoaded = ref(false);
  const problem = shallowRef<ApiError | undefined>();
  const hasMore = ref(false);
  let next: string | null = null;
  let aborter = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isGone = false;

  const guard = async (work: (signal: AbortSignal) => Promise<void>): Promise<void> => {
    const { signal } = aborter;
    try {
      await work(signal);
      if (!signal.aborted) problem.value = undefined;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      problem.value = error;
    }
  };

  const refreshSoon = (waitMs = refreshMs): void => {
    clearTimeout(timer);
    if (isGone) return;
    timer = setTimeout(() => void guard(refresh).finally(() => refreshSoon()), waitMs);
  };
  const refresh = async (signal: AbortSignal): Promise<void> => {
    const limit = Math.min(freshRowsMax, Math.max(pageSize, items.value.length));
    const page = await api.vehicles({ ...query.value, limit }, signal);
    if (signal.aborted) return;
    const isWhole = items.value.length <= limit;
    items.value = isWhole ? page.items : [...page.items, ...items.value.slice(limit)];
    if (isWhole) setNext(page.next);
    isLoaded.value = true;
  };
  const setNext = (cursor: string | null): void => {
    next = cursor;
    hasMore.value = cursor !== null;
  };

  const reload = async (): Promise<void> => {
    aborter.abort();
    aborter = new AbortController();
    await guard(async (signal) => {
      const page = await api.vehicles({ ...query.value, limit: pageSize }, signal);
      if (signal.aborted) return;
      items.value = page.items;
      setNext(page.next);
      isLoaded.value = true;
    });
    refreshSoon();
  };
  /** Changes of status come as they happen; all else with the next refresh. */
  const statusChanged = ({ changes }: StatusMessage): void => {
    const byVehicle = new Map(changes.map((change) => [change.vehicleId, change]));
    if (!items.value.some(({ id }) => byVehicle.has(id))) return;
    items.value = items.value.map((item) => {
      const change = byVehicle.get(item.id);
      return change ? { ...item, status: change.to, statusSince: change.at, statusReason: change.reason } : item;
    });
    refreshSoon(afterChangeMs);
  };
  const stopStatus = liveStream.watchStatus(statusChanged);

  let isLoadingMore = false;
  const loadMore = async (): Promise<void> => {
    if (next === null || isLoadingMore) return;
    isLoadingMore = true;
    await guard(async (signal) => {
      const page = await api.vehicles({ ...query.value, limit: pageSize, ...(next ? { cursor: next } : {}) }, signal);
      if (signal.aborted) return;
      const known = new Set(items.value.map(({ id }) => id));
      items.value = [...items.value, ...page.items.filter(({ id }) => !known.has(id))];
      setNext(page.next);
    }).finally(() => {
      isLoadingMore = false;
    });
  };

  watch(query, (now, before) => (JSON.stringify(now) === JSON.stringify(before) ? undefined : void reload()), {
    immediate: true,
  });
  onBeforeUnmount(() => {
    aborter.abort();
    clearTimeout(timer);
    isGone = true;
    stopStatus();
  });
  return { items, isLoaded, hasMore, problem, loadMore, reload };
};
