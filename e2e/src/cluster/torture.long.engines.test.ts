import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inflict, whyNot } from '../torture/run-scenario.ts';
import { clusterKill } from '../torture/scenarios/cluster-kill.ts';

/** The engines are its own: it kills them. */
test(`${clusterKill.name}: ${clusterKill.what}`, { skip: whyNot(clusterKill) ?? false }, async (context) => {
  const { acknowledged, found } = await inflict(clusterKill, 'short', (line) => context.diagnostic(line));
  assert.ok(acknowledged > 0, 'something was acknowledged');
  assert.equal(found, acknowledged);
});
