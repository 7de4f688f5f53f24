// Checks the sources, then runs every test within the time budget of its tier: npm test [-- --tier=unit] [-- --on=cluster] [-- part-of-a-file-name …]
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { EnsureError, ensureWebBuilt, runMain } from './ensure.mjs';
import { ensureChromium } from './lib/chromium.mjs';
import { ensureCassandra, ensureKafka, ensureValkey, startCassandra, startKafka, startValkey } from './lib/engines.mjs';
import { root } from './lib/root.mjs';
import { runTier } from './lib/run-tier.mjs';
import { sourceFiles } from './lib/source-files.mjs';
import { formatTable } from './lib/table.mjs';
import { tiers } from './lib/tiers.mjs';
import { underOwnNode } from './lib/under-own-node.mjs';

/** @typedef {import('./lib/run-tier.mjs').TierResult} TierResult */

const readArguments = () => {
  try {
    const options = /** @type {const} */ ({ tier: { type: 'string' }, on: { type: 'string' } });
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const { on } = values;
    if (on !== undefined && on !== 'cluster') throw new Error(`--on is ${on}, expected cluster`);
    if (on !== undefined && values.tier !== undefined) throw new Error('--on=cluster runs the tier e2e alone, without --tier');
    const wanted = values.tier?.split(',');
    const unknown = wanted?.find((name) => !tiers.some((tier) => tier.name === name));
    if (unknown !== undefined)
      throw new Error(`--tier is ${unknown}, expected some of ${tiers.map(({ name }) => name).join(', ')}`);
    return { wanted: on ? ['e2e'] : wanted, filters: positionals, isOnCluster: on !== undefined };
  } catch (error) {
    throw new EnsureError(/** @type {Error} */ (error).message);
  }
};

/** @param {string} text */
const say = (text) => process.stdout.write(`${text}\n`);

