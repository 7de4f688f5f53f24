import type { FileHandle } from 'node:fs/promises';
import { open, statfs, unlink } from 'node:fs/promises';
import type { RecordBatch } from '../../../events/index.ts';
import { OperationalError } from '../../../kernel/index.ts';
import type {
  AppendListener,
  EventLog,
  Follower,
  FollowOptions,
  LogPosition,
  LogRefusal,
  LogStatistics,
  ReadVehicleOptions,
  VehicleRecord,
} from '../../ports.ts';
import type { ConsumerOffsets } from './consumer-offsets.ts';
import { findGroup } from './find-group.ts';
import { type FollowSource, JournalFollower } from './journal-follower.ts';
import type { JournalLimits, JournalOptions } from './options.ts';
import { PendingGroup } from './pending-group.ts';
import { readGroups } from './read-groups.ts';
import { readVehicleRecords } from './read-vehicle.ts';
import { createSegment, filePosition, type Segment, syncFolder } from './segment.ts';

const isFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');

/** The embedded event log: one physical journal, committed in groups. */
export class Journal implements EventLog, FollowSource {
  readonly #options: JournalOptions;
  readonly #limits: JournalLimits;
  readonly #segments: Segment[];
  readonly #consumers: ConsumerOffsets;
  readonly #followers = new Set<JournalFollower>();
  #handle: FileHandle;
  #gathering = new PendingGroup();
  #committing = new PendingGroup();
  #isCommitting = false;
  #isScheduled = false;
  #lastCommitAt = 0;
  #refusal: LogRefusal | undefined;
  #whenWritable: (() => void)[] = [];
  #whenIdle: (() => void)[] = [];
  #stopDiskChecks: () => void = () => {};
  #appendedRecords = 0;
  #commits = 0;

  constructor(
    options: JournalOptions,
    limits: JournalLimits,
    segments: Segment[],
    handle: FileHandle,
    consumers: ConsumerOffsets,
  ) {
    this.#options = options;
    this.#limits = limits;
    this.#segments = segments;
    this.#handle = handle;
    this.#consumers = consumers;
  }

  append(record: Uint8Array, listener: AppendListener, token: number): LogRefusal | undefined {
    const refusal = this.refusal();
    if (refusal) return refusal;
    this.#gathering.add(record, listener, token);
    this.#schedule();
    return undefined;
  }

  refusal(): LogRefusal | undefined {
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

  startOffset(): number {
    return (this.#segments[0] as Segment).firstOffset;
  }

  follow(options: FollowOptions): Follower {
    const follower = new JournalFollower(this, options, Math.max(options.fromOffset, this.startOffset()));
    this.#followers.add(follower);
    return follower;
  }

  forget(follower: JournalFollower): void {
    this.#followers.delete(follower);
  }

  async read(fromOffset: number): Promise<RecordBatch> {
    const segment = this.#segments.findLast((one) => one.firstOffset <= fromOffset) as Segment;
    if (fromOffset === segment.endOffset && segment !== this.#active) {
      return this.read((this.#segments[this.#segments.indexOf(segment) + 1] as Segment).firstOffset);
    }
    return readGroups(segment, await findGroup(segment, fromOffset), this.#limits.readBytes);
  }

  readVehicle(options: ReadVehicleOptions): Promise<readonly VehicleRecord[]> {
    return readVehicleRecords([...this.#segments], options);
  }

  commitConsumer(consumer: string, position: LogPosition): Promise<void> {
    return this.#consumers.commit(consumer, position);
  }

  consumerPosition(consumer: string): Promise<number | undefined> {
    return Promise.resolve(this.#consumers.get(consumer));
  }

  async enforceRetention(): Promise<void> {
    const oldestMs = this.#options.clock.now() - this.#limits.retentionMs;
    while (this.#segments.length > 1) {
      const oldest = this.#segments[0] as Segment;
      const isTooOld = oldest.index.newestReceivedAt < oldestMs;
      if (!isTooOld && this.statistics().bytes <= this.#limits.bytesMax) return;
      this.#segments.shift();
      await unlink(oldest.file);
      await unlink(`${oldest.file}.idx`).catch(() => {});
      await syncFolder(this.#options.folder);
    }
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
    };
  }

  async close(): Promise<void> {
    this.#refusal ??= 'closed';
    this.#stopDiskChecks();
    if (this.#isCommitting || this.#isScheduled) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
    for (const follower of this.#followers) await follower.stop();
    await this.#handle.close();
  }

  /** Looks at the free space from now on. */
  startDiskChecks(): Promise<void> {
    const again = (): void => {
      this.#stopDiskChecks = this.#options.clock.after(this.#limits.diskCheckMs, () => void this.#checkDisk().then(again));
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
    await this.#handle.write(bytes, 0, bytes.length, filePosition(segment, segment.endOffset));
    await this.#handle.datasync();
    this.#committing.addToIndex(segment.index, segment.firstOffset);
    segment.endOffset += bytes.length;
    this.#commits++;
    this.#appendedRecords += this.#committing.count;
  }

  /** Read models first: what a device hears is stored can be read by then. */
  #deliver(): void {
    const batch = this.#committing.batch();
    const firstOffset = batch.nextOffset - this.#committing.byteLength;
    for (const follower of this.#followers) follower.committed(batch, firstOffset);
    this.#committing.tellAppended();
  }

  /** Begins a new segment when the active one is large enough. */
  async #roll(): Promise<void> {
    const old = this.#active;
    const bytes = filePosition(old, old.endOffset);
    if (bytes < this.#limits.segmentBytes) return;
    await old.index.save(`${old.file}.idx`, bytes);
    const oldHandle = this.#handle;
    const { segment, handle } = await createSegment(this.#options.folder, old.endOffset);
    this.#handle = handle;
    this.#segments.push(segment);
    await oldHandle.close();
  }

  /**
   * A write that met a full disk is undone and may be tried again. After any other failure nobody knows what is on disk (the kernel may
   * have dropped the pages), so the journal takes nothing more until it is opened anew and has read itself back.
   */
  async #failed(error: unknown): Promise<void> {
    const { logger } = this.#options;
    try {
      await this.#handle.truncate(filePosition(this.#active, this.#active.endOffset));
      if (!isFull(error)) throw error;
      this.#refusal ??= 'disk_full';
      logger.warn('the disk is full: no report is taken until there is room', { error });
    } catch (cause) {
      this.#refusal = 'failed';
      logger.error('the journal has failed: no report is taken until the server is started again', { error: cause });
    }
    const code = this.#refusal === 'disk_full' ? 'disk_full' : 'unavailable';
    this.#committing.tellFailed(new OperationalError(code, 'the record could not be written', { cause: error }));
  }

  async #checkDisk(): Promise<void> {
    if (this.#refusal === 'failed' || this.#refusal === 'closed') return;
    const { bavail, bsize } = await statfs(this.#options.folder);
    const isLow = bavail * bsize < this.#limits.diskReserveBytes;
    if (isLow && this.#refusal === undefined)
      this.#options.logger.warn('the disk is nearly full: no report is taken until there is room');
    if (this.#refusal === undefined || this.#refusal === 'disk_full') this.#refusal = isLow ? 'disk_full' : undefined;
    if (!isLow) this.#tellWritable();
  }

  #tellWritable(): void {
    if (this.#whenWritable.length === 0 || this.refusal()) return;
    for (const writable of this.#whenWritable.splice(0)) writable();
  }
}

export const openActive = (file: string): Promise<FileHandle> => open(file, 'r+');
