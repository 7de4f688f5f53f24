import type { RouteRecordRaw } from 'vue-router';

/** Every page is a chunk of its own: the map's library is loaded by the map alone. */
export const routes: RouteRecordRaw[] = [
  {
    path: '/',
    component: () => import('../layouts/MainLayout.vue'),
    children: [
      { path: '', name: 'map', component: () => import('../pages/MapPage.vue') },
      { path: 'vehicles', name: 'vehicles', component: () => import('../pages/VehiclesPage.vue') },
      { path: 'vehicles/:id', name: 'vehicle', component: () => import('../pages/VehiclePage.vue'), props: true },
      { path: 'welcome', name: 'welcome', component: () => import('../pages/WelcomePage.vue') },
      { path: ':rest(.*)*', name: 'notFound', component: () => import('../pages/NotFoundPage.vue') },
    ],
  },
];
