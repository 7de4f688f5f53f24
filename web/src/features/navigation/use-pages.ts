import { computed, type ComputedRef, inject, type InjectionKey } from 'vue';
import { useI18n } from 'vue-i18n';
import { useRoute, useRouter } from 'vue-router';
import { isWithin, type NavPage, navPages, navWord, type You } from './pages.ts';

/** Tells who is signed in; undefined: not known yet. */
export type WhoIsThere = () => You | undefined;
export const whoIsThere: InjectionKey<WhoIsThere> = Symbol('who is there');

/** Tells how much waits on a page, by its name. */
export type HowMuchWaits = (name: NavPage['name']) => number;
export const howMuchWaits: InjectionKey<HowMuchWaits> = Symbol('how much waits');

export interface NavLink extends NavPage {
  readonly isMain: boolean;
  /** What waits there for who is signed in; 0: nothing. */
  readonly count: number;
  readonly text: string;
  readonly isCurrent: boolean;
}

/** The pages as links, named in the person's language: those that are for who is signed in, as the layout says. */
export const usePages = (
  who: WhoIsThere = inject(whoIsThere, () => undefined),
  countOf: HowMuchWaits = inject(howMuchWaits, () => 0),
): { readonly main: ComputedRef<NavLink[]>; readonly more: ComputedRef<NavLink[]> } => {
  const { t } = useI18n();
  const route = useRoute();
  const router = useRouter();
  const links = computed<NavLink[]>(() =>
    navPages((name) => router.hasRoute(name), who()).map((page) => ({
      ...page,
      text: t(navWord(page)),
      count: countOf(page.name),
      isCurrent: isWithin(route.path, router.resolve({ name: page.name }).path),
    })),
  );
  return {
    main: computed(() => links.value.filter(({ isMain }) => isMain)),
    more: computed(() => links.value.filter(({ isMain }) => !isMain)),
  };
};
