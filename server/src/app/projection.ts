import type { EventLog, Follower } from '../eventlog/index.ts';
import { batchFrom, type RecordBatch, recordFields } from '../events/index.ts';
import type { History, StatusChange } from '../history/index.ts';
import type { Live } from '../live/index.ts';

export interface ProjectionOptions {
  readonly log: EventLog;
  readonly live: Live;
  readonly history: History;
  /** Further read models that begin where they stood: given what `live` and `history` are given, after them. */
  readonly attached?: readonly AttachedModel[];
  /** Physical partitions that are followed. */
  readonly partitions: readonly number[];
  /** Whoever hears devices notes it in each partition more often than that; without a note for longer nobody does. Not given: this process does. */
  readonly heardWithinMs?: number;
  /** The read models can no longer follow the log: the process must end and start anew. */
  readonly failed: (error: Error) => void;
  readonly warn: (message: string, error: unknown) => void;
}

/** What the log told while it was read: shown by /metrics and needed at start. */
export interface ProjectionState {
  /** receivedAt of the newest record applied; 0: none. */
  newestReceivedAt: number;
  isCaughtUp: boolean;
}

/** Another read model that is given what `live` and `history` are given, after them and in the same turn. */
export interface AttachedModel {
  /** First record of a partition that it wants; undefined, or not given: whatever comes. Counts from the start on only. */
  startOffset?(partition: number): number | undefined;
  apply?(batch: RecordBatch): void;
  /** Transitions that `live` found. */
  applyStatus?(changes: readonly StatusChange[]): void;
  ready?(): Promise<void> | undefined;
}

export interface Projection {
  readonly state: ProjectionState;
  readonly caughtUp: Promise<void>;
  /** Moves the timers of `live`, and hands what changed to history. */
  tick(nowMs: number): void;
  /** Of the first partition. */
  position(): number;
  /** Up to where a partition is applied. */
  appliedOffset(partition: number): number;
  /** ms by which the read models are behind the log; 0: everything that is known of it is applied. */
  lagMs(nowMs: number): number;
  /** From the next batch on; until what is answered is called. */
  attach(model: AttachedModel): () => void;
  stop(): Promise<void>;
}

/** Waits for all that are full. */
const readyOf = (models: readonly AttachedModel[]): void | Promise<void> => {
  const waits = models.map((model) => model.ready?.()).filter((wait) => wait !== undefined);
  return waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined);
};

/** What is followed of one partition, and how far it is. */
class FollowedPartition {
  readonly partition: number;
  /** Each is given records from its own offset on. */
  readonly liveFrom: number;
  readonly historyFrom: number;
  /** Where all read models stand. */
  offset: number;
  /** receivedAt of the newest record applied; 0: none. */
  newestReceivedAt = 0;

  constructor(partition: number, liveFrom: number, historyFrom: number, attachedFrom: readonly number[]) {
    this.partition = partition;
    this.liveFrom = liveFrom;
    this.historyFrom = historyFrom;
    this.offset = Math.min(liveFrom, historyFrom, ...attachedFrom);
  }

  applied({ nextOffset, count, view, starts }: RecordBatch): void {
    this.offset = nextOffset;
    if (count === 0) return;
    this.newestReceivedAt = Math.max(this.newestReceivedAt, recordFields.receivedAt(view, starts[count - 1] as number));
  }
}

/** Where each read model goes on: history behind its chunks, live behind the newest snapshot that is not ahead of them. */
const findBeginnings = async ({
  log,
  live,
  history,
  partitions,
  attached = [],
}: ProjectionOptions): Promise<FollowedPartition[]> => {
  const historyFrom = partitions.map((partition) => ({
    partition,
    offset: Math.max(history.appliedOffset(partition) ?? 0, log.startOffset(partition)),
  }));
  const found = new Map((await live.loadSnapshot(historyFrom)).map(({ partition, offset }) => [partition, offset]));
  const followed = historyFrom.map(({ partition, offset }) => {
    const attachedFrom = attached.map((model) => model.startOffset?.(partition)).filter((from) => from !== undefined);
    return new FollowedPartition(partition, found.get(partition) ?? log.startOffset(partition), offset, attachedFrom);
  });
  live.startAt(followed.map(({ partition, liveFrom }) => ({ partition, offset: liveFrom })));
  return followed;
};

