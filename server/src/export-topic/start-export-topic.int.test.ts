import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { openJournal } from '../eventlog/adapters/journal/index.ts';
import type { EventLog } from '../eventlog/index.ts';
import { append } from '../eventlog/test-support.ts';
import { silentLogger, systemClock } from '../kernel/index.ts';
import type { ExportMessage, ExportSink } from './ports.ts';
import { exportGroup, type ExportTopicOptions, startExportTopic } from './start-export-topic.ts';
import { startMs, telemetry, testContext } from './testing/make-batch.ts';
import { readPublished } from './testing/read-published.ts';

// What the exporter does with an answer that is late, bad or none: on the journal, with a topic that answers as it is told.

const openLog = async (context: TestContext): Promise<EventLog> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'export-'));
  const log = await openJournal({ folder, clock: systemClock, logger: silentLogger, limits: { diskReserveBytes: 0 } });
  context.after(async () => {
    await log.close();
    await rm(folder, { recursive: true, force: true });
  });
  return log;
};

const report = (seq: number, vehicleNo = 42): Uint8Array =>
  telemetry([{ timeMs: startMs + seq * 1000, signals: { 'Vehicle.Speed': seq } }], { seq, vehicleNo });

const seqsIn = (messages: readonly ExportMessage[]): number[] => messages.map(({ value }) => readPublished(value).seq ?? -1);

const makeSink = (answer: (seqs: readonly number[], signal: AbortSignal) => Promise<void> = () => Promise.resolve()) => {
  const seqs: number[] = [];
  const sink: ExportSink = {
    send: async (messages, signal) => {
      await answer(seqsIn(messages), signal);
      seqs.push(...seqsIn(messages));
    },
    close: () => Promise.resolve(),
  };
  return { sink, seqs };
};

const start = (log: EventLog, sink: ExportSink, more: Partial<ExportTopicOptions> = {}) => {
  const failures: Error[] = [];
  const failed = (error: Error): void => void failures.push(error);
  return { ...startExportTopic({ ...testContext, log, sink, logger: silentLogger, failed, ...more }), failures };
};

const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await delay(5);
};

const never = (signal: AbortSignal): Promise<void> =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

test('exports what is there and what comes, commits it, and goes on there', async (context) => {
  const log = await openLog(context);
  const { sink, seqs } = makeSink();
  for (const seq of [0, 1, 2]) await append(log, report(seq));
  for (const more of [3, 4]) {
    const exporter = start(log, sink);
    await append(log, report(more));
    await until(() => seqs.length > more);
    await exporter.stop();
    assert.equal(await log.consumerPosition(exportGroup, 0), log.endOffset(0));
    assert.deepEqual(exporter.failures, []);
  }
  assert.deepEqual(seqs, [0, 1, 2, 3, 4]);
});

test('a position is committed after the acknowledgement, never before; what was given up is sent again', async (context) => {
  const log = await openLog(context);
  await append(log, report(0));
  const asked: number[] = [];
  const hanging = makeSink((seqs, signal) => {
    asked.push(...seqs);
    return never(signal);
  });
  const first = start(log, hanging.sink, { limits: { giveBackMs: 50 } });
  await until(() => asked.length > 0);
  assert.deepEqual(first.statistics().leftOut.unreadableRecords, 0);
  await first.stop();
  assert.deepEqual(first.failures, []);
  assert.equal(await log.consumerPosition(exportGroup, 0), undefined);
  const { sink, seqs } = makeSink();
  const second = start(log, sink);
  await until(() => second.statistics().reports === 1 && second.statistics().lag === 0);
  await second.stop();
  assert.deepEqual(seqs, [0]);
});

test('a large batch goes out in requests of bounded size', async (context) => {
  const log = await openLog(context);
  await Promise.all(Array.from({ length: 200 }, (_, seq) => append(log, report(seq))));
  const requests: number[] = [];
  const { sink, seqs } = makeSink((sent) => {
    requests.push(sent.length);
    return Promise.resolve();
  });
  const exporter = start(log, sink, { limits: { requestBytesMax: 1000 } });
  await until(() => seqs.length === 200);
  await exporter.stop();
  assert.deepEqual(
    seqs,
    Array.from({ length: 200 }, (_, seq) => seq),
  );
  assert.ok(Math.max(...requests) < 20);
});

test('a message that is never taken ends the export, is said once, and nothing behind it is committed', async (context) => {
  const log = await openLog(context);
  const { sink } = makeSink(() => Promise.reject(new Error('too large')));
  await append(log, report(0));
  const exporter = start(log, sink);
  await until(() => exporter.failures.length > 0);
  await exporter.stop();
  assert.deepEqual(
    exporter.failures.map(({ message }) => message),
    ['too large'],
  );
  assert.equal(await log.consumerPosition(exportGroup, 0), undefined);
});

test('a record that cannot be read keeps none back; a fault of what it is asked with does', async (context) => {
  const log = await openLog(context);
  const { sink, seqs } = makeSink();
  await append(log, report(0));
  await append(log, report(1).slice(0, -1));
  await append(log, report(2));
  const exporter = start(log, sink);
  await until(() => seqs.length === 2);
  await exporter.stop();
  assert.deepEqual(seqs, [0, 2]);
  assert.equal(exporter.statistics().leftOut.unreadableRecords, 1);
  await append(log, report(3));
  const isErased = (): boolean => {
    throw new Error('the ledger is closed');
  };
  const failing = start(log, sink, { isErased });
  await until(() => failing.failures.length > 0);
  await failing.stop();
  assert.deepEqual(seqs, [0, 2]);
});

test('before somebody unknown is left out, what is known is brought up to date', async (context) => {
  const log = await openLog(context);
  const { sink, seqs } = makeSink();
  const known = new Set([42]);
  let refreshes = 0;
  const exporter = start(log, sink, {
    vehicleId: (vehicleNo) => (known.has(vehicleNo) ? `veh_${vehicleNo}` : undefined),
    refresh: () => {
      refreshes++;
      known.add(43);
      return Promise.resolve();
    },
  });
  await append(log, report(0));
  await append(log, report(1, 43));
  await append(log, report(2, 44));
  await until(() => exporter.statistics().leftOut.unknownVehicleRecords === 1);
  await exporter.stop();
  assert.deepEqual(seqs, [0, 1]);
  assert.ok(refreshes >= 1 && refreshes <= 2);
});
