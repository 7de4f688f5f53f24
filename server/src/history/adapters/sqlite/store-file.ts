import type { DatabaseSync } from 'node:sqlite';
import { assert, OperationalError } from '../../../kernel/index.ts';
import type { AppliedState, ChunkFlush, Claim } from '../../ports.ts';
import { claimSchema } from './schema.ts';

export interface FileCounts {
  readonly bucket: number;
  readonly part: number;
  readonly chunks: number;
  readonly rows: number;
}

/** `store.sqlite`: settings of the store, and the offset up to which all month files are complete. */
export class StoreFile {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Number of groups that the partitions are spread over: what was chosen when the store was made. */
  groups(wanted: number | undefined, groupsDefault: number): number {
    const row = this.#db.prepare("SELECT value FROM setting WHERE name = 'groups'").get() as { value: number } | undefined;
    if (row && wanted !== undefined && row.value !== wanted) {
      throw new OperationalError(
        'unavailable',
        `the history was made with ${row.value} partition groups, it cannot be opened with ${wanted}`,
      );
    }
    if (row) return row.value;
    const groups = wanted ?? groupsDefault;
    this.#db.prepare("INSERT INTO setting (name, value) VALUES ('groups', ?)").run(groups);
    return groups;
  }

  applied(): AppliedState[] {
    const rows = this.#db
      .prepare('SELECT partition, applied_offset, complete_to FROM applied ORDER BY partition')
      .all() as unknown as {
      partition: number;
      applied_offset: number;
      complete_to: number;
    }[];
    return rows.map((row) => ({ partition: row.partition, appliedOffset: row.applied_offset, completeTo: row.complete_to }));
  }

  makeClaims(): void {
    this.#db.exec(claimSchema);
  }

  claim(partition: number): number {
    const claim = this.#db.prepare(`INSERT INTO claim (partition, epoch) VALUES (?, 1)
      ON CONFLICT (partition) DO UPDATE SET epoch = epoch + 1 RETURNING epoch`);
    return (claim.get(partition) as { epoch: number }).epoch;
  }

  checkClaim({ partition, epoch }: Claim): void {
    const row = this.#db.prepare('SELECT epoch FROM claim WHERE partition = ?').get(partition) as { epoch: number } | undefined;
    const found = row?.epoch ?? 0;
    assert(epoch <= found, `partition ${partition} was claimed ${found} times, and not ${epoch} times`);
    if (epoch < found)
      throw new OperationalError(
        'superseded',
        `partition ${partition} of the log was taken over: claim ${found}, this is ${epoch}`,
      );
  }

  /** The last step of a flush: by now its chunks are on disk. */
  commit(flush: ChunkFlush, counts: readonly FileCounts[]): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const { partition, epoch } = flush;
      if (epoch !== undefined) this.checkClaim({ partition, epoch });
      for (const count of counts) this.setCounts(count);
      this.#db
        .prepare(`INSERT INTO applied (partition, applied_offset, complete_to) VALUES (?, ?, ?) ON CONFLICT (partition)
          DO UPDATE SET applied_offset = max(applied_offset, excluded.applied_offset), complete_to = max(complete_to, excluded.complete_to)`)
        .run(flush.partition, flush.appliedOffset, flush.completeTo);
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  /** What a month file says it holds: sets right what a crash between two files left. */
  setCounts({ bucket, part, chunks, rows }: FileCounts): void {
    this.#db
      .prepare('INSERT OR REPLACE INTO month_file (bucket, part, chunks, rows) VALUES (?, ?, ?, ?)')
      .run(bucket, part, chunks, rows);
  }

  totals(): { readonly chunks: number; readonly rows: number } {
    return this.#db
      .prepare('SELECT coalesce(sum(chunks), 0) AS chunks, coalesce(sum(rows), 0) AS rows FROM month_file')
      .get() as { chunks: number; rows: number };
  }

  forget(bucket: number, part: number): void {
    this.#db.prepare('DELETE FROM month_file WHERE bucket = ? AND part = ?').run(bucket, part);
  }

  close(): void {
    this.#db.close();
  }
}
