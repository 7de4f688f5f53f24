import { existsSync } from 'node:fs';
import path from 'node:path';
import { type RebuildSwap, rebuildSwaps } from '@milepost/contract/api';
import { CallerError, makeLogger, MilepostError, systemClock } from '../kernel/index.ts';
import { type FolderLock, lockDataFolder } from '../storage/adapters/folder-lock.ts';
import { type Options, readCommandLine, runCommand, tell, textOf } from './command-line.ts';
import { dataFolderAt, openDataFolder } from './data-folder.ts';
import { type Base, Closers } from './open-parts.ts';
import { builderNice } from './rebuild/limits.ts';
import { lowerPriority } from './rebuild/lower-priority.ts';
import { rebuiltModel, rebuiltModels } from './rebuild/models.ts';
import { type Outcome, runRebuild } from './rebuild/run-rebuild.ts';
import { rebuildTrips } from './rebuild/rebuild-trips.ts';
import { runningSource, stoppedSource } from './rebuild/source.ts';
import type { RebuiltModel } from './rebuild/types.ts';
import { readConfiguration } from './settings.ts';

const tripsName = 'trips';
const usage = `npm run rebuild -- <read model> [--data <data folder>] [--swap=when-equal|always|never]
${rebuiltModels.map(({ name, about }) => `  ${name.padEnd(9)}${about}`).join('\n')}
  ${tripsName.padEnd(9)}trips, stops, charging and mileage by day, from history: the server makes each day anew in its place, without --swap
  history and live are made anew from the log, beside the one that is there. Its server may run, and goes on with the old one until the new one is in place.
  --swap  when-equal: only when nothing differs (as it is without this option); always; never: only compare
  The data folder is MILEPOST_DATA unless --data names one.`;

const noFailure = (error: Error): void => {
  throw error;
};

/** A server that runs has the lock of its folder. */
const lockIfStopped = (data: string): FolderLock | undefined => {
  try {
    return lockDataFolder(data);
  } catch (error) {
    if (!(error instanceof MilepostError)) throw error;
    return undefined;
  }
};

const tellOutcome = (model: RebuiltModel, { old }: Outcome, startedMs: number): void => {
  const { user, system } = process.cpuUsage();
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  tell(`all of it took ${seconds} s (${((user + system) / 1_000_000).toFixed(1)} s of CPU)`);
  if (old !== undefined) tell(`The new ${model.name} is in place. The old one lies in ${old} and is removed after a week.`);
};

const swapModeOf = (options: Options): RebuildSwap => {
  const text = textOf(options, 'swap') ?? 'when-equal';
  const mode = rebuildSwaps.find((one) => one === text);
  if (!mode) throw new CallerError('bad_request', `--swap is ${text}, expected one of ${rebuildSwaps.join(', ')}\n${usage}`);
  return mode;
};

const rebuild = async (model: RebuiltModel, data: string, swap: RebuildSwap, lock: FolderLock | undefined): Promise<void> => {
  const configuration = { ...readConfiguration(process.env), data };
  const logger = makeLogger(configuration.logLevel);
  const folder = lock ? await openDataFolder(data) : dataFolderAt(data);
  const base: Base = { configuration, folder, clock: systemClock, logger, failed: noFailure };
  const closers = new Closers();
  let isCancelled = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void (isCancelled = true));
  const startedMs = performance.now();
  const source = lock ? await stoppedSource(base, model, closers) : await runningSource(base, model);
  try {
    tell(
      `Rebuilding ${model.name} beside the ${lock ? 'one of the stopped' : 'one that the running'} server ${lock ? 'left' : 'uses'}.`,
    );
    const outcome = await runRebuild({ base, model, source, swap, tell, isCancelled: () => isCancelled });
    tellOutcome(model, outcome, startedMs);
    if (outcome.old !== undefined) return;
    await source.ended({ outcome: 'not_put_in_place' });
    if (swap !== 'never') process.exitCode = 1;
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    // A server that is gone does not need to know.
    await source.ended({ outcome: isCancelled || source.isLost() ? 'cancelled' : 'failed', detail }).catch(() => undefined);
    throw error;
  } finally {
    await source.release();
    await closers.closeAll(logger);
  }
};

const rebuildTripsOf = async (data: string, lock: FolderLock | undefined): Promise<void> => {
  const configuration = { ...readConfiguration(process.env), data };
  const folder = lock ? await openDataFolder(data) : dataFolderAt(data);
  const logger = makeLogger(configuration.logLevel);
  const base: Base = { configuration, folder, clock: systemClock, logger, failed: noFailure };
  const { days, vehicles } = await rebuildTrips(base, lock);
  const when = lock ? 'once it is started' : 'from now on';
  tell(
    `${days} days of ${vehicles} vehicles are made anew by the server ${when}; until then each is shown as it was unless it is asked for.`,
  );
};

const main = async (): Promise<void> => {
  const { options, names } = readCommandLine({ data: { type: 'string' }, swap: { type: 'string' } }, 1, usage);
  const isTrips = names[0] === tripsName;
  const model = rebuiltModel(names[0] ?? '');
  if (!model && !isTrips) throw new CallerError('bad_request', usage);
  const swap = swapModeOf(options);
  const data = path.resolve(textOf(options, 'data') ?? readConfiguration(process.env).data);
  if (!existsSync(data)) throw new CallerError('bad_request', `there is no data folder ${data}`);
  lowerPriority(builderNice);
  const lock = lockIfStopped(data);
  try {
    if (model) await rebuild(model, data, swap, lock);
    else await rebuildTripsOf(data, lock);
  } finally {
    lock?.release();
  }
};

await runCommand(main);
