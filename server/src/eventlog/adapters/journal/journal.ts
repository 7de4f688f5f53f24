import type { FileHandle } from 'node:fs/promises';
import { statfs, unlink } from 'node:fs/promises';
import { type RecordBatch, recordBytesMax, recordHeaderBytes } from '../../../events/index.ts';
import { assert, OperationalError } from '../../../kernel/index.ts';
import type {
  AppendListener,
  EventLog,
  Follower,
  FollowOptions,
  JoinOptions,
  LogPosition,
  LogRefusal,
  LogStatistics,
  Membership,
  ReadVehicleOptions,
  VehicleRecord,
} from '../../ports.ts';
import { type FollowSource, LogFollower } from '../../log-follower.ts';
import { SingleMembers } from '../../single-members.ts';
import type { ConsumerOffsets } from './consumer-offsets.ts';
import { findGroup } from './find-group.ts';
import type { JournalLimits, JournalOptions } from './options.ts';
import { PendingGroup } from './pending-group.ts';
import { readGroups } from './read-groups.ts';
import { readVehicleRecords } from './read-vehicle.ts';
import { saveDurableEnd } from './durable-end.ts';
import { isDiskFull, syncFolder, writeAll } from './files.ts';
import { createSegment, filePosition, saveIndex, type Segment } from './segment.ts';

/** The embedded event log: one physical journal, committed in groups. */
export class Journal implements EventLog, FollowSource {
  readonly partition = 0;
  readonly #options: JournalOptions;
  readonly #limits: JournalLimits;
  readonly #segments: Segment[];
  readonly #consumers: ConsumerOffsets;
  readonly #followers = new Set<LogFollower>();
  readonly #members = new SingleMembers([0]);
  /** Undefined: the disk was too full to begin the file of the active segment. */
  #handle: FileHandle | undefined;
  #gathering = new PendingGroup();
  #committing = new PendingGroup();
  #isCommitting = false;
  #isScheduled = false;
  #lastCommitAt = 0;
  #refusal: Exclude<LogRefusal, 'closed'> | undefined;
  #isClosed = false;
  #whenWritable: (() => void)[] = [];
  #whenIdle: (() => void)[] = [];
  #stopDiskChecks: () => void = () => {};
  /** The look at the free space that is under way. */
  #checking: Promise<void> = Promise.resolve();
  /** Indexes of closed segments that are being written. */
  #saving: Promise<void> = Promise.resolve();
  #appendedRecords = 0;
  #commits = 0;

  constructor(
    options: JournalOptions,
    limits: JournalLimits,
    segments: Segment[],
    handle: FileHandle | undefined,
    consumers: ConsumerOffsets,
  ) {
    this.#options = options;
    this.#limits = limits;
    this.#segments = segments;
    this.#handle = handle;
    this.#refusal = handle ? undefined : 'disk_full';
    this.#consumers = consumers;
  }

  append(record: Uint8Array, listener: AppendListener, token: number): LogRefusal | undefined {
    const refusal = this.refusal();
    if (refusal) return refusal;
    const { length } = record;
    assert(length >= recordHeaderBytes && length <= recordBytesMax, `a log record has ${length} bytes`);
    this.#gathering.oldestAt ??= this.#options.clock.now();
    this.#gathering.add(record, listener, token);
    this.#schedule();
    return undefined;
  }

