import { type RecordBatch, recordBytesMax, recordFields, recordHeaderBytes, virtualPartitionOf } from '../../../events/index.ts';
import { assert, OperationalError } from '../../../kernel/index.ts';
import type {
  AppendListener,
  EventLog,
  Follower,
  FollowOptions,
  JoinOptions,
  LogPosition,
  LogRefusal,
  LogStatistics,
  Membership,
  ReadVehicleOptions,
  VehicleRecord,
} from '../../ports.ts';
import { Consumers } from './consumers.ts';
import type { KafkaClient } from './kafka-client.ts';
import { isKafkaError } from './kafka-error.ts';
import type { KafkaLogLimits, KafkaLogOptions } from './options.ts';
import { PartitionTail } from './partition-tail.ts';
import { readVehicleBackwards } from './read-vehicle.ts';
import { recordBatchOf } from './record-batch.ts';
import { type Retrying, untilDone } from './retrying.ts';
import { Sender } from './sender.ts';
import { TailLoop } from './tail-loop.ts';

const meanRecordBytes = ({ count, starts, ends }: RecordBatch): number => {
  let bytes = 0;
  for (let i = 0; i < count; i++) bytes += (ends[i] as number) - (starts[i] as number);
  return bytes / count;
};

/** The event log on Apache Kafka: one topic, each record in the partition of its vehicle. docs/formats/kafka-log.md */
export class KafkaLog implements EventLog {
  readonly #options: KafkaLogOptions;
  readonly #limits: KafkaLogLimits;
  readonly #client: KafkaClient;
  readonly #tails: readonly PartitionTail[];
  readonly #loop: TailLoop;
  readonly #sender: Sender;
  readonly #retrying: Retrying;
  readonly #consumers: Consumers;
  #reading: Promise<unknown> = Promise.resolve();
  #stopChecks: () => void = () => {};
  #startsAskedAtMs = 0;
  #recordBytes = 0;
  #oldestReceivedAt: number | null = null;

  constructor(options: KafkaLogOptions, limits: KafkaLogLimits, client: KafkaClient, partitions: number) {
    this.#options = options;
    this.#limits = limits;
    this.#client = client;
    const askEnds = (): Promise<void> => untilDone('the ends of the partitions', this.#retrying, () => this.#askEnds());
    const source = { read: this.#read.bind(this), askEnds, wanted: () => this.#loop.wake(), now: () => options.clock.now() };
    this.#tails = Array.from({ length: partitions }, (_, partition) => new PartitionTail(partition, source, limits));
    this.#loop = new TailLoop({ ...options, client, tails: this.#tails, limits });
    this.#sender = new Sender({ ...options, limits, client, tails: this.#tails });
    this.#retrying = {
      ...limits,
      logger: options.logger,
      isClosed: () => client.isClosed,
      isFinal: () => false,
      failed: () => client.forgetLeaders(),
    };
    this.#consumers = new Consumers({ ...options, limits, client, retrying: this.#retrying });
  }

  /** Learns where everything begins and ends, and goes on asking. A topic that was just made has no leaders for a moment. */
  async begin(): Promise<void> {
    const { openTimeoutMs } = this.#limits;
    const startedMs = performance.now();
    const isFinal = (): boolean => performance.now() - startedMs > openTimeoutMs;
    await untilDone('opening the log', { ...this.#retrying, isFinal }, async () => {
      await this.#askFirst();
      await this.#askOldest();
    });
    this.#checkAgain();
  }

  #checkAgain(): void {
    this.#stopChecks = this.#options.clock.after(this.#limits.endCheckMs, () => {
      this.#check()
        .catch((error: unknown) => this.#options.logger.debug('the ends of the partitions are not known', { error }))
        .finally(() => {
          if (!this.#client.isClosed) this.#checkAgain();
        });
    });
  }

  /** Where partitions begin changes seldom, and of what is followed the answers of the tail tell the end. */
  async #check(): Promise<void> {
    const { endCheckMs, startCheckMs } = this.#limits;
    const nowMs = performance.now();
    if (nowMs - this.#startsAskedAtMs >= startCheckMs) return this.#askEnds();
    const unheard = this.#tails.filter(({ answeredAtMs }) => nowMs - answeredAtMs >= endCheckMs);
    if (unheard.length > 0) await this.#learnEnds(unheard);
  }

