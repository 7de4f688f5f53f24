import { onBeforeUnmount, type Ref, ref } from 'vue';

/** Grows with each change of the theme: who draws on a canvas reads the tokens anew. */
export const useThemeRevision = (): Readonly<Ref<number>> => {
  const revision = ref(0);
  const observer = new MutationObserver(() => {
    revision.value++;
  });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
  onBeforeUnmount(() => observer.disconnect());
  return revision;
};
