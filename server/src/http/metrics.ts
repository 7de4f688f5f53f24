import type { FastifyInstance } from 'fastify';
import type { HistoryStatistics } from '../history/index.ts';
import type { Clock } from '../kernel/index.ts';
import type { LiveStatistics } from '../live/index.ts';
import type { TripsStatistics } from '../trips/index.ts';
import { Counter, collectDefaultMetrics, Gauge, Histogram, type Registry } from 'prom-client';
import type { GateFigures, HttpDeps, ModelFigures, RebuildFigures } from './types.ts';

/** How often the delay of the event loop is looked at: each time wakes a process that has nothing to do. */
const eventLoopLookEveryMs = 50;
const durationBuckets = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10];

/** Figures that the parts count themselves are read when /metrics is asked, and cost nothing until then. */
const mirror = (registry: Registry) => ({
  gauge: (name: string, help: string, read: () => number): void => {
    const gauge: Gauge = new Gauge({ name, help, registers: [registry], collect: () => gauge.set(read()) });
  },
  counter: (name: string, help: string, read: () => number): void => {
    const counter: Counter = new Counter({
      name,
      help,
      registers: [registry],
      collect: () => {
        counter.reset();
        counter.inc(read());
      },
    });
  },
});

const addGate = (registry: Registry, figures: GateFigures): void => {
  const { counter, gauge } = mirror(registry);
  counter('milepost_ingest_reports_total', 'Reports taken in', () => figures.ingest().reports);
  counter('milepost_ingest_samples_total', 'Samples stored', () => figures.ingest().samples);
  counter('milepost_ingest_values_total', 'Values stored', () => figures.ingest().values);
  counter('milepost_ingest_heartbeats_total', 'Reports without samples', () => figures.ingest().heartbeats);
  counter('milepost_ingest_adjusted_total', 'Samples whose clock was ahead', () => figures.ingest().adjusted);
  gauge('milepost_device_connections', 'Open sockets of devices', () => figures.deviceConnections());
  counter('milepost_device_throttles_total', 'Times that a device was slowed down, because it reported more than its share', () =>
    figures.deviceThrottles(),
  );
  const busiest = new Gauge({
    name: 'milepost_busiest_device_reports_per_second',
    help: 'Reports a second of the devices that report most on sockets, if they report much',
    labelNames: ['device'],
    registers: [registry],
    collect: () => {
      busiest.reset();
      for (const { deviceId, reportsPerSecond } of figures.busiestDevices()) busiest.set({ device: deviceId }, reportsPerSecond);
    },
  });
  const rejected = new Counter({
    name: 'milepost_ingest_rejected_total',
    help: 'Values, samples and reports refused, by reason',
    labelNames: ['reason'],
    registers: [registry],
    collect: () => {
      rejected.reset();
      for (const [reason, count] of Object.entries(figures.ingest().rejected)) rejected.inc({ reason }, count);
    },
  });
};

const addJournal = (registry: Registry, { eventLog, clock }: MetricsDeps): void => {
  const { counter, gauge } = mirror(registry);
  counter('milepost_journal_records_total', 'Records appended', () => eventLog.statistics().appendedRecords);
  counter('milepost_journal_commits_total', 'Group commits', () => eventLog.statistics().commits);
  gauge('milepost_journal_bytes', 'Size on disk', () => eventLog.statistics().bytes);
  gauge('milepost_journal_segments', 'Segments on disk', () => eventLog.statistics().segments);
  gauge('milepost_journal_pending_records', 'Records that wait for a commit', () => eventLog.statistics().pendingRecords);
  gauge('milepost_journal_pending_bytes', 'Bytes that wait for a commit', () => eventLog.statistics().pendingBytes);
  gauge('milepost_journal_is_refusing', '1 while the log takes nothing', () => (eventLog.refusal() ? 1 : 0));
  gauge('milepost_journal_oldest_age_seconds', 'Age of the oldest record', () => {
    const { oldestReceivedAt } = eventLog.statistics();
    return oldestReceivedAt === null ? 0 : Math.max(0, clock.now() - oldestReceivedAt) / 1000;
  });
};

/** There may be none at a moment. */
type Models = () => ModelFigures | undefined;

/** Kind, name, help, and what is read of the statistics of a part. */
type Figure<Statistics> = readonly ['gauge' | 'counter', string, string, (statistics: Statistics) => number];

