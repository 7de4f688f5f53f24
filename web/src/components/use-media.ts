import { onBeforeUnmount, type Ref, ref } from 'vue';

/** Whether a media query holds, followed while the component lives. */
export const useMedia = (query: string): Readonly<Ref<boolean>> => {
  const list = matchMedia(query);
  const matches = ref(list.matches);
  const follow = (event: MediaQueryListEvent): void => {
    matches.value = event.matches;
  };
  list.addEventListener('change', follow);
  onBeforeUnmount(() => list.removeEventListener('change', follow));
  return matches;
};
