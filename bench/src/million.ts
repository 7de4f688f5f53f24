/**
 * A million vehicles that report once a minute, through ingest, journal, live and history, as one process has them: memory, and CPU a
 * report. `node bench/src/million.ts [vehicles] [minutes]`, default 1000000 6. The directory is filled without PostgreSQL and reports
 * come without sockets, at the pace of the clock. Prints one JSON object a line.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate, setTimeout as wait } from 'node:timers/promises';
import { coreVocabulary } from '../../contract/src/index.ts';
import { startProjection } from '../../server/src/app/projection.ts';
import { openJournal } from '../../server/src/eventlog/adapters/journal/index.ts';
import { ByteWriter, ReportBuilder } from '../../server/src/events/index.ts';
import { openHistory } from '../../server/src/history/index.ts';
import { openIngest } from '../../server/src/ingest/index.ts';
import { makeLogger, systemClock } from '../../server/src/kernel/index.ts';
import { openLive } from '../../server/src/live/index.ts';
import { aCustomer, aDevice, aVehicle } from '../../server/src/live/memory-directory.ts';
import { openSnapshotFolder } from '../../server/src/storage/adapters/folder/index.ts';
import { BinaryReport } from '../../server/src/protocols/index.ts';
import { makeDirectory } from '../../server/src/registry/directory.ts';
import { sameForAll } from '../../server/src/registry/index.ts';
import { reportSignals } from './report-signals.ts';

const [vehicles = 1_000_000, minutes = 6] = process.argv.slice(2).map(Number);
const reportsATurn = 256;
const tickMs = 250;
const dayMs = 86_400_000;
const print = (figures: Record<string, unknown>): void => console.log(JSON.stringify(figures));
const round = (value: number): number => Math.round(value * 100) / 100;
const statusMb = (name: 'VmRSS' | 'VmHWM'): number =>
  Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024);

const startMs = Date.UTC(2026, 10, 2);
let nowMs = startMs;
const clock = { ...systemClock, now: () => nowMs };
const logger = makeLogger('warn');
const folder = mkdtempSync(join(tmpdir(), 'bench-million-'));
const failed = (error: Error): never => {
  throw error;
};

const fillDirectory = () => {
  const directory = makeDirectory(clock, logger);
  for (let no = 1; no <= 1000; no++) directory.putCustomer({ entity: aCustomer(no), revision: 1 });
  for (let no = 1; no <= vehicles; no++) {
    const fields = { plate: `M-${no.toString(36).toUpperCase()}`, customerNo: (no % 1000) + 1, model: 'eTransit' };
    directory.putVehicle({ entity: aVehicle(no, fields), revision: 1 });
    directory.putDevice({ entity: aDevice(no, no), revision: 1 });
  }
  return directory;
};

const [way, latitude, longitude, heading, speed, charge, range, weight, faults, ...tires] = reportSignals;

const builder = new ReportBuilder();
const out = new ByteWriter();
/** A vehicle's report of a minute, in stored values. Nothing is kept of a vehicle, so that only the server's memory is measured. */
const makeReport = (vehicleNo: number, minute: number, timeMs: number): BinaryReport => {
  const mixed = Math.imul(vehicleNo ^ (minute * 7919), 2_654_435_761) >>> 0;
  builder.reset();
  builder.addSample(timeMs);
  builder.addValue(way, vehicleNo * 1000 + minute * 600 + (mixed & 127));
  builder.addValue(latitude, 480_000_000 + ((vehicleNo % 1000) * 5000 + minute * 800 + (mixed & 255)) * 10);
  builder.addValue(longitude, 110_000_000 + ((vehicleNo % 997) * 5000 + minute * 700 + ((mixed >> 8) & 255)) * 10);
  builder.addValue(heading, ((mixed >> 4) % 3600) * 10);
  builder.addValue(speed, (mixed % 1200) * 10);
  builder.addValue(charge, 6000 - minute * 10);
  builder.addValue(range, 180_000 - minute * 1000);
  for (const [i, tire] of tires.entries()) builder.addValue(tire, 240 + ((mixed >> i) & 1));
  builder.addValue(weight, 612);
  builder.addValue(faults, 0);
  out.at = 0;
  builder.encode(out);
  return new BinaryReport(1, minute + 1, out.toBytes());
};

/** Not faster than the clock; other work is done meanwhile. */
const keepPace = async (startedMs: number): Promise<void> => {
  do await wait(1);
  while (performance.now() - startedMs < nowMs - startMs);
};

const run = async (): Promise<void> => {
  print({ what: 'before', rssMb: statusMb('VmRSS') });
  const directory = fillDirectory();
  print({ what: 'directory', vehicles, rssMb: statusMb('VmRSS') });
  const snapshots = openSnapshotFolder(join(folder, 'live'));
  const live = openLive({ directory, vocabulary: () => coreVocabulary, clock, logger, snapshots });
  const history = await openHistory({
    store: {
      adapterModule: new URL('../../server/src/history/adapters/sqlite/index.ts', import.meta.url),
      adapterOptions: { folder: join(folder, 'history') },
    },
    clock,
    logger,
    consentGroupOf: (signalNumber) => coreVocabulary.byNumber(signalNumber)?.group,
    failed,
  });
  const log = await openJournal({ folder: join(folder, 'journal'), clock, logger });
  const projection = await startProjection({
    log,
    live,
    history,
    partitions: [0],
    failed,
    warn: (_message, error) => failed(error as Error),
  });
  const prior = { find: history.findRecent.bind(history) };
  const ingest = openIngest({ log, directory, vocabulary: coreVocabulary, prior, clock, retention: sameForAll(1000 * dayMs) });
  let acknowledged = 0;
  const listener = {
    appended: () => void acknowledged++,
    appendFailed: (_token: number, cause: Error) => failed(cause),
  };
  let waits = 0;
  const startedMs = performance.now();
  const cpuBefore = process.cpuUsage();
  for (let minute = 0; minute < minutes; minute++) {
    for (let i = 0; i < vehicles; i++) {
      const vehicleNo = 1 + ((i * 7919) % vehicles);
      nowMs = startMs + minute * 60_000 + Math.floor((i * 60_000) / vehicles);
      if (i % Math.ceil((vehicles * tickMs) / 60_000) === 0) projection.tick(nowMs);
      const device = directory.deviceByNo(vehicleNo);
      if (!device) throw new Error(`vehicle ${vehicleNo} has no device`);
      const report = makeReport(vehicleNo, minute, nowMs);
      while (ingest.submit(device, report, listener, 0).refused) {
        waits++;
        await setImmediate();
      }
      if (i % reportsATurn === 0) await keepPace(startedMs);
    }
    while (acknowledged < (minute + 1) * vehicles) await setImmediate();
    print({ what: 'minute', minute, rssMb: statusMb('VmRSS'), heapMb: Math.round(process.memoryUsage().heapUsed / 2 ** 20) });
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  const { storedBytes, flushes } = history.statistics();
  print({
    what: 'all',
    vehicles,
    reports: acknowledged,
    cpuMicrosAReport: round((user + system) / acknowledged),
    peakRssMb: statusMb('VmHWM'),
    flushes,
    storedBytes,
    waits,
    seconds: Math.round((performance.now() - startedMs) / 1000),
  });
  await projection.stop();
  await history.close();
  await live.close();
  await log.close();
};

try {
  await run();
} finally {
  rmSync(folder, { recursive: true });
}
