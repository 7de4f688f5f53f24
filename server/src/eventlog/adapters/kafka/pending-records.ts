import type { RecordBatch } from '../../../events/index.ts';
import type { AppendListener } from '../../ports.ts';
import { messageHead, type MessageHead } from './message.ts';

/** What Kafka adds to each record: lengths, deltas, the key, the headers. Rounded up. */
export const overheadBytes = 48;

/** Records that wait for the answer to one request. Reused from request to request. */
export class PendingRecords {
  #bytes = Buffer.alloc(256 * 1024);
  #view = new DataView(this.#bytes.buffer);
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #tokens: number[] = [];
  readonly #listeners: AppendListener[] = [];
  /** By physical partition: the records for it, in order. */
  readonly ofPartition = new Map<number, number[]>();
  #used = 0;
  count = 0;
  /** When its first record was appended, ms. */
  oldestAt: number | null = null;

  get byteLength(): number {
    return this.#used + this.count * overheadBytes;
  }

  add(record: Uint8Array, partition: number, listener: AppendListener, token: number): void {
    const end = this.#used + record.length;
    if (end > this.#bytes.length) this.#grow(end);
    this.#bytes.set(record, this.#used);
    this.#starts.push(this.#used);
    this.#ends.push(end);
    this.#tokens.push(token);
    this.#listeners.push(listener);
    const list = this.ofPartition.get(partition);
    if (list) list.push(this.count);
    else this.ofPartition.set(partition, [this.count]);
    this.#used = end;
    this.count++;
  }

  record(index: number): Buffer {
    return this.#bytes.subarray(this.#starts[index], this.#ends[index]);
  }

  head(index: number): MessageHead {
    return messageHead(this.#view, this.#starts[index] as number);
  }

  /** The records of a partition as a follower gets them; the first has `firstOffset`. */
  batch(partition: number, firstOffset: number): RecordBatch {
    const indexes = this.ofPartition.get(partition) ?? [];
    return {
      partition,
      count: indexes.length,
      bytes: this.#bytes,
      view: this.#view,
      starts: Int32Array.from(indexes, (index) => this.#starts[index] as number),
      ends: Int32Array.from(indexes, (index) => this.#ends[index] as number),
      offsets: Float64Array.from(indexes, (_, i) => firstOffset + i),
      nextOffset: firstOffset + indexes.length,
    };
  }

  /** Tells the listeners of a partition, also after one of them threw; answers what was thrown. */
  tellAppended(partition: number, firstOffset: number): readonly unknown[] {
    return this.#tell(partition, (listener, token, i) => listener.appended(token, partition, firstOffset + i));
  }

  tellFailed(partition: number, error: Error): readonly unknown[] {
    return this.#tell(partition, (listener, token) => listener.appendFailed(token, error));
  }

  #tell(partition: number, tell: (listener: AppendListener, token: number, i: number) => void): readonly unknown[] {
    const thrown: unknown[] = [];
    for (const [i, index] of (this.ofPartition.get(partition) ?? []).entries()) {
      try {
        tell(this.#listeners[index] as AppendListener, this.#tokens[index] as number, i);
      } catch (error) {
        thrown.push(error);
      }
    }
    return thrown;
  }

  reset(): void {
    this.#starts.length = 0;
    this.#ends.length = 0;
    this.#tokens.length = 0;
    this.#listeners.length = 0;
    this.ofPartition.clear();
    this.#used = 0;
    this.count = 0;
    this.oldestAt = null;
  }

  #grow(needed: number): void {
    const larger = Buffer.alloc(Math.max(this.#bytes.length * 2, needed));
    larger.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer, larger.byteOffset, larger.length);
  }
}
