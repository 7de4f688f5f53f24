import type { Clock, Logger } from '../kernel/index.ts';
import { replicaLookMs } from './limits.ts';
import type { AppliedState } from './ports.ts';
import type { TableSink } from './table-queue.ts';
import type { Table, Tables } from './tables.ts';

export interface ReplicaSinkOptions {
  readonly tables: Tables;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What the store says of each partition. */
  readonly applied: () => Promise<readonly AppliedState[]>;
}

/** Another process writes the chunks: a table stays in memory until the store says that it has them. */
export class ReplicaSink implements TableSink {
  readonly #options: ReplicaSinkOptions;
  #isAway = false;
  #cancel: (() => void) | undefined;
  #closed: (() => void) | undefined;

  constructor(options: ReplicaSinkOptions) {
    this.#options = options;
  }

  /** Resolves, too, when the table had to be let go. */
  async store(table: Table): Promise<void> {
    const { tables } = this.#options;
    while (tables.sealed.includes(table)) {
      await this.#look();
      if (isStored(table, tables)) return;
      await this.#pause();
    }
  }

  close(): void {
    this.#cancel?.();
    this.#closed?.();
  }

  /** A store that does not answer is asked again: what is in memory can be read meanwhile. */
  async #look(): Promise<void> {
    const { tables, applied, logger } = this.#options;
    try {
      for (const state of await applied()) tables.stored(state.partition, state.appliedOffset, state.completeTo);
      this.#isAway = false;
    } catch (error) {
      if (!this.#isAway) logger.warn('the store of history does not say what it has; it is asked again', { error });
      this.#isAway = true;
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#closed = resolve;
      this.#cancel = this.#options.clock.after(replicaLookMs, resolve);
    });
  }
}

const isStored = ({ spans }: Table, tables: Tables): boolean =>
  [...spans].every(([partition, { toOffset }]) => (tables.storedOffset(partition) ?? 0) >= toOffset);
