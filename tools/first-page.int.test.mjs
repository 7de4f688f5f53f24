// The scripts that a browser must have before it shows the first page, as the build made them: few enough for a slow line.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ensureWebBuilt } from './ensure.mjs';
import { root } from './lib/root.mjs';

const folder = join(root, 'web/dist/spa');
const kB = 1000;
/** The specification allows 250; each 20 are a tenth of a second on a slow line. */
const scriptGzipMax = 130 * kB;
const stylesGzipMax = 20 * kB;
/** Words that only these libraries have in their scripts, even when those are made small. */
const lazy = { MapLibre: 'maplibregl-canvas', uPlot: 'u-legend' };

/** @param {string} name of a script or a style below the folder */
const read = (name) => readFileSync(join(folder, name), 'utf8');

/** What a script imports at once. @param {string} name @returns {string[]} */
const importsOf = (name) =>
  [...read(name).matchAll(/(?:^|;|\n)import(?:[\w$*\s{},]*?from)?\s*["']\.\/([^"']+\.js)["']/g)].map(
    ([, file]) => `assets/${file}`,
  );

/** The page's scripts, and what they import, each once. */
const firstScripts = () => {
  const named = [...read('index.html').matchAll(/(?:src|href)="?\/([^">\s]+\.js)/g)].map(
    ([, file]) => /** @type {string} */ (file),
  );
  const found = new Set(named);
  for (const name of found) for (const imported of importsOf(name)) found.add(imported);
  return [...found];
};

/** @param {readonly string[]} names */
const gzipBytes = (names) => names.reduce((sum, name) => sum + gzipSync(read(name), { level: 9 }).length, 0);

before(() => ensureWebBuilt());

test('the scripts of the first page are within their budget', () => {
  const scripts = firstScripts();
  assert.ok(scripts.length >= 2 && scripts.some((name) => name.startsWith('assets/app-')), scripts.join(', '));
  const bytes = gzipBytes(scripts);
  assert.ok(bytes > 50 * kB, `only ${bytes} bytes: they were not found`);
  assert.ok(bytes <= scriptGzipMax, `${bytes} bytes of ${scripts.join(', ')}, at most ${scriptGzipMax}`);
});

test('its styles too', () => {
  const styles = [...read('index.html').matchAll(/href="?\/([^">\s]+\.css)/g)].map(([, file]) => /** @type {string} */ (file));
  assert.ok(styles.length > 0);
  const bytes = gzipBytes(styles);
  assert.ok(bytes <= stylesGzipMax, `${bytes} bytes of ${styles.join(', ')}, at most ${stylesGzipMax}`);
});

test('the page of an address is asked for together with the app', () => {
  const [, text] = /filesOf = (\{.*\});/.exec(read('early.js')) ?? [];
  const filesOf = /** @type {Record<string, readonly string[]>} */ (JSON.parse(text ?? '{}'));
  for (const [address, page] of Object.entries({ '/vehicles': 'VehiclesPage', '/sign-in': 'SignInPage' })) {
    const files = filesOf[address] ?? [];
    assert.ok(
      files.some((file) => file.includes(page)),
      `${address}: ${files.join(', ')}`,
    );
  }
  const missing = Object.values(filesOf)
    .flat()
    .filter((file) => !existsSync(join(folder, file)));
  assert.deepEqual(missing, []);
});

test('the libraries of the map and the charts are not among them', () => {
  const first = firstScripts();
  const others = readdirSync(join(folder, 'assets'))
    .map((name) => `assets/${name}`)
    .filter((name) => name.endsWith('.js') && !first.includes(name));
  for (const [library, word] of Object.entries(lazy)) {
    assert.ok(
      others.some((name) => read(name).includes(word)),
      `${library} is not known by ${word} any more`,
    );
    assert.deepEqual(
      first.filter((name) => read(name).includes(word)),
      [],
      `${library} is in the first page`,
    );
  }
});
