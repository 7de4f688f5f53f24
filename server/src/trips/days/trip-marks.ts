import type { EventLog } from '../../eventlog/index.ts';
import { physicalPartitionOf, type RecordBatch, recordFields, virtualPartitionOf } from '../../events/index.ts';
import { type Clock, type Logger, OperationalError } from '../../kernel/index.ts';
import { type Storage, systemActor, type Transaction } from '../../storage/index.ts';
import { NotedSamples, type NotedRange, type TakenNotes, type WrittenState } from './noted-samples.ts';
import { dayMs, tripStoreLimits } from './store-limits.ts';
import {
  addTripVehicles,
  claimPartitions,
  forgetScans,
  lockPartitions,
  markRanges,
  type PartitionShare,
  type ReachedOffset,
  readProgress,
  resetStoredOffset,
  type TripProgress,
  writeProgress,
} from './store-marks.ts';

export const tripsActor = systemActor('trips');

export interface TripMarksOptions {
  readonly storage: Storage;
  readonly log: Pick<EventLog, 'startOffset' | 'endOffset' | 'learnEnds' | 'partitions'>;
  /** Physical partitions that this process follows. */
  readonly partitions: readonly number[];
  /** It writes the marks of its partitions, and finishes days; else it only reads what others write. */
  readonly isWriter: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Where the records of a partition are noted up to. */
interface Position {
  /** Where noting began. */
  readonly fromOffset: number;
  offset: number;
  /** receivedAt of the newest record, ms. */
  completeTo: number;
  /** Up to where the marks in the database reach. */
  writtenOffset: number;
  writtenTo: number;
}

const dueTimes = (nowMs: number) => ({ nowMs, settleMs: tripStoreLimits.settleMs, lateMs: tripStoreLimits.lateMs });

/**
 * The read model behind the log that knows which days of which vehicles got samples. One process writes the marks of a partition, together
 * with the offset that they reach; what was not written is read from the log again after a restart. Others note for themselves what is not written yet.
 */
export class TripMarks {
  readonly noted = new NotedSamples();
  readonly #options: TripMarksOptions;
  readonly #positions = new Map<number, Position>();
  readonly #claims = new Map<number, number>();
  readonly #partitionCount: number;
  /** Flushes come one after the other. */
  #flushing: Promise<void> = Promise.resolve();
  #flushesWaiting = 0;
  #cancelTimer = (): void => {};
  #room: PromiseWithResolvers<void> | undefined;
  #isClosed = false;
  /** Another process writes the marks of these partitions now. */
  #isSuperseded = false;
  marked = 0;
  flushes = 0;

  constructor(options: TripMarksOptions) {
    this.#options = options;
    this.#partitionCount = options.log.partitions().length;
  }

