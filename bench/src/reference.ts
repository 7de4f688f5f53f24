import { makePayload } from './load/payloads.ts';

const forMs = 1000;
const atOnce = 1000;

/**
 * How fast this machine is just now: how often the report of 13 signals is parsed (`JSON.parse`) in a CPU second of one thread. It knows nothing of
 * Milepost, so two results can be compared by what they are to their references, though the machines were not equally fast.
 */
export const measureReference = (): number => {
  const text = makePayload('json', 1)(1).toString('utf8');
  let parsed = 0;
  const startedAt = performance.now();
  const since = process.cpuUsage();
  while (performance.now() - startedAt < forMs) {
    for (let i = 0; i < atOnce; i++) JSON.parse(text);
    parsed += atOnce;
  }
  const { user, system } = process.cpuUsage(since);
  return Math.round((parsed * 1e6) / (user + system));
};
