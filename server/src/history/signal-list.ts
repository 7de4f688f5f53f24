import { type ByteReader, FormatError } from '../events/index.ts';
import { bitsMax, readBits } from './bit-packing.ts';
import { columnsPerChunkMax } from './limits.ts';

const signalNumberMax = 65_535;

/** Which signals a chunk has columns of, ascending. Used again by the next `read`. */
export class SignalList {
  count = 0;
  numbers = new Float64Array(256);

  /** Reads what stands before the value columns. */
  read(input: ByteReader): void {
    const count = input.varint();
    if (count > columnsPerChunkMax) throw new FormatError(`chunk has ${count} columns, expected at most ${columnsPerChunkMax}`);
    this.count = count;
    if (count === 0) return;
    if (this.numbers.length < count) this.numbers = new Float64Array(count * 2);
    const { numbers } = this;
    let signalNumber = input.varint();
    const width = input.varint();
    if (width > bitsMax) throw new FormatError(`gaps of signal numbers have ${width} bits, expected at most ${bitsMax}`);
    if (width === 0) numbers.fill(0, 0, count);
    else readBits(input, numbers, count - 1, width);
    for (let i = 0; i < count; i++) {
      const gap = numbers[i] as number;
      numbers[i] = signalNumber;
      if (signalNumber > signalNumberMax) throw new FormatError(`signal number ${signalNumber} is above ${signalNumberMax}`);
      signalNumber += gap;
    }
  }
}
