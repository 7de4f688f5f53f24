const slotsMin = 1024;
/** FNV-1a, 32 bits. */
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
};

/**
 * Finds numbers by a text that the thing itself holds: 8 bytes each where a `Map` takes 50. Numbers are whole and at least 1.
 */
export class TextIndex {
  readonly #textOf: (no: number) => string;
  #slots = new Int32Array(slotsMin);
  #used = 0;

  /** `textOf` answers for every number that was put, always the same. */
  constructor(textOf: (no: number) => string) {
    this.#textOf = textOf;
  }

  get size(): number {
    return this.#used;
  }

  /** The number of a text; 0: none. */
  find(text: string): number {
    return this.#slots[this.#place(text)] as number;
  }

  /** A text that is there already gets this number. */
  put(text: string, no: number): void {
    if (this.#used * 2 >= this.#slots.length) this.#grow();
    const place = this.#place(text);
    if (this.#slots[place] === 0) this.#used++;
    this.#slots[place] = no;
  }

  /** Where a text is, or would be. */
  #place(text: string): number {
    const mask = this.#slots.length - 1;
    for (let place = hashOf(text) & mask; ; place = (place + 1) & mask) {
      const no = this.#slots[place] as number;
      if (no === 0 || this.#textOf(no) === text) return place;
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(old.length * 2);
    for (const no of old) if (no !== 0) this.#slots[this.#place(this.#textOf(no))] = no;
  }
}
