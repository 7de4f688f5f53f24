import { onBeforeUnmount, type ShallowRef, shallowRef, watch } from 'vue';
import { ApiError } from '../api/client.ts';

export interface Read<T> {
  /** What was read last; it stays while it is read again, also in vain. */
  readonly loaded: Readonly<ShallowRef<T | undefined>>;
  readonly problem: Readonly<ShallowRef<ApiError | undefined>>;
  load(): Promise<void>;
}

/**
 * Reads an answer, again when what is asked changes, and every `refreshMs` while the page is looked at. An answer that was overtaken
 * is dropped.
 */
export const useRead = <T, Q>(
  question: () => Q,
  read: (question: Q, signal: AbortSignal) => Promise<T>,
  refreshMs?: number,
): Read<T> => {
  const loaded = shallowRef<T | undefined>();
  const problem = shallowRef<ApiError | undefined>();
  let aborter = new AbortController();
  const load = async (): Promise<void> => {
    aborter.abort();
    aborter = new AbortController();
    const { signal } = aborter;
    try {
      const answer = await read(question(), signal);
      if (signal.aborted) return;
      loaded.value = answer;
      problem.value = undefined;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      problem.value = error;
    }
  };
  watch(
    () => JSON.stringify(question()),
    () => {
      loaded.value = undefined;
      void load();
    },
    { immediate: true },
  );
  const timer =
    refreshMs === undefined
      ? undefined
      : setInterval(() => {
          if (document.visibilityState === 'visible') void load();
        }, refreshMs);
  onBeforeUnmount(() => {
    aborter.abort();
    clearInterval(timer);
  });
  return { loaded, problem, load };
};
