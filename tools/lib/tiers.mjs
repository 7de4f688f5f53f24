/**
 * The tiers of `npm test`. `budgetMs` is for all tests of the tier together: a quarter of an hour is usual, and there is room for a machine whose pace is a quarter
 * of usual. Unit tests share one process, which costs least; the others have one each, because they open ports, files and engines. `engines` shares real
 * servers, which its tests stop for a while: one file at a time. `lingerMs` is what a process may need after its last test, to close what it opened.
 * @typedef {{ name: string, suffix: RegExp, budgetMs: number, lingerMs: number, isolation: 'none' | 'process', filesAtOnce: number }} Tier
 */

const lingerMs = 60_000;

/** @type {readonly Tier[]} */
export const tiers = [
  {
    name: 'unit',
    suffix: /\.unit\.test\.(ts|mjs)$/,
    budgetMs: 240_000,
    lingerMs,
    isolation: 'none',
    filesAtOnce: 1,
  },
  {
    name: 'integration',
    suffix: /\.int\.test\.(ts|mjs)$/,
    budgetMs: 1_400_000,
    lingerMs,
    isolation: 'process',
    filesAtOnce: 2,
  },
  {
    name: 'e2e',
    suffix: /\.e2e\.test\.(ts|mjs)$/,
    budgetMs: 2_300_000,
    lingerMs,
    isolation: 'process',
    filesAtOnce: 2,
  },
  {
    name: 'engines',
    suffix: /\.engines\.test\.(ts|mjs)$/,
    budgetMs: 900_000,
    lingerMs,
    isolation: 'process',
    filesAtOnce: 1,
  },
];
