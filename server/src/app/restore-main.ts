import { mkdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { readManifest, restoreBackup, unpackBackup, verifyBackup } from '../backup/index.ts';
import { joinLedgers, readLedger } from '../erasure/index.ts';
import { CallerError, systemClock } from '../kernel/index.ts';
import { clusterOwner } from '../storage/adapters/embedded-postgres/index.ts';
import { lockDataFolder } from '../storage/adapters/folder-lock.ts';
import { bytesProgress, bytesText, type Options, readCommandLine, runCommand, tell, textOf } from './command-line.ts';
import { readConfiguration } from './settings.ts';

const usage = `npm run restore -- <backup> [--to <data folder>] [--force] [--ledger <erasures.ndjson>]
npm run restore -- <backup> --check
  <backup>: a folder or .tar made by npm run backup. The server of the data folder must be stopped.
  --to      the data folder; MILEPOST_DATA unless given
  --force   also when it is not empty: what is there is moved aside, into .replaced-… inside of it
  --ledger  erasures that are newer than the backup: nothing of them comes back
  --check   only reads the backup through and says whether it is whole`;

const restore = async (backup: string, options: Options): Promise<void> => {
  const target = path.resolve(textOf(options, 'to') ?? readConfiguration(process.env).data);
  const ledger = textOf(options, 'ledger');
  if (ledger !== undefined && !(await stat(ledger).catch(() => undefined)))
    throw new CallerError('bad_request', `there is no ledger ${ledger}`);
  // What is wrong with the backup is said before anything is made in the target.
  await readManifest(backup);
  await mkdir(target, { recursive: true });
  const lock = lockDataFolder(target);
  try {
    let erasures = 0;
    const { manifest, replaced } = await restoreBackup({
      backup,
      target,
      isForced: options['force'] === true,
      clusterOwner: clusterOwner(),
      joinLedgers: async (into, ledgers) => {
        await joinLedgers(into, ledgers);
        erasures = (await readLedger(into)).length;
      },
      ...(ledger === undefined ? {} : { ledger }),
      nowMs: () => systemClock.now(),
      progress: bytesProgress('verified and copied'),
    });
    const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
    tell(
      `${target} is as of ${manifest.point.at}: ${manifest.files.length} files, ${bytesText(bytes)}; ${erasures} erasures apply`,
    );
    if (replaced !== undefined)
      tell(`What was there lies in ${replaced}. It holds what was erased since, too: remove it when you no longer need it.`);
    if (manifest.database.kind === 'outside')
      tell('The database was not in the backup: restore it by its own means before the server starts.');
  } finally {
    lock.release();
  }
};

const check = async (backup: string): Promise<void> => {
  const manifest = await verifyBackup(backup, bytesProgress('verified'));
  tell(`The backup of ${manifest.point.at} is whole: ${manifest.files.length} files`);
};

const main = async (): Promise<void> => {
  const known = {
    to: { type: 'string' },
    ledger: { type: 'string' },
    force: { type: 'boolean' },
    check: { type: 'boolean' },
  } as const;
  const { options, names } = readCommandLine(known, 1, usage);
  const [given] = names;
  if (given === undefined) throw new CallerError('bad_request', usage);
  const backup = path.resolve(given);
  const found = await stat(backup).catch(() => undefined);
  if (!found) throw new CallerError('bad_request', `there is no backup ${backup}`);
  const run = options['check'] === true ? check : (folder: string) => restore(folder, options);
  if (!found.isFile()) return run(backup);
  const unpacked = `${backup}.unpacked`;
  await rm(unpacked, { recursive: true, force: true });
  try {
    await unpackBackup(backup, unpacked);
    await run(unpacked);
  } finally {
    await rm(unpacked, { recursive: true, force: true });
  }
};

await runCommand(main);
