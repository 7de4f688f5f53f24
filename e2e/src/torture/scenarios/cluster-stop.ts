import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Scenario } from '../scenario.ts';
import {
  assertNeverSilent,
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
import { isLinux, signalAll } from '../support/processes.ts';

/** Stands still for a while, then goes on as if nothing had been; the fault ends then. */
const stop = async (stream: ClusterStream, what: string, pid: number, stoppedMs: number): Promise<void> => {
  await suffer(stream, what, async () => {
    signalAll([pid], 'SIGSTOP');
    try {
      await delay(stoppedMs);
    } finally {
      signalAll([pid], 'SIGCONT');
    }
  });
};

/** Longer than its session: the other projector has its partitions before it goes on, and it must not write them. */
const stopProjector = async (stream: ClusterStream): Promise<number> => {
  const [one, other] = stream.cluster.projectors;
  assert.ok(one && other);
  let takenOverSeconds = 0;
  await suffer(stream, 'one of two projectors', async () => {
    one.pause();
    try {
      takenOverSeconds = await untilOwns(other, partitions);
    } finally {
      one.resume();
    }
  });
  await untilAllReady(stream);
  return takenOverSeconds;
};

/** Everything else but a gateway stands still for longer: then nobody may be called silent. Those of one of two gateways are, after this time. */
const settings = { MILEPOST_LATE_AFTER_SECONDS: '15', MILEPOST_OFFLINE_AFTER_SECONDS: '30' };

/** Shorter than vehicles may be silent: the other gateway is heard all the while. */
const gatewayStoppedMsMax = 10_000;

export const clusterStop: Scenario = {
  name: 'cluster-stop',
  what: 'the same cluster: SIGSTOP, then SIGCONT, one after the other, of the Kafka broker, Cassandra, a gateway, a projector (until another has its partitions) and Valkey, under streams on each way in',
  expected:
    "A device waits while the broker or its gateway stands still, and comes back by itself. A projector that was stopped finds that its partitions are another one's, writes nothing of them and shares them anew. No vehicle is called silent because nobody could hear it: if it has to be called late at all, the reason is the server.",
  needs: [isLinux, isCluster],
  run: async (context) => {
    const stoppedMs = context.bySize(20_000, 5000);
    const stream = await openClusterStream(context, { settings });
    const { engines, cluster } = stream;
    const [gateway] = cluster.gateways;
    assert.ok(gateway);
    await stop(stream, 'the broker', engines.kafka.pid, stoppedMs);
    await stop(stream, 'Cassandra', engines.cassandra.pid, stoppedMs);
    await stop(stream, 'one of two gateways', gateway.pid, Math.min(stoppedMs, gatewayStoppedMsMax));
    const takenOver = await stopProjector(stream);
    await stop(stream, 'Valkey', engines.valkey.pid, stoppedMs);
    await assertNeverSilent(stream);
    const tally = await checkEverywhere(stream);
    return outcomeOf(tally, stream, {
      'stopped for, s': stoppedMs / 1000,
      'partitions of a stopped projector are taken over after, s': takenOver,
    });
  },
};
