import { type Ref, ref, type ShallowRef, shallowRef } from 'vue';
import { ApiError } from '../api/client.ts';

export interface Act {
  readonly isBusy: Ref<boolean>;
  /** Of the last one; undefined: it was done, or nothing was asked for yet. */
  readonly problem: ShallowRef<ApiError | undefined>;
  /** Answers whether it was done. One at a time: while one is under way others are not begun. */
  act(run: () => Promise<unknown>): Promise<boolean>;
}

/** Asks the server for a change, and tells what kept it from doing so. */
export const useAct = (): Act => {
  const isBusy = ref(false);
  const problem = shallowRef<ApiError | undefined>();
  const act = async (run: () => Promise<unknown>): Promise<boolean> => {
    if (isBusy.value) return false;
    isBusy.value = true;
    problem.value = undefined;
    try {
      await run();
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      problem.value = error;
      return false;
    } finally {
      isBusy.value = false;
    }
  };
  return { isBusy, problem, act };
};
