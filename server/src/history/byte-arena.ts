const blockBytes = 1024 * 1024;

/** Many small pieces of bytes in few buffers: a buffer of its own costs each some 400 bytes. Let go of together. */
export class ByteArena {
  #block = new Uint8Array(0);
  #used = 0;

  /** A copy that stays. */
  keep(bytes: Uint8Array): Uint8Array {
    const { length } = bytes;
    if (length > this.#block.length - this.#used) {
      this.#block = new Uint8Array(Math.max(blockBytes, length));
      this.#used = 0;
    }
    this.#block.set(bytes, this.#used);
    this.#used += length;
    return this.#block.subarray(this.#used - length, this.#used);
  }
}
