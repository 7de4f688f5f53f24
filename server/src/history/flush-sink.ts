import type { DeadLetter } from '../events/index.ts';
import type { Logger } from '../kernel/index.ts';
import { putAside } from './put-aside.ts';
import type { TableSink } from './table-queue.ts';
import type { Span, Table, Tables } from './tables.ts';
import type { ThreadClient } from './thread-client.ts';
import type { FlushAnswer, StoreStatistics } from './thread-messages.ts';

export interface FlushSinkOptions {
  readonly writer: ThreadClient;
  readonly tables: Tables;
  /** Physical partitions of the log. */
  readonly partitions: number;
  /** Of the claims under which partitions are written; empty: nobody claims. */
  readonly epochs: ReadonlyMap<number, number>;
  readonly logger: Logger;
  readonly deadLetter?: (letter: DeadLetter) => void;
  /** A partition is stored. */
  readonly stored: (statistics: StoreStatistics) => void;
}

/** Has tables written as chunks by the writing thread, partition after partition. */
export class FlushSink implements TableSink {
  readonly #options: FlushSinkOptions;
  conflicts = 0;
  unreadable = 0;

  constructor(options: FlushSinkOptions) {
    this.#options = options;
  }

  async store(table: Table): Promise<void> {
    for (const [partition, span] of table.spans) {
      if (span.isStored) continue;
      const answer = await this.#flush(table, partition, span);
      span.isStored = true;
      this.#options.tables.stored(partition, span.toOffset, span.newestReceivedAt);
      this.#count(partition, answer);
    }
  }

  #flush({ records, statusChanges, leisure }: Table, partition: number, span: Span): Promise<FlushAnswer> {
    const { writer, tables, partitions, epochs } = this.#options;
    const epoch = epochs.get(partition);
    return writer.ask('flush', {
      table: records.share(),
      partition,
      partitions,
      ...(epoch === undefined ? {} : { epoch }),
      fromOffset: span.fromOffset,
      appliedOffset: span.toOffset,
      completeTo: span.newestReceivedAt,
      statusChanges:
        partitions === 1 ? statusChanges : statusChanges.filter(({ vehicleNo }) => tables.partitionOf(vehicleNo) === partition),
      leisure,
    });
  }

  #count(partition: number, answer: FlushAnswer): void {
    this.conflicts += answer.conflicts;
    this.unreadable += answer.unreadable;
    this.#options.stored(answer.statistics);
    putAside(partition, answer, this.#options);
  }
}
