import type { EventLog } from '../../eventlog/index.ts';
import { recordFields } from '../../events/index.ts';
import type { Gate } from '../../ingest/index.ts';
import type { Closers } from '../open-parts.ts';
import { openWayIn } from '../open-parts.ts';
import { repeat } from '../repeat.ts';
import { makeServerRecords, serverAliveEveryMs, unheardAfterMs } from '../server-records.ts';
import type { FollowingModels } from './assignment.ts';
import type { ClusterParts } from './cluster-parts.ts';
import { watchInterruptions } from './watch-interruptions.ts';

const sweepEveryMs = 500;

/** receivedAt of the newest record of a partition, ms; 0: it has none. Every gateway notes in each that it runs. */
const newestReceivedAt = async (log: EventLog, partition: number): Promise<number> => {
  const [start, end] = [log.startOffset(partition), log.endOffset(partition)];
  if (end <= start) return 0;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let newest = 0;
  const follower = log.follow({
    partition,
    fromOffset: end - 1,
    handle: ({ count, starts, view }) => {
      for (let i = 0; i < count; i++) newest = Math.max(newest, recordFields.receivedAt(view, starts[i] as number));
    },
    caughtUp: resolve,
    failed: reject,
  });
  await promise;
  await follower.stop();
  return newest;
};

/** Notes that gateways run, and since when none did. */
const keepGatewayRecords = async ({ base, stored, log }: ClusterParts, closers: Closers): Promise<void> => {
  const { clock, failed } = base;
  const records = makeServerRecords(log, clock, stored.vocabulary.version);
  const lastMs = await newestReceivedAt(log, log.partitions()[0] ?? 0);
  const isFirst = lastMs > 0 && clock.now() - lastMs > unheardAfterMs;
  await (isFirst ? records.write('serverStarted', lastMs) : records.write('serverAlive'));
  closers.add(
    'gateway records',
    repeat(clock, serverAliveEveryMs, () => void records.write('serverAlive').catch(failed)),
  );
  const noted = (sinceMs: number): void => void records.write('serverStarted', sinceMs).catch(failed);
  const oldestPendingAt = (): number | null => log.statistics().oldestPendingAt;
  closers.add('interruptions', watchInterruptions({ clock, oldestPendingAt, noted }));
};

/** Takes reports of devices into the log. `models`: those of this process, if it has some. */
export const runGateway = async (parts: ClusterParts, models: FollowingModels | undefined, closers: Closers): Promise<Gate> => {
  const { base, stored, log } = parts;
  await keepGatewayRecords(parts, closers);
  const { gate } = openWayIn(base, stored, log, models);
  closers.add('gate', () => gate.close());
  closers.add(
    'sweeps',
    repeat(base.clock, sweepEveryMs, () => gate.sweep()),
  );
  return gate;
};