const addFigures = <Statistics>(
  registry: Registry,
  figures: readonly Figure<Statistics>[],
  read: (of: (statistics: Statistics) => number) => number,
): void => {
  for (const [kind, name, help, of] of figures) mirror(registry)[kind](name, help, () => read(of));
};

const addProjection = (registry: Registry, models: Models): void => {
  const { counter, gauge } = mirror(registry);
  gauge('milepost_projection_lag_seconds', 'How far the read models are behind the log', () => (models()?.lagMs() ?? 0) / 1000);
  gauge('milepost_dead_letters', 'Records that a read model could not apply, put aside', () => models()?.deadLetters() ?? 0);
  counter(
    'milepost_dead_letters_unwritten_total',
    'The same, for which there was no room',
    () => models()?.deadLettersUnwritten() ?? 0,
  );
  gauge(
    'milepost_unknown_vehicles',
    'Vehicles of the log that the registry does not know: it was restored to an earlier moment',
    () => models()?.unknownVehicles() ?? 0,
  );
};

const historyFigures: readonly Figure<HistoryStatistics>[] = [
  ['gauge', 'milepost_history_memtable_bytes', 'Memory of the memtable', ({ memtableBytes }) => memtableBytes],
  ['gauge', 'milepost_history_memtable_reports', 'Reports in the memtable', ({ memtableReports }) => memtableReports],
  ['gauge', 'milepost_history_stored_bytes', 'Bytes of chunks', ({ storedBytes }) => storedBytes],
  ['gauge', 'milepost_history_stored_chunks', 'Chunks', ({ storedChunks }) => storedChunks],
  ['gauge', 'milepost_history_stored_rows', 'Rows in chunks', ({ storedRows }) => storedRows],
  ['counter', 'milepost_history_flushes_total', 'Flushes of the memtable', ({ flushes }) => flushes],
  [
    'counter',
    'milepost_history_flush_failures_total',
    'Flushes that failed and were tried again',
    ({ flushFailures }) => flushFailures,
  ],
  [
    'counter',
    'milepost_history_conflicts_total',
    'Values that lost against a different one',
    ({ conflictsAtMerge }) => conflictsAtMerge,
  ],
  [
    'counter',
    'milepost_history_unreadable_records_total',
    'Records that could not be decoded',
    ({ unreadableRecords }) => unreadableRecords,
  ],
  ['gauge', 'milepost_history_flush_seconds', 'Duration of the last flush', ({ lastFlushMs }) => lastFlushMs / 1000],
  ['counter', 'milepost_history_keyframes_total', 'Keyframes of the fleet that were made', ({ keyframesMade }) => keyframesMade],
  ['gauge', 'milepost_history_keyframe_seconds', 'Duration of the last keyframe', ({ lastKeyframeMs }) => lastKeyframeMs / 1000],
  ['gauge', 'milepost_history_sealed_tables', 'Tables that wait for their flush', ({ sealedTables }) => sealedTables],
  ['gauge', 'milepost_history_queries_waiting', 'Queries that wait for a worker', ({ queriesWaiting }) => queriesWaiting],
];

const addHistory = (registry: Registry, models: Models): void =>
  addFigures(registry, historyFigures, (of) => {
    const figures = models();
    return figures ? of(figures.history.statistics()) : 0;
  });

const liveFigures: readonly Figure<LiveStatistics>[] = [
  ['gauge', 'milepost_live_vehicles', 'Vehicles with a status', ({ vehicles }) => vehicles],
  ['gauge', 'milepost_live_values', 'Latest values kept', ({ values }) => values],
  ['gauge', 'milepost_live_bytes', 'Memory of the tables', ({ bytes }) => bytes],
  ['gauge', 'milepost_live_timers', 'Deadlines that are waited for', ({ timers }) => timers],
  [
    'counter',
    'milepost_live_unreadable_records_total',
    'Records that could not be decoded',
    ({ unreadableRecords }) => unreadableRecords,
  ],
];

const addLive = (registry: Registry, models: Models): void =>
  addFigures(registry, liveFigures, (of) => {
    const figures = models();
    return figures ? of(figures.live.statistics()) : 0;
  });

