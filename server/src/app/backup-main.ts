import { rm } from 'node:fs/promises';
import path from 'node:path';
import { createBackup, type Manifest, packBackup } from '../backup/index.ts';
import { journalExtents, journalNotes } from '../eventlog/adapters/journal/index.ts';
import { CallerError, makeLogger, systemClock } from '../kernel/index.ts';
import { openBackupSource } from './backup-sources.ts';
import { bytesProgress, bytesText, readCommandLine, runCommand, tell, textOf } from './command-line.ts';
import { readConfiguration } from './settings.ts';
import { readVersion } from './version.ts';

const usage = `npm run backup -- <target> [--data <data folder>]
  <target>: a folder that does not exist yet, or a file that ends with .tar
  The data folder is MILEPOST_DATA unless --data names one. Its server may run.`;

const describe = (manifest: Manifest, target: string, seconds: number): void => {
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  const rate = bytesText(bytes / seconds);
  tell(`${target}: ${manifest.files.length} files, ${bytesText(bytes)} in ${seconds.toFixed(1)} s (${rate}/s)`);
  const ends = manifest.point.log.map(({ partition, endOffset }) => `partition ${partition} at offset ${endOffset}`).join(', ');
  tell(`Consistent at ${manifest.point.at}${ends === '' ? ' (the server was stopped)' : `, ${ends}`}`);
  if (manifest.database.kind === 'embedded') return;
  const { point } = manifest.database;
  tell(
    `The database of DATABASE_URL is NOT in this backup. Back it up by its own means (pg_dump, or point-in-time recovery), as of ${
      point ? `${point.at}, LSN ${point.lsn}` : manifest.finishedAt
    } or later.`,
  );
};

const main = async (): Promise<void> => {
  const { options, names } = readCommandLine({ data: { type: 'string' } }, 1, usage);
  const [target] = names;
  if (target === undefined) throw new CallerError('bad_request', usage);
  const configuration = readConfiguration(process.env);
  const dataFolder = path.resolve(textOf(options, 'data') ?? configuration.data);
  const isTar = target.endsWith('.tar');
  const folder = path.resolve(isTar ? `${target}.unpacked` : target);
  const startedMs = performance.now();
  if (isTar) await rm(folder, { recursive: true, force: true });
  const logger = makeLogger(configuration.logLevel);
  const source = await openBackupSource(dataFolder, systemClock, logger, configuration.databaseUrl !== undefined);
  const manifest = await createBackup({
    dataFolder,
    target: folder,
    source,
    logFiles: { list: journalExtents, written: journalNotes },
    program: await readVersion(),
    nowMs: () => systemClock.now(),
    progress: bytesProgress('copied'),
  });
  if (isTar) await packBackup(folder, path.resolve(target));
  describe(manifest, target, (performance.now() - startedMs) / 1000);
};

await runCommand(main);
