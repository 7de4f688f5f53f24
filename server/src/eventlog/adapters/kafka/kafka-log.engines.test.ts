import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { Admin, Consumer } from '@platformatic/kafka';
import { virtualPartitionOf } from '../../../events/index.ts';
import { makeManualClock, silentLogger, systemClock } from '../../../kernel/index.ts';
import type { EventLog } from '../../ports.ts';
import { append, appendRange, makeRecord, range, readAll, seqOf, testEpochMs } from '../../test-support.ts';
import {
  checkTopic,
  ensureTopic,
  kafkaLogLimits,
  type KafkaLogLimits,
  type KafkaLogOptions,
  openKafkaLog,
  type TopicWanted,
} from './index.ts';
import { KafkaClient } from './kafka-client.ts';
import { KafkaLog } from './kafka-log.ts';
import { hearAll, testTopic } from './test-kafka.ts';

const broker = process.env['TEST_KAFKA'];
/** Of the broker: the tests stop it for a while. */
const brokerPid = Number(process.env['TEST_KAFKA_PID']);
const options = { skip: broker ? false : 'no Kafka' };
const brokers = [broker ?? ''];

const wantedTopic = (partitions: number): TopicWanted => testTopic(brokers, `test-${randomUUID()}`, partitions);

const opened: EventLog[] = [];
after(() => Promise.all(opened.map((log) => log.close())));

const open = async (topic: string, limits: Partial<KafkaLogLimits> = {}): Promise<EventLog> => {
  const log = await openKafkaLog({
    brokers,
    topic,
    clock: makeManualClock(testEpochMs),
    logger: silentLogger,
    limits: { sendSpacingMs: 1, tailWaitMs: 100, requestTimeoutMs: 2000, ...limits },
  });
  opened.push(log);
  return log;
};

const openNew = async (partitions: number, limits?: Partial<KafkaLogLimits>): Promise<{ topic: string; log: EventLog }> => {
  const wanted = wantedTopic(partitions);
  await ensureTopic(wanted);
  return { topic: wanted.topic, log: await open(wanted.topic, limits) };
};

const ascending = (seqs: readonly number[]): number[] => seqs.toSorted((a, b) => a - b);

test(
  'records go to the partition of their vehicle, and what two gateways write is heard once by who follows',
  options,
  async () => {
    const { topic, log } = await openNew(8);
    const other = await open(topic);
    const follower = await open(topic);
    const [here, there] = [hearAll(log), hearAll(follower)];
    await Promise.all(
      range(0, 40).flatMap((part) => {
        const vehicles = range(part * 20, part * 20 + 20).map((seq) => makeRecord({ seq, vehicleNo: 1 + (seq % 97) }));
        return vehicles.map((record, i) => append(i % 2 === 0 ? log : other, record));
      }),
    );
    await Promise.all([here.until(800), there.until(800)]);
    for (const { seqs, partitionsOf } of [here, there]) {
      assert.deepEqual(ascending(seqs), range(0, 800));
      for (const [vehicleNo, partitions] of partitionsOf) assert.deepEqual([...partitions], [virtualPartitionOf(vehicleNo) % 8]);
    }
  },
);

test('who asks where the partitions end knows of what another process was acknowledged before', options, async () => {
  const { topic, log } = await openNew(4);
  // Nothing tells it by itself in the time of the test.
  const reader = await open(topic, { endCheckMs: 600_000 });
  for (const round of range(1, 21)) {
    for (const vehicleNo of range(1, 9)) await append(log, makeRecord({ seq: round * 10 + vehicleNo, vehicleNo }));
    await Promise.all([reader.learnEnds(), reader.learnEnds()]);
    for (const partition of log.partitions()) assert.equal(reader.endOffset(partition), log.endOffset(partition));
  }
});

test(
  'nothing waits for the next record: neither what is more than one answer holds, nor what an end is known of before it is there',
  options,
  async () => {
    const { topic, log } = await openNew(1);
    const follower = await openKafkaLog({
      brokers,
      topic,
      clock: systemClock,
      logger: silentLogger,
      limits: { readBytes: 4096, endCheckMs: 2, tailWaitMs: 20 },
    });
    opened.push(follower);
    const { seqs, until } = hearAll(follower);
    let count = 0;
    for (const burst of [1, 2000, 1, 1, 1, 500, ...Array<number>(50).fill(1)]) {
      await appendRange(log, count, count + burst);
      count += burst;
      await until(count);
    }
    assert.deepEqual(seqs, range(0, count));
  },
);

