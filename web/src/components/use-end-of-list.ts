import { onBeforeUnmount, type Ref, type ShallowRef, watch } from 'vue';

/** Calls back when the element at the end of a list comes near the view, and again when it is still there after `items` have grown. */
export const useEndOfList = (
  end: Readonly<ShallowRef<HTMLElement | null>>,
  items: Readonly<Ref<unknown>>,
  reached: () => void,
): void => {
  const observer = new IntersectionObserver(
    (entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) reached();
    },
    { rootMargin: '1200px' },
  );
  watch(
    [end, items],
    ([element], [before]) => {
      // Nothing crosses an end that stays in sight: it is looked at anew.
      if (before) observer.unobserve(before);
      if (element) observer.observe(element);
    },
    { flush: 'post' },
  );
  onBeforeUnmount(() => observer.disconnect());
};