  refusal(): LogRefusal | undefined {
    if (this.#isClosed) return 'closed';
    if (this.#refusal) return this.#refusal;
    const { count, byteLength } = this.#gathering;
    if (count < this.#limits.pendingRecordsMax && byteLength < this.#limits.pendingBytesMax) return undefined;
    return 'queue_full';
  }

  onWritable(callback: () => void): void {
    if (this.refusal()) this.#whenWritable.push(callback);
    else queueMicrotask(callback);
  }

  partitions(): readonly number[] {
    return [0];
  }

  endOffset(): number {
    return this.#active.endOffset;
  }

  /** No other process appends. */
  learnEnds(): Promise<void> {
    return Promise.resolve();
  }

  startOffset(): number {
    return (this.#segments[0] as Segment).firstOffset;
  }

  follow(options: FollowOptions): Follower {
    const follower = new LogFollower(this, options, Math.max(options.fromOffset, this.startOffset()));
    this.#followers.add(follower);
    return follower;
  }

  forget(follower: LogFollower): void {
    this.#followers.delete(follower);
  }

  async read(fromOffset: number): Promise<RecordBatch> {
    const index = this.#segments.findLastIndex((one) => one.firstOffset <= fromOffset);
    const segment = this.#segments[index];
    if (!segment) throw new OperationalError('unavailable', `the journal begins after offset ${fromOffset}`);
    const next = this.#segments[index + 1];
    if (next && fromOffset >= segment.endOffset) return this.read(next.firstOffset);
    return readGroups(segment, await findGroup(segment, fromOffset), this.#limits.readBytes);
  }

  readVehicle(options: ReadVehicleOptions): Promise<readonly VehicleRecord[]> {
    return readVehicleRecords([...this.#segments], options, (segment) => this.#segments.includes(segment));
  }

  commitConsumer(consumer: string, position: LogPosition): Promise<void> {
    return this.#consumers.commit(consumer, position);
  }

  consumerPosition(consumer: string): Promise<number | undefined> {
    return Promise.resolve(this.#consumers.get(consumer));
  }

  join(options: JoinOptions): Membership {
    return this.#members.join(options);
  }

  async enforceRetention(): Promise<void> {
    const oldestMs = this.#options.clock.now() - this.#limits.retentionMs;
    while (this.#segments.length > 1) {
      const oldest = this.#segments[0] as Segment;
      const isTooOld = oldest.index.newestReceivedAt < oldestMs;
      if (!isTooOld && this.statistics().bytes <= this.#limits.bytesMax) return;
      await this.#saving;
      // Another call may have removed it meanwhile.
      if (this.#segments[0] !== oldest) continue;
      await this.#removeOldest(oldest);
      await syncFolder(this.#options.folder);
    }
  }

  /** Readers are told first that it is gone. One that cannot be removed stays in its place: a gap would be refused at the next start. */
  async #removeOldest(oldest: Segment): Promise<void> {
    this.#segments.shift();
    try {
      await unlink(`${oldest.file}.idx`).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
      await unlink(oldest.file);
    } catch (error) {
      this.#segments.unshift(oldest);
      throw error;
    }
  }

  /** Nobody else appends. */
  knownToMs(): number {
    return this.statistics().oldestPendingAt ?? this.#options.clock.now();
  }

  statistics(): LogStatistics {
    const oldest = this.#segments[0] as Segment;
    return {
      bytes: this.#active.endOffset - oldest.firstOffset,
      segments: this.#segments.length,
      oldestReceivedAt: oldest.index.count > 0 ? oldest.index.oldestReceivedAt : null,
      appendedRecords: this.#appendedRecords,
      commits: this.#commits,
      pendingRecords: this.#gathering.count + this.#committing.count,
      pendingBytes: this.#gathering.byteLength + this.#committing.byteLength,
      oldestPendingAt: this.#committing.oldestAt ?? this.#gathering.oldestAt,
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopDiskChecks();
    await this.#members.leave();
    await this.#checking;
    if (this.#isCommitting || this.#isScheduled) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
    for (const follower of this.#followers) await follower.stop();
    await this.#saving;
    await this.#handle?.close();
    await saveDurableEnd(this.#options.folder, this.endOffset()).catch((error: unknown) =>
      this.#options.logger.warn('the end of the journal could not be noted', { error }),
    );
  }

  /** Looks at the free space from now on. */
  startDiskChecks(): Promise<void> {
    const again = (): void => {
      if (this.#isClosed) return;
      this.#stopDiskChecks = this.#options.clock.after(this.#limits.diskCheckMs, () => {
        this.#checking = this.#checkDisk().then(again);
      });
    };
    return this.#checkDisk().then(again);
  }

  get #active(): Segment {
    return this.#segments.at(-1) as Segment;
  }

  #schedule(): void {
    if (this.#isCommitting || this.#isScheduled) return;
    this.#isScheduled = true;
    const waitMs = this.#lastCommitAt + this.#limits.commitSpacingMs - performance.now();
    // Not the injected clock: this paces the disk, it decides nothing.
    if (waitMs > 0) setTimeout(() => void this.#commit(), waitMs);
    else setImmediate(() => void this.#commit());
  }

  async #commit(): Promise<void> {
    this.#isScheduled = false;
    this.#isCommitting = true;
    this.#lastCommitAt = performance.now();
    [this.#gathering, this.#committing] = [this.#committing, this.#gathering];
    try {
      if (this.#refusal === 'failed') throw new OperationalError('unavailable', 'the journal has failed');
      await this.#roll();
      await this.#write();
      this.#deliver();
    } catch (error) {
      await this.#failed(error);
    }
    this.#committing.reset();
    this.#isCommitting = false;
    this.#tellWritable();
    if (this.#gathering.count > 0) this.#schedule();
    else for (const idle of this.#whenIdle.splice(0)) idle();
  }

  async #write(): Promise<void> {
    const segment = this.#active;
    const bytes = this.#committing.seal(segment.endOffset);
    this.#handle ??= (await createSegment(this.#options.folder, segment.firstOffset)).handle;
    await writeAll(this.#handle, bytes, filePosition(segment, segment.endOffset));
    await this.#handle.datasync();
    this.#committing.addToIndex(segment.index, segment.firstOffset);
    segment.endOffset += bytes.length;
    this.#commits++;
    this.#appendedRecords += this.#committing.count;
  }

  /** Read models first: what a device hears is stored can be read by then. */
  #deliver(): void {
    const group = this.#committing;
    const batch = group.batch();
    const firstOffset = batch.nextOffset - group.byteLength;
    let isHeld = false;
    for (const follower of this.#followers) isHeld = follower.committed(batch, firstOffset) || isHeld;
    // A handler that is not done reads on in this memory: the next group gets other.
    if (isHeld) this.#committing = new PendingGroup();
    for (const error of group.tellAppended()) this.#options.logger.error('a listener of an append threw', { error });
  }

  /** Begins a new segment when the active one is large or old enough. The index of the old one is written meanwhile. */
  async #roll(): Promise<void> {
    const old = this.#active;
    const isLarge = filePosition(old, old.endOffset) >= this.#limits.segmentBytes;
    const isOld = this.#options.clock.now() - old.index.oldestReceivedAt > this.#limits.segmentAgeMs;
    if (!isLarge && !isOld) return;
    const oldHandle = this.#handle;
    const { segment, handle } = await createSegment(this.#options.folder, old.endOffset);
    this.#handle = handle;
    this.#segments.push(segment);
    this.#saving = this.#saving
      .then(() => saveIndex(old))
      .catch((error: unknown) => this.#options.logger.warn('an index is not written: it is made at the next start', { error }));
    await oldHandle?.close();
  }

  /**
   * A write that met a full disk is undone and may be tried again. After any other failure nobody knows what is on disk (the kernel may
   * have dropped the pages), so the journal takes nothing more until it is opened anew and has read itself back.
   */
  async #failed(error: unknown): Promise<void> {
    const { logger } = this.#options;
    try {
      await this.#handle?.truncate(filePosition(this.#active, this.#active.endOffset));
      if (!isDiskFull(error)) throw error;
      this.#refusal ??= 'disk_full';
      logger.warn('the disk is full: no report is taken until there is room', { error });
    } catch (cause) {
      this.#refusal = 'failed';
      logger.error('the journal has failed: no report is taken until the server is started again', { error: cause });
    }
    const code = this.#refusal === 'disk_full' ? 'disk_full' : 'unavailable';
    const failure = new OperationalError(code, 'the record could not be written', { cause: error });
    for (const thrown of this.#committing.tellFailed(failure)) logger.error('a listener of an append threw', { error: thrown });
  }

  async #checkDisk(): Promise<void> {
    if (this.#refusal === 'failed' || this.#isClosed) return;
    const isLow = await this.#isDiskLow();
    if (isLow && this.#refusal === undefined)
      this.#options.logger.warn('the disk is nearly full: no report is taken until there is room');
    if (this.#refusal === undefined || this.#refusal === 'disk_full') this.#refusal = isLow ? 'disk_full' : undefined;
    if (!isLow) this.#tellWritable();
  }

  async #isDiskLow(): Promise<boolean> {
    try {
      const { bavail, bsize } = await statfs(this.#options.folder);
      return bavail * bsize < this.#limits.diskReserveBytes;
    } catch (error) {
      this.#options.logger.warn('the free space of the disk is not known', { error });
      return this.#refusal === 'disk_full';
    }
  }

  #tellWritable(): void {
    if (this.#whenWritable.length === 0 || this.refusal()) return;
    for (const writable of this.#whenWritable.splice(0)) writable();
  }
}
