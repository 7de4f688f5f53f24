import { defineRouter } from '#q-app';
import { createRouter, createWebHistory } from 'vue-router';
import { noteMissingPages } from './missing-page.ts';
import { followNavigations } from './navigations.ts';
import { routes } from './routes.ts';

export default defineRouter(() => {
  const router = createRouter({
    history: createWebHistory('/'),
    routes,
    // At the first page nothing is scrolled yet, and asking for it would lay the page out before it is there.
    scrollBehavior: (to, from, saved) => (to.path === from.path || from.matched.length === 0 ? false : (saved ?? { top: 0 })),
  });
  followNavigations(router);
  noteMissingPages(router);
  return router;
});
