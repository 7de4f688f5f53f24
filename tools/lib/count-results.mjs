/** @typedef {import('./report-events.mjs').TestEvent} TestEvent */
/** @typedef {{ passed: number, failures: string[], skips: string[], unfinished: string[] }} Counts */

/** A file that printed more than this to standard error before it failed is shown from its end. */
const shownOutputMax = 8_000;

/**
 * Counts what really ran: single tests, neither suites nor tests that only hold others. A file without a test is a failure, for it looks
 * like one that passes.
 * @param {readonly TestEvent[]} events in the order of node:test's report: a parent starts before its children and ends after them
 * @returns {Counts}
 */
export const countResults = (events) => {
  /** @type {Counts} */
  const counts = { passed: 0, failures: [], skips: [], unfinished: [] };
  /** Titles of the tests that have started and not ended, outermost first. @type {{ name: string, hasChildren: boolean }[]} */
  let open = [];
  /** @type {Map<string, string>} */
  const outputs = new Map();

  for (const event of events) {
    if (event.kind === 'summary') continue;
    if (event.kind === 'output') {
      outputs.set(event.file ?? '', `${outputs.get(event.file ?? '') ?? ''}${event.error}`.slice(-shownOutputMax));
      continue;
    }
    if (event.kind === 'start') {
      const parent = open[event.nesting - 1];
      if (parent) parent.hasChildren = true;
      open = [...open.slice(0, event.nesting), { name: event.name, hasChildren: false }];
      continue;
    }
    const hasChildren = open[event.nesting]?.hasChildren ?? false;
    const title = [...open.slice(0, event.nesting).map(({ name }) => name), event.name].join(' › ');
    open = open.slice(0, event.nesting);
    countEnd(counts, event, title, hasChildren, outputs);
  }
  counts.unfinished = open.length > 0 ? [open.map(({ name }) => name).join(' › ')] : [];
  return counts;
};

/**
 * @param {Counts} counts
 * @param {TestEvent} event
 * @param {string} title
 * @param {boolean} hasChildren
 * @param {ReadonlyMap<string, string>} outputs
 */
const countEnd = (counts, event, title, hasChildren, outputs) => {
  const isWholeFile = event.name === event.file;
  if (event.skip !== undefined) counts.skips.push(`${title}: ${event.skip}`);
  else if (event.kind === 'fail') {
    if (event.isParentOfFailure && hasChildren) return;
    const output = isWholeFile ? `\n${outputs.get(event.file ?? '') ?? ''}` : '';
    counts.failures.push(`${title}\n  at ${event.file}:${event.line}\n${event.error}${output}`);
  } else if (isWholeFile) counts.failures.push(`${title}\n  has no test`);
  else if (!event.isSuite && !hasChildren) counts.passed += 1;
};
