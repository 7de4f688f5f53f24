import { type RecordBatch, recordFields } from '../../events/index.ts';
import { openChunkStore } from '../../history/adapters/sqlite/index.ts';
import {
  bucketOf,
  type ChunkStore,
  HiddenValues,
  openHistory,
  readAllStatus,
  type StatusChange,
  takeOverChunks,
  type ThreadedHistory,
} from '../../history/index.ts';
import { StatusDeriver } from '../../live/index.ts';
import { compareMonths, compareTimelines, type HistoryPair } from './compare-history.ts';
import { KnownVehicles } from './known-vehicles.ts';
import type { BuildContext, Compared, ModelBuilder } from './types.ts';

const sqliteModule = new URL('../../history/adapters/sqlite/index.ts', import.meta.url);

/** Changes as close as this to the newest record are not compared: what is received at once may be appended in another order. */
const settledLagMs = 100;

/**
 * Chunks, minute roll-ups and the timeline of connection status, from the log. Chunks that begin before the log are taken over, and so is what
 * the timeline says of a vehicle before the log first tells of it.
 */
export class HistoryBuilder implements ModelBuilder {
  readonly #context: BuildContext;
  readonly #old: ChunkStore;
  readonly #history: ThreadedHistory;
  readonly #vehicles: KnownVehicles;
  readonly #deriver: StatusDeriver;
  /** Months that the log speaks of, by vehicle. */
  readonly #months = new Map<number, Set<number>>();
  #newestReceivedAt = 0;
  #isOpen = true;

  constructor(context: BuildContext, old: ChunkStore, history: ThreadedHistory) {
    this.#context = context;
    this.#old = old;
    this.#history = history;
    this.#vehicles = new KnownVehicles(old, context.point.startOffset === 0);
    const { directory, vocabulary, timeouts, logger } = context;
    this.#deriver = new StatusDeriver({
      directory,
      vocabulary,
      defaults: timeouts,
      logger,
      timesOf: (vehicleNo, fromMs, toMs) => this.#noteMonths(vehicleNo, fromMs, toMs),
    });
  }

  get comparedAt(): number {
    return this.#context.point.offset;
  }

  async begin(): Promise<void> {
    await this.#history.setHiding(this.#context.point.rules);
  }

  async apply(batch: RecordBatch): Promise<void> {
    await this.#vehicles.note(batch, (vehicleNo, status) => this.#deriver.seed(vehicleNo, status));
    this.#deriver.apply(batch);
    this.#history.applyStatus(this.#deriver.takeChanges());
    this.#history.apply(batch);
    if (batch.count > 0)
      this.#newestReceivedAt = Math.max(
        this.#newestReceivedAt,
        recordFields.receivedAt(batch.view, batch.starts[batch.count - 1] as number),
      );
    await this.#history.ready();
  }

  async flush(): Promise<void> {
    await this.#takeOverStatus();
    await this.#history.flush();
  }

  async compare(): Promise<readonly Compared[]> {
    const { point, directory, newFolder, progress } = this.#context;
    const fresh = await openChunkStore({ folder: newFolder }, 'read');
    const release = await this.#history.holdMerging();
    const pair: HistoryPair = { old: this.#old, fresh, point, hidden: new HiddenValues(point.rules), directory };
    try {
      const months = await compareMonths(pair, this.#months, (percent) => progress('comparing', percent));
      const settledMs = this.#newestReceivedAt - settledLagMs;
      const isDerived = ({ vehicleNo, at }: StatusChange): boolean => at < settledMs && this.#vehicles.isInLog(vehicleNo, at);
      return [months, await compareTimelines(pair, isDerived)];
    } finally {
      release();
      await fresh.close();
    }
  }

  /** What the timeline says of vehicles before the log tells of them. */
  async #takeOverStatus(): Promise<void> {
    for await (const page of readAllStatus(this.#old)) {
      this.#history.applyStatus(page.filter(({ vehicleNo, at }) => !this.#vehicles.isInLog(vehicleNo, at)));
      await this.#history.ready();
    }
  }

  /** Larger chunks with their minute roll-ups. */
  derive(): Promise<void> {
    return this.#history.merge();
  }

  async finish(): Promise<void> {
    await this.#history.flush();
    await this.#end(() => this.#history.close());
  }

  abandon(): Promise<void> {
    return this.#end(() => this.#history.abandon());
  }

  async #end(close: () => Promise<void>): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await close();
    await this.#old.close();
  }

  #noteMonths(vehicleNo: number, fromMs: number, toMs: number): void {
    let months = this.#months.get(vehicleNo);
    if (!months) this.#months.set(vehicleNo, (months = new Set()));
    for (let bucket = bucketOf(fromMs); bucket <= bucketOf(toMs); bucket++) months.add(bucket);
  }
}

/** Of a log that is whole there is nothing older. */
const takeOver = async ({ point, progress }: BuildContext, old: ChunkStore, fresh: ChunkStore): Promise<void> => {
  if (point.startOffset === 0) return;
  const { rows } = await old.statistics();
  await takeOverChunks(old, fresh, point.startOffset, (taken) =>
    progress('taking over', rows === 0 ? 100 : (100 * taken.rows) / rows),
  );
};

export const buildHistory = async (context: BuildContext): Promise<ModelBuilder> => {
  const { oldFolder, newFolder, vocabulary, clock, logger } = context;
  const old = await openChunkStore({ folder: oldFolder }, 'read');
  try {
    const fresh = await openChunkStore({ folder: newFolder }, 'write');
    try {
      await takeOver(context, old, fresh);
    } finally {
      await fresh.close();
    }
    const history = await openHistory({
      store: { adapterModule: sqliteModule, adapterOptions: { folder: newFolder } },
      clock,
      logger,
      consentGroupOf: (signalNumber) => vocabulary.byNumber(signalNumber)?.group,
      failed: (error) => logger.error('the history that is being built cannot go on', { error }),
    });
    return new HistoryBuilder(context, old, history);
  } catch (error) {
    await old.close();
    throw error;
  }
};
