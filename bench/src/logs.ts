/**
 * The event log by itself, a million records a minute: what appending costs, what reading behind costs, and how long an acknowledgement takes; on the
 * journal and on Kafka (one broker, started here, kept once). `node bench/src/logs.ts [seconds]`; prints one JSON object a line.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { openJournal } from '../../server/src/eventlog/adapters/journal/index.ts';
import { ensureTopic, openKafkaLog } from '../../server/src/eventlog/adapters/kafka/index.ts';
import type { EventLog } from '../../server/src/eventlog/index.ts';
import { recordFields } from '../../server/src/events/index.ts';
import { makeLogger, systemClock } from '../../server/src/kernel/index.ts';
import { ensureKafka, startKafka } from '../../tools/lib/engines.mjs';
import { makeLoggedReport } from './log-records.ts';
import { cpuSecondsOf } from './server.ts';

const seconds = Number(process.argv[2] ?? 20);
const recordsPerSecond = 16_667;
const turnMs = 2;
const partitions = 64;
const logger = makeLogger('warn');
const clock = systemClock;
const round = (value: number): number => Math.round(value * 100) / 100;
const print = (figures: Record<string, unknown>): void => console.log(JSON.stringify(figures));

const quantile = (sorted: Float64Array, share: number): number =>
  round(sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN);

const cpuMicros = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return user + system;
};

/** What making the records costs by itself, so that it can be taken off. */
const measureMaking = (count: number): number => {
  const since = process.cpuUsage();
  for (let seq = 0; seq < count; seq++) makeLoggedReport(seq, Date.now());
  return cpuMicros(since) / count;
};

const append = async (log: EventLog, count: number, makingMicros: number) => {
  const sentAt = new Float64Array(count);
  const latencies = new Float64Array(count);
  let acknowledged = 0;
  const listener = {
    appended: (token: number) => {
      latencies[token] = performance.now() - (sentAt[token] as number);
      acknowledged++;
    },
    appendFailed: (_token: number, error: Error) => {
      throw error;
    },
  };
  let refusals = 0;
  const since = process.cpuUsage();
  const startedAt = performance.now();
  for (let seq = 0; seq < count; ) {
    const due = Math.min(count, Math.floor(((performance.now() - startedAt) / 1000) * recordsPerSecond));
    for (; seq < due; seq++) {
      sentAt[seq] = performance.now();
      if (log.append(makeLoggedReport(seq, Date.now()), listener, seq)) {
        refusals++;
        break;
      }
    }
    await wait(turnMs);
  }
  while (acknowledged < count) await wait(turnMs);
  const cpuMicrosARecord = round(cpuMicros(since) / count - makingMicros);
  const sorted = latencies.toSorted();
  return { cpuMicrosARecord, ackP50Ms: quantile(sorted, 0.5), ackP99Ms: quantile(sorted, 0.99), refusals };
};

/** Everything from the beginning, as a projector that starts anew. */
const readAll = async (log: EventLog, count: number) => {
  let read = 0;
  let newest = 0;
  const since = process.cpuUsage();
  const startedAt = performance.now();
  const followers = log.partitions().map((partition) =>
    log.follow({
      partition,
      fromOffset: log.startOffset(partition),
      handle: (batch) => {
        read += batch.count;
        for (let i = 0; i < batch.count; i++)
          newest = Math.max(newest, recordFields.receivedAt(batch.view, batch.starts[i] as number));
      },
      failed: (error) => {
        throw error;
      },
    }),
  );
  while (read < count) await wait(turnMs);
  const readCpuMicrosARecord = round(cpuMicros(since) / count);
  const readPerSecond = Math.round(count / ((performance.now() - startedAt) / 1000));
  for (const follower of followers) await follower.stop();
  return { readCpuMicrosARecord, readPerSecond };
};

const measure = async (log: EventLog) => {
  const count = seconds * recordsPerSecond;
  // Warms up the compiler; the records count for the reader.
  await append(log, recordsPerSecond, 0);
  return { appended: await append(log, count, measureMaking(count)), count: count + recordsPerSecond };
};

const bytesBelow = (folder: string): number =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.log'))
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);

const measureJournal = async (): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-journal-'));
  const log = await openJournal({ folder, clock, logger });
  const { appended, count } = await measure(log);
  print({ log: 'journal', ...appended, ...(await readAll(log, count)), bytesARecord: round(bytesBelow(folder) / count) });
  await log.close();
  rmSync(folder, { recursive: true });
};

const measureKafka = async (): Promise<void> => {
  const jars = ensureKafka();
  if ('problem' in jars) throw new Error(jars.problem);
  const kafka = await startKafka(jars.path);
  try {
    const brokers = [kafka.address];
    const topic = `bench-${randomUUID()}`;
    await ensureTopic({ brokers, topic, partitions, replicas: 1, inSyncMin: 1, retentionMs: -1, retentionBytes: -1 });
    const log = await openKafkaLog({ brokers, topic, clock, logger });
    const brokerBefore = await cpuSecondsOf(kafka.pid);
    const { appended, count } = await measure(log);
    const brokerCpuMicrosARecord = round((((await cpuSecondsOf(kafka.pid)) - brokerBefore) * 1e6) / count);
    const read = await readAll(log, count);
    print({
      log: 'kafka',
      partitions,
      ...appended,
      brokerCpuMicrosARecord,
      ...read,
      bytesARecord: round(bytesBelow(kafka.folder) / count),
    });
    await log.close();
  } finally {
    await kafka.remove();
  }
};

print({ recordBytes: makeLoggedReport(1, Date.now()).length });
await measureJournal();
await measureKafka();