  append(record: Uint8Array, listener: AppendListener, token: number): LogRefusal | undefined {
    const { length } = record;
    assert(length >= recordHeaderBytes && length <= recordBytesMax, `a log record has ${length} bytes`);
    const view = new DataView(record.buffer, record.byteOffset, length);
    return this.#sender.append(record, this.#physical(recordFields.partition(view, 0)), listener, token);
  }

  #physical(virtualPartition: number): number {
    return virtualPartition % this.#tails.length;
  }

  #tail(partition: number): PartitionTail {
    const tail = this.#tails[partition];
    assert(tail, `partition is ${partition}, expected 0 to ${this.#tails.length - 1}`);
    return tail;
  }

  refusal(): LogRefusal | undefined {
    return this.#sender.refusal();
  }

  onWritable(callback: () => void): void {
    this.#sender.onWritable(callback);
  }

  partitions(): readonly number[] {
    return this.#tails.map(({ partition }) => partition);
  }

  endOffset(partition: number): number {
    return this.#tail(partition).endOffset();
  }

  /** What this process has not sent yet is not before the end. */
  knownToMs(partition: number): number {
    return Math.min(this.#tail(partition).knownToMs(), this.#sender.statistics().oldestPendingAt ?? Number.POSITIVE_INFINITY);
  }

  startOffset(partition: number): number {
    return this.#tail(partition).startOffset();
  }

  follow(options: FollowOptions): Follower {
    return this.#tail(options.partition).follow(options);
  }

  /** One request after the other: the broker keeps one session for the connection. */
  #read(partition: number, fromOffset: number): Promise<RecordBatch | undefined> {
    const reading = this.#reading.then(() =>
      untilDone(
        `reading partition ${partition}`,
        { ...this.#retrying, isFinal: (error) => isKafkaError(error, 'OFFSET_OUT_OF_RANGE') },
        () => this.#readOnce(partition, fromOffset),
      ).catch(async (error: unknown) => {
        // Retention may have moved the beginning: the follower looks where it is now.
        await untilDone('the ends of the partitions', this.#retrying, () => this.#askEnds());
        throw error;
      }),
    );
    this.#reading = reading.catch(() => undefined);
    return reading;
  }

  async #readOnce(partition: number, fromOffset: number): Promise<RecordBatch | undefined> {
    const { leaders } = await this.#client.topic();
    const askedMs = this.#options.clock.now();
    const [fetched] = await this.#client.fetch('reader', leaders[partition] as number, [{ partition, fromOffset }]);
    if (!fetched) return undefined;
    const tail = this.#tail(partition);
    tail.learn(fetched.startOffset, fetched.endOffset, askedMs);
    // A leader that is new learns a moment later how far the one before it had acknowledged.
    if (fetched.endOffset <= fromOffset && fromOffset < tail.endOffset())
      throw new OperationalError('unavailable', `the leader of partition ${partition} does not know yet where it ends`);
    return recordBatchOf(partition, fetched.records, fromOffset);
  }

  readVehicle(options: ReadVehicleOptions): Promise<readonly VehicleRecord[]> {
    const tail = this.#tail(this.#physical(virtualPartitionOf(options.vehicleNo)));
    const { partition } = tail;
    const scanned = {
      firstAt: async (ms: number) => {
        const offset = (await this.#client.offsets([partition], ms)).get(partition);
        return offset === undefined || offset < 0 ? undefined : offset;
      },
      startOffset: () => tail.startOffset(),
      endOffset: () => tail.endOffset(),
      read: (fromOffset: number) => this.#read(partition, fromOffset),
    };
    return readVehicleBackwards(scanned, options, this.#limits.scanRecordsMax);
  }

  commitConsumer(consumer: string, position: LogPosition): Promise<void> {
    return this.#consumers.commit(consumer, position);
  }

  consumerPosition(consumer: string, partition: number): Promise<number | undefined> {
    return this.#consumers.position(consumer, partition);
  }

  join(options: JoinOptions): Membership {
    return this.#consumers.join(options, this.partitions());
  }

  /**
   * Removes what is too old or too much. Brokers remove whole segments by themselves, some time after; erasure relies on the log ageing out, so
   * here the beginning is moved to the record.
   */
  async enforceRetention(): Promise<void> {
    await this.#askEnds();
    await this.#askOldest();
    const oldestMs = this.#options.clock.now() - this.#limits.retentionMs;
    // Before it is asked what is young: a record that comes from now on is behind these ends, and never removed for want of a younger one.
    const ends = this.#tails.map((tail) => tail.endOffset());
    const young = await this.#client.offsets(this.partitions(), oldestMs);
    for (const [partition, end] of ends.entries()) {
      const from = this.#firstKept(young.get(partition) ?? -1, end);
      if (from > this.startOffset(partition)) await this.#client.deleteBefore(partition, from);
    }
    await this.#askEnds();
    await this.#askOldest();
  }

  /** `firstYoung`: the first record that is young enough, −1: there is none before `end`. */
  #firstKept(firstYoung: number, end: number): number {
    const byAge = firstYoung < 0 ? end : firstYoung;
    if (this.#recordBytes === 0) return byAge;
    const recordsMax = Math.floor(this.#limits.bytesMax / this.#tails.length / this.#recordBytes);
    return Math.max(byAge, end - recordsMax);
  }

  learnEnds(): Promise<void> {
    return this.#learnEnds(this.#tails);
  }

  async #learnEnds(tails: readonly PartitionTail[]): Promise<void> {
    const askedMs = this.#options.clock.now();
    const partitions = tails.map(({ partition }) => partition);
    const ends = await this.#client.offsets(partitions, 'end');
    for (const tail of tails) tail.learn(tail.startOffset(), ends.get(tail.partition) ?? 0, askedMs);
  }

  /** Where all partitions begin and end. */
  async #askBounds(): Promise<{ starts: Map<number, number>; ends: Map<number, number> }> {
    const partitions = this.partitions();
    this.#startsAskedAtMs = performance.now();
    return { starts: await this.#client.offsets(partitions, 'start'), ends: await this.#client.offsets(partitions, 'end') };
  }

  async #askFirst(): Promise<void> {
    const askedMs = this.#options.clock.now();
    const { starts, ends } = await this.#askBounds();
    const recent = await this.#client.offsets(this.partitions(), askedMs - this.#limits.recentRecordMs);
    for (const tail of this.#tails) {
      const { partition } = tail;
      const [start, end] = [starts.get(partition) ?? 0, ends.get(partition) ?? 0];
      tail.begin(start, end, askedMs, start === end || (recent.get(partition) ?? -1) >= 0);
    }
  }

  async #askEnds(): Promise<void> {
    const askedMs = this.#options.clock.now();
    const { starts, ends } = await this.#askBounds();
    for (const tail of this.#tails) tail.learn(starts.get(tail.partition) ?? 0, ends.get(tail.partition) ?? 0, askedMs);
  }

  /** The oldest record of all partitions, and how large the newest ones are on average. */
  async #askOldest(): Promise<void> {
    let oldest: number | null = null;
    for (const tail of this.#tails) {
      const batch = await this.#readFirst(tail);
      if (!batch || batch.count === 0) continue;
      const receivedAt = recordFields.receivedAt(batch.view, batch.starts[0] as number);
      oldest = oldest === null ? receivedAt : Math.min(oldest, receivedAt);
      this.#recordBytes = meanRecordBytes(batch);
    }
    this.#oldestReceivedAt = oldest;
  }

  /** From the beginning on, which the retention of this or another process may move meanwhile. */
  async #readFirst(tail: PartitionTail): Promise<RecordBatch | undefined> {
    while (tail.startOffset() < tail.endOffset()) {
      const fromOffset = tail.startOffset();
      try {
        return await this.#read(tail.partition, fromOffset);
      } catch (error) {
        if (!isKafkaError(error, 'OFFSET_OUT_OF_RANGE') || tail.startOffset() === fromOffset) throw error;
      }
    }
    return undefined;
  }

  statistics(): LogStatistics {
    const records = this.#tails.reduce((sum, tail) => sum + tail.endOffset() - tail.startOffset(), 0);
    return {
      ...this.#sender.statistics(),
      bytes: Math.round(records * this.#recordBytes),
      segments: this.#tails.length,
      oldestReceivedAt: this.#oldestReceivedAt,
    };
  }

  async close(): Promise<void> {
    this.#stopChecks();
    await Promise.all([this.#sender.close(), this.#consumers.leave()]);
    this.#loop.stop();
    const stopped = this.#tails.map((tail) => tail.stopFollowers());
    await this.#client.close();
    await Promise.all([...stopped, this.#consumers.settled()]);
  }
}