/** The check counts as one test. @returns {TierResult} */
const runCheck = () => {
  const startedMs = performance.now();
  const { status } = spawnSync(process.execPath, [join(root, 'tools', 'check.mjs')], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const failures = status === 0 ? [] : ['npm run check failed: see above'];
  const seconds = (performance.now() - startedMs) / 1000;
  return { name: 'check', files: 1, passed: status === 0 ? 1 : 0, failures, skips: [], notes: [], seconds, budgetSeconds: 300 };
};

/** What browser tests need: the web app and CHROMIUM_PATH, without which they skip themselves. */
const prepareBrowser = () => {
  ensureWebBuilt();
  const chromium = ensureChromium();
  if ('path' in chromium) return { CHROMIUM_PATH: chromium.path };
  say(`Browser tests are skipped: ${chromium.problem}`);
  return {};
};

/**
 * Of a tier that did not run.
 * @param {import('./lib/tiers.mjs').Tier} tier
 * @param {readonly string[]} files
 * @param {Partial<TierResult>} why
 * @returns {TierResult}
 */
const notRun = ({ name, budgetMs }, files, why) => ({
  name,
  files: files.length,
  passed: 0,
  failures: [],
  skips: [],
  notes: [],
  seconds: 0,
  budgetSeconds: budgetMs / 1000,
  ...why,
});

/** Real servers that tests find by TEST_<name> (host:port) and TEST_<name>_PID. */
const engines = [
  { name: 'KAFKA', ensure: ensureKafka, start: startKafka },
  { name: 'CASSANDRA', ensure: ensureCassandra, start: startCassandra },
  { name: 'VALKEY', ensure: ensureValkey, start: startValkey },
];

/**
 * With the real engines that the files name, which run beside the tests; a file whose engine cannot be had is skipped, and it is said why.
 * @param {import('./lib/tiers.mjs').Tier} tier
 * @param {readonly string[]} files
 * @returns {Promise<TierResult>}
 */
const runWithEngines = async (tier, files) => {
  const wanted = engines.map((engine) => ({
    ...engine,
    files: files.filter((file) => readFileSync(file, 'utf8').includes(`TEST_${engine.name}`)),
  }));
  const found = wanted.filter((engine) => engine.files.length > 0).map((engine) => ({ ...engine, jars: engine.ensure() }));
  const skipped = new Map(
    found.flatMap((engine) => {
      const { jars, name } = engine;
      return 'problem' in jars ? engine.files.map((file) => [file, `${file}: no ${name}, ${jars.problem}`]) : [];
    }),
  );
  const skips = [...skipped.values()];
  const left = files.filter((file) => !skipped.has(file));
  if (left.length === 0) return notRun(tier, files, { skips });
  const result = await withEngines(found, (environment) => runTier(tier, left, environment));
  return { ...result, skips: [...skips, ...result.skips] };
};

/**
 * Runs beside engines, which are told as variables of the environment.
 * @param {readonly { name: string, jars: { path: string } | { problem: string }, start: (path: string) => Promise<import('./lib/engines/engine.mjs').Engine> }[]} found those with a problem are left out
 * @param {(environment: Record<string, string>) => Promise<TierResult>} run
 */
const withEngines = async (found, run) => {
  // All at once: each takes seconds.
  const starting = found.flatMap(({ name, jars, start }) => ('path' in jars ? [{ name, engine: start(jars.path) }] : []));
  try {
    /** @type {Record<string, string>} */
    const environment = {};
    for (const { name, engine } of starting) {
      const { address, pid } = await engine.catch((/** @type {Error} */ error) => {
        throw new EnsureError(`${name} does not start: ${error.message}`);
      });
      environment[`TEST_${name}`] = address;
      environment[`TEST_${name}_PID`] = String(pid);
    }
    return await run(environment);
  } finally {
    await Promise.all(starting.map(async ({ engine }) => (await engine.catch(() => undefined))?.remove()));
  }
};

/** Six processes and a browser at a time are enough; starting them takes most of it. */
const clusterBudgetMs = 1_800_000;

/**
 * The files of e2e, each against two gateways, two projectors and two API processes. What says nothing about a cluster is skipped there, with the reason.
 * @param {import('./lib/tiers.mjs').Tier} tier
 * @param {readonly string[]} files
 * @returns {Promise<TierResult>}
 */
const runOnCluster = async (tier, files) => {
  const found = engines.map((engine) => ({ ...engine, jars: engine.ensure() }));
  for (const { name, jars } of found) if ('problem' in jars) throw new EnsureError(`no ${name}, ${jars.problem}`);
  const browser = prepareBrowser();
  const slower = { ...tier, name: 'e2e on a cluster', filesAtOnce: 1, budgetMs: clusterBudgetMs };
  return withEngines(found, (environment) => runTier(slower, files, { ...browser, ...environment, TEST_ON: 'cluster' }));
};

/**
 * @param {import('./lib/tiers.mjs').Tier} tier
 * @param {readonly string[]} files
 * @param {boolean} isOnCluster
 * @returns {Promise<TierResult>}
 */
const prepareAndRun = async (tier, files, isOnCluster) => {
  try {
    if (isOnCluster) return await runOnCluster(tier, files);
    if (tier.name === 'engines') return await runWithEngines(tier, files);
    return await runTier(tier, files, tier.name === 'e2e' ? prepareBrowser() : {});
  } catch (error) {
    if (!(error instanceof EnsureError)) throw error;
    return notRun(tier, files, { failures: [error.message] });
  }
};

/** @param {TierResult} result */
const printFindings = ({ name, failures, skips, notes }) => {
  for (const failure of failures) say(`\n✗ ${name}: ${failure}`);
  for (const skip of skips) say(`- ${name} skipped: ${skip}`);
  for (const note of notes) say(`! ${name}: ${note}`);
};

/**
 * @param {readonly TierResult[]} results
 * @param {number} testsRun
 */
const summarise = (results, testsRun) => {
  const rows = results.map(({ name, files, passed, failures, skips, seconds, budgetSeconds }) =>
    [name, files, passed, failures.length, skips.length, seconds.toFixed(1), budgetSeconds].map(String),
  );
  say(`\n${formatTable(['tier', 'files', 'passed', 'failed', 'skipped', 'seconds', 'budget'], rows)}\n`);
  const total = (/** @type {(result: TierResult) => number} */ of) => results.reduce((sum, result) => sum + of(result), 0);
  const failed = total(({ failures }) => failures.length);
  const skipped = total(({ skips }) => skips.length);
  if (testsRun === 0) say('No test ran.');
  say(`${total(({ passed }) => passed)} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  return failed > 0 || testsRun === 0 ? 1 : 0;
};

/** Files that `npm test` leaves to whoever asks for their tier. */
const long = /\.long\.\w+\.test\.\w+$/;
/** What a tier may take with them. */
const longBudgetMs = 20 * 60_000;

await runMain(() =>
  underOwnNode(async () => {
    const { wanted, filters, isOnCluster } = readArguments();
    const isWhole = wanted === undefined && filters.length === 0;
    const results = isWhole ? [runCheck()] : [];
    for (const result of results) printFindings(result);
    const sources = sourceFiles().filter(
      (path) => filters.length === 0 || filters.some((filter) => path.slice(root.length).includes(filter)),
    );
    let testsRun = 0;
    for (const tier of tiers) {
      const found = sources.filter((path) => tier.suffix.test(path));
      const files = isWhole ? found.filter((path) => !long.test(path)) : found;
      const left = found.length - files.length;
      if (left > 0) say(`${tier.name}: ${left} long ones only when the tier is asked for`);
      if (files.length === 0 || (wanted && !wanted.includes(tier.name))) continue;
      say(`${tier.name}: ${files.length} files …`);
      const hasLong = files.some((path) => long.test(path));
      const result = await prepareAndRun(hasLong ? { ...tier, budgetMs: longBudgetMs } : tier, files, isOnCluster);
      printFindings(result);
      testsRun += result.passed + result.failures.length;
      results.push(result);
    }
    return summarise(results, testsRun);
  }),
);
