import { resolve } from 'node:path';
import { defineConfig } from '#q-app';
import type { Alias, AliasOptions } from 'vite';

const serverPort = process.env['MILEPOST_PORT'] ?? '8080';
const server = `http://127.0.0.1:${serverPort}`;

/**
 * What the first page needs at once is one file: on a slow line each further one costs a round trip. That is what the entry imports, and the
 * boot files with most English sentences, which it asks for at once. Pages, their features, the other languages, dialogs and the libraries of
 * the map and the charts stay apart.
 */
const first = [
  { name: 'app', test: /web\/src\/(boot\/|i18n\/(en\/(?!rest)|[^/]+$))/ },
  { name: 'app', tags: ['$initial' as const] },
];

/** Quasar's own entry takes all of its styles, ten times what is used. */
const usedStyles = { find: 'quasar/dist/quasar.css', replacement: resolve(import.meta.dirname, 'src/css/quasar.sass') };

/** Without the compiler of sentences: src/i18n/compile-message.ts. */
const bareI18n = { find: /^vue-i18n$/, replacement: 'vue-i18n/dist/vue-i18n.runtime.mjs' };

const withAliases = (alias: AliasOptions): Alias[] => {
  const known = Array.isArray(alias)
    ? (alias as readonly Alias[])
    : Object.entries(alias as Readonly<Record<string, string>>).map(([find, replacement]) => ({ find, replacement }));
  return [usedStyles, bareI18n, ...known];
};

export default defineConfig(() => ({
  boot: ['i18n', 'early'],
  css: ['fonts.css', 'tokens.css', 'app.css', 'list-table.css'],
  build: {
    vueRouterMode: 'history',
    typescript: { strict: true, vueShim: true },
    extendViteConf: (config) => {
      config.build ??= {};
      // Read by tools/name-page-files.ts.
      config.build.manifest = true;
      config.build.rolldownOptions = { output: { codeSplitting: { groups: first } } };
      config.resolve = { ...config.resolve, alias: withAliases(config.resolve?.alias ?? {}) };
    },
    target: { browser: ['es2022', 'firefox115', 'chrome115', 'safari16'] },
  },
  devServer: {
    // Not reachable from elsewhere, and the cookie of the sign-in link is of this host.
    host: '127.0.0.1',
    open: false,
    proxy: {
      // The Origin that the server checks is its own, so the proxy speaks as the server.
      '/v1': { target: server, ws: true, changeOrigin: true, headers: { origin: server } },
      '/signin': { target: server, changeOrigin: true },
    },
  },
  framework: { plugins: [], config: { ripple: false } },
  animations: [],
}));
