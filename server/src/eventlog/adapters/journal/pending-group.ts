import { crc32 } from 'node:zlib';
import { recordFields } from '../../../events/index.ts';
import type { RecordBatch } from '../../../events/index.ts';
import type { AppendListener } from '../../ports.ts';
import { frameBytes, groupHeaderBytes, writeGroupHeader } from './format.ts';
import type { SegmentIndex } from './segment-index.ts';

/** Records that wait for one commit, laid out as they will stand in the file. Reused from commit to commit. */
export class PendingGroup {
  #bytes = Buffer.alloc(256 * 1024);
  #view = new DataView(this.#bytes.buffer);
  #starts = new Int32Array(4096);
  #ends = new Int32Array(4096);
  #offsets = new Float64Array(4096);
  #tokens = new Float64Array(4096);
  #listeners: AppendListener[] = [];
  #at = groupHeaderBytes;
  #firstOffset = 0;
  count = 0;
  /** When its first record was appended, ms. */
  oldestAt: number | null = null;

  get byteLength(): number {
    return this.#at;
  }

  add(record: Uint8Array, listener: AppendListener, token: number): void {
    const needed = this.#at + frameBytes + record.length;
    if (needed > this.#bytes.length) this.#growBytes(needed);
    if (this.count === this.#starts.length) this.#growRows();
    const start = this.#at + frameBytes;
    this.#view.setUint32(this.#at, record.length, true);
    this.#view.setUint32(this.#at + 4, crc32(record), true);
    this.#bytes.set(record, start);
    this.#starts[this.count] = start;
    this.#ends[this.count] = needed;
    this.#tokens[this.count] = token;
    this.#listeners[this.count] = listener;
    this.count++;
    this.#at = needed;
  }

  /** Closes the group for the given place in the stream; answers the bytes to write. */
  seal(firstOffset: number): Buffer {
    this.#firstOffset = firstOffset;
    for (let i = 0; i < this.count; i++) this.#offsets[i] = firstOffset + (this.#starts[i] as number) - frameBytes;
    writeGroupHeader(this.#bytes, this.#at - groupHeaderBytes, firstOffset);
    return this.#bytes.subarray(0, this.#at);
  }

  addToIndex(index: SegmentIndex, segmentFirstOffset: number): void {
    for (let i = 0; i < this.count; i++) {
      const start = this.#starts[i] as number;
      const position = (this.#offsets[i] as number) - segmentFirstOffset;
      index.add(recordFields.vehicleNo(this.#view, start), position, recordFields.receivedAt(this.#view, start));
    }
  }

  batch(): RecordBatch {
    return {
      partition: 0,
      count: this.count,
      bytes: this.#bytes,
      view: this.#view,
      starts: this.#starts,
      ends: this.#ends,
      offsets: this.#offsets,
      nextOffset: this.#firstOffset + this.#at,
    };
  }

  /** Tells every listener, also after one of them threw; answers what was thrown. */
  tellAppended(): readonly unknown[] {
    return this.#tellEach((listener, i) => listener.appended(this.#tokens[i] as number, 0, this.#offsets[i] as number));
  }

  tellFailed(error: Error): readonly unknown[] {
    return this.#tellEach((listener, i) => listener.appendFailed(this.#tokens[i] as number, error));
  }

  reset(): void {
    this.count = 0;
    this.oldestAt = null;
    this.#at = groupHeaderBytes;
    this.#listeners.length = 0;
  }

  #tellEach(tell: (listener: AppendListener, index: number) => void): readonly unknown[] {
    const thrown: unknown[] = [];
    for (let i = 0; i < this.count; i++) {
      try {
        tell(this.#listeners[i] as AppendListener, i);
      } catch (error) {
        thrown.push(error);
      }
    }
    return thrown;
  }

  #growBytes(needed: number): void {
    const larger = Buffer.alloc(Math.max(this.#bytes.length * 2, needed));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer, larger.byteOffset, larger.length);
  }

  #growRows(): void {
    const length = this.#starts.length * 2;
    const copy = <T extends Int32Array | Float64Array>(old: T, larger: T): T => {
      larger.set(old);
      return larger;
    };
    this.#starts = copy(this.#starts, new Int32Array(length));
    this.#ends = copy(this.#ends, new Int32Array(length));
    this.#offsets = copy(this.#offsets, new Float64Array(length));
    this.#tokens = copy(this.#tokens, new Float64Array(length));
  }
}
