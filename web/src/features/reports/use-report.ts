import type { FleetReport, FleetReportQuery } from '@milepost/contract/api';
import { onBeforeUnmount, type Ref, ref, shallowRef, watch } from 'vue';
import { ApiError, api } from '../../api/client.ts';

/** The report that is asked for; the one before stays until it is there. */
export const useReport = (query: Readonly<Ref<FleetReportQuery | undefined>>) => {
  const report = shallowRef<FleetReport | undefined>();
  const problem = shallowRef<ApiError | undefined>();
  const isLoading = ref(false);
  let aborter = new AbortController();

  const read = async (): Promise<void> => {
    aborter.abort();
    aborter = new AbortController();
    const { signal } = aborter;
    if (!query.value) return;
    isLoading.value = true;
    try {
      report.value = await api.fleetReport(query.value, signal);
      problem.value = undefined;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      problem.value = error;
    }
    if (!signal.aborted) isLoading.value = false;
  };
  watch(query, (now, before) => (JSON.stringify(now) === JSON.stringify(before) ? undefined : void read()), { immediate: true });
  onBeforeUnmount(() => aborter.abort());
  return { report, problem, isLoading, read };
};
