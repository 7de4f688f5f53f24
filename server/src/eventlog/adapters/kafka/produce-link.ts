import {
  type Admin,
  type Broker,
  initProducerIdV4,
  NumericMap,
  ProduceAcks,
  produceV9,
  ResponseError,
} from '@platformatic/kafka';
import { OperationalError } from '../../../kernel/index.ts';
import type { KafkaReach } from '../../kafka-reach.ts';
import { makeAdmin } from './make-admin.ts';
import { isKafkaError } from './kafka-error.ts';
import type { MessageHead } from './message.ts';
import type { KafkaLogLimits } from './options.ts';

export interface ProducedMessage extends MessageHead {
  readonly topic: string;
  readonly partition: number;
  readonly value: Buffer;
}

/** Who leads each partition, and where they are. */
export interface Leaders {
  readonly leaders: readonly number[];
  readonly brokers: ReadonlyMap<number, Broker>;
}

export interface ProduceLinkOptions {
  readonly reach: KafkaReach;
  readonly topic: string;
  readonly limits: KafkaLogLimits;
}

/** Who writes, as brokers know it: they take nothing twice that comes again from the same one with the same number. */
interface Writer {
  readonly id: bigint;
  readonly epoch: number;
  /** Number of the next record of each partition. */
  readonly next: Map<number, number>;
}

type ProduceResponse = Exclude<Awaited<ReturnType<typeof produceV9.api.async>>, boolean>;

/** Numbers of records begin anew after this many. */
const sequences = 2 ** 31;

/** Brokers do not know any more what this writer wrote. */
const isForgottenWriter = (error: unknown): boolean =>
  ['UNKNOWN_PRODUCER_ID', 'OUT_OF_ORDER_SEQUENCE_NUMBER', 'INVALID_PRODUCER_EPOCH', 'INVALID_PRODUCER_ID_MAPPING'].some((name) =>
    isKafkaError(error, name),
  );

/** An answer is an error as a whole when one partition was refused: the others are in it. */
const answerIn = (error: unknown): ProduceResponse | undefined =>
  error instanceof ResponseError ? (error as ResponseError & { readonly response?: ProduceResponse }).response : undefined;

/** Records that are sent together until all of them are written, each partition to whoever leads it at that time. */
export class Sending {
  /** Offset of the first record of each partition that is written. */
  readonly offsets = new Map<number, number>();
  readonly #left = new Map<number, ProducedMessage[]>();
  #writer: Writer | undefined;

  constructor(messages: readonly ProducedMessage[]) {
    for (const message of messages) {
      const ofPartition = this.#left.get(message.partition);
      if (ofPartition) ofPartition.push(message);
      else this.#left.set(message.partition, [message]);
    }
  }

  get left(): ReadonlyMap<number, readonly ProducedMessage[]> {
    return this.#left;
  }

  /** Another writer than before may write again what was written. */
  begin(writer: Writer): void {
    this.#writer = writer;
  }

  written(partition: number, offset: number): void {
    const count = this.#left.get(partition)?.length ?? 0;
    if (count === 0) return;
    const next = this.#writer?.next;
    next?.set(partition, ((next.get(partition) ?? 0) + count) % sequences);
    this.#left.delete(partition);
    this.offsets.set(partition, offset);
  }
}

/** Writes records, on connections of its own. One sending at a time: what a broker did not answer is sent again before anything else. */
export class ProduceLink {
  readonly #options: ProduceLinkOptions;
  readonly #admin: Admin;
  #writer: Writer | undefined;
  #tries = 0;

  constructor(options: ProduceLinkOptions) {
    this.#options = options;
    this.#admin = makeAdmin(options.reach, options.limits);
  }

  /** Sends what is left, once. Resolves when nothing is left any more; rejects with the first thing that went wrong, when every leader has answered. */
  async send(sending: Sending, { leaders, brokers }: Leaders): Promise<void> {
    const writer = (this.#writer ??= await this.#newWriter(brokers));
    sending.begin(writer);
    const byNode = new Map<number, number[]>();
    for (const partition of sending.left.keys()) {
      const node = leaders[partition] ?? -1;
      byNode.set(node, [...(byNode.get(node) ?? []), partition]);
    }
    const sent = await Promise.allSettled(
      Array.from(byNode, ([node, partitions]) => this.#sendTo(brokers.get(node), partitions, sending, writer)),
    );
    const failures = sent.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    if (failures.length === 0) return;
    if (failures.some(isForgottenWriter)) this.giveUp();
    throw failures[0];
  }

  /** Of what was not written nobody knows whether it was: its numbers must not be those of other records. */
  giveUp(): void {
    this.#writer = undefined;
  }

  async #newWriter(brokers: Leaders['brokers']): Promise<Writer> {
    // Any of them will do; one that stands still is not asked twice in a row.
    const asked = [...brokers.values()].at(this.#tries++ % Math.max(1, brokers.size));
    const connection = await this.#connected(asked);
    const { producerId, producerEpoch } = await initProducerIdV4.api.async(
      connection,
      null,
      this.#options.limits.requestTimeoutMs,
    );
    return { id: producerId, epoch: producerEpoch, next: new Map() };
  }

  async #connected(broker: Broker | undefined) {
    if (!broker) throw new OperationalError('unavailable', `a partition of ${this.#options.topic} has no leader that is there`);
    return this.#admin.connections.get(broker);
  }

  async #sendTo(
    broker: Broker | undefined,
    partitions: readonly number[],
    sending: Sending,
    { id, epoch, next }: Writer,
  ): Promise<void> {
    const { topic, limits } = this.#options;
    const connection = await this.#connected(broker);
    const messages = partitions.flatMap((partition) => sending.left.get(partition) ?? []);
    const numbers = new NumericMap(partitions.map((partition) => [`${topic}:${partition}`, next.get(partition) ?? 0]));
    const produced = { producerId: id, producerEpoch: epoch, sequences: numbers };
    try {
      this.#take(await produceV9.api.async(connection, ProduceAcks.ALL, limits.requestTimeoutMs, messages, produced), sending);
    } catch (error) {
      this.#take(answerIn(error), sending);
      throw error;
    }
  }

  #take(answer: ProduceResponse | boolean | undefined, sending: Sending): void {
    if (typeof answer !== 'object') return;
    for (const { partitionResponses } of answer.responses)
      for (const { index, errorCode, baseOffset } of partitionResponses)
        if (errorCode === 0) sending.written(index, Number(baseOffset));
  }

  /** What is under way fails. */
  async close(): Promise<void> {
    await this.#admin.close();
  }
}
