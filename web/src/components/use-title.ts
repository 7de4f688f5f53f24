import { onBeforeUnmount, shallowRef, watch, watchEffect } from 'vue';
import { useI18n } from 'vue-i18n';
import { useRoute } from 'vue-router';

/** What the page shown calls itself; undefined: as its route. */
const named = shallowRef<string | undefined>();

/** Names the browser's tab after what a page is about, while the page is there; undefined: not known yet. */
export const useTitle = (name: () => string | undefined): void => {
  watch(
    name,
    (now) => {
      named.value = now;
    },
    { immediate: true },
  );
  onBeforeUnmount(() => {
    named.value = undefined;
  });
};

/** Keeps the name of the tab: what the page calls itself, or the word of its route (`meta.title`, a key of the messages). */
export const useDocumentTitle = (): void => {
  const { t } = useI18n();
  const route = useRoute();
  watchEffect(() => {
    const word = route.meta['title'];
    const page = named.value ?? (typeof word === 'string' ? t(word) : '');
    document.title = page === '' ? 'Milepost' : `${page} · Milepost`;
  });
};
