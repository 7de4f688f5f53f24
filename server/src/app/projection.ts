import type { EventLog, Follower } from '../eventlog/index.ts';
import { batchFrom, type RecordBatch, recordFields } from '../events/index.ts';
import type { History, StatusChange } from '../history/index.ts';
import type { Live } from '../live/index.ts';

export interface ProjectionOptions {
  readonly log: EventLog;
  readonly live: Live;
  readonly history: History;
  readonly partition: number;
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
  position(): number;
  /** From the next batch on; until what is answered is called. */
  attach(model: AttachedModel): () => void;
  stop(): Promise<void>;
}

/** Waits for all that are full. */
const readyOf = (models: readonly AttachedModel[]): void | Promise<void> => {
  const waits = models.map((model) => model.ready?.()).filter((wait) => wait !== undefined);
  return waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined);
};

/**
 * Keeps `live` and `history` up with the log, record by record in the same turn: history is sealed at an offset at which live
 * stands too, so a snapshot of live and the applied offset of history always fit together.
 */
export const startProjection = async (options: ProjectionOptions): Promise<Projection> => {
  const { log, live, history, partition } = options;
  const historyFrom = Math.max(history.appliedOffset(partition) ?? 0, log.startOffset(partition));
  const liveFrom = (await live.loadSnapshot(partition, historyFrom)) ?? log.startOffset(partition);
  const state: ProjectionState = { newestReceivedAt: 0, isCaughtUp: false };
  const caughtUp = Promise.withResolvers<void>();

  history.onSeal((sealedPartition, offset) => {
    live
      .saveSnapshot(sealedPartition, offset)
      .catch((error: unknown) => options.warn('the snapshot of live could not be saved', error));
  });

  const attached = new Set<AttachedModel>();
  const applyStatus = (): void => {
    const changes = live.takeStatusChanges();
    if (changes.length === 0) return;
    history.applyStatus(changes);
    for (const model of attached) model.applyStatus?.(changes);
  };

  const handle = (batch: RecordBatch): void | Promise<void> => {
    if (batch.nextOffset > liveFrom) {
      live.apply(batchFrom(batch, liveFrom));
      applyStatus();
    }
    if (batch.nextOffset > historyFrom) history.apply(batchFrom(batch, historyFrom));
    if (batch.count > 0)
      state.newestReceivedAt = Math.max(
        state.newestReceivedAt,
        recordFields.receivedAt(batch.view, batch.starts[batch.count - 1] as number),
      );
    if (attached.size === 0) return history.ready();
    for (const model of attached) model.apply?.(batch);
    return readyOf([history, ...attached]);
  };

  const follower: Follower = log.follow({
    partition,
    fromOffset: Math.min(liveFrom, historyFrom),
    handle,
    caughtUp: () => {
      state.isCaughtUp = true;
      caughtUp.resolve();
    },
    failed: (error) => {
      caughtUp.reject(error);
      options.failed(error);
    },
  });

  return {
    state,
    caughtUp: caughtUp.promise,
    tick: (nowMs) => {
      if (!state.isCaughtUp) return;
      // What was heard and is not applied yet may show that a vehicle is there: no silence is found beyond what is known.
      const isBehind = follower.position.offset < log.endOffset(partition);
      const knownToMs = Math.min(isBehind ? state.newestReceivedAt : nowMs, log.statistics().oldestPendingAt ?? nowMs);
      if (live.tick(knownToMs) > 0) applyStatus();
    },
    attach: (model) => {
      attached.add(model);
      return () => void attached.delete(model);
    },
    position: () => follower.position.offset,
    stop: () => follower.stop(),
  };
};
