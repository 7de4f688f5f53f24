import type { RouteRecordRaw } from 'vue-router';
import MainLayout from '../layouts/MainLayout.vue';
import MapPage from '../pages/MapPage.vue';

/**
 * The first page comes with what every page needs; each of the others is a chunk of its own. The map's library is loaded by the map alone.
 */
export const routes: RouteRecordRaw[] = [
  {
    path: '/',
    component: MainLayout,
    children: [
      { path: '', name: 'map', component: MapPage },
      { path: 'vehicles', name: 'vehicles', component: () => import('../pages/VehiclesPage.vue') },
      { path: 'vehicles/:id', name: 'vehicle', component: () => import('../pages/VehiclePage.vue'), props: true },
      { path: 'reports', name: 'reports', component: () => import('../pages/ReportsPage.vue') },
      { path: 'drivers', name: 'drivers', component: () => import('../pages/DriversPage.vue') },
      { path: 'drivers/import', name: 'driverImport', component: () => import('../pages/DriverImportPage.vue') },
      { path: 'drivers/:id', name: 'driver', component: () => import('../pages/DriverPage.vue'), props: true },
      { path: 'settings', name: 'settings', component: () => import('../pages/SettingsPage.vue') },
      { path: 'system', name: 'system', component: () => import('../pages/SystemPage.vue') },
      { path: 'connections', name: 'connections', component: () => import('../pages/ConnectionsPage.vue') },
      { path: 'warnings', name: 'warnings', component: () => import('../pages/WarningsPage.vue') },
      { path: 'welcome', name: 'welcome', component: () => import('../pages/WelcomePage.vue') },
      { path: ':rest(.*)*', name: 'notFound', component: () => import('../pages/NotFoundPage.vue') },
    ],
  },
];
