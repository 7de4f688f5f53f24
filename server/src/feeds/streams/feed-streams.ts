import { type RecordBatch, recordFields, type ReadScope } from '../../events/index.ts';
import { type Clock, type Logger, OperationalError } from '../../kernel/index.ts';
import type { Feed } from '../feed.ts';
import { feedStreamLimits } from '../limits.ts';
import type { FeedPosition, Offsets } from '../position.ts';
import { openReport, tellReport } from '../tell-report.ts';
import { vehicleEvent } from '../tell-vehicle.ts';
import { FeedAudience } from './audience.ts';
import { StreamConnection, type StreamEnd, type StreamOwner, type StreamSink } from './connection.ts';

/** What this process hears of the log anyway; answers how to stop. */
export type AttachTail = (model: { apply(batch: RecordBatch): void }) => () => void;

export interface FeedStreamsParts {
  readonly feed: Feed;
  readonly attachTail: AttachTail;
  /** Throws `unavailable`. */
  readonly scopeOf: (appNo: number) => ReadScope;
  readonly clock: Clock;
  readonly logger: Logger;
}

const minuteMs = 60_000;

/** All streams of apps of this process: one tail of the log tells all of them. */
export class FeedStreams {
  readonly #parts: FeedStreamsParts;
  readonly #audiences = new Map<number, FeedAudience>();
  readonly #tail: Record<number, number> = {};
  readonly #stops: (() => void)[];
  readonly #cancels = new Map<string, () => void>();
  #streams = 0;
  #isClosed = false;

