import { FormatError, makeReportColumns, type RecordBatch, recordFields } from '../events/index.ts';
import { type EventLog, type Follower, PartitionLostError } from '../eventlog/index.ts';
import { BugError, type Logger } from '../kernel/index.ts';
import { type ExportLimits, exportLimits } from './limits.ts';
import type { ExportMessage, ExportSink } from './ports.ts';
import { deviceIdOf, type ExportContext, type LeftOut, messagesOf, nothingLeftOut, type RecordReader } from './read-records.ts';

/** The group whose members share the exporting, and the consumer whose positions they commit. */
export const exportGroup = 'export';

export interface ExportTopicOptions extends ExportContext {
  readonly log: EventLog;
  /** Not closed by the exporter. */
  readonly sink: ExportSink;
  readonly logger: Logger;
  /**
   * Brings what `vehicleId` and `deviceId` know up to date. Awaited, once a batch at most, before a record of somebody unknown is left out for ever: a gateway
   * may know a new vehicle before this process does.
   */
  readonly refresh?: () => Promise<void>;
  /** It has ended by itself: the log cannot be read, or the topic takes a message under no circumstances. */
  readonly failed: (error: Error) => void;
  readonly limits?: Partial<ExportLimits>;
}

export interface ExportStatistics {
  readonly reports: number;
  readonly messages: number;
  readonly bytes: number;
  readonly leftOut: Readonly<LeftOut>;
  /** Partitions that are this process's now. */
  readonly partitions: number;
  /** Offsets between what was exported and the end of them. */
  readonly lag: number;
}

export interface ExportTopic {
  /** Gives partitions back, when what is being written is durable and committed, or `giveBackMs` have passed. */
  stop(): Promise<void>;
  statistics(): ExportStatistics;
}

interface Exporter {
  readonly options: ExportTopicOptions;
  readonly limits: ExportLimits;
  readonly reader: RecordReader;
  readonly done: { reports: number; messages: number; bytes: number };
}

const isKnown = (context: ExportContext, { view, starts }: RecordBatch, i: number): boolean => {
  const at = starts[i] as number;
  const vehicleNo = recordFields.vehicleNo(view, at);
  if (vehicleNo === 0) return true;
  return context.vehicleId(vehicleNo) !== undefined && deviceIdOf(context, recordFields.deviceNo(view, at)) !== undefined;
};

/** Somebody in the batch is unknown: perhaps only here, and only still. */
const refreshFor = async ({ refresh, ...context }: ExportTopicOptions, batch: RecordBatch): Promise<void> => {
  if (!refresh) return;
  for (let i = 0; i < batch.count; i++) if (!isKnown(context, batch, i)) return refresh();
};

/** Every message of a batch in requests of bounded size, then the position. At least once, in order. */
const exportBatch = async (
  { options, limits, reader, done }: Exporter,
  batch: RecordBatch,
  signal: AbortSignal,
): Promise<void> => {
  await refreshFor(options, batch);
  let request: ExportMessage[] = [];
  let bytes = 0;
  const send = async (): Promise<void> => {
    signal.throwIfAborted();
    if (request.length > 0) await options.sink.send(request, signal);
    done.messages += request.length;
    done.bytes += bytes;
    request = [];
    bytes = 0;
  };
  for (let i = 0; i < batch.count; i++) {
    const before = done.messages + request.length;
    for (const message of readable(options.logger, reader, batch, i)) {
      request.push(message);
      bytes += message.value.length;
      if (bytes >= limits.requestBytesMax) await send();
    }
    if (done.messages + request.length > before) done.reports++;
  }
  await send();
  await options.log.commitConsumer(exportGroup, { partition: batch.partition, offset: batch.nextOffset });
};

/** One record that nobody understands keeps none of the others back. */
function* readable(logger: Logger, reader: RecordReader, batch: RecordBatch, i: number): Generator<ExportMessage> {
  try {
    yield* messagesOf(reader, batch, i);
  } catch (error) {
    if (!(error instanceof FormatError || error instanceof BugError)) throw error;
    reader.leftOut.unreadableRecords++;
    logger.error('a record of the log is not exported: it cannot be read', {
      partition: batch.partition,
      offset: batch.offsets[i],
      error,
    });
  }
}

/** Of one assignment: who follows, and how what is under way is given up. */
interface Held {
  readonly followers: Follower[];
  /** What has not begun does not begin any more. */
  isEnding: boolean;
  readonly cut: AbortController;
}

const holdNothing = (): Held => ({ followers: [], isEnding: false, cut: new AbortController() });

const giveBack = async (held: Held, giveBackMs: number): Promise<void> => {
  held.isEnding = true;
  const timer = setTimeout(() => held.cut.abort(), giveBackMs);
  await Promise.all(held.followers.map((follower) => follower.stop()));
  clearTimeout(timer);
};

/** Writes what vehicles report into a topic that other programs read. docs/formats/export-topic.md */
export const startExportTopic = (options: ExportTopicOptions): ExportTopic => {
  const { log, logger } = options;
  const limits = { ...exportLimits, ...options.limits };
  const reader = { context: options, limits, leftOut: nothingLeftOut(), report: makeReportColumns() };
  const exporter = { options, limits, reader, done: { reports: 0, messages: 0, bytes: 0 } };
  let held = holdNothing();
  let hasFailed = false;
  /** One batch after the other over all partitions: memory holds one request. */
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = (batch: RecordBatch, of: Held): Promise<void> => {
    const exported = turn.then(() => (of.isEnding ? undefined : exportBatch(exporter, batch, of.cut.signal)));
    turn = exported.catch(() => undefined);
    return exported;
  };
  const fail = (error: Error): void => {
    // That it was given back is heard soon.
    if (error instanceof PartitionLostError || hasFailed) return;
    hasFailed = true;
    logger.error('the export has ended', { error });
    void membership.leave().then(() => options.failed(error));
  };
  const follow = async (partition: number, of: Held): Promise<Follower> => {
    const fromOffset = (await log.consumerPosition(exportGroup, partition)) ?? log.startOffset(partition);
    return log.follow({ partition, fromOffset, handle: (batch) => inTurn(batch, of), failed: fail });
  };
  const membership = log.join({
    group: exportGroup,
    assigned: async (partitions) => {
      const holding = holdNothing();
      held = holding;
      for (const partition of partitions) holding.followers.push(await follow(partition, holding));
    },
    revoked: async () => {
      await giveBack(held, limits.giveBackMs);
      held = holdNothing();
    },
    failed: fail,
  });
  const lagOf = ({ position }: Follower): number => Math.max(0, log.endOffset(position.partition) - position.offset);
  return {
    stop: () => membership.leave(),
    statistics: () => ({
      ...exporter.done,
      leftOut: { ...reader.leftOut },
      partitions: held.followers.length,
      lag: held.followers.reduce((sum, follower) => sum + lagOf(follower), 0),
    }),
  };
};