/** The read models of one process, and what is attached to them. */
class Models {
  readonly state: ProjectionState = { newestReceivedAt: 0, isCaughtUp: false };
  readonly attached: Set<AttachedModel>;
  readonly #live: Live;
  readonly #history: History;

  constructor({ live, history, attached = [] }: ProjectionOptions) {
    this.attached = new Set(attached);
    this.#live = live;
    this.#history = history;
  }

  /** Live first: history may be sealed by the batch, and the snapshot that is taken then has to have it. */
  apply(one: FollowedPartition, batch: RecordBatch): void | Promise<void> {
    if (batch.nextOffset > one.liveFrom) {
      this.#live.apply(batchFrom(batch, one.liveFrom));
      this.applyStatus();
    }
    one.applied(batch);
    this.state.newestReceivedAt = Math.max(this.state.newestReceivedAt, one.newestReceivedAt);
    if (batch.nextOffset > one.historyFrom) this.#history.apply(batchFrom(batch, one.historyFrom));
    if (this.attached.size === 0) return this.#history.ready();
    for (const model of this.attached) {
      const from = model.startOffset?.(one.partition) ?? 0;
      if (batch.nextOffset > from) model.apply?.(batchFrom(batch, from));
    }
    return readyOf([this.#history, ...this.attached]);
  }

  applyStatus(): void {
    const changes = this.#live.takeStatusChanges();
    if (changes.length === 0) return;
    this.#history.applyStatus(changes);
    for (const model of this.attached) model.applyStatus?.(changes);
  }
}

/**
 * Keeps `live` and `history` up with partitions of the log, record by record in the same turn: history is sealed where live stands, so a
 * snapshot of live and the applied offsets of history always fit together.
 */
export const startProjection = async (options: ProjectionOptions): Promise<Projection> => {
  const { log, live, history } = options;
  const followed = await findBeginnings(options);
  const byPartition = new Map(followed.map((one) => [one.partition, one]));
  const models = new Models(options);
  const { state, attached } = models;
  const caughtUp = Promise.withResolvers<void>();

  history.onSeal(() => {
    live
      .saveSnapshot(followed.map(({ partition, offset }) => ({ partition, offset })))
      .catch((error: unknown) => options.warn('the snapshot of live could not be saved', error));
  });

  let behind = followed.length;
  const isThere = (): void => {
    if (behind > 0) return;
    state.isCaughtUp = true;
    caughtUp.resolve();
  };
  const follow = (one: FollowedPartition): Follower =>
    log.follow({
      partition: one.partition,
      fromOffset: one.offset,
      handle: (batch) => models.apply(one, batch),
      caughtUp: () => {
        behind--;
        isThere();
      },
      failed: (error) => {
        caughtUp.reject(error);
        options.failed(error);
      },
    });
  const followers = followed.map((one) => ({ one, follower: follow(one) }));
  isThere();
  const behindOnes = (): FollowedPartition[] =>
    followers.filter(({ one, follower }) => follower.position.offset < log.endOffset(one.partition)).map(({ one }) => one);

  const { heardWithinMs = Number.POSITIVE_INFINITY } = options;
  /** Of partitions that nobody writes to: the last that was heard. */
  const unheard = (nowMs: number): number[] =>
    followed.map(({ newestReceivedAt }) => newestReceivedAt).filter((newestMs) => nowMs - newestMs > heardWithinMs);

  return {
    state,
    caughtUp: caughtUp.promise,
    tick: (nowMs) => {
      if (!state.isCaughtUp) return;
      // What was heard and is not applied yet may show that a vehicle is there: no silence is found beyond what is known.
      const known = followed.map(({ partition }) => log.knownToMs(partition));
      const applied = behindOnes().map(({ newestReceivedAt }) => newestReceivedAt);
      if (live.tick(Math.min(nowMs, ...known, ...applied, ...unheard(nowMs))) > 0) models.applyStatus();
    },
    attach: (model) => {
      attached.add(model);
      return () => void attached.delete(model);
    },
    position: () => followers[0]?.follower.position.offset ?? 0,
    appliedOffset: (partition) => byPartition.get(partition)?.offset ?? 0,
    lagMs: (nowMs) => (behindOnes().length > 0 ? Math.max(0, nowMs - state.newestReceivedAt) : 0),
    stop: async () => {
      await Promise.all(followers.map(({ follower }) => follower.stop()));
    },
  };
};
