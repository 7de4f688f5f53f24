/** Everything kept per vehicle lies in pages of this many vehicles, addressed by vehicleNo without a lookup table. */
export const pageShift = 10;
export const vehiclesPerPage = 1 << pageShift;
export const slotMask = vehiclesPerPage - 1;

/**
 * Memory of a page. Shared memory does not count as pressure on the garbage collector, which else walks the whole heap again for each
 * few dozen megabytes of pages (measured with a million vehicles: the first report of each 12.2 → 7.5 µs).
 */
export const pageMemory = (bytes: number): SharedArrayBuffer => new SharedArrayBuffer(bytes);

/** A page whose bytes a running save may still need. */
export interface SavablePage {
  readonly buffer: SharedArrayBuffer;
  /** Number of the last save that has its bytes; lower than the running one: still to be read by it. */
  savedIn: number;
}

/**
 * Copy on write for snapshots: while a save runs, a page that it has not read yet is copied before its first change. So the save
 * sees one moment, and writers pay one comparison.
 */
export class SaveGuard {
  /** Number of the save begun last; pages with a lower `savedIn` may be wanted by it as they are. */
  saveNo = 0;
  isActive = false;
  readonly #kept = new Map<SavablePage, unknown>();

  begin(): void {
    this.#kept.clear();
    this.saveNo++;
    this.isActive = true;
  }
  keep(page: SavablePage, copy: unknown): void {
    this.#kept.set(page, copy);
    page.savedIn = this.saveNo;
  }
  /** What the save has to write of a page: the copy that was kept if it has changed since, else the page itself. */
  take<Page extends SavablePage>(page: Page): Page {
    const copy = this.#kept.get(page) as Page | undefined;
    this.#kept.delete(page);
    page.savedIn = this.saveNo;
    return copy ?? page;
  }
  end(): void {
    this.#kept.clear();
    this.isActive = false;
  }
}
