import { type Admin, type Broker, fetchV13, type Reader, ResponseError } from '@platformatic/kafka';
import { OperationalError } from '../../../kernel/index.ts';
import type { KafkaReach } from '../../kafka-reach.ts';
import { makeAdmin } from './make-admin.ts';
import type { KafkaLogLimits } from './options.ts';

export interface PlaceWanted {
  readonly partition: number;
  readonly fromOffset: number;
}

export interface PartitionFetch {
  readonly partition: number;
  /** Batches as the broker keeps them; `recordBatchOf` reads them. */
  readonly records: Buffer;
  /** Offset after the last record that all in-sync replicas have. */
  readonly endOffset: number;
  readonly startOffset: number;
}

export interface FetchWanted {
  readonly topicId: string;
  /** Who leads all of the places, and where that is; it is not known of a broker that is away. */
  readonly node: number;
  readonly broker: Broker | undefined;
  readonly places: readonly PlaceWanted[];
  /** The broker answers when it has so much, or after `waitMs` with what there is. */
  readonly bytesMin: number;
  readonly waitMs: number;
}

export interface FetchLinkOptions {
  readonly reach: KafkaReach;
  readonly limits: KafkaLogLimits;
  /** Brokers remember what is asked for, are told only what changes, and answer only for partitions of which there is something new. */
  readonly hasSession: boolean;
}

interface Answer {
  readonly sessionId: number;
  readonly partitions: readonly PartitionFetch[];
}

/** What a broker remembers. */
interface Session {
  readonly id: number;
  readonly epoch: number;
  readonly offsets: ReadonlyMap<number, number>;
}

const noSession = { id: 0, epoch: -1 } as const;
const newSession = { id: 0, epoch: 0 } as const;
const epochMax = 2 ** 31 - 1;
const readsUncommitted = 0;
const nothing = Buffer.alloc(0);

/** Fetch response, version 13, of the protocol guide. The client library would make an object of each record. */
const readAnswer = (_correlationId: number, apiKey: number, apiVersion: number, reader: Reader): Answer => {
  const errors: Record<string, [number, null]> = {};
  // Throttling is the broker's to enforce.
  reader.readInt32();
  const errorCode = reader.readInt16();
  if (errorCode !== 0) errors[''] = [errorCode, null];
  const sessionId = reader.readInt32();
  const topics = reader.readArray((topic: Reader) => {
    topic.readUUID();
    return topic.readArray((one: Reader): PartitionFetch => {
      const partition = one.readInt32();
      const partitionError = one.readInt16();
      if (partitionError !== 0) errors[`/partitions/${partition}`] = [partitionError, null];
      const endOffset = Number(one.readInt64());
      // The last stable offset, which is about transactions.
      one.readInt64();
      const startOffset = Number(one.readInt64());
      one.readNullableArray((aborted: Reader) => [aborted.readInt64(), aborted.readInt64()]);
      // The replica to read from rather.
      one.readInt32();
      const length = one.readUnsignedVarInt() - 1;
      const records = length > 0 ? one.buffer.slice(one.position, one.position + length) : nothing;
      if (length > 0) one.skip(length);
      return { partition, records, endOffset, startOffset };
    });
  });
  const partitions = topics.flat();
  if (Object.keys(errors).length > 0) throw new ResponseError(apiKey, apiVersion, errors, { partitions });
  return { sessionId, partitions };
};

/** Asks brokers for records, on connections of its own: a request that waits at a broker holds up those behind it. */
export class FetchLink {
  readonly #options: FetchLinkOptions;
  readonly #admin: Admin;
  readonly #sessions = new Map<number, Session>();

  constructor(options: FetchLinkOptions) {
    this.#options = options;
    this.#admin = makeAdmin(options.reach, options.limits);
  }

  /** Of partitions that are not in the answer nothing has changed since the one before. */
  async fetch(wanted: FetchWanted): Promise<readonly PartitionFetch[]> {
    const { node, places } = wanted;
    const session = this.#options.hasSession ? (this.#sessions.get(node) ?? { ...newSession, offsets: new Map() }) : undefined;
    // Whatever goes wrong: neither side knows then what the other has understood.
    this.#sessions.delete(node);
    const { sessionId, partitions } = await this.#ask(wanted, session);
    if (session && sessionId !== 0) {
      const offsets = new Map(places.map(({ partition, fromOffset }) => [partition, fromOffset]));
      this.#sessions.set(node, { id: sessionId, epoch: session.epoch === epochMax ? 1 : session.epoch + 1, offsets });
    }
    return partitions;
  }

  async #ask({ topicId, node, broker, places, bytesMin, waitMs }: FetchWanted, session: Session | undefined): Promise<Answer> {
    if (!broker) throw new OperationalError('unavailable', `broker ${node} of Kafka is not among those that are there`);
    const connection = await this.#admin.connections.get(broker);
    const { readBytes } = this.#options.limits;
    const { id, epoch } = session ?? noSession;
    const known = session?.offsets ?? new Map<number, number>();
    const changed = places.filter(({ partition, fromOffset }) => known.get(partition) !== fromOffset);
    const asked = new Set(places.map(({ partition }) => partition));
    const forgotten = [...known.keys()].filter((partition) => !asked.has(partition));
    const partitions = changed.map(({ partition, fromOffset }) => ({
      partition,
      fetchOffset: BigInt(fromOffset),
      currentLeaderEpoch: -1,
      lastFetchedEpoch: -1,
      partitionMaxBytes: readBytes,
    }));
    const topics = partitions.length > 0 ? [{ topicId, partitions }] : [];
    const forgottenTopics = forgotten.length > 0 ? [{ topicId, partitions: forgotten }] : [];
    const request = () =>
      fetchV13.createRequest(waitMs, bytesMin, readBytes * 4, readsUncommitted, id, epoch, topics, forgottenTopics, '');
    return new Promise((resolve, reject) => {
      connection.send<Answer>(fetchV13.api.key, fetchV13.api.version, request, readAnswer, true, true, (error, answer) => {
        if (error) reject(error);
        else resolve(answer as Answer);
      });
    });
  }

  async close(): Promise<void> {
    await this.#admin.close();
  }
}
