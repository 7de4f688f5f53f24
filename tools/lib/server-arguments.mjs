import { availableParallelism } from 'node:os';

/** Threads that help the collector and the compiler: as many as Node has by default, but one less than there are cores. */
const helpersMax = 4;

/**
 * How Node is started for the server. With more helpers than free cores the main thread waits at each collection until all of them had their
 * turn. What is young is collected from 8 MB on instead of 16: most of it are buffers outside the heap, so that the process stays a third
 * smaller, and each pause is shorter. What lived long while the server started is no hint for its requests, which die at once: V8 would make
 * them old from the beginning, and look at the whole heap each few seconds to be rid of them. Measured in docs/bench.md.
 * @param {number} cores
 */
export const serverArguments = (cores = availableParallelism()) => [
  `--v8-pool-size=${Math.max(1, Math.min(helpersMax, cores - 1))}`,
  '--max-semi-space-size=8',
  '--no-allocation-site-pretenuring',
];
