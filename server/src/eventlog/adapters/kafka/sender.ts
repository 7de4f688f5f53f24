import { type Clock, type Logger, OperationalError } from '../../../kernel/index.ts';
import type { AppendListener, LogRefusal, LogStatistics } from '../../ports.ts';
import type { KafkaClient } from './kafka-client.ts';
import type { KafkaLogLimits } from './options.ts';
import type { PartitionTail } from './partition-tail.ts';
import { PendingRecords } from './pending-records.ts';
import { type ProducedMessage, Sending } from './produce-link.ts';
import { isFinalFailure } from './failures.ts';
import { ClosedError, untilDone } from './retrying.ts';

export interface SenderOptions {
  readonly topic: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: KafkaLogLimits;
  readonly client: KafkaClient;
  readonly tails: readonly PartitionTail[];
}

/** One request at a time to the brokers, with everything that came while the one before was under way: so nothing is overtaken. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #limits: KafkaLogLimits;
  /** What waits for its request, oldest first; the last of them is being filled. */
  #gathering: PendingRecords[] = [new PendingRecords()];
  #sending: PendingRecords | undefined;
  /** Memory of a request that was answered, for one to come. */
  #spare: PendingRecords | undefined;
  #pendingRecords = 0;
  #pendingBytes = 0;
  #isScheduled = false;
  #lastSentAt = 0;
  #isClosed = false;
  #isGivenUp = false;
  #whenWritable: (() => void)[] = [];
  #whenIdle: (() => void)[] = [];
  #appendedRecords = 0;
  #commits = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#limits = options.limits;
  }

  append(record: Uint8Array, partition: number, listener: AppendListener, token: number): LogRefusal | undefined {
    const refusal = this.refusal();
    if (refusal) return refusal;
    const pending = this.#filling(record.length);
    pending.oldestAt ??= this.#options.clock.now();
    const before = pending.byteLength;
    pending.add(record, partition, listener, token);
    this.#pendingRecords++;
    this.#pendingBytes += pending.byteLength - before;
    this.#schedule();
    return undefined;
  }

  #filling(recordBytes: number): PendingRecords {
    const last = this.#gathering.at(-1) as PendingRecords;
    if (last.count === 0 || last.byteLength + recordBytes <= this.#limits.sendBytesMax) return last;
    const next = new PendingRecords();
    this.#gathering.push(next);
    return next;
  }

  refusal(): LogRefusal | undefined {
    if (this.#isClosed) return 'closed';
    const { pendingRecordsMax, pendingBytesMax } = this.#limits;
    return this.#pendingRecords < pendingRecordsMax && this.#pendingBytes < pendingBytesMax ? undefined : 'queue_full';
  }

  onWritable(callback: () => void): void {
    if (this.refusal()) this.#whenWritable.push(callback);
    else queueMicrotask(callback);
  }

  statistics(): Pick<LogStatistics, 'appendedRecords' | 'commits' | 'pendingRecords' | 'pendingBytes' | 'oldestPendingAt'> {
    return {
      appendedRecords: this.#appendedRecords,
      commits: this.#commits,
      pendingRecords: this.#pendingRecords,
      pendingBytes: this.#pendingBytes,
      oldestPendingAt: this.#sending?.oldestAt ?? this.#gathering[0]?.oldestAt ?? null,
    };
  }

  /** Waits for what is pending, for so long as a server may take to stop; what is not answered by then has failed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#pendingRecords === 0) return;
    const idle = new Promise<void>((resolve) => this.#whenIdle.push(resolve));
    const timer = setTimeout(() => {
      this.#isGivenUp = true;
      void this.#options.client.stopSending();
    }, this.#limits.closeTimeoutMs);
    await idle;
    clearTimeout(timer);
  }

  #schedule(): void {
    if (this.#isScheduled || this.#sending) return;
    this.#isScheduled = true;
    const waitMs = this.#lastSentAt + this.#limits.sendSpacingMs - performance.now();
    // Not the injected clock: this paces the network, it decides nothing.
    if (waitMs > 0) setTimeout(() => void this.#send(), waitMs);
    else setImmediate(() => void this.#send());
  }

  async #send(): Promise<void> {
    this.#isScheduled = false;
    const pending = this.#gathering.shift() as PendingRecords;
    if (this.#gathering.length === 0) this.#gathering.push(this.#spare ?? new PendingRecords());
    this.#spare = undefined;
    this.#sending = pending;
    this.#lastSentAt = performance.now();
    // By a handler that is not done with it.
    let isHeld = false;
    try {
      const offsets = await this.#untilSent(pending);
      this.#commits++;
      this.#appendedRecords += pending.count;
      for (const partition of pending.ofPartition.keys())
        isHeld = this.#sent(pending, partition, offsets.get(partition)) || isHeld;
    } catch (error) {
      this.#failed(pending, error);
    }
    this.#sending = undefined;
    this.#pendingRecords -= pending.count;
    this.#pendingBytes -= pending.byteLength;
    if (!isHeld) {
      pending.reset();
      this.#spare = pending;
    }
    this.#tellWritable();
    if (this.#pendingRecords > 0) this.#schedule();
    else for (const idle of this.#whenIdle.splice(0)) idle();
  }

  /** What is not written is sent again with the same numbers, so that nothing is there twice: only when brokers have forgotten who wrote it may it be. */
  async #untilSent(pending: PendingRecords): Promise<Map<number, number>> {
    const { client, logger } = this.#options;
    const sending = new Sending(this.#messagesOf(pending));
    const retrying = {
      ...this.#limits,
      logger,
      isClosed: () => client.isClosed || this.#isGivenUp,
      isFinal: isFinalFailure,
      failed: () => client.forgetLeaders(),
    };
    try {
      await untilDone('sending records', retrying, () => client.send(sending));
    } catch (error) {
      client.giveUpSending();
      throw error;
    }
    return sending.offsets;
  }

  #messagesOf(pending: PendingRecords): ProducedMessage[] {
    const messages: ProducedMessage[] = [];
    for (const [partition, indexes] of pending.ofPartition) {
      for (const index of indexes) {
        messages.push({ topic: this.#options.topic, partition, value: pending.record(index), ...pending.head(index) });
      }
    }
    return messages;
  }

  /** Read models first: what a device hears is stored can be read by then, where its partition is followed here and nobody wrote between. */
  #sent(pending: PendingRecords, partition: number, firstOffset: number | undefined): boolean {
    const tail = this.#options.tails[partition];
    if (firstOffset === undefined || !tail) {
      const error = new OperationalError('unavailable', `Kafka did not say where the records of partition ${partition} are`);
      this.#logThrown(pending.tellFailed(partition, error));
      return false;
    }
    const isHeld = tail.committed(pending.batch(partition, firstOffset), firstOffset);
    this.#logThrown(pending.tellAppended(partition, firstOffset));
    return isHeld;
  }

  #failed(pending: PendingRecords, cause: unknown): void {
    const { logger } = this.#options;
    if (!(cause instanceof ClosedError)) logger.error('Kafka refuses records', { error: cause });
    const error = new OperationalError('unavailable', 'the record could not be written to Kafka', { cause });
    for (const partition of pending.ofPartition.keys()) this.#logThrown(pending.tellFailed(partition, error));
  }

  #logThrown(thrown: readonly unknown[]): void {
    for (const error of thrown) this.#options.logger.error('a listener of an append threw', { error });
  }

  #tellWritable(): void {
    if (this.#whenWritable.length === 0 || this.refusal()) return;
    for (const writable of this.#whenWritable.splice(0)) writable();
  }
}
