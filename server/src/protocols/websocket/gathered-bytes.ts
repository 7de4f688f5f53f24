const roomMin = 512;

/** Bytes that come piece by piece: they take no more than twice their memory, or the room they were given, however small the pieces are. */
export class GatheredBytes {
  #bytes: Buffer;
  length = 0;

  constructor(room: number) {
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(roomMin, room));
  }

  add(piece: Uint8Array): void {
    const length = this.length + piece.length;
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, this.length);
      this.#bytes = larger;
    }
    this.#bytes.set(piece, this.length);
    this.length = length;
  }

  /** All of it; nothing may be added after. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }
}
