import { batchFrom, type RecordBatch } from '../../../events/index.ts';
import { OperationalError } from '../../../kernel/index.ts';
import type { FollowOptions } from '../../ports.ts';
import { KnownTime, type KnownTimeLimits } from './known-time.ts';
import { type FollowSource, LogFollower } from '../../log-follower.ts';

/** What a partition's tail needs of the log. */
export interface TailSource {
  /** The batch from an offset on, and where the partition begins and ends; it tries until there is an answer. */
  read(partition: number, fromOffset: number): Promise<RecordBatch | undefined>;
  /** Asks where partitions end; it tries until there is an answer. */
  askEnds(): Promise<void>;
  /** Somebody waits for what comes next. */
  wanted(): void;
  /** ms since 1970. */
  now(): number;
}

/** One partition as this process knows it: where it begins and ends, and who follows it. */
export class PartitionTail implements FollowSource {
  readonly partition: number;
  readonly #source: TailSource;
  readonly #followers = new Set<LogFollower>();
  #start = 0;
  #end = 0;
  #answeredAtMs = Number.NEGATIVE_INFINITY;
  readonly #known: KnownTime;

  constructor(partition: number, source: TailSource, limits: KnownTimeLimits) {
    this.partition = partition;
    this.#source = source;
    this.#known = new KnownTime(limits, () => source.now());
  }

  startOffset(): number {
    return this.#start;
  }

  endOffset(): number {
    return this.#end;
  }

  /** When a broker spoke of it last, on the clock of the process, ms. */
  get answeredAtMs(): number {
    return this.#answeredAtMs;
  }

  /** Everything that gateways heard up to this moment (ms) is before the end. */
  knownToMs(): number {
    return this.#known.ms;
  }

  /** What a broker said first. `wasThere`: it was before, too. */
  begin(startOffset: number, endOffset: number, askedMs: number, wasThere: boolean): void {
    this.#known.begin(askedMs, wasThere);
    this.learn(startOffset, endOffset, askedMs);
  }

  /**
   * What a broker said last, asked at a moment (ms). Answers that were overtaken by later ones change nothing. Followers read what is new to
   * them.
   */
  learn(startOffset: number, endOffset: number, askedMs: number): void {
    this.unchanged(askedMs);
    if (startOffset > this.#start) this.#start = startOffset;
    if (endOffset <= this.#end) return;
    this.#end = endOffset;
    for (const follower of this.#followers) follower.more();
  }

  /** A broker, asked at a moment (ms), has nothing new. */
  unchanged(askedMs: number): void {
    this.#known.answered(askedMs);
    this.#answeredAtMs = performance.now();
  }

  follow(options: FollowOptions): LogFollower {
    const follower = new LogFollower(this, options, Math.max(options.fromOffset, this.#start));
    this.#followers.add(follower);
    return follower;
  }

  /** Somebody is at the end and waits for what comes. */
  get isWaitedFor(): boolean {
    for (const follower of this.#followers) if (follower.isWaiting && follower.position.offset === this.#end) return true;
    return false;
  }

  /**
   * Records that are durable, from the producer or from the tail, whichever is first here. True: a handler is not done with them, their memory
   * must stay as it is.
   */
  committed(batch: RecordBatch, firstOffset: number): boolean {
    const end = this.#end;
    if (batch.nextOffset <= end) return false;
    this.#end = batch.nextOffset;
    // Its beginning came from the other one already.
    const fresh = firstOffset < end ? batchFrom(batch, end) : batch;
    let isHeld = false;
    // Where something lies between what is known and this, followers are not at its beginning and read it first.
    for (const follower of this.#followers) isHeld = follower.committed(fresh, Math.max(firstOffset, end)) || isHeld;
    return isHeld;
  }

  async read(fromOffset: number): Promise<RecordBatch> {
    const batch = await this.#source.read(this.partition, fromOffset);
    if (batch) return batch;
    throw new OperationalError(
      'unavailable',
      `the log has no record from offset ${fromOffset} of partition ${this.partition} on, though it ends at offset ${this.#end}`,
    );
  }

  askEnd(): Promise<void> {
    return this.#source.askEnds();
  }

  waits(): void {
    this.#source.wanted();
  }

  forget(follower: LogFollower): void {
    this.#followers.delete(follower);
  }

  async stopFollowers(): Promise<void> {
    for (const follower of this.#followers) await follower.stop();
  }
}
