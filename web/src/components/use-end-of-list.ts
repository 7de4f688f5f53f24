import { onBeforeUnmount, type ShallowRef, watch } from 'vue';

/** Calls back when an element at the end of a list comes near the view. */
export const useEndOfList = (end: Readonly<ShallowRef<HTMLElement | null>>, reached: () => void): void => {
  const observer = new IntersectionObserver(
    (entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) reached();
    },
    { rootMargin: '600px' },
  );
  watch(end, (element, before) => {
    if (before) observer.unobserve(before);
    if (element) observer.observe(element);
  });
  onBeforeUnmount(() => observer.disconnect());
};
