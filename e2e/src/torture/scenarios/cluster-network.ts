import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Scenario } from '../scenario.ts';
import {
  checkEverywhere,
  furtherAcks,
  isCluster,
  isNetwork,
  openClusterStream,
  outcomeOf,
  suffer,
} from '../support/cluster-stream.ts';
import { isLinux } from '../support/processes.ts';

const latencyMs = 300;

export const clusterNetwork: Scenario = {
  name: 'cluster-network',
  what: `the same cluster with Toxiproxy between its processes and Kafka, Cassandra, PostgreSQL and Valkey: ${latencyMs} ms more in each direction, then every connection reset again and again, under streams on each way in`,
  expected:
    'Acknowledgements take as much longer as the network does. Every connection that is reset is made again, and what was under way on it is asked again; nothing is lost and nothing is twice. The operator does nothing.',
  needs: [isLinux, isCluster, isNetwork],
  run: async (context) => {
    const slowMs = context.bySize(40_000, 5000);
    const resets = context.bySize(10, 2);
    const stream = await openClusterStream(context, { hasNetwork: true });
    const { network } = stream.engines;
    assert.ok(network);
    let ackedSlowly = 0;
    await suffer(stream, `${latencyMs} ms`, async () => {
      await network.slow(latencyMs);
      const before = stream.devices.map(({ acked }) => acked);
      await delay(slowMs);
      await furtherAcks(stream.devices, 1);
      ackedSlowly = stream.devices.reduce((sum, { acked }, i) => sum + acked - (before[i] as number), 0);
      await network.slow(0);
    });
    await suffer(stream, 'resets', async () => {
      for (let i = 0; i < resets; i++) {
        await network.reset();
        await delay(3000);
      }
    });
    const tally = await checkEverywhere(stream);
    return outcomeOf(tally, stream, {
      'reports acknowledged while it was slow': ackedSlowly,
      'slow for, s': slowMs / 1000,
      'times that everything was reset': resets,
    });
  },
};
