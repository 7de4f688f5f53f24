import { setTimeout as delay } from 'node:timers/promises';
import { Admin, compatibilityPartitioner, findErrorBy, Producer } from '@platformatic/kafka';
import { type KafkaReach, kafkaConnection } from '../../../eventlog/index.ts';
import { CallerError, type Logger, OperationalError } from '../../../kernel/index.ts';
import type { ExportMessage, ExportSink } from '../../ports.ts';

export interface ExportSinkLimits {
  readonly requestTimeoutMs: number;
  /** Pause before a request that failed is made again; doubles up to the second number. */
  readonly retryMs: number;
  readonly retryMaxMs: number;
  /** So often with the same sequence numbers, which brokers recognise; then anew, so that messages may be there twice. */
  readonly retriesMax: number;
}

export const exportSinkLimits: ExportSinkLimits = { requestTimeoutMs: 10_000, retryMs: 50, retryMaxMs: 2000, retriesMax: 20 };

export interface ExportSinkOptions extends KafkaReach {
  readonly topic: string;
  /** The topic of the event log, where it is on the same brokers: never written to by mistake. */
  readonly logTopic?: string | undefined;
  readonly logger: Logger;
  readonly limits?: Partial<ExportSinkLimits>;
}

/** What brokers say of messages that they will not take, however often they are asked. */
const finalErrors = ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD', 'INVALID_TIMESTAMP', 'CORRUPT_MESSAGE'];

const isFinal = (error: unknown): boolean =>
  error instanceof Error && finalErrors.some((name) => findErrorBy(error, 'apiId', name) !== null);

/** Rejects when the signal is aborted, whatever goes on meanwhile. */
const orAborted = async <Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> => {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason as Error);
  signal.throwIfAborted();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
    work.catch(() => undefined);
  }
};

/** The partition is that of Kafka's own clients for the same key, so that others may join their topics with this one. */
const makeProducer = (options: ExportSinkOptions, limits: ExportSinkLimits): Producer<Buffer, Buffer, Buffer, Buffer> =>
  new Producer({
    clientId: 'milepost-export',
    ...kafkaConnection(options),
    idempotent: true,
    compression: 'zstd',
    partitioner: compatibilityPartitioner,
    connectTimeout: limits.requestTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    timeout: limits.requestTimeoutMs,
    retries: limits.retriesMax,
    retryDelay: (_client: unknown, _operation: string, attempt: number) => pauseAfter(limits, attempt),
  });

const pauseAfter = ({ retryMs, retryMaxMs }: ExportSinkLimits, tries: number): number =>
  Math.min(retryMaxMs, retryMs * 2 ** Math.min(tries, 16));

const checkTopic = async (options: ExportSinkOptions): Promise<void> => {
  const { topic, logTopic } = options;
  if (topic === logTopic)
    throw new CallerError('invalid_field', `${topic} is the topic of the event log: reports are exported to another one`);
  const admin = new Admin({ clientId: 'milepost-export', ...kafkaConnection(options), retries: 3 });
  try {
    if (!(await admin.listTopics()).includes(topic))
      throw new OperationalError(
        'unavailable',
        `there is no topic ${topic}: make it with npm run kafka-topics -- --export-topic`,
      );
  } finally {
    await admin.close();
  }
};

/** Opens a topic that is there for writing what is exported. Fails when no broker answers or the topic is missing. */
export const openKafkaExportSink = async (options: ExportSinkOptions): Promise<ExportSink> => {
  const limits = { ...exportSinkLimits, ...options.limits };
  await checkTopic(options);
  const producer = makeProducer(options, limits);
  const sendOnce = async (messages: readonly ExportMessage[]): Promise<void> => {
    await producer.send({
      acks: -1,
      messages: messages.map(({ key, value, receivedAtMs }) => ({
        topic: options.topic,
        key: Buffer.from(key),
        value: Buffer.from(value.buffer, value.byteOffset, value.byteLength),
        timestamp: BigInt(receivedAtMs),
      })),
    });
  };
  return {
    send: async (messages, signal) => {
      for (let tries = 0; ; tries++) {
        try {
          await orAborted(sendOnce(messages), signal);
          return;
        } catch (error) {
          signal.throwIfAborted();
          if (isFinal(error))
            throw new OperationalError('unavailable', `${options.topic} does not take a message`, { cause: error });
          options.logger.warn('what is exported cannot be written; it is tried again', { topic: options.topic, error });
          // Real time: it paces the network, it decides nothing.
          await delay(pauseAfter(limits, tries), undefined, { signal }).catch(() => signal.throwIfAborted());
        }
      }
    },
    close: () => producer.close(true).catch(() => undefined),
  };
};
