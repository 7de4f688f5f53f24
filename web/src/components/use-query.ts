import { computed, nextTick, onScopeDispose, type WritableComputedRef } from 'vue';
import { type LocationQuery, useRoute, useRouter } from 'vue-router';
import { navigationOf } from '../router/navigations.ts';

interface Written {
  /** Of the page that they are of. */
  readonly path: string;
  readonly values: Record<string, string | undefined>;
}

/** The view lives in the address: a value of its query that can be read and written. Empty stands for not given. */
export const useQuery = (): ((name: string) => WritableComputedRef<string>) => {
  const route = useRoute();
  const router = useRouter();
  let isGone = false;
  onScopeDispose(() => {
    isGone = true;
  });
  let written: Written | undefined;

  const flush = async ({ path, values }: Written): Promise<void> => {
    await nextTick();
    // What is under way may lead to another page, which must not be held up, or write other values of this address.
    for (let other = navigationOf(router); other; other = navigationOf(router)) await other.catch(() => {});
    if (written?.values === values) written = undefined;
    if (route.path !== path) return;
    const query: LocationQuery = { ...route.query };
    for (const [name, value] of Object.entries(values)) {
      if (value) query[name] = value;
      else delete query[name];
    }
    if (Object.keys(values).every((name) => query[name] === route.query[name])) return;
    void router.replace({ path, query, hash: route.hash });
  };

  // Several values that change together make one change of the address.
  const write = (name: string, value: string): void => {
    // The address is another page's by now.
    if (isGone) return;
    if (written?.path !== route.path) {
      written = { path: route.path, values: {} };
      void flush(written);
    }
    written.values[name] = value;
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
