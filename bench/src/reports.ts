/**
 * What a report of a month costs: `node bench/src/reports.ts [vehicles] [days]`; 10,000 vehicles and 30 days without an argument. Day rows are
 * made up (three drives a day, of 32 kinds) and stored as the deriver stores them, in a real PostgreSQL; the report reads, decodes and adds
 * them up. Prints one JSON object a line. CPU is user + system of this process, without PostgreSQL.
 */
import { sql } from 'kysely';
import { reportGroupings } from '../../contract/src/api/index.ts';
import { openTestServer } from '../../server/src/http/testing/open-test-server.ts';
import { makeSettableClock } from '../../server/src/http/testing/settable-clock.ts';
import { nothingPrivate, operatorScope } from '../../server/src/sharing/index.ts';
import { systemActor } from '../../server/src/storage/index.ts';
import { encodeDay } from '../../server/src/trips/days/day-document.ts';
import { documentForm } from '../../server/src/trips/days/model-version.ts';
import { quartersPerDay, type Trip, type VehicleDay } from '../../server/src/trips/types.ts';

const [vehicles = 10_000, days = 30] = process.argv.slice(2).map(Number);
const dayMs = 86_400_000;
const firstDay = Date.UTC(2026, 9, 1) / dayMs;
const kinds = 32;
const vehiclesAtOnce = 1000;
const print = (figures: Record<string, unknown>): void => console.log(JSON.stringify(figures));

const tripAt = (fromMs: number, minutes: number, kind: number): Trip => ({
  fromMs,
  toMs: fromMs + minutes * 60_000,
  isOpen: false,
  start: { latitude: 48 + kind / 100, longitude: 11 },
  end: { latitude: 48.1 + kind / 100, longitude: 11.1 },
  distanceM: minutes * 700,
  distanceSource: 'odometer',
  idleMs: 120_000,
  topSpeedKmh: 80 + kind / 4,
  energyKwh: minutes * 0.1,
  energySource: 'modelled',
  fromPercent: 80,
  toPercent: 80 - minutes / 10,
  gaps: [],
  harshEvents:
    kind % 4 === 0 ? [{ kind: 'braking', atMs: fromMs + 60_000, metersPerSecond2: 4, position: null, source: 'modelled' }] : [],
});

/** A day as a delivery van has it. */
const dayOf = (kind: number): VehicleDay => {
  const startMs = firstDay * dayMs;
  const hours = [7, 12, 16];
  const minutes = 30 + kind;
  const trips = hours.map((hour) => tripAt(startMs + hour * 3_600_000, minutes, kind));
  const quarters = (value: number): number[] =>
    Array.from({ length: quartersPerDay }, (_, n) => (hours.some((hour) => n >= hour * 4 && n < hour * 4 + 3) ? value : 0));
  return {
    dayMs: startMs,
    trips,
    stops: trips.map(({ toMs, end }) => ({
      fromMs: toMs,
      toMs: toMs + 3_600_000,
      isOpen: false,
      kind: 'parked',
      position: end,
      idleMs: 0,
    })),
    charging: [],
    distanceM: quarters(minutes * 230),
    drivingMs: quarters(600_000),
    idleMs: quarters(60_000),
    energyKwh: quarters(1.2),
    energySource: 'modelled',
    odometerM: 20_000_000,
    odometerAtMs: startMs + 20 * 3_600_000,
    rangeAtFullM: 250_000,
    rangeSource: 'measured',
    coldTireKpa: [240, 240, 260, 260],
    samples: 5000,
  };
};

const clock = makeSettableClock((firstDay + days) * dayMs + 12 * 3_600_000);
const server = await openTestServer('bench-reports', {}, { clock });
try {
  const { registry, reportParts, reports } = server;
  for (let at = 0; at < vehicles; at += vehiclesAtOnce) {
    const rows = Array.from({ length: Math.min(vehiclesAtOnce, vehicles - at) }, (_, n) => ({
      vehicle: {
        vin: `WVWZZZ1JZ${String(at + n).padStart(8, '0')}`,
        customer: `Customer ${(at + n) % 40}`,
        groups: [`g${n % 7}`],
      },
      device: { imei: String(350_000_000_000_000 + at + n), kind: 'tracker' as const },
    }));
    await registry.enrol(rows);
  }
  const documents = Array.from({ length: kinds }, (_, kind) => `\\x${Buffer.from(encodeDay(dayOf(kind))).toString('hex')}`);
  const nowMs = clock.now();
  await reportParts.storage.withActor(systemActor('bench'), async (tx) => {
    await sql`insert into trip_vehicles (vehicle_no, virtual_partition, scanned_at) select vehicle_no, 0, now() from vehicles
      on conflict (vehicle_no) do update set scanned_at = now()`.execute(tx);
    await sql`insert into vehicle_days (vehicle_no, day, model, log_offset, complete_to, read_from, read_to, derived_at, erasures, is_open,
        pack_kwh, used_pack_kwh, distance_m, document)
      select v.vehicle_no, d.day, ${documentForm}, 1000000000, ${nowMs}, d.day::bigint * ${dayMs}, (d.day::bigint + 1) * ${dayMs},
        ${new Date(nowMs).toISOString()}, 0, false, null, null, 63000,
        (${documents}::text[])[1 + (v.vehicle_no * 7 + d.day) % ${kinds}]::bytea
      from vehicles v cross join generate_series(${firstDay}::int, ${firstDay + days - 1}::int) as d(day)`.execute(tx);
    await sql`delete from vehicle_day_marks`.execute(tx);
  });
  await reportParts.storage.withActor(systemActor('bench'), (tx) => sql`analyze vehicle_days`.execute(tx)).catch(() => {});
  const scope = operatorScope(nothingPrivate);
  const day = (n: number): string => new Date((firstDay + n) * dayMs).toISOString().slice(0, 10);
  const question = { period: 'custom' as const, from: day(0), to: day(days - 1), timeZone: 'Europe/Berlin', filters: {} };
  print({ what: 'day rows', vehicles, days, bytesEach: Math.round(((documents[0] as string).length - 2) / 2) });
  // Once before, so that the code is compiled and the pages of the database are in memory.
  await reports.read(scope, { ...question, by: 'customer' });
  for (const by of reportGroupings) {
    const [startedMs, cpuBefore] = [performance.now(), process.cpuUsage()];
    const report = await reports.read(scope, { ...question, by });
    const seconds = (performance.now() - startedMs) / 1000;
    const { user, system } = process.cpuUsage(cpuBefore);
    print({
      by,
      rows: report.rows.length,
      trips: report.total.trips,
      seconds: Math.round(seconds * 100) / 100,
      microsecondsPerDayRow: Math.round((seconds * 1e7) / (vehicles * days)) / 10,
      cpuMicrosecondsPerDayRow: Math.round(((user + system) * 10) / (vehicles * days)) / 10,
      memoryMb: Math.round(process.memoryUsage().rss / 1e6),
    });
  }
} finally {
  await server.close();
}
