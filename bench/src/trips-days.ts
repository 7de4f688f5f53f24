/**
 * Trips by day as the server keeps them, on the journal, history and an embedded PostgreSQL: `node bench/src/trips-days.ts [days]`, 12 when
 * it is not given. Prints one JSON object a line.
 * - What noting which days got samples costs a report: 2,000 vehicles, first new days, then days that are marked already.
 * - A vehicle-day from history to the database at 1 Hz and at one sample a minute, in the main thread and in the thread of trips: CPU of
 *   the process (PostgreSQL is another), time, the longest delay of the event loop, and bytes stored.
 */
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { sql } from 'kysely';
import { coreSignal, coreVocabulary, quantise } from '../../contract/src/index.ts';
import { openErasures } from '../../server/src/erasure/index.ts';
import { openJournal } from '../../server/src/eventlog/adapters/journal/index.ts';
import { ByteWriter, encodeRecord, ReportBuilder, recordKinds } from '../../server/src/events/index.ts';
import { openHistory } from '../../server/src/history/index.ts';
import { makeLogger, systemClock } from '../../server/src/kernel/index.ts';
import { openRegistry, openRetention } from '../../server/src/registry/index.ts';
import { serverScope } from '../../server/src/sharing/index.ts';
import { systemActor } from '../../server/src/storage/index.ts';
import { openTestStorage } from '../../server/src/storage/testing/test-storage.ts';
import {
  assembleTrips,
  DayThread,
  deriveDay,
  type MakeDay,
  makeDayWith,
  TripMarks,
  type TripSamples,
} from '../../server/src/trips/index.ts';
import { makeDrivenSamples } from './driven-samples.ts';
import { reportSignals } from './report-signals.ts';

const days = Number(process.argv[2] ?? 12);
const vehicles = 2000;
const reportsAVehicle = 100;
const samplesAReport = 1000;
const dayMs = 86_400_000;
const hourMs = 3_600_000;
const today = Date.UTC(2026, 9, 5);
const nowMs = today + 3 * dayMs;
const logger = makeLogger('warn');
const clock = { ...systemClock, now: () => nowMs };
/** Nothing happens by itself. */
const stillClock = { ...clock, after: () => () => {} };
const round = (value: number): number => Math.round(value * 100) / 100;
const print = (figures: Record<string, unknown>): void => console.log(JSON.stringify(figures));
const failed = (error: Error): never => {
  throw error;
};
const microsSince = ({ user, system }: NodeJS.CpuUsage, now: NodeJS.CpuUsage): number => now.user + now.system - user - system;

const test = await openTestStorage('bench-trips-days');
const { storage } = test;
const registry = await openRegistry({ storage, pepper: Buffer.alloc(32, 7), clock, logger });
const { directory } = registry;
for (let from = 0; from < vehicles; from += 500)
  await registry.enrol(
    Array.from({ length: 500 }, (_, i) => ({
      vehicle: { vin: `WVWZZZ3CZ${String(from + i).padStart(8, '0')}`, customer: 'Bench' },
      device: { imei: String(352_000_000_000_000 + from + i) },
    })),
  );
const vehicleNos = [...directory.vehicles()].map(({ vehicleNo }) => vehicleNo);
const retention = openRetention(directory, 36_500);
const erasures = await openErasures({ storage, registry, file: join(test.folder, 'erasures.ndjson'), clock, logger });
const log = await openJournal({ folder: join(test.folder, 'journal'), clock, logger, limits: { diskReserveBytes: 0 } });
const history = await openHistory({
  logger,
  clock,
  store: {
    adapterModule: new URL('../../server/src/history/adapters/sqlite/index.ts', import.meta.url),
    adapterOptions: { folder: join(test.folder, 'history') },
  },
  consentGroupOf: (number) => coreVocabulary.byNumber(number)?.group,
  failed,
});
const marks = new TripMarks({ storage, log, partitions: [0], isWriter: true, clock: stillClock, logger });
await marks.open(() => log.startOffset(0));
let noteMicros = 0;
log.follow({
  partition: 0,
  fromOffset: log.startOffset(0),
  handle: async (batch) => {
    history.apply(batch);
    const since = process.threadCpuUsage();
    marks.apply(batch);
    noteMicros += microsSince(since, process.threadCpuUsage());
    await history.ready();
  },
  failed,
});

const builder = new ReportBuilder();
const out = new ByteWriter();
/** Answers when all of them are durable and applied. */
class Sender {
  #seq = 0;
  #waiting = 0;
  #done = Promise.withResolvers<void>();

