import { type EventLog } from '../eventlog/index.ts';
import { recordFlags, setRecordFlag } from '../events/index.ts';
import { CallerError, makeLogger, systemClock } from '../kernel/index.ts';
import { lockDataFolder } from '../storage/adapters/folder-lock.ts';
import { type Options, readCommandLine, runCommand, tell, textOf } from './command-line.ts';
import { openDataFolder } from './data-folder.ts';
import { type DeadLetterLine, readDeadLetters, setDeadLettersAside } from './dead-letters.ts';
import { type Base, Closers, openLog } from './open-parts.ts';
import { readConfiguration } from './settings.ts';

const usage = `npm run dead-letters -- list [--data <data folder>]
npm run dead-letters -- retry [--data <data folder>]
npm run dead-letters -- drop [--data <data folder>]
  list   what could not be applied, and why; the server may run
  retry  puts them into the log once more, for a version that can apply them; its server must be stopped
  drop   sets them aside for good; its server must be stopped
  The data folder is MILEPOST_DATA unless --data names one.`;

const tellLetters = (letters: readonly DeadLetterLine[]): void => {
  for (const { at, reader, offset, vehicleNo, deviceNo, receivedAt, why, record } of letters) {
    const received = new Date(receivedAt).toISOString();
    tell(`${at} ${reader}: offset ${offset}, vehicle number ${vehicleNo}, device number ${deviceNo}, received ${received}`);
    tell(`  ${why}; ${Math.floor(record.length * 0.75)} bytes`);
  }
  tell(`${letters.length} dead letters`);
};

const append = (log: EventLog, record: Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    const listener = { appended: () => resolve(), appendFailed: (_token: number, error: Error) => reject(error) };
    const refused = log.append(record, listener, 0);
    if (refused) reject(new CallerError('disk_full', `the log takes nothing: ${refused}`));
  });

/** Marked, so that nobody counts as heard again because of it. One record however many readers could not apply it. */
const retry = async (base: Base, letters: readonly DeadLetterLine[]): Promise<void> => {
  const closers = new Closers();
  const log = await openLog(base, closers);
  try {
    const records = new Map(letters.map(({ partition, offset, record }) => [`${partition} ${offset}`, record]));
    for (const record of records.values()) await append(log, setRecordFlag(Buffer.from(record, 'base64'), recordFlags.isRetried));
    tell(`${records.size} records are in the log once more`);
  } finally {
    await closers.closeAll(base.logger);
  }
};

const setAside = async (base: Base): Promise<void> => {
  const aside = await setDeadLettersAside(base.folder.deadLetters, base.clock.now());
  tell(`They lie in ${aside}.`);
};

const run = async (options: Options, command: string | undefined): Promise<void> => {
  const data = textOf(options, 'data');
  const configuration = readConfiguration({ ...process.env, ...(data === undefined ? {} : { MILEPOST_DATA: data }) });
  if (command !== 'list' && command !== 'retry' && command !== 'drop') throw new CallerError('bad_request', usage);
  const lock = command === 'list' ? undefined : lockDataFolder(configuration.data);
  try {
    const folder = await openDataFolder(configuration.data);
    const letters = readDeadLetters(folder.deadLetters);
    if (command === 'list' || letters.length === 0) {
      tellLetters(letters);
      return;
    }
    const base = { configuration, folder, clock: systemClock, logger: makeLogger(configuration.logLevel), failed: () => {} };
    if (command === 'retry') await retry(base, letters);
    await setAside(base);
  } finally {
    lock?.release();
  }
};

await runCommand(async () => {
  const { options, names } = readCommandLine({ data: { type: 'string' } }, 1, usage);
  await run(options, names[0]);
});
