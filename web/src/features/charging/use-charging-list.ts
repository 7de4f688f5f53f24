import type { ChargingView } from '@milepost/contract/api';
import { onBeforeUnmount, ref, shallowRef } from 'vue';
import { ApiError, api } from '../../api/client.ts';

const pageSize = 50;
/** A page may end early where days had to be worked out: so often it is asked on for one that has something. */
const emptyPagesMax = 20;
const refreshMs = 30_000;

/** Charging sessions of a vehicle, newest first and page by page; the first page is read again now and then. */
export const useChargingList = (id: string) => {
  const sessions = shallowRef<readonly ChargingView[] | undefined>();
  const problem = shallowRef<ApiError | undefined>();
  const isLoading = ref(false);
  const hasMore = ref(false);
  const aborter = new AbortController();
  let next: string | null = null;

  const readPage = async (cursor: string | null): Promise<{ items: readonly ChargingView[]; next: string | null }> => {
    let at = cursor;
    for (let turn = 0; ; turn++) {
      const page = await api.charging(id, { from: '0', limit: pageSize, ...(at ? { cursor: at } : {}) }, aborter.signal);
      if (page.items.length > 0 || page.next === null || turn === emptyPagesMax) return page;
      at = page.next;
    }
  };
  const attempt = async (act: () => Promise<void>): Promise<void> => {
    if (isLoading.value) return;
    isLoading.value = true;
    try {
      await act();
      problem.value = undefined;
      hasMore.value = next !== null;
    } catch (error) {
      if (aborter.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      problem.value = error;
    } finally {
      isLoading.value = false;
    }
  };
  const load = (): Promise<void> =>
    attempt(async () => {
      const page = await readPage(null);
      const oldest = page.items.at(-1);
      const isAll = page.next === null || !oldest;
      const older = isAll ? [] : (sessions.value ?? []).filter(({ start }) => start < oldest.start);
      sessions.value = [...page.items, ...older];
      if (older.length === 0) next = page.next;
    });
  const loadMore = (): Promise<void> =>
    attempt(async () => {
      if (next === null) return;
      const page = await readPage(next);
      sessions.value = [...(sessions.value ?? []), ...page.items];
      next = page.next;
    });

  void load();
  const timer = setInterval(() => {
    if (document.visibilityState === 'visible') void load();
  }, refreshMs);
  onBeforeUnmount(() => {
    aborter.abort();
    clearInterval(timer);
  });
  return { sessions, problem, isLoading, hasMore, load, loadMore };
};
