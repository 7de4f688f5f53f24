import type { Clock, Logger } from '../../../kernel/index.ts';

export interface ValkeyLimits {
  /** How long `openValkey` waits for one that is away, before it goes on without. */
  readonly openTimeoutMs: number;
  /** A request, or a new connection, that has no answer for so long has failed, and the connection is made anew. */
  readonly requestTimeoutMs: number;
  /** How often a connection is asked for a sign of life. */
  readonly pingEveryMs: number;
  /** Pause before the next try to connect; doubles up to the second number. Between half of it and all, by chance. */
  readonly retryMs: number;
  readonly retryMaxMs: number;
  /** Requests that wait for an answer, and their bytes: past either, `overloaded`. */
  readonly requestsInFlightMax: number;
  readonly requestBytesInFlightMax: number;
  /** One value of a snapshot's list, and how many of them are on their way at once. */
  readonly snapshotPartBytesMax: number;
  readonly snapshotPartsInFlightMax: number;
  /** The largest snapshot. */
  readonly snapshotBytesMax: number;
  /** What a write that was cut off left goes after this; each part renews it. */
  readonly snapshotWritingTtlMs: number;
  /** The parts of a snapshot that was replaced stay for so long, for who reads them. */
  readonly snapshotReplacedTtlMs: number;
  /** A snapshot that nobody wrote again goes after this. */
  readonly snapshotTtlMs: number;
  /** How often a read begins anew when the snapshot was replaced meanwhile. */
  readonly snapshotReadTriesMax: number;
}

export const valkeyLimits: ValkeyLimits = {
  openTimeoutMs: 2000,
  requestTimeoutMs: 3000,
  pingEveryMs: 1000,
  retryMs: 50,
  retryMaxMs: 2000,
  requestsInFlightMax: 4096,
  requestBytesInFlightMax: 32 * 1024 * 1024,
  snapshotPartBytesMax: 1024 * 1024,
  snapshotPartsInFlightMax: 4,
  snapshotBytesMax: 4 * 1024 * 1024 * 1024,
  snapshotWritingTtlMs: 600_000,
  snapshotReplacedTtlMs: 10_000,
  snapshotTtlMs: 30 * 86_400_000,
  snapshotReadTriesMax: 3,
};

export interface ValkeyOptions {
  /** `redis://user:password@host:port/database`, or `rediss://` with TLS. */
  readonly url: string;
  /** PEM of the authority that signed the server's certificate, when it is none that Node knows. */
  readonly tlsCa?: string;
  /** Before every key and channel, so that several installations may share one server. */
  readonly prefix?: string;
  readonly logger: Logger;
  readonly clock?: Clock;
  /** From 0 to 1, exclusive. */
  readonly random?: () => number;
  readonly limits?: Partial<ValkeyLimits>;
}

/** The same with everything told. */
export interface ValkeySettings extends Required<Omit<ValkeyOptions, 'limits' | 'tlsCa'>> {
  readonly tlsCa: string | undefined;
  readonly limits: ValkeyLimits;
}