  constructor(parts: FeedStreamsParts) {
    this.#parts = parts;
    const { feed, attachTail } = parts;
    const { log, book } = feed.parts;
    for (const partition of log.partitions()) this.#tail[partition] = log.endOffset(partition);
    this.#stops = [
      attachTail({ apply: (batch) => this.#apply(batch) }),
      book.onChange((grants) => {
        for (const appNo of new Set(grants.flatMap(({ reader }) => (reader.kind === 'app' ? [reader.appNo] : []))))
          this.#consentChanged(appNo);
      }),
    ];
    this.#again(
      'check',
      () => feedStreamLimits.checkEveryMs,
      () => this.#check(),
    );
    this.#again(
      'periods',
      () => this.#untilNextMinute(),
      () => this.#pumpAll(),
    );
  }

  get count(): number {
    return this.#streams;
  }

  /** Opens a stream from a position, or from now on. Throws `overloaded`, `unavailable`. */
  async open(owner: StreamOwner, sink: StreamSink, from: FeedPosition | undefined): Promise<StreamConnection> {
    this.checkRoom(owner.appNo);
    this.#streams++;
    try {
      const { feed } = this.#parts;
      const position = from ?? (await feed.now(owner.appNo));
      const audience = await this.#audienceOf(owner.appNo);
      const connection = new StreamConnection(owner, sink, position, { ...this.#tail });
      audience.add(connection);
      const cursor = feed.codec.write(position);
      connection.send({ type: 'stream.opened', text: JSON.stringify({ type: 'stream.opened', cursor }), cursor });
      audience.catchUp(connection).catch((error: unknown) => {
        this.#parts.logger.warn('a stream could not be told what it missed', { error });
        this.end(connection, 'unavailable');
      });
      return connection;
    } catch (error) {
      this.#streams--;
      throw error;
    }
  }

  /** Throws `overloaded`, `unavailable`. */
  checkRoom(appNo: number): void {
    if (!this.#parts.feed.parts.book.isHeard())
      throw new OperationalError('unavailable', 'changes of consent cannot be heard now', { retryAfterSeconds: 2 });
    const ofApp = this.#audiences.get(appNo)?.connections.size ?? 0;
    if (this.#isClosed || this.#streams >= feedStreamLimits.streamsMax || ofApp >= feedStreamLimits.streamsPerAppMax)
      throw new OperationalError(
        'overloaded',
        `no further stream is taken (at most ${feedStreamLimits.streamsPerAppMax} of an app)`,
        {
          retryAfterSeconds: 10,
        },
      );
  }

  /** It is gone, or has to go. */
  end(connection: StreamConnection, why: StreamEnd): void {
    const audience = this.#audiences.get(connection.owner.appNo);
    connection.close(why);
    if (!audience?.connections.has(connection)) return;
    audience.remove(connection);
    this.#streams--;
    if (audience.connections.size === 0) this.#audiences.delete(audience.appNo);
  }

  async #audienceOf(appNo: number): Promise<FeedAudience> {
    const { feed, scopeOf, logger } = this.#parts;
    if (!this.#audiences.has(appNo)) {
      const position = await feed.now(appNo);
      // Another may have been as quick.
      const parts = { feed, logger, tail: (): Offsets => this.#tail };
      if (!this.#audiences.has(appNo)) this.#audiences.set(appNo, new FeedAudience(parts, appNo, scopeOf(appNo), position));
    }
    return this.#audiences.get(appNo) as FeedAudience;
  }

  #apply(batch: RecordBatch): void {
    const { partition, count, view, starts, offsets, nextOffset } = batch;
    for (let i = 0; i < count && this.#audiences.size > 0; i++) {
      // A cursor of this record is behind it.
      this.#tail[partition] = i + 1 < count ? (offsets[i + 1] as number) : nextOffset;
      this.#tell(batch, i, recordFields.vehicleNo(view, starts[i] as number));
    }
    this.#tail[partition] = nextOffset;
  }

  #tell(batch: RecordBatch, i: number, vehicleNo: number): void {
    let isOpen: boolean | undefined;
    for (const audience of this.#audiences.values()) {
      if (!audience.vehicleNos.has(vehicleNo)) continue;
      isOpen ??= openReport(batch, i);
      if (!isOpen) return;
      const { feed } = this.#parts;
      try {
        const { told } = tellReport(feed.parts, audience.scope, vehicleNo, feed.parts.clock.now());
        if (told.length === 0) continue;
        const event = vehicleEvent(feed.parts, audience, vehicleNo, told, [batch.partition, batch.offsets[i] as number]);
        audience.deliver(event, vehicleNo);
      } catch (error) {
        // Nothing is told that cannot be counted; the stream begins anew and reads it then.
        this.#parts.logger.warn('an app could not be told of a report', { error });
        for (const connection of audience.connections) this.end(connection, 'unavailable');
      }
    }
  }

  /** What waits was told as it was granted before. */
  #consentChanged(appNo: number): void {
    const audience = this.#audiences.get(appNo);
    if (!audience) return;
    for (const connection of audience.connections) if (!connection.isLive) connection.forgetWaiting({ ...this.#tail });
    void audience.pump();
  }

  #pumpAll(): void {
    for (const audience of this.#audiences.values()) void audience.pump();
  }

  #untilNextMinute(): number {
    const nowMs = this.#parts.clock.now();
    return minuteMs - (nowMs % minuteMs) + feedStreamLimits.periodGraceMs;
  }

  #check(): void {
    const isHeard = this.#parts.feed.parts.book.isHeard();
    for (const audience of this.#audiences.values())
      for (const connection of audience.connections) {
        if (connection.isClosed) this.end(connection, 'going_away');
        else if (!isHeard) this.end(connection, 'unavailable');
        else this.#checkToken(connection);
      }
  }

  #checkToken(connection: StreamConnection): void {
    Promise.resolve()
      .then(() => connection.owner.isLetIn())
      .then(
        (isLetIn) => (isLetIn ? undefined : this.end(connection, 'token_ended')),
        // Not known: nobody is told by a token of which it is not known whether it has ended.
        () => this.end(connection, 'unavailable'),
      );
  }

  #again(name: string, delayMs: () => number, run: () => void): void {
    this.#cancels.set(
      name,
      this.#parts.clock.after(delayMs(), () => {
        if (this.#isClosed) return;
        this.#again(name, delayMs, run);
        run();
      }),
    );
  }

  close(): void {
    this.#isClosed = true;
    for (const stop of this.#stops) stop();
    for (const cancel of this.#cancels.values()) cancel();
    for (const audience of this.#audiences.values())
      for (const connection of audience.connections) this.end(connection, 'going_away');
  }
}
