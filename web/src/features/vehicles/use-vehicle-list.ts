import type { VehicleItem, VehicleQuery } from '@milepost/contract/api';
import { computed, onBeforeUnmount, type Ref, ref, type ShallowRef, shallowRef, watch } from 'vue';
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
  readonly hasMore: Readonly<Ref<boolean>>;
  readonly problem: ShallowRef<ApiError | undefined>;
  loadMore(): Promise<void>;
  reload(): Promise<void>;
}

interface Reads {
  /** Runs unless a later `restart` cut it; a problem of the API is shown, and gone after the next read that works. */
  run(work: (signal: AbortSignal) => Promise<void>): Promise<void>;
  /** Cuts what is being read, since its question is not asked any more. */
  restart(): void;
}

const makeReads = (problem: ShallowRef<ApiError | undefined>): Reads => {
  let aborter = new AbortController();
  return {
    run: async (work) => {
      const { signal } = aborter;
      try {
        await work(signal);
        if (!signal.aborted) problem.value = undefined;
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        problem.value = error;
      }
    },
    restart: () => {
      aborter.abort();
      aborter = new AbortController();
    },
  };
};

const withoutKnown = (items: readonly VehicleItem[], known: readonly VehicleItem[]): VehicleItem[] => {
  const ids = new Set(known.map(({ id }) => id));
  return items.filter(({ id }) => !ids.has(id));
};

/** The items with what changed, or undefined when none of them did. */
const withStatus = (items: readonly VehicleItem[], { changes }: StatusMessage): VehicleItem[] | undefined => {
  const byVehicle = new Map(changes.map((change) => [change.vehicleId, change]));
  if (!items.some(({ id }) => byVehicle.has(id))) return undefined;
  return items.map((item) => {
    const change = byVehicle.get(item.id);
    return change ? { ...item, status: change.to, statusSince: change.at, statusReason: change.reason } : item;
  });
};

/** Reads pages of vehicles into `items`; `refresh` reads again what is shown, as far as it is kept fresh. */
const makePages = (query: Readonly<Ref<VehicleQuery>>, reads: Reads) => {
  const items = shallowRef<readonly VehicleItem[]>([]);
  const isLoaded = ref(false);
  const next = ref<string | null>(null);

  /** Reads one page and lets `take` place it; a page that nobody waits for any more is dropped. */
  const read = (limit: number, cursor: string | null, take: (page: readonly VehicleItem[]) => boolean): Promise<void> =>
    reads.run(async (signal) => {
      const page = await api.vehicles({ ...query.value, limit, ...(cursor === null ? {} : { cursor }) }, signal);
      if (signal.aborted) return;
      if (take(page.items)) next.value = page.next;
      isLoaded.value = true;
    });

  const readFirst = (): Promise<void> =>
    read(pageSize, null, (page) => {
      items.value = page;
      return true;
    });
  const refresh = (): Promise<void> => {
    const limit = Math.min(freshRowsMax, Math.max(pageSize, items.value.length));
    return read(limit, null, (page) => {
      const isWhole = items.value.length <= limit;
      items.value = isWhole ? page : [...page, ...withoutKnown(items.value.slice(limit), page)];
      return isWhole;
    });
  };
  const readMore = (): Promise<void> =>
    read(pageSize, next.value, (page) => {
      items.value = [...items.value, ...withoutKnown(page, items.value)];
      return true;
    });
  return { items, isLoaded, next, readFirst, refresh, readMore };
};

/** Vehicles by page, read again from the start when the question changes, and kept fresh while the list is on the page. */
export const useVehicleList = (query: Readonly<Ref<VehicleQuery>>): VehicleList => {
  const problem = shallowRef<ApiError | undefined>();
  const reads = makeReads(problem);
  const { items, isLoaded, next, readFirst, refresh, readMore } = makePages(query, reads);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isGone = false;

  const refreshSoon = (waitMs = refreshMs): void => {
    clearTimeout(timer);
    if (!isGone) timer = setTimeout(() => void refresh().finally(() => refreshSoon()), waitMs);
  };
  const reload = async (): Promise<void> => {
    reads.restart();
    await readFirst();
    refreshSoon();
  };
  /** Changes of status come as they happen; all else with the next refresh. */
  const stopStatus = liveStream.watchStatus((message) => {
    const changed = withStatus(items.value, message);
    if (!changed) return;
    items.value = changed;
    refreshSoon(afterChangeMs);
  });
  let isLoadingMore = false;
  const loadMore = async (): Promise<void> => {
    if (next.value === null || isLoadingMore) return;
    isLoadingMore = true;
    await readMore().finally(() => {
      isLoadingMore = false;
    });
  };

  watch(query, (now, before) => (JSON.stringify(now) === JSON.stringify(before) ? undefined : void reload()), {
    immediate: true,
  });
  onBeforeUnmount(() => {
    isGone = true;
    reads.restart();
    clearTimeout(timer);
    stopStatus();
  });
  return { items, isLoaded, hasMore: computed(() => next.value !== null), problem, loadMore, reload };
};
