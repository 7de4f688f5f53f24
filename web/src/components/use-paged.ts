import { computed, onBeforeUnmount, type Ref, ref, type ShallowRef, shallowRef, watch } from 'vue';
import { ApiError } from '../api/client.ts';

export interface Paged<T> {
  readonly items: Readonly<ShallowRef<readonly T[]>>;
  readonly isLoaded: Readonly<Ref<boolean>>;
  readonly hasMore: Readonly<Ref<boolean>>;
  readonly problem: Readonly<ShallowRef<ApiError | undefined>>;
  loadMore(): Promise<void>;
  /** The first page anew: what is shown stays until it is there. */
  reload(): Promise<void>;
}

/** Reads a list page by page, again from its beginning when what is asked changes. An answer that was overtaken is dropped. */
export const usePaged = <T, Q>(
  question: () => Q,
  read: (question: Q, cursor: string | undefined, signal: AbortSignal) => Promise<{ items: readonly T[]; next: string | null }>,
): Paged<T> => {
  const items = shallowRef<readonly T[]>([]);
  const next = ref<string | null>(null);
  const isLoaded = ref(false);
  const problem = shallowRef<ApiError | undefined>();
  let aborter = new AbortController();

  const take = async (cursor: string | undefined): Promise<void> => {
    const { signal } = aborter;
    try {
      const page = await read(question(), cursor, signal);
      if (signal.aborted) return;
      items.value = cursor === undefined ? page.items : [...items.value, ...page.items];
      next.value = page.next;
      isLoaded.value = true;
      problem.value = undefined;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      problem.value = error;
    }
  };
  const reload = (): Promise<void> => {
    aborter.abort();
    aborter = new AbortController();
    return take(undefined);
  };
  let isLoadingMore = false;
  const loadMore = async (): Promise<void> => {
    if (next.value === null || isLoadingMore) return;
    isLoadingMore = true;
    await take(next.value);
    isLoadingMore = false;
  };
  watch(
    () => JSON.stringify(question()),
    () => void reload(),
    { immediate: true },
  );
  onBeforeUnmount(() => aborter.abort());
  return { items, isLoaded, hasMore: computed(() => next.value !== null), problem, loadMore, reload };
};
