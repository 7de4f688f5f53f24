import type { VehicleCounts, VehicleFilters, VehicleGrouping } from '@milepost/contract/api';
import { onBeforeUnmount, type Ref, type ShallowRef, shallowRef, watch } from 'vue';
import { ApiError, api } from '../../api/client.ts';

const refreshMs = 5000;

/** How many vehicles fit, in all and by customer or group; read again now and then, and when the question changes. */
export const useVehicleCounts = (
  query: Readonly<Ref<VehicleFilters & { readonly by?: VehicleGrouping }>>,
): Readonly<ShallowRef<VehicleCounts | undefined>> => {
  const counts = shallowRef<VehicleCounts | undefined>();
  let aborter = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;

  const read = async (): Promise<void> => {
    clearTimeout(timer);
    aborter.abort();
    aborter = new AbortController();
    const { signal } = aborter;
    try {
      const answer = await api.counts(query.value, signal);
      if (!signal.aborted) counts.value = answer;
    } catch (error) {
      // The list says what is wrong.
      if (!signal.aborted && !(error instanceof ApiError)) throw error;
    }
    if (!signal.aborted) timer = setTimeout(() => void read(), refreshMs);
  };
  watch(query, (now, before) => (JSON.stringify(now) === JSON.stringify(before) ? undefined : void read()), {
    immediate: true,
  });
  onBeforeUnmount(() => {
    clearTimeout(timer);
    aborter.abort();
  });
  return counts;
};
