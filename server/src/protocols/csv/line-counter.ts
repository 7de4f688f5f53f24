interface Piece {
  readonly bytes: Uint8Array;
  readonly from: number;
}

/** Lines by byte, of a file that comes in pieces. The parser's own count takes CR LF within quotes for two. */
export class LineCounter {
  readonly #end: number;
  readonly #pieces: Piece[] = [];
  #length = 0;
  #at = 0;
  #line = 1;

  /** `head`: the first piece, which shows what ends a line. */
  constructor(head: Uint8Array) {
    this.#end = head.includes(10) ? 10 : 13;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#pieces.push({ bytes, from: this.#length });
    this.#length += bytes.length;
  }

  /** The line that holds this byte; asked in ascending order. Pieces before it are let go. */
  lineAt(byte: number): number {
    for (let piece = this.#pieces[0]; piece && this.#at < byte; piece = this.#pieces[0]) {
      const { bytes, from } = piece;
      const to = Math.min(byte - from, bytes.length);
      for (let i = this.#at - from; i < to; i++) if (bytes[i] === this.#end) this.#line++;
      this.#at = from + to;
      if (to === bytes.length) this.#pieces.shift();
    }
    return this.#line;
  }
}
