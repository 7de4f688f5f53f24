import { type Admin, ListOffsetTimestamps, NetworkError } from '@platformatic/kafka';
import { assert } from '../../../kernel/index.ts';
import { FetchLink, type PartitionFetch, type PlaceWanted } from './fetch-link.ts';
import { makeAdmin } from './make-admin.ts';
import type { KafkaLogLimits, KafkaLogOptions } from './options.ts';
import { type Leaders, ProduceLink, type Sending } from './produce-link.ts';
import { inTurn } from './retrying.ts';

/** What of the log's topic is needed to speak of it. */
interface Topic extends Leaders {
  readonly id: string;
}

/** The client library, as far as the log uses it: one topic, numbers instead of bigints. */
export class KafkaClient {
  readonly #topic: string;
  readonly #producer: ProduceLink;
  readonly #makeAdmin: (turn: number) => Admin;
  readonly #brokerCount: number;
  #admin: Admin;
  #turn = 0;
  /** One for each kind of wait. */
  readonly #links: Readonly<Record<'tail' | 'reader', FetchLink>>;
  #known: Topic | undefined;
  #isClosed = false;

  constructor(options: KafkaLogOptions, limits: KafkaLogLimits) {
    const { brokers, topic } = options;
    this.#topic = topic;
    this.#brokerCount = brokers.length;
    this.#makeAdmin = (turn) => makeAdmin({ ...options, brokers: inTurn(brokers, turn) }, limits);
    this.#admin = this.#makeAdmin(this.#turn);
    this.#producer = new ProduceLink({ reach: options, topic, limits });
    this.#links = {
      tail: new FetchLink({ reach: options, limits, hasSession: true }),
      reader: new FetchLink({ reach: options, limits, hasSession: false }),
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
    const { topics, brokers } = await this.#askAny((admin) => admin.metadata({ topics: [this.#topic], forceUpdate: true }));
    const found = topics.get(this.#topic);
    assert(found, `metadata of ${this.#topic} were asked for and others given`);
    this.#known = { id: found.id, leaders: found.partitions.map(({ leader }) => leader), brokers };
    return this.#known;
  }

  async exists(): Promise<boolean> {
    return (await this.#askAny((admin) => admin.listTopics())).includes(this.#topic);
  }

  /**
   * The library asks the first broker that takes a connection, each time. One that stands still takes connections and answers nothing, so after a
   * failure another one is the first.
   */
  async #ask<Result>(run: (admin: Admin) => Promise<Result>): Promise<Result> {
    const admin = this.#admin;
    try {
      return await run(admin);
    } catch (error) {
      if (NetworkError.isRetryable(error as Error) && admin === this.#admin && !this.#isClosed) {
        this.#admin = this.#makeAdmin(++this.#turn);
        void admin.close().catch(() => undefined);
      }
      throw error;
    }
  }

  /** What every broker can answer: all of them are tried. */
  async #askAny<Result>(run: (admin: Admin) => Promise<Result>): Promise<Result> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#ask(run);
      } catch (error) {
        if (tries >= this.#brokerCount || this.#isClosed) throw error;
      }
    }
  }

  /** What is being sent fails now instead of when the brokers have had their time. */
  async stopSending(): Promise<void> {
    await this.#producer.close().catch(() => undefined);
  }

  /** Sends what is left of it, once. Resolves when all in-sync replicas have all of it; what they have when it rejects is not sent again. */
  async send(sending: Sending): Promise<void> {
    await this.#producer.send(sending, await this.topic());
  }

  /** What was sent last is not sent again, though it may be written. */
  giveUpSending(): void {
    this.#producer.giveUp();
  }

  /** What is at the given places of partitions that one node leads: `bytesMin` of it, or what there is after `waitMs`. */
  async fetch(
    kind: 'tail' | 'reader',
    node: number,
    places: readonly PlaceWanted[],
    { waitMs, bytesMin } = { waitMs: 0, bytesMin: 1 },
  ): Promise<readonly PartitionFetch[]> {
    const { id: topicId, brokers } = await this.topic();
    return this.#links[kind].fetch({ topicId, node, broker: brokers.get(node), places, waitMs, bytesMin });
  }

  /** By partition: its first offset, the offset after its last record, or the first record that was received at or after a moment (−1: none). */
  async offsets(partitions: readonly number[], at: 'start' | 'end' | number): Promise<Map<number, number>> {
    const timestamp =
      at === 'start' ? ListOffsetTimestamps.EARLIEST : at === 'end' ? ListOffsetTimestamps.LATEST : BigInt(Math.max(0, at));
    const listed = await this.#ask((admin) =>
      admin.listOffsets({
        topics: [{ name: this.#topic, partitions: partitions.map((partitionIndex) => ({ partitionIndex, timestamp })) }],
      }),
    );
    return new Map(
      listed.flatMap(({ partitions: found }) => found.map(({ partitionIndex, offset }) => [partitionIndex, Number(offset)])),
    );
  }

  async deleteBefore(partition: number, offset: number): Promise<void> {
    await this.#ask((admin) =>
      admin.deleteRecords({
        topics: [{ name: this.#topic, partitions: [{ partition, offset: BigInt(offset) }] }],
      }),
    );
  }

  async groupOffset(groupId: string, partition: number): Promise<number | undefined> {
    const groups = await this.#ask((admin) =>
      admin.listConsumerGroupOffsets({
        groups: [{ groupId, topics: [{ name: this.#topic, partitionIndexes: [partition] }] }],
      }),
    );
    const [found] = groups.flatMap(({ topics }) => topics).flatMap(({ partitions }) => partitions);
    return found && found.committedOffset >= 0n ? Number(found.committedOffset) : undefined;
  }

  async setGroupOffset(groupId: string, partition: number, offset: number): Promise<void> {
    await this.#ask((admin) =>
      admin.alterConsumerGroupOffsets({
        groupId,
        topics: [{ name: this.#topic, partitionOffsets: [{ partition, offset: BigInt(offset) }] }],
      }),
    );
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled([this.#producer.close(), this.#links.tail.close(), this.#links.reader.close(), this.#admin.close()]);
  }
}
