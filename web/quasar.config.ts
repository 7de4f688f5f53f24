import { defineConfig } from '#q-app';

const serverPort = process.env['MILEPOST_PORT'] ?? '8080';
const server = `http://127.0.0.1:${serverPort}`;

/**
 * What every page needs is one file: on a slow line each further one costs a round trip. Pages, their features, the other languages and the
 * libraries of the map and the charts stay apart.
 */
const shared = {
  name: 'app',
  test: /web\/src\/(api|boot|components|i18n\/(en|[^/]+\.ts)|layouts|router|stores)|node_modules\/(@?vue|pinia|@intlify|quasar)/,
};

export default defineConfig(() => ({
  boot: ['i18n', 'early'],
  css: ['fonts.css', 'tokens.css', 'app.css'],
  build: {
    vueRouterMode: 'history',
    typescript: { strict: true, vueShim: true },
    extendViteConf: (config) => {
      config.build ??= {};
      config.build.rolldownOptions = { output: { advancedChunks: { groups: [shared] } } };
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
  framework: { plugins: ['Notify'], config: { ripple: false } },
  animations: [],
}));
