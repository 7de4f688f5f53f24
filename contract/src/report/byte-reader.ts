/** Why bytes could not be decoded. Never a bug of ours: bytes come from outside. */
export class FormatError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FormatError';
  }
}

/** Reads varints and bytes within bounds; every overrun is a `FormatError`. */
export class ByteReader {
  bytes: Uint8Array;
  view: DataView;
  at: number;
  end: number;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
    this.end = bytes.length;
  }

  /** Points the reader at other bytes; `view` may be given where the caller has one over the same bytes. */
  reset(bytes: Uint8Array, from: number, end: number, view?: DataView): void {
    if (view) this.view = view;
    else if (bytes !== this.bytes) this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.bytes = bytes;
    this.at = from;
    this.end = end;
  }

  /** Reserves `count` bytes and answers where they start. */
  take(count: number): number {
    const start = this.at;
    if (count > this.end - start) throw new FormatError(`ends at byte ${this.end}, expected ${count} more from ${start}`);
    this.at = start + count;
    return start;
  }

  byte(): number {
    if (this.at >= this.end) throw new FormatError(`ends at byte ${this.end}, expected one more`);
    return this.bytes[this.at++] as number;
  }

  /** Unsigned LEB128 up to 2^53 − 1. */
  varint(): number {
    let byte = this.byte();
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    let scale = 128;
    for (let length = 1; length < 8; length++) {
      byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= 128;
    }
    throw new FormatError('a varint is larger than 2^53 - 1');
  }

  zigzag(): number {
    const coded = this.varint();
    return coded % 2 === 0 ? coded / 2 : -(coded + 1) / 2;
  }
}