test('a message is the record: key, headers and time are for those who read without Milepost', options, async () => {
  const { topic, log } = await openNew(1);
  const record = makeRecord({ seq: 7, vehicleNo: 4711 });
  await append(log, record);
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: brokers });
  const consumer = new Consumer({ clientId: 'test', bootstrapBrokers: brokers, groupId: `reader-${topic}` });
  try {
    const { topics } = await admin.metadata({ topics: [topic] });
    const found = topics.get(topic);
    const place = { partition: 0, fetchOffset: 0n, currentLeaderEpoch: -1, lastFetchedEpoch: -1, partitionMaxBytes: 100_000 };
    const { responses } = await consumer.fetch({
      node: found?.partitions[0]?.leader ?? 0,
      topics: [{ topicId: found?.id ?? '', partitions: [place] }],
    });
    const [batch] = responses[0]?.partitions[0]?.records ?? [];
    const [message] = batch?.records ?? [];
    assert.deepEqual(Buffer.from(message?.value ?? []), Buffer.from(record));
    assert.equal(message?.key?.readInt32BE(), 4711);
    assert.deepEqual(
      message?.headers?.map(([name, value]) => [String(name), String(value)]),
      [
        ['version', '1'],
        ['kind', 'telemetry'],
      ],
    );
    assert.equal(Number(batch?.firstTimestamp), testEpochMs + 7);
  } finally {
    await consumer.close(true);
    await admin.close();
  }
});

test('the topic is made as it has to be, once, and what is not as it has to be is said', options, async () => {
  const wanted = wantedTopic(4);
  assert.deepEqual(await checkTopic(wanted), [`there is no topic ${wanted.topic}`]);
  assert.deepEqual(await ensureTopic(wanted), { isMade: true, problems: [] });
  assert.deepEqual(await ensureTopic(wanted), { isMade: false, problems: [] });
  const problems = await checkTopic({ ...wanted, partitions: 8, retentionMs: 1000 });
  assert.deepEqual(problems, [
    `${wanted.topic} has 4 partitions, expected 8: it cannot be changed`,
    `retention.ms of ${wanted.topic} is -1, expected 1000`,
  ]);
});

test('a log on a topic that is not there is refused with its name', options, async () => {
  await assert.rejects(open('no-such-topic'), /there is no topic no-such-topic/);
});

test('a broker that stands still is waited for: nothing is lost, nothing is twice', options, async () => {
  const { log } = await openNew(2, { requestTimeoutMs: 500 });
  const { seqs, until } = hearAll(log);
  await appendRange(log, 0, 50);
  process.kill(brokerPid, 'SIGSTOP');
  let isAcknowledged = false;
  const appended = appendRange(log, 50, 100).then(() => {
    isAcknowledged = true;
  });
  // Long enough that requests are given up and made again.
  await new Promise((resolve) => setTimeout(resolve, 2500)).finally(() => process.kill(brokerPid, 'SIGCONT'));
  assert.equal(isAcknowledged, false);
  await appended;
  await until(100);
  assert.deepEqual(ascending(seqs), range(0, 100));
});

test('who takes over behind what another process has just written goes on there', options, async () => {
  const { topic, log } = await openNew(1);
  // Knows of no further end by itself.
  const other = await open(topic, { endCheckMs: 600_000 });
  await appendRange(log, 0, 50);
  const fromOffset = log.endOffset(0);
  assert.equal(other.endOffset(0), 0);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const follower = other.follow({ partition: 0, fromOffset, handle: () => {}, caughtUp: resolve, failed: reject });
  await promise;
  assert.equal(follower.position.offset, fromOffset);
  await follower.stop();
});

