import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { countResults } from './count-results.mjs';
import { endLeftovers, runMarker } from './leftovers.mjs';
import { runToEnd } from './processes.mjs';
import { root } from './root.mjs';

/** @typedef {import('./tiers.mjs').Tier} Tier */
/** @typedef {{ name: string, files: number, passed: number, failures: string[], skips: string[], notes: string[], seconds: number, budgetSeconds: number }} TierResult */

/** How much of what a crashed run printed is shown, from its end. */
const shownOutputMax = 8_000;

const reporter = join(root, 'tools', 'lib', 'report-events.mjs');
const endFile = pathToFileURL(join(root, 'tools', 'lib', 'end-file.mjs')).href;

/** Settings of the person at the keyboard must not reach the tests. */
const cleanEnvironment = () => {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(MILEPOST_|DATABASE_URL$|NODE_TEST_CONTEXT$|NODE_CHANNEL_FD$)/.test(name),
  );
  return Object.fromEntries(kept);
};

/**
 * Runs the test files of a tier within its budget.
 * @param {Tier} tier
 * @param {readonly string[]} files
 * @param {Record<string, string>} [environment] added to that of the tests
 * @returns {Promise<TierResult>}
 */
export const runTier = async (tier, files, environment = {}) => {
  const folder = mkdtempSync(join(tmpdir(), 'tier-'));
  const eventsFile = join(folder, 'events');
  const marker = randomUUID();
  const args = ['--test', `--test-isolation=${tier.isolation}`, `--test-reporter=${reporter}`];
  if (tier.isolation === 'process') args.push(`--test-concurrency=${tier.filesAtOnce}`, `--import=${endFile}`);
  const env = {
    ...cleanEnvironment(),
    ...environment,
    TEST_EVENTS_FILE: eventsFile,
    TEST_LINGER_MS: String(tier.lingerMs),
    [runMarker]: marker,
  };
  try {
    const outcome = await runToEnd(process.execPath, [...args, ...files], { cwd: root, env, budgetMs: tier.budgetMs });
    const leftovers = await endLeftovers(marker);
    const events = existsSync(eventsFile) ? readEvents(readFileSync(eventsFile, 'utf8')) : [];
    return judge(tier, files, events, outcome, leftovers);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** @param {string} text one event a line; the last may be cut */
const readEvents = (text) =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => /** @type {import('./report-events.mjs').TestEvent} */ (JSON.parse(line)));

/**
 * @param {Tier} tier
 * @param {readonly string[]} files
 * @param {readonly import('./report-events.mjs').TestEvent[]} events
 * @param {import('./processes.mjs').Outcome} outcome
 * @param {readonly string[]} leftovers
 * @returns {TierResult}
 */
const judge = (tier, files, events, outcome, leftovers) => {
  const { passed, failures, skips, unfinished } = countResults(events);
  const budgetSeconds = tier.budgetMs / 1000;
  const tail = outcome.output.slice(-shownOutputMax);
  if (outcome.isOverBudget) {
    failures.push(
      `${tier.name} took longer than its ${budgetSeconds} s and was ended${[...unfinished, ...unfinishedFile(tier, files, events)].map((name) => `\n  during: ${name}`).join('')}\n${tail}`,
    );
  } else if (outcome.code !== 0 && failures.length === 0) {
    const end = outcome.signal === null ? `exit code ${outcome.code}` : outcome.signal;
    failures.push(`${tier.name} ended with ${end}${unfinished.map((name) => ` during: ${name}`).join('')}\n${tail}`);
  }
  const notes = leftovers.map((command) => `a test left a process behind: ${command}`);
  return {
    name: tier.name,
    files: files.length,
    passed,
    failures: failures.map(shorten),
    skips: skips.map(shorten),
    notes,
    seconds: outcome.seconds,
    budgetSeconds,
  };
};

/**
 * node:test tells of files in their order, so the first of which it has not told the end has not ended; of those after it nothing is known.
 * @param {Tier} tier
 * @param {readonly string[]} files
 * @param {readonly import('./report-events.mjs').TestEvent[]} events
 * @returns {string[]}
 */
const unfinishedFile = ({ isolation }, files, events) => {
  if (isolation === 'none') return [];
  const ended = new Set(events.filter(({ kind }) => kind === 'summary').map(({ file }) => file));
  return files.filter((file) => !ended.has(file)).slice(0, 1);
};

/** Paths as a person types them. @param {string} text */
const shorten = (text) => text.replaceAll(`${root}/`, '');
