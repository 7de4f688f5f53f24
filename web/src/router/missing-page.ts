import { shallowRef } from 'vue';
import type { RouteLocationNormalized, Router } from 'vue-router';
import { fetchMissingStyles, noteMissingStyles } from '../components/missing-styles.ts';

/** Where somebody wanted to go whose page could not be fetched. */
export const missingPage = shallowRef<RouteLocationNormalized | undefined>();

/** Notes a page whose chunk did not come: the server is away, or has another build by now. Going elsewhere forgets it. */
export const noteMissingPages = (router: Router): void => {
  noteMissingStyles();
  router.beforeEach(() => fetchMissingStyles());
  router.onError((error: unknown, to) => {
    console.warn(`${to.path} could not be fetched`, error);
    missingPage.value = to;
  });
  router.afterEach(() => {
    missingPage.value = undefined;
  });
};
