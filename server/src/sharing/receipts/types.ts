import type { ReceiptChannel } from '@milepost/contract/api';
import type { Holder } from '../grants/types.ts';

/** Who read: an app of a partner, somebody of the platform's staff (null: the bearer of the operator token), or a driver by a grant. */
export type ReceiptReader =
  | { readonly kind: 'app'; readonly appNo: number }
  | { readonly kind: 'staff'; readonly personNo: number | null }
  | { readonly kind: 'driver'; readonly personNo: number };
export type ReceiptReaderKind = ReceiptReader['kind'];

/** One answer, or message, that told somebody something of a vehicle. */
export interface Receipt {
  readonly reader: ReceiptReader;
  readonly vehicleNo: number;
  /** What was told, and nothing else: consent groups, and paths of signals. */
  readonly items: readonly string[];
  readonly channel: ReceiptChannel;
  readonly atMs: number;
}

/** Counts what was read. */
export interface ReadReceipts {
  /**
   * Before the answer goes out. In memory alone, so it costs microseconds; written within `receiptLimits.flushEveryMs`. Throws `unavailable` when
   * too much waits to be written: what cannot be shown to its owner is not told.
   */
  note(receipt: Receipt): void;
}

/** What was counted of one day, as it is written. */
export interface ReceiptCount {
  readonly day: number;
  readonly holder: Holder;
  readonly vehicleNo: number;
  readonly reader: ReceiptReader;
  readonly item: string;
  readonly channel: ReceiptChannel;
  reads: number;
  readonly firstMs: number;
  lastMs: number;
}
