import { type RecordBatch, recordFields, recordKinds } from '../../events/index.ts';
import type { ChunkStore, StatusChange } from '../../history/index.ts';
import type { SeededStatus } from '../../live/index.ts';

/** A status that was found in a timeline, of a vehicle that is heard again at `lastSeen`. */
const seedOf = ({ to, at, reason }: StatusChange, lastSeen: number): SeededStatus => ({
  status: to,
  since: at,
  reason,
  lastSeen,
  deviceNo: 0,
});

/**
 * When the log first tells of each vehicle. From then on its status is derived from the log; what it was before is in the timeline that is
 * there, and is taken over.
 */
export class KnownVehicles {
  /** receivedAt of the first report or heartbeat, by vehicle. */
  readonly #firstMs = new Map<number, number>();
  readonly #isLogWhole: boolean;
  readonly #history: ChunkStore;

  constructor(history: ChunkStore, isLogWhole: boolean) {
    this.#history = history;
    this.#isLogWhole = isLogWhole;
  }

  has(vehicleNo: number): boolean {
    return this.#firstMs.has(vehicleNo);
  }

  /** The log tells of this moment of the vehicle. */
  isInLog(vehicleNo: number, atMs: number): boolean {
    return atMs >= (this.#firstMs.get(vehicleNo) ?? Number.POSITIVE_INFINITY);
  }

  /** Tells of each vehicle that appears first in a batch what it was before, as far as that is known. Called before the batch is applied. */
  async note(batch: RecordBatch, seed: (vehicleNo: number, status: SeededStatus) => void): Promise<void> {
    for (const vehicleNo of this.#newIn(batch)) {
      const firstMs = this.#firstMs.get(vehicleNo) as number;
      const last = this.#isLogWhole ? undefined : await this.lastBefore(vehicleNo, firstMs);
      if (last) seed(vehicleNo, seedOf(last, firstMs));
    }
  }

  async lastBefore(vehicleNo: number, toMs: number): Promise<StatusChange | undefined> {
    const page = await this.#history.readStatus({ vehicleNos: [vehicleNo], fromMs: 0, toMs, limit: 1 });
    // Of changes in one ms the one that the next begins with is the last.
    return page.find((change) => !page.some((other) => other !== change && other.from === change.to)) ?? page[0];
  }

  #newIn({ view, starts, count }: RecordBatch): number[] {
    const found: number[] = [];
    for (let i = 0; i < count; i++) {
      const start = starts[i] as number;
      if (recordFields.kind(view, start) !== recordKinds.telemetry || recordFields.isImported(view, start)) continue;
      const vehicleNo = recordFields.vehicleNo(view, start);
      if (this.#firstMs.has(vehicleNo)) continue;
      this.#firstMs.set(vehicleNo, recordFields.receivedAt(view, start));
      found.push(vehicleNo);
    }
    return found;
  }
}
