import { computed, type ComputedRef } from 'vue';
import { useI18n } from 'vue-i18n';
import { useRoute, useRouter } from 'vue-router';
import { isWithin, type NavPage, navPages, navWord } from './pages.ts';

export interface NavLink extends NavPage {
  readonly text: string;
  readonly isCurrent: boolean;
}

/** The pages as links, named in the person's language. */
export const usePages = (): { readonly main: ComputedRef<NavLink[]>; readonly more: ComputedRef<NavLink[]> } => {
  const { t } = useI18n();
  const route = useRoute();
  const router = useRouter();
  const links = computed<NavLink[]>(() =>
    navPages((name) => router.hasRoute(name)).map((page) => ({
      ...page,
      text: t(navWord(page)),
      isCurrent: isWithin(route.path, router.resolve({ name: page.name }).path),
    })),
  );
  return {
    main: computed(() => links.value.filter(({ isMain }) => isMain)),
    more: computed(() => links.value.filter(({ isMain }) => !isMain)),
  };
};
