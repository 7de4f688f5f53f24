import type { EventLog } from '../../eventlog/index.ts';
import { recordFields } from '../../events/index.ts';
import type { Clock } from '../../kernel/index.ts';
import type { Gate } from '../../ingest/index.ts';
import type { Closers } from '../open-parts.ts';
import { openWayIn } from '../open-parts.ts';
import { repeat } from '../repeat.ts';
import { makeServerRecords, type ServerRecords, serverAliveEveryMs, unheardAfterMs } from '../server-records.ts';
import type { FollowingModels } from './assignment.ts';
import type { ClusterParts } from './cluster-parts.ts';

const sweepEveryMs = 500;
/** Records that wait for the log for so long: devices hear nothing either, and keep what they would say. */
const interruptedAfterMs = 5000;

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

/**
 * Notes what this gateway could not hear, because the log did not answer or the process stood still: devices wait then with what they have to say,
 * and none of them was silent.
 */
export const watchInterruptions = (
  { log, clock, records }: { readonly log: EventLog; readonly clock: Clock; readonly records: ServerRecords },
  failed: (error: Error) => void,
): (() => void) => {
  let sinceMs: number | undefined;
  let lookedMs = clock.now();
  return repeat(clock, sweepEveryMs, () => {
    const nowMs = clock.now();
    const { oldestPendingAt } = log.statistics();
    const isWaiting = oldestPendingAt !== null && nowMs - oldestPendingAt > interruptedAfterMs;
    if (isWaiting) sinceMs ??= oldestPendingAt;
    else if (nowMs - lookedMs > interruptedAfterMs) sinceMs ??= lookedMs;
    lookedMs = nowMs;
    if (isWaiting || sinceMs === undefined) return;
    records.write('serverStarted', sinceMs).catch(failed);
    sinceMs = undefined;
  });
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
  closers.add('interruptions', watchInterruptions({ log, clock, records }, failed));
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
