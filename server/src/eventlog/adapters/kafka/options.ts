import type { Clock, Logger } from '../../../kernel/index.ts';
import type { KafkaReach } from '../../kafka-reach.ts';

export interface KafkaLogLimits {
  /** Records and bytes that wait for the brokers: past either, `queue_full`. */
  readonly pendingRecordsMax: number;
  readonly pendingBytesMax: number;
  /** Under load a request begins this long after the one before; when idle at once. */
  readonly sendSpacingMs: number;
  /** What one request holds at most. Brokers take a megabyte a partition (`max.message.bytes`), and all of it may be for one. */
  readonly sendBytesMax: number;
  /** How long `openKafkaLog` waits for brokers and for leaders of partitions. */
  readonly openTimeoutMs: number;
  /** How long `close` waits for what the brokers have not answered. */
  readonly closeTimeoutMs: number;
  /** How long a broker may take for one answer before the request is made again. */
  readonly requestTimeoutMs: number;
  /** Pause before a request that failed is made again; doubles up to the second number. */
  readonly retryMs: number;
  readonly retryMaxMs: number;
  /** How long a broker holds a request of the tail back while nothing comes. */
  readonly tailWaitMs: number;
  /** A broker answers a request of the tail before that when it has so much. */
  readonly tailBytesMin: number;
  /** While records come, a request of the tail begins this long after the one before: how late they may be applied. */
  readonly tailSpacingMs: number;
  /** What a follower that is behind reads at once. */
  readonly readBytes: number;
  /** How often the ends are asked for of partitions of which the tail hears nothing. */
  readonly endCheckMs: number;
  /** How often it is asked where partitions begin. */
  readonly startCheckMs: number;
  /** Without an answer for so long the brokers were away: gateways may hold what they heard meanwhile. */
  readonly interruptedAfterMs: number;
  /** Who begins and finds a record of each partition that is younger than this takes it that the brokers were not away: gateways write every 10 s. */
  readonly recentRecordMs: number;
  /** How long gateways may take after that to send it: a request of theirs, and the pause before it. */
  readonly settleMs: number;
  /** A member of a group that was not heard of for so long is given up. Brokers allow 6 s to 30 min unless told otherwise. */
  readonly sessionTimeoutMs: number;
  /** How long members may take to give their partitions back when they are shared out anew; who takes longer is given up. */
  readonly rebalanceTimeoutMs: number;
  /** How often a member says that it is there, and hears that partitions are shared out anew. */
  readonly heartbeatMs: number;
  /** Records that one `readVehicle` looks at: there is no index, it reads a partition backwards. */
  readonly scanRecordsMax: number;
  /** Records are removed when they were received longer ago; at most 30 days. */
  readonly retentionMs: number;
  /** The oldest records of a partition are removed while all of them are larger, by the average of its newest records. */
  readonly bytesMax: number;
}

export const kafkaLogLimits: KafkaLogLimits = {
  pendingRecordsMax: 262_144,
  pendingBytesMax: 64 * 1024 * 1024,
  sendSpacingMs: 5,
  sendBytesMax: 768 * 1024,
  openTimeoutMs: 30_000,
  closeTimeoutMs: 10_000,
  requestTimeoutMs: 10_000,
  retryMs: 50,
  retryMaxMs: 2000,
  tailWaitMs: 250,
  tailBytesMin: 1,
  tailSpacingMs: 10,
  readBytes: 1024 * 1024,
  endCheckMs: 1000,
  startCheckMs: 60_000,
  interruptedAfterMs: 3000,
  recentRecordMs: 12_000,
  settleMs: 15_000,
  sessionTimeoutMs: 10_000,
  rebalanceTimeoutMs: 30_000,
  heartbeatMs: 1000,
  scanRecordsMax: 2_000_000,
  retentionMs: 14 * 86_400_000,
  bytesMax: 256 * 1024 * 1024 * 1024,
};

export interface KafkaLogOptions extends KafkaReach {
  readonly topic: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: Partial<KafkaLogLimits>;
}
