import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { recordFields } from '../../../events/index.ts';
import type { EventLog } from '../../ports.ts';
import { seqsIn } from '../../test-support.ts';
import type { TopicWanted } from './topics.ts';

/** Helpers of the tests of the log on Kafka. */

/** On the one broker that tests have; nothing ages. */
export const testTopic = (brokers: readonly string[], topic: string, partitions: number): TopicWanted => ({
  brokers,
  topic,
  partitions,
  replicas: 1,
  inSyncMin: 1,
  retentionMs: -1,
  retentionBytes: -1,
});

/** Numbers of the records of all partitions, as they come. */
export const hearAll = (log: EventLog) => {
  const seqs: number[] = [];
  const partitionsOf = new Map<number, Set<number>>();
  const failures: Error[] = [];
  for (const partition of log.partitions()) {
    log.follow({
      partition,
      fromOffset: 0,
      handle: (batch) => {
        seqs.push(...seqsIn(batch));
        for (let i = 0; i < batch.count; i++) {
          const vehicleNo = recordFields.vehicleNo(batch.view, batch.starts[i] as number);
          partitionsOf.set(vehicleNo, (partitionsOf.get(vehicleNo) ?? new Set()).add(partition));
        }
      },
      failed: (error) => failures.push(error),
    });
  }
  /** As many different records. */
  const until = async (count: number): Promise<void> => {
    while (new Set(seqs).size < count && failures.length === 0) await delay(10);
    assert.deepEqual(failures, []);
  };
  return { seqs, partitionsOf, until };
};
