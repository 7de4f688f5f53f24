import { OperationalError } from '../../kernel/index.ts';
import type { Holder } from '../grants/types.ts';
import { receiptLimits } from './limits.ts';
import type { Receipt, ReceiptCount, ReceiptReader } from './types.ts';

const dayMs = 86_400_000;

export const readerNoOf = (reader: ReceiptReader): number => (reader.kind === 'app' ? reader.appNo : (reader.personNo ?? 0));
const holderNoOf = (holder: Holder): number => (holder.kind === 'person' ? holder.personNo : holder.customerNo);

/** Adds up reads until they are taken. Pure, but for what it holds. */
export class ReadCounts {
  /** By day, reader, vehicle, way and holder, then by item: a read of many items makes one key. */
  readonly #counts = new Map<string, Map<string, ReceiptCount>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Throws `unavailable` when there is no room for another count. */
  add({ reader, vehicleNo, items, channel, atMs }: Receipt, holder: Holder): void {
    const day = Math.floor(atMs / dayMs);
    const key = `${day}:${reader.kind}:${readerNoOf(reader)}:${vehicleNo}:${channel}:${holder.kind}:${holderNoOf(holder)}`;
    let byItem = this.#counts.get(key);
    if (!byItem) {
      byItem = new Map();
      this.#counts.set(key, byItem);
    }
    for (const item of items) {
      const known = byItem.get(item);
      if (known) {
        known.reads++;
        known.lastMs = Math.max(known.lastMs, atMs);
        continue;
      }
      if (this.#size >= receiptLimits.countsWaitingMax)
        throw new OperationalError('unavailable', 'what is read cannot be written down now', { retryAfterSeconds: 2 });
      byItem.set(item, { day, holder, vehicleNo, reader, item, channel, reads: 1, firstMs: atMs, lastMs: atMs });
      this.#size++;
    }
  }

  /** The oldest counts, at most so many: they are counted here no more. */
  take(countMax: number): ReceiptCount[] {
    const taken: ReceiptCount[] = [];
    for (const [key, byItem] of this.#counts) {
      for (const [item, count] of byItem) {
        if (taken.length >= countMax) return taken;
        taken.push(count);
        byItem.delete(item);
        this.#size--;
      }
      this.#counts.delete(key);
    }
    return taken;
  }
}
