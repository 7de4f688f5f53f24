import type { RouteRecordRaw } from 'vue-router';
import { loadRest } from '../i18n/index.ts';
import MainLayout from '../layouts/MainLayout.vue';
import MapPage from '../pages/MapPage.vue';

/** A page some of whose sentences do not come with the first one. */
const withRest = async <P>(page: Promise<P>): Promise<P> => {
  const [loaded] = await Promise.all([page, loadRest()]);
  return loaded;
};

/**
 * The first page comes with what every page needs; each of the others is a chunk of its own. The map's library is loaded by the map alone.
 * `meta.title`: the key of what the browser's tab is called until the page knows better.
 */
export const routes: RouteRecordRaw[] = [
  {
    // Nothing is at the path itself: those below have their own.
    path: '/entry',
    component: () => import('../layouts/EntryLayout.vue'),
    children: [
      {
        path: '/sign-in',
        name: 'signIn',
        meta: { title: 'entry.signIn' },
        component: () => import('../pages/entry/SignInPage.vue'),
      },
      {
        path: '/outside',
        name: 'outside',
        meta: { title: 'entry.signIn' },
        component: () => import('../pages/entry/OutsidePage.vue'),
      },
      {
        path: '/sign-up',
        name: 'signUp',
        meta: { title: 'entry.signUp' },
        component: () => import('../pages/entry/SignUpPage.vue'),
      },
      { path: '/reset', name: 'reset', meta: { title: 'entry.reset' }, component: () => import('../pages/entry/ResetPage.vue') },
      {
        path: '/confirm-email',
        name: 'confirmEmail',
        meta: { title: 'entry.confirmTitle' },
        component: () => import('../pages/entry/ConfirmEmailPage.vue'),
      },
      {
        path: '/consent/:id',
        name: 'consent',
        meta: { title: 'asked.page' },
        component: () => import('../pages/entry/ConsentPage.vue'),
        props: true,
      },
      {
        path: '/catalogue',
        name: 'catalogue',
        meta: { title: 'catalogue.title', isWide: true },
        component: () => import('../pages/entry/CataloguePage.vue'),
      },
      {
        path: '/erasure',
        name: 'erasure',
        meta: { title: 'erasure.pageTitle', isWide: true },
        component: () => withRest(import('../pages/entry/ErasurePage.vue')),
      },
      {
        path: '/first-operator',
        name: 'firstOperator',
        meta: { title: 'entry.firstTitle' },
        component: () => import('../pages/entry/FirstOperatorPage.vue'),
      },
    ],
  },
  {
    path: '/',
    component: MainLayout,
    children: [
      { path: '', name: 'map', meta: { title: 'map.title' }, component: MapPage },
      {
        path: 'vehicles',
        name: 'vehicles',
        meta: { title: 'vehicles.title' },
        component: () => import('../pages/VehiclesPage.vue'),
      },
      {
        path: 'vehicles/:id',
        name: 'vehicle',
        meta: { title: 'vehicles.title' },
        component: () => import('../pages/VehiclePage.vue'),
        props: true,
      },
      { path: 'reports', name: 'reports', meta: { title: 'reports.title' }, component: () => import('../pages/ReportsPage.vue') },
      { path: 'drivers', name: 'drivers', meta: { title: 'drivers.title' }, component: () => import('../pages/DriversPage.vue') },
      {
        path: 'drivers/import',
        name: 'driverImport',
        meta: { title: 'drivers.import.title' },
        component: () => import('../pages/DriverImportPage.vue'),
      },
      {
        path: 'drivers/:id',
        name: 'driver',
        meta: { title: 'drivers.title' },
        component: () => import('../pages/DriverPage.vue'),
        props: true,
      },
      {
        path: 'settings',
        name: 'settings',
        meta: { title: 'settings.title' },
        component: () => import('../pages/SettingsPage.vue'),
      },
      {
        path: 'account',
        name: 'account',
        meta: { title: 'account.title' },
        component: () => withRest(import('../pages/AccountPage.vue')),
      },
      { path: 'access', name: 'access', meta: { title: 'access.title' }, component: () => import('../pages/AccessPage.vue') },
      {
        path: 'access/invite',
        name: 'invite',
        meta: { title: 'invitations.pageTitle' },
        component: () => import('../pages/InvitePage.vue'),
      },
      {
        path: 'invitation',
        name: 'invitation',
        meta: { title: 'invitations.page' },
        component: () => import('../pages/InvitationPage.vue'),
      },
      {
        path: 'requests',
        name: 'requests',
        meta: { title: 'requests.title' },
        component: () => import('../pages/RequestsPage.vue'),
      },
      {
        path: 'activity',
        name: 'activity',
        meta: { title: 'activity.title' },
        component: () => import('../pages/ActivityPage.vue'),
      },
      {
        path: 'claim',
        name: 'claim',
        meta: { title: 'possession.claimTitle' },
        component: () => import('../pages/ClaimPage.vue'),
      },
      {
        path: 'apps',
        name: 'apps',
        meta: { title: 'partners.appsTitle' },
        component: () => withRest(import('../pages/AppsPage.vue')),
      },
      {
        path: 'people',
        name: 'people',
        meta: { title: 'management.people' },
        component: () => withRest(import('../pages/PeoplePage.vue')),
      },
      {
        path: 'audit',
        name: 'audit',
        meta: { title: 'management.auditTitle' },
        component: () => withRest(import('../pages/AuditPage.vue')),
      },
      {
        path: 'limits',
        name: 'limits',
        meta: { title: 'management.limits' },
        component: () => withRest(import('../pages/LimitsPage.vue')),
      },
      {
        path: 'partners',
        name: 'partners',
        meta: { title: 'partners.title' },
        component: () => withRest(import('../pages/PartnersPage.vue')),
      },
      {
        path: 'partners/:id',
        name: 'partner',
        meta: { title: 'partners.title' },
        component: () => withRest(import('../pages/PartnerPage.vue')),
        props: true,
      },
      {
        path: 'organisations',
        name: 'organisations',
        meta: { title: 'organisations.title' },
        component: () => import('../pages/OrganisationsPage.vue'),
      },
      {
        path: 'organisations/:id',
        name: 'organisation',
        meta: { title: 'organisations.title' },
        component: () => import('../pages/OrganisationPage.vue'),
        props: true,
      },
      {
        path: 'system',
        name: 'system',
        meta: { title: 'system.title' },
        component: () => withRest(import('../pages/SystemPage.vue')),
      },
      {
        path: 'connections',
        name: 'connections',
        meta: { title: 'connections.title' },
        component: () => import('../pages/ConnectionsPage.vue'),
      },
      {
        path: 'warnings',
        name: 'warnings',
        meta: { title: 'warnings.title' },
        component: () => import('../pages/WarningsPage.vue'),
      },
      { path: 'welcome', name: 'welcome', meta: { title: 'welcome.title' }, component: () => import('../pages/WelcomePage.vue') },
      {
        path: ':rest(.*)*',
        name: 'notFound',
        meta: { title: 'failure.notFoundTitle' },
        component: () => import('../pages/NotFoundPage.vue'),
      },
    ],
  },
];
