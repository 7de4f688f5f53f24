import type { WarningEntry, WarningQuery } from '@milepost/contract/api';
import type { WarningMessage } from '@milepost/contract/stream';
import { computed, onBeforeUnmount, type Ref, ref, type ShallowRef, shallowRef, watch } from 'vue';
import { ApiError, api } from '../../api/client.ts';
import { liveStream } from '../../api/live-stream.ts';
import { withChanges } from './with-changes.ts';

const pageSize = 100;
/** What new warnings fit is for the server to say: it is asked again, at most once in this time. */
const askAgainMs = 1500;

export interface WarningListing {
  readonly items: ShallowRef<readonly WarningEntry[]>;
  readonly isLoaded: Ref<boolean>;
  readonly hasMore: Readonly<Ref<boolean>>;
  readonly problem: ShallowRef<ApiError | undefined>;
  loadMore(): Promise<void>;
  reload(): Promise<void>;
}

/** Pages of warnings, read again when the question changes. Known ones change as they are told; new ones come with the next asking. */
export const useWarningList = (query: Readonly<Ref<WarningQuery>>): WarningListing => {
  const items = shallowRef<readonly WarningEntry[]>([]);
  const next = ref<string | null>(null);
  const isLoaded = ref(false);
  const problem = shallowRef<ApiError | undefined>();
  let aborter = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;

  const read = async (cursor: string | null, take: (page: readonly WarningEntry[]) => boolean): Promise<void> => {
    const { signal } = aborter;
    try {
      const page = await api.warnings({ ...query.value, limit: pageSize, ...(cursor === null ? {} : { cursor }) }, signal);
      if (take(page.items)) next.value = page.next;
      isLoaded.value = true;
      problem.value = undefined;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      problem.value = error;
    }
  };
  const restart = (): void => {
    clearTimeout(timer);
    timer = undefined;
    aborter.abort();
    aborter = new AbortController();
  };
  const reload = (): Promise<void> => {
    restart();
    return read(null, (page) => {
      items.value = page;
      return true;
    });
  };
  /** The first page anew; what was scrolled to below it stays. */
  const refresh = (): Promise<void> =>
    read(null, (page) => {
      const isWhole = items.value.length <= pageSize;
      const known = new Set(page.map(({ id }) => id));
      items.value = isWhole ? page : [...page, ...items.value.slice(pageSize).filter(({ id }) => !known.has(id))];
      return isWhole;
    });
  let isLoadingMore = false;
  const loadMore = async (): Promise<void> => {
    if (next.value === null || isLoadingMore) return;
    isLoadingMore = true;
    await read(next.value, (page) => {
      const known = new Set(items.value.map(({ id }) => id));
      items.value = [...items.value, ...page.filter(({ id }) => !known.has(id))];
      return true;
    });
    isLoadingMore = false;
  };
  const hear = (message: WarningMessage): void => {
    items.value = withChanges(items.value, message, () => false);
    timer ??= setTimeout(() => {
      timer = undefined;
      void refresh();
    }, askAgainMs);
  };
  onBeforeUnmount(liveStream.watchWarnings(hear));
  // What came while nobody could be heard.
  watch(liveStream.state, (now) => (now === 'live' ? void refresh() : undefined));
  watch(query, (now, before) => (JSON.stringify(now) === JSON.stringify(before) ? undefined : void reload()), {
    immediate: true,
  });
  onBeforeUnmount(restart);
  return { items, isLoaded, hasMore: computed(() => next.value !== null), problem, loadMore, reload };
};
