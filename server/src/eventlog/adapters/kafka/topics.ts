import { setTimeout as delay } from 'node:timers/promises';
import { Admin, ConfigResourceTypes } from '@platformatic/kafka';
import { recordBytesMax, virtualPartitionCount } from '../../../events/index.ts';
import { assert } from '../../../kernel/index.ts';
import { type KafkaReach, kafkaConnection } from '../../kafka-reach.ts';
import { kafkaUnusable } from './failures.ts';

/** How often, and how long, it is looked whether a topic that was made is there. */
const visibleEveryMs = 100;
const visibleTriesMax = 100;

export interface TopicWanted extends KafkaReach {
  readonly topic: string;
  /** Of the log a power of two at most 1,024. Chosen once: another number would part the records of a vehicle. */
  readonly partitions: number;
  /** Kafka's clients choose the partition by the key: any number of them will do. The log chooses by the virtual partition. */
  readonly isKeyed?: boolean;
  readonly replicas: number;
  /** Replicas that must have a record before it is acknowledged. */
  readonly inSyncMin: number;
  readonly retentionMs: number;
  /** Of a partition; −1: no limit. */
  readonly retentionBytes: number;
}

/** How the topic has to be, by the names of Kafka's settings. */
const configOf = ({ inSyncMin, retentionMs, retentionBytes }: TopicWanted): Readonly<Record<string, string>> => ({
  'cleanup.policy': 'delete',
  'min.insync.replicas': String(inSyncMin),
  'retention.ms': String(retentionMs),
  'retention.bytes': String(retentionBytes),
  'max.message.bytes': String(2 * recordBytesMax),
  // The time of a record is when a gateway received it. A gateway whose clock is wrong must not lose what it receives.
  'message.timestamp.type': 'CreateTime',
  'message.timestamp.before.max.ms': '9223372036854775807',
  'message.timestamp.after.max.ms': '9223372036854775807',
  'unclean.leader.election.enable': 'false',
});

const isPowerOfTwo = (count: number): boolean => Number.isInteger(Math.log2(count));

export interface TopicCheck {
  readonly isMade: boolean;
  /** What is not as it has to be: each a sentence. Empty: all is well. */
  readonly problems: readonly string[];
}

const withAdmin = async <Result>(reach: KafkaReach, run: (admin: Admin) => Promise<Result>): Promise<Result> => {
  const admin = new Admin({ clientId: 'milepost', ...kafkaConnection(reach), retries: 3 });
  try {
    return await run(admin);
  } catch (error) {
    throw kafkaUnusable(reach, error);
  } finally {
    await admin.close();
  }
};

const problemsOf = async (admin: Admin, wanted: TopicWanted): Promise<string[]> => {
  if (!(await admin.listTopics()).includes(wanted.topic)) return [`there is no topic ${wanted.topic}`];
  const { topics } = await admin.metadata({ topics: [wanted.topic], forceUpdate: true });
  const found = topics.get(wanted.topic);
  assert(found, `metadata of ${wanted.topic} were asked for and others given`);
  const problems: string[] = [];
  if (found.partitionsCount !== wanted.partitions)
    problems.push(`${wanted.topic} has ${found.partitionsCount} partitions, expected ${wanted.partitions}: it cannot be changed`);
  const fewest = Math.min(...found.partitions.map(({ replicas }) => replicas.length));
  if (fewest < wanted.replicas)
    problems.push(`a partition of ${wanted.topic} has ${fewest} replicas, expected ${wanted.replicas}`);
  const [described] = await admin.describeConfigs({
    resources: [{ resourceType: ConfigResourceTypes.TOPIC, resourceName: wanted.topic }],
  });
  for (const [name, value] of Object.entries(configOf(wanted))) {
    const is = described?.configs.find((config) => config.name === name)?.value;
    if (is !== value) problems.push(`${name} of ${wanted.topic} is ${is}, expected ${value}`);
  }
  return problems;
};

/** A topic that was just made is not known to every broker at once, nor do its partitions have leaders. */
const untilVisible = async (admin: Admin, { topic, partitions }: TopicWanted): Promise<void> => {
  for (let tries = 1; ; tries++) {
    try {
      const { topics } = await admin.metadata({ topics: [topic], forceUpdate: true });
      const led = topics.get(topic)?.partitions.filter(({ leader }) => leader >= 0) ?? [];
      if (led.length === partitions && (await admin.listTopics()).includes(topic)) return;
    } catch (error) {
      if (tries >= visibleTriesMax) throw error;
    }
    if (tries >= visibleTriesMax) return;
    await delay(visibleEveryMs);
  }
};

/** What is not as it has to be with the topic. Changes nothing. */
export const checkTopic = (wanted: TopicWanted): Promise<readonly string[]> =>
  withAdmin(wanted, (admin) => problemsOf(admin, wanted));

/** Makes the topic when there is none, and says what is not as it has to be. */
export const ensureTopic = (wanted: TopicWanted): Promise<TopicCheck> => {
  const { partitions, replicas, inSyncMin, isKeyed = false } = wanted;
  assert(
    isKeyed || (isPowerOfTwo(partitions) && partitions <= virtualPartitionCount),
    `partitions is ${partitions}, expected a power of two up to 1024`,
  );
  assert(inSyncMin <= replicas, `inSyncMin is ${inSyncMin}, expected at most replicas, which is ${replicas}`);
  return withAdmin(wanted, async (admin) => {
    const known = await admin.listTopics();
    const isMade = !known.includes(wanted.topic);
    if (isMade) {
      const configs = Object.entries(configOf(wanted)).map(([name, value]) => ({ name, value }));
      await admin.createTopics({ topics: [wanted.topic], partitions, replicas, configs });
      await untilVisible(admin, wanted);
    }
    return { isMade, problems: await problemsOf(admin, wanted) };
  });
};
