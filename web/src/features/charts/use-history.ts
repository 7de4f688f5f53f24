import type { HistoryView, StepHistoryView } from '@milepost/contract/api';
import { onBeforeUnmount, ref, type Ref, type ShallowRef, shallowRef, watch } from 'vue';
import { ApiError, api } from '../../api/client.ts';
import { chooseCoarseStep, chooseStep, rawRowsMax } from './choose-step.ts';
import type { Period } from './time-range.ts';

/** What was read, and the period it is of. */
export interface LoadedHistory {
  readonly history: HistoryView | StepHistoryView;
  readonly period: Period;
}

/** Reads signals over a period: each sample when it is short, else steps. Never more than a chart can show. */
export const readHistory = async (
  vehicleId: string,
  paths: readonly string[],
  period: Period,
  signal: AbortSignal,
): Promise<HistoryView | StepHistoryView> => {
  const asked = { signals: paths.join(','), from: String(period.from), to: String(period.to) };
  const stepMs = chooseStep(period);
  if (stepMs === 0) {
    const raw = await api.history(vehicleId, { ...asked, limit: rawRowsMax }, signal);
    if (raw.next === null) return raw;
  }
  const step = (stepMs || chooseCoarseStep(period)) / 1000;
  return api.history(vehicleId, { ...asked, step }, signal);
};

export interface HistoryQuestion {
  readonly vehicleId: string;
  readonly paths: readonly string[];
  readonly period: Period;
}

export interface WatchedHistory {
  readonly loaded: ShallowRef<LoadedHistory | undefined>;
  readonly problem: ShallowRef<ApiError | undefined>;
  readonly isLoading: Ref<boolean>;
  load(): Promise<void>;
}

/** Reads what is asked, again when the question changes; an answer that was overtaken is dropped. */
export const useHistory = (question: () => HistoryQuestion): WatchedHistory => {
  const loaded = shallowRef<LoadedHistory | undefined>();
  const problem = shallowRef<ApiError | undefined>();
  const isLoading = ref(false);
  let aborter = new AbortController();

  const load = async (): Promise<void> => {
    aborter.abort();
    aborter = new AbortController();
    const { signal } = aborter;
    const { vehicleId, paths, period } = question();
    if (paths.length === 0) {
      loaded.value = undefined;
      return;
    }
    isLoading.value = true;
    try {
      const history = await readHistory(vehicleId, paths, period, signal);
      loaded.value = { history, period };
      problem.value = undefined;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      problem.value = error;
    } finally {
      if (!signal.aborted) isLoading.value = false;
    }
  };
  watch(
    () => JSON.stringify(question()),
    () => void load(),
    { immediate: true },
  );
  onBeforeUnmount(() => aborter.abort());
  return { loaded, problem, isLoading, load };
};
