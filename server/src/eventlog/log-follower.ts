import { batchFrom, type RecordBatch } from '../events/index.ts';
import { OperationalError } from '../kernel/index.ts';
import type { FollowOptions, Follower, LogPosition } from './ports.ts';

/** What a follower needs of one partition of the log it follows. */
export interface FollowSource {
  readonly partition: number;
  startOffset(): number;
  endOffset(): number;
  /** The records from the first that is kept together with the one at an offset: the batch may begin before it. */
  read(fromOffset: number): Promise<RecordBatch>;
  /** What is known of the end may be old: resolves when it was asked for. */
  askEnd?(): Promise<void>;
  /** It has everything there is, and takes what is `committed` next. */
  waits?(): void;
  forget(follower: LogFollower): void;
}

/** Reads the log while behind, and takes committed groups straight from memory when at the tail. */
export class LogFollower implements Follower {
  readonly #source: FollowSource;
  readonly #options: FollowOptions;
  /** Batches before this are not wanted: a follower may begin within a group. */
  readonly #wantedFrom: number;
  #caughtUpAt: number;
  #offset: number;
  #isBusy = false;
  #isStopped = false;
  #isCaughtUp = false;
  #stopped: (() => void)[] = [];

  constructor(source: FollowSource, options: FollowOptions, groupStart: number) {
    this.#source = source;
    this.#options = options;
    this.#offset = groupStart;
    this.#wantedFrom = options.fromOffset;
    this.#caughtUpAt = source.endOffset();
    // Not before `follow` has answered: what is called may use the answer.
    queueMicrotask(() => void this.#begin());
  }

  get position(): LogPosition {
    return { partition: this.#source.partition, offset: this.#offset };
  }

  /** At its place and ready to take the next batch. */
  get isWaiting(): boolean {
    return !this.#isBusy && !this.#isStopped;
  }

  /**
   * A group was committed; taken from memory when it is the next one and nothing is under way. True: the handler is not done with the
   * batch, whose memory must stay as it is.
   */
  committed(batch: RecordBatch, firstOffset: number): boolean {
    if (!this.isWaiting) return false;
    if (this.#offset !== firstOffset) {
      void this.#catchUp();
      return false;
    }
    try {
      const pending = this.#deliver(batch);
      if (pending) this.#waitFor(pending);
      return pending !== undefined;
    } catch (error) {
      this.#fail(error as Error);
      return false;
    }
  }

  /** The log has become longer by records that are to be read. */
  more(): void {
    void this.#catchUp();
  }

  stop(): Promise<void> {
    this.#isStopped = true;
    this.#source.forget(this);
    if (!this.#isBusy) return Promise.resolve();
    return new Promise((resolve) => this.#stopped.push(resolve));
  }

  /** A reader that is ahead of the log has data of records that the log has lost: going on would take new ones for known ones. */
  async #begin(): Promise<void> {
    const { fromOffset } = this.#options;
    if (this.#isStopped) return;
    // Another process may have read what was written a moment ago, and given the partition to this one.
    if (fromOffset > this.#caughtUpAt) await this.#learnEnd();
    if (this.#isStopped) return;
    if (fromOffset <= this.#caughtUpAt) void this.#catchUp();
    else
      this.#fail(
        new OperationalError(
          'unavailable',
          `the log ends at offset ${this.#caughtUpAt}, but a reader has read up to ${fromOffset}`,
        ),
      );
  }

  async #learnEnd(): Promise<void> {
    this.#isBusy = true;
    try {
      await this.#source.askEnd?.();
      this.#caughtUpAt = this.#source.endOffset();
      this.#isBusy = false;
      this.#tellStopped();
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #deliver(batch: RecordBatch): void | Promise<void> {
    const isEarlier = batch.count > 0 && (batch.offsets[0] as number) < this.#wantedFrom;
    const wanted = isEarlier ? batchFrom(batch, this.#wantedFrom) : batch;
    this.#offset = batch.nextOffset;
    return this.#options.handle(wanted);
  }

  #waitFor(pending: Promise<void>): void {
    this.#isBusy = true;
    pending.then(
      () => {
        this.#isBusy = false;
        this.#tellStopped();
        void this.#catchUp();
      },
      (error: Error) => this.#fail(error),
    );
  }

  async #catchUp(): Promise<void> {
    if (!this.isWaiting) return;
    this.#isBusy = true;
    try {
      while (!this.#isStopped && this.#offset < this.#source.endOffset()) {
        const batch = await this.#readNext();
        if (batch && !this.#isStopped) await this.#deliver(batch);
      }
      if (!this.#isStopped && !this.#isCaughtUp && this.#offset >= this.#caughtUpAt) {
        this.#isCaughtUp = true;
        this.#options.caughtUp?.();
      }
      this.#isBusy = false;
      this.#tellStopped();
      if (!this.#isStopped) this.#source.waits?.();
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  /** Undefined when retention took the file away while it was read. */
  async #readNext(): Promise<RecordBatch | undefined> {
    this.#offset = Math.max(this.#offset, this.#source.startOffset());
    try {
      return await this.#source.read(this.#offset);
    } catch (error) {
      if (this.#offset < this.#source.startOffset()) return undefined;
      throw error;
    }
  }

  #fail(error: Error): void {
    const wasStopped = this.#isStopped;
    this.#isBusy = false;
    this.#isStopped = true;
    this.#source.forget(this);
    this.#tellStopped();
    // Nobody follows any more: that reading was cut off is no failure.
    if (wasStopped) return;
    // Apart: what it throws is its own failure, not that of the commit which is being told.
    queueMicrotask(() => this.#options.failed(error));
  }

  #tellStopped(): void {
    if (!this.#isStopped) return;
    for (const stopped of this.#stopped) stopped();
    this.#stopped = [];
  }
}
