import assert from 'node:assert/strict';
import { test } from 'node:test';
import { notOnCluster } from './support/not-on-cluster.ts';
import { inflict, whyNot } from './torture/run-scenario.ts';
import { scenarios } from './torture/scenarios.ts';

/** The short form of these is quick enough for every run of the tests. */
const quick = new Set(['kill', 'torn-tail', 'database-stopped', 'packet-loss', 'disorder', 'poison']);

for (const scenario of scenarios) {
  if (!quick.has(scenario.name)) continue;
  test(`${scenario.name}: ${scenario.what}`, { skip: notOnCluster.faults || (whyNot(scenario) ?? false) }, async (context) => {
    const { acknowledged, found } = await inflict(scenario, 'short', (line) => context.diagnostic(line));
    assert.ok(acknowledged > 0, 'something was acknowledged');
    assert.equal(found, acknowledged);
  });
}
