import { setTimeout as delay } from 'node:timers/promises';
import type { Clock, Logger } from '../../../kernel/index.ts';
import type { PartitionFetch } from './fetch-link.ts';
import type { KafkaClient } from './kafka-client.ts';
import type { KafkaLogLimits } from './options.ts';
import type { PartitionTail } from './partition-tail.ts';
import { recordBatchOf } from './record-batch.ts';
import { pauseAfter } from './retrying.ts';

export interface TailLoopOptions {
  readonly client: KafkaClient;
  readonly tails: readonly PartitionTail[];
  readonly limits: KafkaLogLimits;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Asks the brokers for what comes next, of all partitions that somebody waits for: one request a node at a time. */
export class TailLoop {
  readonly #client: KafkaClient;
  readonly #tails: readonly PartitionTail[];
  readonly #limits: KafkaLogLimits;
  readonly #logger: Logger;
  readonly #clock: Clock;
  /** Nodes that are being asked. */
  readonly #asked = new Set<number>();
  #isStopped = false;
  #isLooking = false;
  #tries = 0;

  constructor({ client, tails, limits, logger, clock }: TailLoopOptions) {
    this.#client = client;
    this.#tails = tails;
    this.#limits = limits;
    this.#logger = logger;
    this.#clock = clock;
  }

  /** Somebody has begun to wait. */
  wake(): void {
    if (this.#isStopped || this.#isLooking) return;
    this.#isLooking = true;
    // All who begin to wait in this turn are asked for together.
    setImmediate(() => {
      this.#isLooking = false;
      void this.#look();
    });
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #look(): Promise<void> {
    if (this.#isStopped) return;
    try {
      const { leaders } = await this.#client.topic();
      for (const node of new Set(this.#waitedFor().map(({ partition }) => leaders[partition] as number)))
        if (!this.#asked.has(node)) void this.#ask(node);
    } catch (error) {
      await this.#rest(error);
      this.wake();
    }
  }

  #waitedFor(): PartitionTail[] {
    return this.#tails.filter(({ isWaitedFor }) => isWaitedFor);
  }

  async #ask(node: number): Promise<void> {
    this.#asked.add(node);
    try {
      while (!this.#isStopped) {
        const { leaders } = await this.#client.topic();
        const wanted = this.#waitedFor().filter(({ partition }) => leaders[partition] === node);
        if (wanted.length === 0) break;
        const fromOffsets = new Map(wanted.map((tail) => [tail.partition, tail.endOffset()]));
        const places = Array.from(fromOffsets, ([partition, fromOffset]) => ({ partition, fromOffset }));
        const askedMs = this.#clock.now();
        const startedMs = performance.now();
        const { tailWaitMs: waitMs, tailBytesMin: bytesMin } = this.#limits;
        const fetched = await this.#client.fetch('tail', node, places, { waitMs, bytesMin });
        for (const one of fetched) this.#take(one, fromOffsets.get(one.partition) ?? 0, askedMs);
        const told = new Set(fetched.map(({ partition }) => partition));
        for (const tail of wanted) if (!told.has(tail.partition)) tail.unchanged(askedMs);
        this.#tries = 0;
        await this.#space(startedMs);
      }
    } catch (error) {
      await this.#rest(error);
    }
    this.#asked.delete(node);
    if (this.#waitedFor().length > 0) this.wake();
  }

  #take({ partition, records, startOffset, endOffset }: PartitionFetch, fromOffset: number, askedMs: number): void {
    const tail = this.#tails[partition];
    if (!tail || this.#isStopped) return;
    const batch = recordBatchOf(partition, records, fromOffset);
    if (batch) tail.committed(batch, fromOffset);
    tail.learn(startOffset, endOffset, askedMs);
  }

  /** Each request costs much more than a record of it: who is in no hurry lets some gather. */
  async #space(startedMs: number): Promise<void> {
    const waitMs = this.#limits.tailSpacingMs - (performance.now() - startedMs);
    if (waitMs > 0 && !this.#isStopped) await delay(waitMs);
  }

  /** A leader may have moved, a broker be away, a log have been cut: the next try asks anew. */
  async #rest(error: unknown): Promise<void> {
    if (this.#isStopped) return;
    this.#client.forgetLeaders();
    this.#tries++;
    if (this.#tries === 2) this.#logger.warn('Kafka does not answer; what comes next is asked for again', { error });
    await delay(pauseAfter(this.#limits, this.#tries));
  }
}
