import { type Ref, ref, watch } from 'vue';

const read = (key: string): string | null => {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // Private windows may refuse storage: the choice then lasts as long as the page.
  }
};

/** A choice out of `allowed` that outlives the page; anything else that is stored counts as not chosen. A long list is asked for when something is stored. */
export const useLocalStorage = <T extends string>(
  key: string,
  initial: T,
  allowed: readonly T[] | (() => readonly T[]),
): Ref<T> => {
  const stored = read(key) as T | null;
  const choices = (): readonly T[] => (typeof allowed === 'function' ? allowed() : allowed);
  const value = ref(stored !== null && choices().includes(stored) ? stored : initial) as Ref<T>;
  watch(value, (next) => {
    try {
      localStorage.setItem(key, next);
    } catch {
      // See above.
    }
  });
  return value;
};
