import { OperationalError } from '../kernel/index.ts';
import { cell, type LatestPage } from './latest-page.ts';
import { undoEntriesMax } from './limits.ts';

const entryLength = 2 + cell.length;
const entriesPerBlock = 16_384;

/**
 * Lets a save see one moment of the latest values while they go on changing: what a cell held is noted before it changes on a page that is
 * not written yet, and put back in the copy that is. A fleet touches every page within a moment; copies of whole pages were
 * as much memory again as all values.
 */
export class CellGuard {
  /** Number of the save begun last; pages with a lower `savedIn` may be wanted by it as they are. */
  saveNo = 0;
  isActive = false;
  /** Each: the entry before it of the same page (+ 1), the place of the cell, what the cell held. */
  #blocks: Float64Array[] = [];
  /** Texts that cells held, by entry. */
  readonly #texts = new Map<number, string>();
  #entries = 0;

  /** `pages`: all there are. */
  begin(pages: Iterable<{ readonly page: LatestPage }>): void {
    for (const { page } of pages) page.undo = 0;
    this.saveNo++;
    this.isActive = true;
  }

  /** Before the cell at `at` changes, on a page whose `savedIn` is not `saveNo`. */
  keep(page: LatestPage, at: number): void {
    if (!this.isActive) {
      page.savedIn = this.saveNo;
      return;
    }
    if (this.#entries === undoEntriesMax) return;
    const entry = this.#entries++;
    const block = (this.#blocks[Math.floor(entry / entriesPerBlock)] ??= new Float64Array(entriesPerBlock * entryLength));
    const from = (entry % entriesPerBlock) * entryLength;
    const { cells } = page;
    block[from] = page.undo;
    block[from + 1] = at;
    for (let i = 0; i < cell.length; i++) block[from + 2 + i] = cells[at + i] as number;
    const text = page.texts?.[at / cell.length];
    if (text !== undefined) this.#texts.set(entry, text);
    page.undo = entry + 1;
  }

  /** A page as it was when the save began: from here on it may change. */
  take(page: LatestPage): LatestPage {
    if (this.#entries === undoEntriesMax)
      throw new OperationalError('overloaded', `more than ${undoEntriesMax} values changed while they were saved`);
    page.savedIn = this.saveNo;
    if (page.undo === 0) return page;
    const cells = page.cells.slice();
    const texts = page.texts?.slice() ?? null;
    for (let next = page.undo; next !== 0; ) {
      const entry = next - 1;
      const block = this.#blocks[Math.floor(entry / entriesPerBlock)] as Float64Array;
      const from = (entry % entriesPerBlock) * entryLength;
      const at = block[from + 1] as number;
      for (let i = 0; i < cell.length; i++) cells[at + i] = block[from + 2 + i] as number;
      if (texts) texts[at / cell.length] = this.#texts.get(entry);
      next = block[from] as number;
    }
    page.undo = 0;
    return { ...page, cells, texts };
  }

  end(): void {
    this.#blocks = [];
    this.#texts.clear();
    this.#entries = 0;
    this.isActive = false;
  }
}
