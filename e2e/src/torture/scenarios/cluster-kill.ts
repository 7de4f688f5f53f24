import assert from 'node:assert/strict';
import type { Engine } from '../../../../tools/lib/engines.mjs';
import type { ClusterNode } from '../../cluster/start-cluster.ts';
import type { Scenario } from '../scenario.ts';
import {
  checkEverywhere,
  type ClusterStream,
  isCluster,
  openClusterStream,
  outcomeOf,
  partitions,
  suffer,
  untilAllReady,
  untilOwns,
} from '../support/cluster-stream.ts';
import { isLinux } from '../support/processes.ts';

/** Killed, and started again at once: the fault ends when it is ready. */
const killEngine = (stream: ClusterStream, what: string, engine: Engine): Promise<unknown> =>
  suffer(stream, what, async () => {
    engine.kill();
    await engine.start();
  });

/** Others take over what it did; it comes again after that. */
const killGateway = async (stream: ClusterStream, gateway: ClusterNode): Promise<void> => {
  await suffer(stream, 'one of two gateways', () => gateway.kill());
  await gateway.start();
};

/** Answers how long it takes until the other one has all partitions. */
const killProjector = async (stream: ClusterStream, [one, other]: readonly ClusterNode[]): Promise<number> => {
  assert.ok(one && other);
  let takenOverSeconds = 0;
  await suffer(stream, 'one of two projectors', async () => {
    await one.kill();
    takenOverSeconds = await untilOwns(other, partitions);
  });
  await one.start();
  await untilAllReady(stream);
  return takenOverSeconds;
};

const killProjectors = async (stream: ClusterStream): Promise<void> => {
  const { projectors } = stream.cluster;
  await suffer(stream, 'both projectors', async () => {
    await Promise.all(projectors.map((projector) => projector.kill()));
  });
  await Promise.all(projectors.map((projector) => projector.start()));
  await untilAllReady(stream);
};

export const clusterKill: Scenario = {
  name: 'cluster-kill',
  what: 'a cluster of two gateways, two projectors and two processes of the API: kill -9, one after the other, of the Kafka broker, Cassandra, a gateway, a projector, Valkey and both projectors at once, under streams on each way in',
  expected:
    'A device whose gateway is killed comes back to another one. While the broker is away nothing is acknowledged; gateways keep what they took and send it when it is back. While Cassandra, Valkey or projectors are away nobody notices: the API shows what it has read from the log. The operator starts again what was killed and does nothing else; no other process ends because of it.',
  needs: [isLinux, isCluster],
  run: async (context) => {
    const stream = await openClusterStream(context);
    const { engines, cluster } = stream;
    const [gateway] = cluster.gateways;
    assert.ok(gateway);
    const takenOver: number[] = [];
    const rounds = context.bySize(2, 1);
    for (let round = 1; round <= rounds; round++) {
      await killEngine(stream, round === 1 ? 'the broker' : 'the broker again', engines.kafka);
      await killEngine(stream, 'Cassandra', engines.cassandra);
      await killGateway(stream, gateway);
      takenOver.push(await killProjector(stream, cluster.projectors));
      await killEngine(stream, 'Valkey', engines.valkey);
      await killProjectors(stream);
    }
    const tally = await checkEverywhere(stream);
    return outcomeOf(tally, stream, {
      'partitions of a killed projector are taken over after, s, at most': Math.max(...takenOver),
    });
  },
};