test('what is heard is not known while a broker stands still, nor until gateways have sent what they held', options, async () => {
  const { topic } = await openNew(1);
  const limits = { requestTimeoutMs: 300, endCheckMs: 50, interruptedAfterMs: 1000, settleMs: 500 };
  const log = await openKafkaLog({ brokers, topic, clock: systemClock, logger: silentLogger, limits });
  opened.push(log);
  const untilKnown = async (ms: number): Promise<void> => {
    while (log.knownToMs(0) < ms) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  await untilKnown(Date.now());
  process.kill(brokerPid, 'SIGSTOP');
  const stoppedAt = Date.now();
  await new Promise((resolve) => setTimeout(resolve, 2500)).finally(() => process.kill(brokerPid, 'SIGCONT'));
  assert.ok(log.knownToMs(0) <= stoppedAt);
  const goesOnAt = Date.now();
  await untilKnown(goesOnAt);
  assert.ok(Date.now() - goesOnAt >= limits.settleMs, 'gateways have their time');
});

test(
  'who begins while records come knows at once what was heard; who finds only old ones gives gateways their time',
  options,
  async () => {
    const { topic, log: writer } = await openNew(1);
    const openAt = (): Promise<EventLog> => open(topic, { endCheckMs: 50, settleMs: 60_000 });
    const ofEmpty = await openAt();
    assert.ok(ofEmpty.knownToMs(0) > 0);
    await append(writer, makeRecord({ seq: 0, receivedAt: testEpochMs - 30_000 }));
    const ofOld = await openAt();
    assert.equal(ofOld.knownToMs(0), 0);
    await append(writer, makeRecord({ seq: 1, receivedAt: testEpochMs }));
    const ofRecent = await openAt();
    assert.ok(ofRecent.knownToMs(0) > 0);
  },
);

test('closing does not wait for ever for a broker that stands still, and what was not answered has failed', options, async () => {
  const { log } = await openNew(1, { requestTimeoutMs: 500, closeTimeoutMs: 300 });
  await appendRange(log, 0, 5);
  process.kill(brokerPid, 'SIGSTOP');
  try {
    const appended = append(log, makeRecord({ seq: 5 }));
    const failed = assert.rejects(appended, /could not be written to Kafka/);
    await log.close();
    await failed;
  } finally {
    process.kill(brokerPid, 'SIGCONT');
  }
});

/** A client during whose question what is young a record comes, as it may from any gateway. */
class LateClient extends KafkaClient {
  readonly #meanwhile: () => Promise<unknown>;

  constructor(logOptions: KafkaLogOptions, meanwhile: () => Promise<unknown>) {
    super(logOptions, { ...kafkaLogLimits, tailWaitMs: 100 });
    this.#meanwhile = meanwhile;
  }

  override async offsets(partitions: readonly number[], at: 'start' | 'end' | number): Promise<Map<number, number>> {
    const answer = await super.offsets(partitions, at);
    if (typeof at === 'number') await this.#meanwhile();
    return answer;
  }
}

test('a record that comes while old ones are removed is never removed with them', options, async () => {
  const wanted = wantedTopic(1);
  await ensureTopic(wanted);
  const logOptions = { brokers, topic: wanted.topic, clock: makeManualClock(testEpochMs), logger: silentLogger };
  let isRemoving = false;
  const client = new LateClient(logOptions, async () => isRemoving && append(log, makeRecord({ seq: 5 })));
  const dayMs = 86_400_000;
  const log = new KafkaLog(logOptions, { ...kafkaLogLimits, retentionMs: dayMs }, client, 1);
  opened.push(log);
  await log.begin();
  for (const seq of range(0, 5)) await append(log, makeRecord({ seq, receivedAt: testEpochMs - 2 * dayMs }));
  isRemoving = true;
  await log.enforceRetention();
  assert.deepEqual(await readAll(log), [5]);
});

test('a search for a vehicle that would read too much says so instead of saying that there is nothing', options, async () => {
  const { log } = await openNew(1, { scanRecordsMax: 1 });
  const records = range(0, 5000).map((seq) => makeRecord({ seq, vehicleNo: seq < 10 ? 3 : 1 }));
  await Promise.all(records.map((record) => append(log, record)));
  const wanted = { fromMs: 0, toMs: testEpochMs * 2, limit: 5 };
  const newest = await log.readVehicle({ ...wanted, vehicleNo: 1 });
  assert.deepEqual(
    newest.map(({ bytes }) => seqOf(bytes)),
    range(4995, 5000).toReversed(),
  );
  await assert.rejects(log.readVehicle({ ...wanted, vehicleNo: 3 }), /none of the newest \d+ records/);
});