  get share(): PartitionShare {
    return { partitions: this.#options.partitions, count: this.#partitionCount };
  }

  get isWriter(): boolean {
    return this.#options.isWriter && !this.#isSuperseded;
  }

  partitionOf(vehicleNo: number): number {
    return physicalPartitionOf(vehicleNo, this.#partitionCount);
  }

  /** Takes the partitions over, and finds out where noting begins. */
  async open(beginOffset: (partition: number) => number): Promise<void> {
    const { storage, log, partitions, isWriter } = this.#options;
    // A log that seems to end before what was read of it would make everything be derived anew.
    if (isWriter) await log.learnEnds();
    const progress = await storage.withActor(tripsActor, (tx) => (isWriter ? this.#claim(tx) : readProgress(tx)));
    const byPartition = new Map(progress.map((one) => [one.partition, one]));
    for (const partition of partitions)
      this.#positions.set(partition, this.#positionOf(partition, byPartition.get(partition), beginOffset));
    this.#schedule(tripStoreLimits.flushEveryMs);
  }

  #positionOf(partition: number, progress: TripProgress | undefined, beginOffset: (partition: number) => number): Position {
    const written = progress?.offset ?? null;
    const begin = beginOffset(partition);
    // Who only reads notes all that it is given; who writes goes on where the marks end.
    const fromOffset = this.#options.isWriter && written !== null ? written : begin;
    const completeTo = progress?.completeTo ?? 0;
    return { fromOffset, offset: fromOffset, completeTo, writtenOffset: written ?? begin, writtenTo: completeTo };
  }

  async #claim(tx: Transaction): Promise<TripProgress[]> {
    const { log, partitions, logger } = this.#options;
    const claimed = await claimPartitions(tx, partitions);
    for (const { partition, claim } of claimed) this.#claims.set(partition, claim);
    const lost = claimed.filter(({ partition, offset, storedOffset }) => {
      const isBehind = offset !== null && offset < log.startOffset(partition);
      return isBehind || Math.max(offset ?? 0, storedOffset) > log.endOffset(partition);
    });
    if (lost.length === 0) return claimed;
    logger.warn('the log does not go on where trips stand: every day is derived anew', {
      partitions: lost.map((one) => one.partition),
    });
    await forgetScans(tx, { partitions: lost.map(({ partition }) => partition), count: this.#partitionCount });
    const reset = new Map<number, number>();
    for (const { partition, offset } of lost) {
      const from = Math.min(log.endOffset(partition), Math.max(log.startOffset(partition), offset ?? 0));
      await resetStoredOffset(tx, partition, from);
      reset.set(partition, from);
    }
    return claimed.map((one) => ({ ...one, offset: reset.get(one.partition) ?? one.offset }));
  }

  /** First record that is wanted of a partition. */
  startOffset(partition: number): number | undefined {
    return this.#positions.get(partition)?.fromOffset;
  }

  apply(batch: RecordBatch): void {
    const position = this.#positions.get(batch.partition);
    if (!position) return;
    this.noted.note(batch);
    position.offset = Math.max(position.offset, batch.nextOffset);
    if (batch.count > 0)
      position.completeTo = Math.max(
        position.completeTo,
        recordFields.receivedAt(batch.view, batch.starts[batch.count - 1] as number),
      );
    if (this.isWriter && this.noted.count >= tripStoreLimits.notedRangesMax && this.#flushesWaiting === 0) void this.flush();
  }

  /** Undefined: go on. */
  ready(): Promise<void> | undefined {
    if (!this.isWriter || this.noted.count < tripStoreLimits.waitingRangesMax) return undefined;
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  /** Offset before which everything is noted. */
  offsetOf(vehicleNo: number): number {
    return this.#positions.get(this.partitionOf(vehicleNo))?.offset ?? 0;
  }

  /** Whether samples of a vehicle may have come behind an offset. */
  wasHeardAfter(vehicleNo: number, offset: number): boolean {
    const heard = this.noted.heardOf(vehicleNo);
    if (heard > 0) return heard > offset;
    return offset < (this.#positions.get(this.partitionOf(vehicleNo))?.fromOffset ?? 0);
  }

  /** receivedAt (ms) up to which it is known which days got samples. */
  completeToOf(vehicleNo: number): number {
    const position = this.#positions.get(this.partitionOf(vehicleNo));
    if (!position) return 0;
    return this.isWriter || position.writtenOffset >= position.fromOffset ? position.completeTo : position.writtenTo;
  }

  /** Answers when what was noted before is written. Of who only reads: when it knows what others have written. */
  flush(): Promise<void> {
    this.#flushesWaiting++;
    const flushed = this.#flushing.then(() => {
      this.#flushesWaiting--;
      return this.isWriter ? this.#write() : this.#readWritten();
    });
    this.#flushing = flushed.catch(() => undefined);
    return flushed;
  }

  #schedule(afterMs: number): void {
    if (this.#isClosed) return;
    const { clock, logger } = this.#options;
    this.#cancelTimer = clock.after(afterMs, () => {
      this.flush().then(
        () => this.#schedule(tripStoreLimits.flushEveryMs),
        (error: unknown) => {
          if (!(error instanceof OperationalError)) logger.error('marks of days could not be written', { error });
          this.#schedule(tripStoreLimits.flushRetryMs);
        },
      );
    });
  }

  async #readWritten(): Promise<void> {
    const progress = await this.#options.storage.withActor(tripsActor, readProgress);
    for (const { partition, offset, completeTo } of progress) {
      const position = this.#positions.get(partition);
      if (!position || offset === null) continue;
      position.writtenOffset = offset;
      position.writtenTo = completeTo;
    }
    this.noted.forgetBefore(
      (vehicleNo, heardOffset) => heardOffset <= (this.#positions.get(this.partitionOf(vehicleNo))?.writtenOffset ?? 0),
    );
  }

  #reached(): ReachedOffset[] {
    return [...this.#positions]
      .filter(([, { offset, writtenOffset }]) => offset > writtenOffset)
      .map(([partition, { offset, completeTo }]) => ({ partition, offset, completeTo }));
  }

  async #write(): Promise<void> {
    // Taken in one turn: the ranges are those of the records before the offsets.
    const reached = this.#reached();
    const taken = this.noted.take();
    if (reached.length === 0 && taken.ranges.length === 0) return;
    try {
      const states = await this.#options.storage.withActor(tripsActor, (tx) => this.#writeIn(tx, taken, reached));
      if (!states) return;
      this.noted.written(taken, states);
    } catch (error) {
      this.noted.putBack(taken);
      throw error;
    }
    for (const { partition, offset, completeTo } of reached) {
      const position = this.#positions.get(partition) as Position;
      position.writtenOffset = offset;
      position.writtenTo = completeTo;
    }
    this.marked += taken.ranges.length;
    this.flushes++;
    this.#room?.resolve();
    this.#room = undefined;
  }

  /** Undefined: another process has these partitions. */
  async #writeIn(
    tx: Transaction,
    { ranges }: TakenNotes,
    reached: readonly ReachedOffset[],
  ): Promise<WrittenState[] | undefined> {
    if (!(await this.holdIn(tx))) return undefined;
    const states: WrittenState[] = [];
    for (let at = 0; at < ranges.length; at += tripStoreLimits.rangesPerStatementMax) {
      const some = ranges.slice(at, at + tripStoreLimits.rangesPerStatementMax);
      await addTripVehicles(tx, vehiclesOf(some));
      states.push(...(await markRanges(tx, some, dueTimes(this.#options.clock.now()))));
    }
    await writeProgress(tx, reached);
    return states;
  }

  /** Keeps others from writing marks or finishing days until the transaction ends. False: the partitions are not this process's any more. */
  async holdIn(tx: Transaction): Promise<boolean> {
    const claims = await lockPartitions(tx, this.#options.partitions);
    const isOurs = this.#options.partitions.every((partition) => claims.get(partition) === this.#claims.get(partition));
    if (!isOurs && !this.#isSuperseded) {
      this.#isSuperseded = true;
      this.#room?.resolve();
      this.#options.logger.warn('another process writes the marks of these partitions', { partitions: this.#options.partitions });
    }
    return isOurs;
  }

  /** Writes what is noted, unless it is no longer this process's to write. */
  async close(isLost: boolean): Promise<void> {
    this.#isClosed = true;
    this.#cancelTimer();
    await this.#flushing;
    // What cannot be written now is read from the log by the next start.
    if (!isLost && this.isWriter) await this.flush().catch(() => undefined);
  }
}

export const vehiclesOf = (ranges: readonly Pick<NotedRange, 'vehicleNo'>[]) =>
  [...new Set(ranges.map(({ vehicleNo }) => vehicleNo))].map((vehicleNo) => ({
    vehicleNo,
    virtualPartition: virtualPartitionOf(vehicleNo),
  }));

export const daysBetween = (fromMs: number, toMs: number): number[] => {
  const first = Math.floor(fromMs / dayMs);
  const last = Math.floor((toMs - 1) / dayMs);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
};
