import { entriesPerPage, pooledEntryPagesMax, pooledSlabsMax, slabBytes } from './limits.ts';

/** Records, one after the other. */
export interface Slab {
  readonly shared: SharedArrayBuffer;
  readonly bytes: Uint8Array;
  used: number;
}

/** Of each entry: where its record lies (slab · slabBytes + byte), how long it is, its offset, the entry of the same vehicle before it. */
export interface EntryPage {
  readonly positions: Int32Array<SharedArrayBuffer>;
  readonly lengths: Int32Array<SharedArrayBuffer>;
  readonly offsets: Float64Array<SharedArrayBuffer>;
  /** Entry + 1; 0: none. */
  readonly before: Int32Array<SharedArrayBuffer>;
}

const makeEntryPage = (): EntryPage => {
  const shared = new SharedArrayBuffer(entriesPerPage * 20);
  return {
    offsets: new Float64Array(shared, 0, entriesPerPage),
    positions: new Int32Array(shared, entriesPerPage * 8, entriesPerPage),
    lengths: new Int32Array(shared, entriesPerPage * 12, entriesPerPage),
    before: new Int32Array(shared, entriesPerPage * 16, entriesPerPage),
  };
};

/**
 * Shared memory of tables that were stored, for the next ones. Memory that is asked for anew each time is cleared first, page by page, and
 * what is let go stays taken until the collector finds it, which does not see how large it is.
 */
export class MemoryPool {
  readonly #slabs: Slab[] = [];
  readonly #pages: EntryPage[] = [];

  takeSlab(): Slab {
    const slab = this.#slabs.pop();
    if (slab) {
      slab.used = 0;
      return slab;
    }
    const shared = new SharedArrayBuffer(slabBytes);
    return { shared, bytes: new Uint8Array(shared), used: 0 };
  }

  takeEntryPage(): EntryPage {
    return this.#pages.pop() ?? makeEntryPage();
  }

  /** Nobody may read them any more. What is above the limits is left to the collector. */
  giveBack(slabs: readonly Slab[], pages: readonly EntryPage[]): void {
    for (const slab of slabs) if (this.#slabs.length < pooledSlabsMax) this.#slabs.push(slab);
    for (const page of pages) if (this.#pages.length < pooledEntryPagesMax) this.#pages.push(page);
  }
}
