import { defineRouter } from '#q-app';
import { createRouter, createWebHistory } from 'vue-router';
import { routes } from './routes.ts';

export default defineRouter(() =>
  createRouter({
    history: createWebHistory('/'),
    routes,
    scrollBehavior: (to, from, saved) => (to.path === from.path ? false : (saved ?? { top: 0 })),
  }),
);
