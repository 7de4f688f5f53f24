import { defineRouter } from '#q-app';
import { createRouter, createWebHistory } from 'vue-router';
import { noteMissingPages } from './missing-page.ts';
import { routes } from './routes.ts';

export default defineRouter(() => {
  const router = createRouter({
    history: createWebHistory('/'),
    routes,
    scrollBehavior: (to, from, saved) => (to.path === from.path ? false : (saved ?? { top: 0 })),
  });
  noteMissingPages(router);
  return router;
});
