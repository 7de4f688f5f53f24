import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { openErasures } from '../erasure/index.ts';
import { CallerError, makeLogger, systemClock } from '../kernel/index.ts';
import { lockDataFolder } from '../storage/adapters/folder-lock.ts';
import { type Options, readCommandLine, runCommand, tell, textOf } from './command-line.ts';
import { openDataFolder } from './data-folder.ts';
import { type Base, Closers, openLog, openStored } from './open-parts.ts';
import { type Difference, type Rebuilt, rebuildHistory } from './rebuild-history.ts';
import { readConfiguration } from './settings.ts';
import { swapFolder } from './swap-folder.ts';

const usage = `npm run rebuild -- history [--data <data folder>] [--accept]
npm run rebuild -- live [--data <data folder>] [--accept]
  history   made anew from the log, beside the one that is there; older data and the connection status are taken over
  live      made anew from the log by the next start
  --accept  also when the new history differs; or, for live, when the log does not reach back to its beginning
  The data folder is MILEPOST_DATA unless --data names one. Its server must be stopped.`;

const differencesShown = 20;
const dayMs = 86_400_000;

const differenceText = ({ vehicleNo, bucket, oldRows, newRows, oldValues, newValues }: Difference): string => {
  const month = `${1970 + Math.floor(bucket / 12)}-${String((bucket % 12) + 1).padStart(2, '0')}`;
  return `  vehicle number ${vehicleNo}, ${month}: ${oldRows} rows became ${newRows}, ${oldValues} values became ${newValues}`;
};

const tellOutcome = (rebuilt: Rebuilt): void => {
  const { records, samples, takenRows, seconds, cpuSeconds, compared, differences } = rebuilt;
  tell(
    `${records} records with ${samples} samples read, ${takenRows} older rows taken over, in ${seconds.toFixed(1)} s (${cpuSeconds.toFixed(1)} s of CPU)`,
  );
  tell(`${compared} months of vehicles compared: ${differences.length} differ`);
  for (const difference of differences.slice(0, differencesShown)) tell(differenceText(difference));
  if (differences.length > differencesShown) tell(`  and ${differences.length - differencesShown} more`);
};

const buildHistory = async (base: Base, closers: Closers): Promise<Rebuilt> => {
  const { configuration, folder, clock, logger } = base;
  const [{ storage, registry, vocabulary }, log] = await Promise.all([openStored(base, closers), openLog(base, closers)]);
  const erasures = await openErasures({ storage, directory: registry.directory, file: folder.ledger, clock, logger });
  return rebuildHistory({
    log,
    oldFolder: folder.history,
    newFolder: path.join(folder.root, 'history.rebuild'),
    erasures,
    consentGroupOf: (signalNumber) => vocabulary.byNumber(signalNumber)?.group,
    retentionMs: configuration.historyRetentionDays * dayMs,
    clock,
    logger,
    tell,
  });
};

const rebuild = async (base: Base, isAccepted: boolean): Promise<void> => {
  const closers = new Closers();
  const { root } = base.folder;
  let rebuilt: Rebuilt;
  try {
    rebuilt = await buildHistory(base, closers);
  } finally {
    await closers.closeAll(base.logger);
  }
  tellOutcome(rebuilt);
  if (rebuilt.differences.length > 0 && !isAccepted) {
    throw new CallerError(
      'bad_request',
      `The old history stays. The new one lies in ${path.join(root, 'history.rebuild')}; add --accept to put it in place.`,
    );
  }
  const old = await swapFolder(root, 'history', 'history.rebuild', base.clock.now());
  tell(
    `The new history is in place. The old one lies in ${old}; it holds what was erased since, too: remove it when all is well.`,
  );
};

/** Without a snapshot the next start reads the whole log, which is what making live anew means. */
const rebuildLive = async (base: Base, isAccepted: boolean): Promise<void> => {
  const closers = new Closers();
  const { root } = base.folder;
  const log = await openLog(base, closers);
  const startOffset = log.startOffset(0);
  await closers.closeAll(base.logger);
  if (startOffset > 0 && !isAccepted) {
    throw new CallerError(
      'bad_request',
      'The log no longer has its first reports: latest values and the status of vehicles that were silent since would be lost. Add --accept to go on.',
    );
  }
  await rm(path.join(root, 'live.rebuild'), { recursive: true, force: true });
  await mkdir(path.join(root, 'live.rebuild'));
  const old = await swapFolder(root, 'live', 'live.rebuild', base.clock.now());
  tell(`The next start makes live anew from the log. The old snapshots lie in ${old}.`);
};

const withLock = async (dataFolder: string, run: () => Promise<void>): Promise<void> => {
  const lock = lockDataFolder(dataFolder);
  try {
    await run();
  } finally {
    lock.release();
  }
};

const builders: Readonly<Record<string, (base: Base, isAccepted: boolean) => Promise<void>>> = {
  history: rebuild,
  live: rebuildLive,
};

const baseOf = async (options: Options): Promise<Base> => {
  const configuration = readConfiguration(process.env);
  const data = path.resolve(textOf(options, 'data') ?? configuration.data);
  const logger = makeLogger(configuration.logLevel);
  const failed = (error: Error): void => logger.error('a part has failed', { error });
  return { configuration: { ...configuration, data }, folder: await openDataFolder(data), clock: systemClock, logger, failed };
};

const main = async (): Promise<void> => {
  const known = { data: { type: 'string' }, accept: { type: 'boolean' } } as const;
  const { options, names } = readCommandLine(known, 1, usage);
  const build = builders[names[0] ?? ''];
  if (!build) throw new CallerError('bad_request', usage);
  const data = path.resolve(textOf(options, 'data') ?? readConfiguration(process.env).data);
  if (!existsSync(data)) throw new CallerError('bad_request', `there is no data folder ${data}`);
  await withLock(data, async () => build(await baseOf(options), options['accept'] === true));
};

await runCommand(main);
