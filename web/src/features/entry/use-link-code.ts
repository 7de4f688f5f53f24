import { computed, type ComputedRef } from 'vue';
import { useRoute } from 'vue-router';

/** What a mailed link carries; empty: the page was opened without one. */
export const useLinkCode = (): ComputedRef<string> => {
  const route = useRoute();
  return computed(() => (typeof route.query['code'] === 'string' ? route.query['code'] : ''));
};
