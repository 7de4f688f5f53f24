/**
 * Writes into the built `early.js` which files each page needs beside those of every page, so that they come together with the app instead of a round trip after it.
 * Usage: node tools/name-page-files.ts, after the build and before what compresses it.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

interface Chunk {
  readonly file: string;
  readonly isEntry?: boolean;
  readonly imports?: readonly string[];
  readonly css?: readonly string[];
}

/** Addresses that people begin with, and the components that they show; the map comes with the app. */
const pages: Readonly<Record<string, readonly string[]>> = {
  '/vehicles': ['pages/VehiclesPage.vue'],
  '/connections': ['pages/ConnectionsPage.vue'],
  '/reports': ['pages/ReportsPage.vue'],
  '/drivers': ['pages/DriversPage.vue'],
  '/warnings': ['pages/WarningsPage.vue'],
  '/settings': ['pages/SettingsPage.vue'],
  '/system': ['pages/SystemPage.vue'],
  '/account': ['pages/AccountPage.vue'],
  '/sign-in': ['layouts/EntryLayout.vue', 'pages/entry/SignInPage.vue'],
};

const folder = resolve(import.meta.dirname, '../dist/spa');
const manifest = JSON.parse(await readFile(join(folder, '.vite/manifest.json'), 'utf8')) as Readonly<Record<string, Chunk>>;

/** A chunk and what it imports at once, each once. */
const withImports = (name: string, known = new Set<string>()): Set<string> => {
  const chunk = manifest[name];
  if (!chunk) throw new Error(`the build has no chunk ${name}`);
  if (known.has(name)) return known;
  known.add(name);
  for (const imported of chunk.imports ?? []) withImports(imported, known);
  return known;
};
const entry = Object.keys(manifest).find((name) => manifest[name]?.isEntry);
if (!entry) throw new Error('the build has no entry');
const everywhere = withImports(entry);

const filesOf = Object.fromEntries(
  Object.entries(pages).map(([address, components]) => {
    const chunks = new Set(components.flatMap((component) => [...withImports(`src/${component}`)]));
    const own = [...chunks].filter((name) => !everywhere.has(name)).map((name) => manifest[name] as Chunk);
    return [address, [...new Set(own.flatMap(({ file, css = [] }) => [file, ...css]))].map((file) => `/${file}`)];
  }),
);

const early = join(folder, 'early.js');
const script = await readFile(early, 'utf8');
const place = 'const filesOf = {};';
if (!script.includes(place)) throw new Error(`early.js has no "${place}"`);
await writeFile(early, script.replace(place, `const filesOf = ${JSON.stringify(filesOf)};`));
// Nobody reads it from the server.
await rm(join(folder, '.vite'), { recursive: true });
