import { computed, nextTick, onScopeDispose, type WritableComputedRef } from 'vue';
import { type LocationQuery, useRoute, useRouter } from 'vue-router';

/** The view lives in the address: a value of its query that can be read and written. Empty stands for not given. */
export const useQuery = (): ((name: string) => WritableComputedRef<string>) => {
  const route = useRoute();
  const router = useRouter();
  let isGone = false;
  onScopeDispose(() => {
    isGone = true;
  });
  let pending: Record<string, string | undefined> | undefined;

  const flush = (): void => {
    const query: LocationQuery = { ...route.query };
    const names = Object.keys(pending ?? {});
    for (const [name, value] of Object.entries(pending ?? {})) {
      if (value) query[name] = value;
      else delete query[name];
    }
    pending = undefined;
    if (names.every((name) => query[name] === route.query[name])) return;
    void router.replace({ path: route.path, query, hash: route.hash });
  };

  // Several values that change together make one change of the address.
  const write = (name: string, value: string): void => {
    // The address is another page's by now.
    if (isGone) return;
    if (pending === undefined) {
      pending = {};
      const path = route.path;
      void nextTick(() => (route.path === path ? flush() : undefined));
    }
    pending[name] = value;
  };

  return (name) =>
    computed({
      get: () => {
        const value = route.query[name];
        return typeof value === 'string' ? value : '';
      },
      set: (value) => write(name, value),
    });
};