  send(vehicleNo: number): void {
    out.at = 0;
    builder.encode(out);
    const header = { kind: recordKinds.telemetry, vehicleNo, deviceNo: vehicleNo, boot: 1, hasSequence: true } as const;
    const record = encodeRecord({ ...header, vocabularyVersion: 1, seq: this.#seq++, receivedAt: nowMs }, out.toBytes());
    this.#waiting++;
    const listener = { appended: () => this.#one(), appendFailed: (_token: number, error: Error) => failed(error) };
    if (log.append(record, listener, 0)) throw new Error('the log refuses');
  }

  #one(): void {
    if (--this.#waiting === 0) this.#done.resolve();
  }

  async all(): Promise<void> {
    await this.#done.promise;
    this.#done = Promise.withResolvers();
  }
}
const sender = new Sender();

const measureMarks = async (what: string, fromMs: number): Promise<void> => {
  noteMicros = 0;
  for (let round_ = 0; round_ < reportsAVehicle; round_++) {
    for (const vehicleNo of vehicleNos) {
      builder.reset();
      builder.addSample(fromMs + round_ * 60_000);
      for (const signal of reportSignals) builder.addValue(signal, (round_ * 7 + vehicleNo) % 1000);
      sender.send(vehicleNo);
    }
    await sender.all();
  }
  const ranges = marks.noted.count;
  const since = process.threadCpuUsage();
  const startedMs = performance.now();
  await marks.flush();
  print({
    what,
    reports: vehicleNos.length * reportsAVehicle,
    notingCpuMicrosPerReport: round(noteMicros / (vehicleNos.length * reportsAVehicle)),
    rangesWritten: ranges,
    flushCpuMs: round(microsSince(since, process.threadCpuUsage()) / 1000),
    flushMs: round(performance.now() - startedMs),
  });
};

const signals = {
  speedKmh: 'Vehicle.Speed',
  latitude: 'Vehicle.CurrentLocation.Latitude',
  longitude: 'Vehicle.CurrentLocation.Longitude',
  energyPercent: 'Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed',
} as const;
const columns = Object.entries(signals) as [keyof typeof signals, string][];

const fill = async (vehicleNo: number, samples: TripSamples): Promise<void> => {
  for (let from = 0; from < samples.times.length; from += samplesAReport) {
    builder.reset();
    for (let i = from; i < Math.min(samples.times.length, from + samplesAReport); i++) {
      builder.addSample(samples.times[i] as number);
      for (const [name, path] of columns) {
        const quantised = quantise(coreSignal(path), samples[name][i] as number);
        if (quantised.ok) builder.addValue(coreSignal(path).number, quantised.stored);
      }
    }
    sender.send(vehicleNo);
    await sender.all();
  }
};

const storedBytes = async (vehicleNo: number) => {
  const { rows } = await storage.withActor(systemActor('trips'), (tx) =>
    sql<{ document: number; row: number }>`select octet_length(document) as document, pg_column_size(d.*) as row
      from vehicle_days d where vehicle_no = ${vehicleNo} and day = ${today / dayMs}`.execute(tx),
  );
  return rows[0] ?? { document: 0, row: 0 };
};

/** Makes one day again and again: each time a sample of it has come. */
const measureDays = async (what: string, vehicleNo: number, makeDay: MakeDay): Promise<void> => {
  const parts = { storage, history, directory, retention, erasures, marks, makeDay };
  const { trips } = assembleTrips({ ...parts, clock: stillClock, logger });
  const query = { vehicleNo, fromMs: today, toMs: today + dayMs, limit: 500 };
  let found = 0;
  const make = async (): Promise<void> => {
    const remade = sql`update vehicle_days set log_offset = -1, model = 0 where vehicle_no = ${vehicleNo}`;
    await storage.withActor(systemActor('trips'), (tx) => remade.execute(tx));
    found = (await trips.listTrips(serverScope(), query)).items.length;
  };
  for (let i = 0; i < 5; i++) await make();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const main = process.threadCpuUsage();
  const all = process.cpuUsage();
  const startedMs = performance.now();
  delay.enable();
  for (let i = 0; i < days; i++) await make();
  delay.disable();
  const { document, row } = await storedBytes(vehicleNo);
  print({
    what,
    trips: found,
    msPerDay: round((performance.now() - startedMs) / days),
    cpuMsPerDay: round(microsSince(all, process.cpuUsage()) / 1000 / days),
    mainThreadCpuMsPerDay: round(microsSince(main, process.threadCpuUsage()) / 1000 / days),
    loopDelayP99Ms: round(delay.percentile(99) / 1e6),
    loopDelayMaxMs: round(delay.max / 1e6),
    documentBytes: document,
    rowBytes: row,
  });
};

const thread = new DayThread(logger);
try {
  await measureMarks('a day that is new', today - 20 * dayMs);
  await measureMarks('a day that is marked', today - 20 * dayMs + 12 * hourMs);
  for (const [i, everySeconds] of [1, 60].entries()) {
    const vehicleNo = vehicleNos[i] as number;
    await fill(vehicleNo, makeDrivenSamples(today, everySeconds, true));
    await marks.flush();
    await history.flush();
    const each = everySeconds === 1 ? '1 Hz' : 'a sample a minute';
    await measureDays(`${each}, in the main thread`, vehicleNo, makeDayWith(deriveDay));
    await measureDays(`${each}, in the thread of trips`, vehicleNo, (wanted, read) => thread.make(wanted, read));
  }
} finally {
  await thread.close();
  await marks.close(false);
  await erasures.close();
  retention.close();
  await log.close();
  await history.close();
  await registry.close();
  await test.close();
}
