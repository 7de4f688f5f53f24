import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { RecordBatch } from '../../../events/index.ts';
import { OperationalError } from '../../../kernel/index.ts';
import { findGroup } from './find-group.ts';
import { journalLimits } from './options.ts';
import { readGroups } from './read-groups.ts';
import type { Segment } from './segment.ts';
import { SegmentIndex } from './segment-index.ts';

const segmentPattern = /^\d{16}\.log(\.lost)?$/;

/**
 * Reads a journal that another process may be writing. It knows only files: how far they are durable is said by whoever writes, and
 * that they stay is agreed with it.
 */
export class JournalReader {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Segments up to an offset, which is the end of a group. One that was given up (`.lost`) leaves a gap. */
  async #segmentsTo(endOffset: number): Promise<Segment[]> {
    const names = (await readdir(this.#folder)).filter((name) => segmentPattern.test(name)).sort();
    const firsts = names.map((name) => Number(name.slice(0, 16)));
    const segments = names.map((name, i) => ({
      file: path.join(this.#folder, name),
      firstOffset: firsts[i] as number,
      endOffset: Math.min(firsts[i + 1] ?? endOffset, endOffset),
      index: new SegmentIndex(),
    }));
    return segments.filter(({ file, firstOffset }) => firstOffset < endOffset && !file.endsWith('.lost'));
  }

  /**
   * Hands the records from one offset (where a group begins, or the start of the log) to another over, in order and one batch at a time. Stops
   * early when `isStopped` answers true.
   */
  async read(
    fromOffset: number,
    endOffset: number,
    handle: (batch: RecordBatch) => void | Promise<void>,
    isStopped: () => boolean = () => false,
  ): Promise<void> {
    let offset = fromOffset;
    for (const segment of await this.#segmentsTo(endOffset)) {
      if (segment.endOffset <= offset) continue;
      offset = await findGroup(segment, Math.max(offset, segment.firstOffset));
      while (offset < segment.endOffset) {
        if (isStopped()) return;
        const batch = await readGroups(segment, offset, journalLimits.readBytes);
        if (batch.nextOffset <= offset)
          throw new OperationalError('unavailable', `the journal cannot be read at offset ${offset}`);
        offset = batch.nextOffset;
        await handle(batch);
      }
    }
    if (offset < endOffset && !isStopped())
      throw new OperationalError('unavailable', `the journal ends at offset ${offset}, expected ${endOffset}`);
  }
}