const addRebuild = (registry: Registry, rebuild: () => RebuildFigures): void => {
  const { counter, gauge } = mirror(registry);
  const progress = () => rebuild().progress;
  gauge('milepost_rebuild_is_running', '1 while a read model is rebuilt', () => (rebuild().isRunning ? 1 : 0));
  gauge('milepost_rebuild_progress_ratio', 'How far its phase is, 0 to 1', () => (progress()?.percent ?? 0) / 100);
  gauge('milepost_rebuild_records_per_second', 'Records of the log it reads', () => progress()?.recordsPerSecond ?? 0);
  gauge('milepost_rebuild_left_seconds', 'What is left of its phase, 0: not known', () => progress()?.secondsLeft ?? 0);
  gauge('milepost_rebuild_differences', 'Found by the last one put in place', () => rebuild().differences);
  counter('milepost_rebuilds_total', 'Rebuilds that ended, whatever their outcome', () => rebuild().finished);
  counter('milepost_rebuilds_swapped_total', 'Rebuilt models put in place', () => rebuild().swapped);
};

const tripFigures: readonly Figure<TripsStatistics>[] = [
  [
    'counter',
    'milepost_trips_marked_total',
    'Days of vehicles that were marked, since samples of them came',
    ({ marked }) => marked,
  ],
  ['counter', 'milepost_trips_derived_total', 'Days of vehicles that were derived', ({ derived }) => derived],
  ['counter', 'milepost_trips_derived_seconds_total', 'Time that took', ({ derivedMs }) => derivedMs / 1000],
  ['counter', 'milepost_trips_failed_total', 'Days that could not be derived in the background', ({ failed }) => failed],
  ['gauge', 'milepost_trips_days_marked', 'Days that will be derived, the running ones too', ({ daysMarked }) => daysMarked],
  ['gauge', 'milepost_trips_days_due', 'Days that wait for the background', ({ daysDue }) => daysDue],
  ['gauge', 'milepost_trips_derives_waiting', 'Days that readers wait for', ({ derivesWaiting }) => derivesWaiting],
  ['gauge', 'milepost_trips_ranges_noted', 'Marks that are not written yet', ({ rangesNoted }) => rangesNoted],
];

const addTrips = (registry: Registry, trips: () => TripsStatistics | undefined, clock: Clock): void => {
  addFigures(registry, tripFigures, (of) => {
    const figures = trips();
    return figures ? of(figures) : 0;
  });
  mirror(registry).gauge('milepost_trips_lag_seconds', 'How long the oldest day that is due has waited', () => {
    const oldestDueMs = trips()?.oldestDueMs ?? null;
    return oldestDueMs === null ? 0 : Math.max(0, clock.now() - oldestDueMs) / 1000;
  });
};

const addDurations = (fastify: FastifyInstance, registry: Registry): void => {
  const durations = new Histogram({
    name: 'milepost_http_request_duration_seconds',
    help: 'Duration of requests by route',
    labelNames: ['method', 'route', 'status'],
    buckets: durationBuckets,
    registers: [registry],
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    // The pattern, never the address: addresses hold ids and are without number.
    const route = request.routeOptions.url ?? 'none';
    durations.observe({ method: request.method, route, status: String(reply.statusCode) }, reply.elapsedTime / 1000);
    done();
  });
};

/** What every process has that answers /metrics. */
export type MetricsDeps = Pick<HttpDeps, 'metrics' | 'eventLog' | 'clock' | 'figures'>;

/** Counts requests from here on, and mirrors what the parts count. */
export const addMetrics = (fastify: FastifyInstance, deps: MetricsDeps, viewers?: () => number): void => {
  const { metrics: registry, figures } = deps;
  const { counter, gauge } = mirror(registry);
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: eventLoopLookEveryMs });
  addJournal(registry, deps);
  counter('milepost_clock_steps_total', 'Times that the clock of the machine was set while the server ran', () =>
    figures.clockSteps(),
  );
  if (figures.gate) addGate(registry, figures.gate);
  if (figures.models) {
    addProjection(registry, figures.models);
    addHistory(registry, figures.models);
    addLive(registry, figures.models);
  }
  if (figures.trips) addTrips(registry, figures.trips, deps.clock);
  if (figures.rebuild) addRebuild(registry, figures.rebuild);
  if (viewers) gauge('milepost_stream_viewers', 'Browsers that watch', viewers);
  addDurations(fastify, registry);
};

/** `/metrics` in the text format of Prometheus. Figures only, nothing of a vehicle: a scraper needs no token. */
export const addMetricsRoute = (fastify: FastifyInstance, { metrics }: Pick<HttpDeps, 'metrics'>): void => {
  fastify.get('/metrics', { schema: { hide: true }, config: { access: 'anyone' } }, async (_request, reply) => {
    return reply
      .type(metrics.contentType)
      .header('cache-control', 'no-store')
      .send(await metrics.metrics());
  });
};
