import type { StatusChangeView } from '@milepost/contract/api';
import type { StatusMessage } from '@milepost/contract/stream';
import { computed, onBeforeUnmount, type Ref, ref, type ShallowRef, shallowRef, watch } from 'vue';
import { ApiError, api, type StatusQuery } from '../../api/client.ts';
import { liveStream } from '../../api/live-stream.ts';
import { fitsChange, withFresh } from './change-list.ts';

const pageSize = 100;
/** What only the server can say about new changes it is asked at most once in this time. */
const askAgainMs = 1500;
/** More that wait to be shown are not remembered: they are read when they are wanted. */
const waitingMax = 500;

export interface ChangeListing {
  readonly items: ShallowRef<readonly StatusChangeView[]>;
  /** New ones that are not shown yet, because somebody reads further below. */
  readonly waiting: ShallowRef<readonly StatusChangeView[]>;
  readonly isLoaded: Ref<boolean>;
  readonly hasMore: Readonly<Ref<boolean>>;
  readonly problem: ShallowRef<ApiError | undefined>;
  showWaiting(): void;
  loadMore(): Promise<void>;
  reload(): Promise<void>;
}

interface StatusChangesPage {
  readonly items: readonly StatusChangeView[];
  readonly next: string | null;
}

/** Reads pages of changes, one question at a time; a question that is not asked any more is cut. */
const makeReader = (query: Readonly<Ref<StatusQuery>>) => {
  const problem = shallowRef<ApiError | undefined>();
  const isLoaded = ref(false);
  let aborter = new AbortController();
  const read = async (cursor: string | null, take: (page: StatusChangesPage) => void) => {
    const { signal } = aborter;
    try {
      const page = await api.changes({ ...query.value, limit: pageSize, ...(cursor === null ? {} : { cursor }) }, signal);
      take(page);
      isLoaded.value = true;
      problem.value = undefined;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      problem.value = error;
    }
  };
  const restart = (): void => {
    aborter.abort();
    aborter = new AbortController();
  };
  return { problem, isLoaded, read, restart };
};

/** One page at a time. */
const makeLoadMore = (next: Readonly<Ref<string | null>>, read: (cursor: string) => Promise<void>): (() => Promise<void>) => {
  let isLoading = false;
  return async () => {
    if (next.value === null || isLoading) return;
    isLoading = true;
    await read(next.value);
    isLoading = false;
  };
};

const without = (known: readonly StatusChangeView[], fresh: readonly StatusChangeView[]): StatusChangeView[] => {
  const there = new Set(known);
  return fresh.filter((change) => !there.has(change));
};

/** Changes of status, newest first. New ones come by themselves: on top while one is there, else they wait until they are asked for. */
export const useChangeList = (query: Readonly<Ref<StatusQuery>>, isAtTop: () => boolean): ChangeListing => {
  const items = shallowRef<readonly StatusChangeView[]>([]);
  const waiting = shallowRef<readonly StatusChangeView[]>([]);
  const next = ref<string | null>(null);
  const { problem, isLoaded, read, restart } = makeReader(query);
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Between those that wait and those that are shown some were not read. */
  let isGapped = false;

  const add = (fresh: readonly StatusChangeView[]): void => {
    if (isAtTop() && waiting.value.length === 0) items.value = withFresh(items.value, fresh);
    else waiting.value = withFresh(waiting.value, without(items.value, fresh)).slice(0, waitingMax);
  };
  const show = (page: StatusChangesPage): void => {
    isGapped = false;
    items.value = page.items;
    next.value = page.next;
    waiting.value = [];
  };
  const reload = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    restart();
    return read(null, show);
  };
  const askNewest = (): Promise<void> =>
    read(null, (page) => {
      const newestKnown = items.value[0]?.at ?? '';
      const fresh = page.items.filter(({ at }) => at >= newestKnown);
      isGapped ||= page.next !== null && fresh.length === page.items.length;
      if (isGapped && isAtTop() && waiting.value.length === 0) return show(page);
      add(fresh);
      if (items.value.length <= pageSize) next.value ??= page.next;
    });
  const heard = ({ changes, more }: StatusMessage): void => {
    // Who looks at a past period is not disturbed by the present.
    if (!isLoaded.value || query.value.to !== undefined) return;
    const fits = changes.map((change) => fitsChange(change, query.value));
    add(changes.filter((_, i) => fits[i] === true));
    if (more === 0 && !fits.includes(undefined)) return;
    timer ??= setTimeout(() => {
      timer = undefined;
      void askNewest();
    }, askAgainMs);
  };
  const loadMore = makeLoadMore(next, (cursor) =>
    read(cursor, (page) => {
      items.value = [...items.value, ...page.items];
      next.value = page.next;
    }),
  );
  watch(query, (now, before) => (JSON.stringify(now) === JSON.stringify(before) ? undefined : void reload()), {
    immediate: true,
  });
  onBeforeUnmount(liveStream.watchStatus(heard));
  // What came while nobody could be heard.
  watch(liveStream.state, (now) => (now === 'live' && query.value.to === undefined ? void askNewest() : undefined));
  onBeforeUnmount(() => {
    clearTimeout(timer);
    restart();
  });
  const showWaiting = (): void => {
    // So many have come that not all were remembered: what is newest is read.
    if (isGapped || waiting.value.length === waitingMax) void reload();
    else items.value = withFresh(items.value, waiting.value);
    waiting.value = [];
  };
  return { items, waiting, isLoaded, hasMore: computed(() => next.value !== null), problem, showWaiting, loadMore, reload };
};
