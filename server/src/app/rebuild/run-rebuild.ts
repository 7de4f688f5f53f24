import { readdir, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import type { RebuildSwap } from '@milepost/contract/api';
import { JournalReader } from '../../eventlog/adapters/journal/index.ts';
import type { RecordBatch } from '../../events/index.ts';
import { OperationalError } from '../../kernel/index.ts';
import { bytesText } from '../command-line.ts';
import { type Base, Closers } from '../open-parts.ts';
import { BuildFolder } from './build-folder.ts';
import { catchUpRoundsMax, handoverBytesMax, spaceFactor } from './limits.ts';
import { ProgressMeter } from './progress-meter.ts';
import { differencesOf } from './rebuild-state.ts';
import { placeOf, type RebuildSource } from './source.ts';
import type { BuildContext, Compared, ModelBuilder, RebuiltModel } from './types.ts';

export interface RunOptions {
  readonly base: Base;
  readonly model: RebuiltModel;
  readonly source: RebuildSource;
  readonly swap: RebuildSwap;
  readonly tell: (line: string) => void;
  readonly isCancelled: () => boolean;
}

/** What building took; comparing and catching up come on top. */
export interface Built {
  readonly records: number;
  readonly seconds: number;
  /** Of all threads of this process, user and system. */
  readonly cpuSeconds: number;
}

export interface Outcome {
  readonly compared: readonly Compared[];
  /** Where the old one lies; undefined: it was not put in place. */
  readonly old: string | undefined;
}

export const bytesIn = async (folder: string): Promise<number> => {
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(path.join(folder, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
};

/** Refuses when the disk could not hold both models. */
export const checkSpace = async (root: string, oldFolder: string, diskReserveMib: number): Promise<void> => {
  const needed = (await bytesIn(oldFolder)) * spaceFactor + diskReserveMib * 1024 * 1024;
  const { bavail, bsize } = await statfs(root);
  const free = bavail * bsize;
  if (free < needed)
    throw new OperationalError(
      'disk_full',
      `a rebuild needs ${bytesText(needed)} of free space in ${root}, there are ${bytesText(free)}`,
    );
};

export const comparedLines = (compared: readonly Compared[]): string[] =>
  compared.flatMap((one) => [
    `${one.compared} ${one.kind} compared: ${one.differences} differ`,
    ...one.first.map((line) => `  ${line}`),
    ...(one.differences > one.first.length ? [`  and ${one.differences - one.first.length} more`] : []),
  ]);

const builtLine = ({ records, seconds, cpuSeconds }: Built): string =>
  `built from ${records} records of the log in ${seconds.toFixed(1)} s (${cpuSeconds.toFixed(1)} s of CPU)`;

/** Reads the log into the new model, phase by phase. */
class LogRun {
  readonly #reader: JournalReader;
  readonly #builder: ModelBuilder;
  readonly #meter: ProgressMeter;
  readonly #isCancelled: () => boolean;
  offset: number;

  constructor(
    reader: JournalReader,
    builder: ModelBuilder,
    meter: ProgressMeter,
    startOffset: number,
    isCancelled: () => boolean,
  ) {
    this.#reader = reader;
    this.#builder = builder;
    this.#meter = meter;
    this.offset = startOffset;
    this.#isCancelled = isCancelled;
  }

  async to(endOffset: number, phase: 'reading the log' | 'catching up'): Promise<void> {
    const fromOffset = this.offset;
    const handle = async (batch: RecordBatch): Promise<void> => {
      this.#meter.records += batch.count;
      await this.#builder.apply(batch);
      this.offset = batch.nextOffset;
      this.#meter.tell(phase, (100 * (this.offset - fromOffset)) / (endOffset - fromOffset));
    };
    await this.#reader.read(this.offset, endOffset, handle, this.#isCancelled);
    this.#meter.check();
  }
}

/** Follows the log until little is left, and then to where the server hands over. */
const catchUp = async (run: LogRun, source: RebuildSource): Promise<number> => {
  for (let round = 0; round < catchUpRoundsMax; round++) {
    const endOffset = await source.end();
    await run.to(endOffset, 'catching up');
    if ((await source.end()) - run.offset < handoverBytesMax) break;
  }
  const offset = await source.handover();
  await run.to(offset, 'catching up');
  return offset;
};

const contextOf = async ({ base, model, source }: RunOptions, closers: Closers, meter: ProgressMeter): Promise<BuildContext> => {
  const { registry, vocabulary } = await source.openRegistered(closers);
  return {
    point: source.point,
    historyFolder: base.folder.history,
    ...placeOf(base.folder.root, model),
    directory: registry.directory,
    vocabulary,
    timeouts: source.timeouts,
    clock: base.clock,
    logger: base.logger,
    progress: (phase, percent) => meter.tell(phase, percent),
  };
};

const shouldSwap = ({ swap, tell }: RunOptions, compared: readonly Compared[]): boolean => {
  const differences = differencesOf(compared);
  if (swap === 'always' || (swap === 'when-equal' && differences === 0)) return true;
  tell(
    swap === 'never'
      ? 'The old one stays, as was asked (--swap=never).'
      : 'The old one stays. Add --swap=always to put the new one in its place all the same.',
  );
  return false;
};

/**
 * Builds a second model beside the one that is there, compares both, and has the new one put in place. Whatever ends it before leaves the old
 * one as it was, and nothing of the new one.
 */
export const runRebuild = async (options: RunOptions): Promise<Outcome> => {
  const { base, model, source, tell } = options;
  const { newFolder, oldFolder } = placeOf(base.folder.root, model);
  const closers = new Closers();
  const isCancelled = (): boolean => options.isCancelled() || source.isLost();
  const meter = new ProgressMeter(tell, (progress) => source.progress(progress), isCancelled);
  let builder: ModelBuilder | undefined;
  const folder = new BuildFolder(newFolder);
  let isHandedOver = false;
  try {
    await checkSpace(base.folder.root, oldFolder, source.diskReserveMib);
    await folder.begin();
    const context = await contextOf(options, closers, meter);
    const [startedMs, startedCpu] = [performance.now(), process.cpuUsage()];
    builder = await model.build(context);
    await builder.begin();
    const reader = new JournalReader(base.folder.journal);
    const run = new LogRun(reader, builder, meter, source.point.startOffset, isCancelled);
    await run.to(builder.comparedAt, 'reading the log');
    await builder.flush();
    const { user, system } = process.cpuUsage(startedCpu);
    const seconds = (performance.now() - startedMs) / 1000;
    tell(builtLine({ records: meter.records, seconds, cpuSeconds: (user + system) / 1_000_000 }));
    const compared = await builder.compare();
    meter.check();
    for (const line of comparedLines(compared)) tell(line);
    await source.compared(compared);
    if (!shouldSwap(options, compared)) return { compared, old: undefined };
    meter.tell('merging', 0, true);
    await meter.unlessCancelled(builder.derive());
    await builder.finish(await catchUp(run, source));
    builder = undefined;
    meter.tell('putting in place', 0, true);
    await folder.handOver();
    isHandedOver = true;
    return { compared, old: await source.putIn() };
  } finally {
    await builder?.abandon();
    // From the handover on the folder is the server's: what it has put in place must not be removed.
    if (!isHandedOver) await folder.remove();
    await closers.closeAll(base.logger);
  }
};
