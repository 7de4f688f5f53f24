import type { Scenario } from './scenario.ts';
import { kill } from './scenarios/kill.ts';

/** In the order in which they are run and shown. */
export const scenarios: readonly Scenario[] = [kill];
