import { Admin, findErrorBy, ListOffsetTimestamps, Producer, type MessageToProduce } from '@platformatic/kafka';
import { assert } from '../../../kernel/index.ts';
import { kafkaConnection } from '../../kafka-reach.ts';
import { FetchLink, type PartitionFetch, type PlaceWanted } from './fetch-link.ts';
import type { KafkaLogLimits, KafkaLogOptions } from './options.ts';
import { pauseAfter } from './retrying.ts';

export type ProducedMessage = MessageToProduce<Buffer, Buffer, Buffer, Buffer>;

const clientId = 'milepost';
const retriesMax = 20;

/** What of the log's topic is needed to speak of it. */
interface Topic {
  readonly id: string;
  /** Node that leads each partition. */
  readonly leaders: readonly number[];
}

/** The client library, as far as the log uses it: one topic, numbers instead of bigints. */
export class KafkaClient {
  readonly #topic: string;
  readonly #producer: Producer<Buffer, Buffer, Buffer, Buffer>;
  readonly #admin: Admin;
  /** One for each kind of wait. */
  readonly #links: Readonly<Record<'tail' | 'reader', FetchLink>>;
  #known: Topic | undefined;
  #isClosed = false;

  constructor(options: KafkaLogOptions, limits: KafkaLogLimits) {
    const retryDelay = (_client: unknown, _operation: string, attempt: number): number => pauseAfter(limits, attempt);
    const common = {
      clientId,
      ...kafkaConnection(options),
      requestTimeout: limits.requestTimeoutMs,
      connectTimeout: limits.requestTimeoutMs,
      timeout: limits.requestTimeoutMs,
    };
    this.#topic = options.topic;
    this.#producer = new Producer({ ...common, idempotent: true, retries: retriesMax, retryDelay });
    this.#admin = new Admin({ ...common, retries: 0 });
    this.#links = {
      tail: new FetchLink({ reach: options, clientId, limits, hasSession: true }),
      reader: new FetchLink({ reach: options, clientId, limits, hasSession: false }),
    };
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Who leads which partition is asked again. */
  forgetLeaders(): void {
    this.#known = undefined;
  }

  async topic(): Promise<Topic> {
    if (this.#known) return this.#known;
    const { topics } = await this.#admin.metadata({ topics: [this.#topic], forceUpdate: true });
    const found = topics.get(this.#topic);
    assert(found, `metadata of ${this.#topic} were asked for and others given`);
    this.#known = { id: found.id, leaders: found.partitions.map(({ leader }) => leader) };
    return this.#known;
  }

  async exists(): Promise<boolean> {
    return (await this.#admin.listTopics()).includes(this.#topic);
  }

  /** What is being sent fails now instead of when the brokers have had their time. */
  async stopSending(): Promise<void> {
    await this.#producer.close(true).catch(() => undefined);
  }

  /** Sends records and answers the offset of the first of each partition, once all in-sync replicas have them. */
  async send(messages: ProducedMessage[]): Promise<Map<number, number>> {
    const { offsets = [] } = await this.#producer.send({ messages });
    return new Map(offsets.map(({ partition, offset }) => [partition, Number(offset)]));
  }

  /** What is at the given places of partitions that one node leads: `bytesMin` of it, or what there is after `waitMs`. */
  async fetch(
    kind: 'tail' | 'reader',
    node: number,
    places: readonly PlaceWanted[],
    { waitMs, bytesMin } = { waitMs: 0, bytesMin: 1 },
  ): Promise<readonly PartitionFetch[]> {
    const { id: topicId } = await this.topic();
    return this.#links[kind].fetch({ topicId, node, places, waitMs, bytesMin });
  }

  /** By partition: its first offset, the offset after its last record, or the first record that was received at or after a moment (−1: none). */
  async offsets(partitions: readonly number[], at: 'start' | 'end' | number): Promise<Map<number, number>> {
    const timestamp =
      at === 'start' ? ListOffsetTimestamps.EARLIEST : at === 'end' ? ListOffsetTimestamps.LATEST : BigInt(Math.max(0, at));
    const listed = await this.#admin.listOffsets({
      topics: [{ name: this.#topic, partitions: partitions.map((partitionIndex) => ({ partitionIndex, timestamp })) }],
    });
    return new Map(
      listed.flatMap(({ partitions: found }) => found.map(({ partitionIndex, offset }) => [partitionIndex, Number(offset)])),
    );
  }

  async deleteBefore(partition: number, offset: number): Promise<void> {
    await this.#admin.deleteRecords({
      topics: [{ name: this.#topic, partitions: [{ partition, offset: BigInt(offset) }] }],
    });
  }

  async groupOffset(groupId: string, partition: number): Promise<number | undefined> {
    const groups = await this.#admin.listConsumerGroupOffsets({
      groups: [{ groupId, topics: [{ name: this.#topic, partitionIndexes: [partition] }] }],
    });
    const [found] = groups.flatMap(({ topics }) => topics).flatMap(({ partitions }) => partitions);
    return found && found.committedOffset >= 0n ? Number(found.committedOffset) : undefined;
  }

  async setGroupOffset(groupId: string, partition: number, offset: number): Promise<void> {
    await this.#admin.alterConsumerGroupOffsets({
      groupId,
      topics: [{ name: this.#topic, partitionOffsets: [{ partition, offset: BigInt(offset) }] }],
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled([
      this.#producer.close(true),
      this.#links.tail.close(),
      this.#links.reader.close(),
      this.#admin.close(),
    ]);
  }
}

/** The name that Kafka gives an error, where it is one of Kafka's. */
export const isKafkaError = (error: unknown, name: string): boolean =>
  error instanceof Error && findErrorBy(error, 'apiId', name) !== null;
