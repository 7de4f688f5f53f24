import assert from 'node:assert/strict';
import process from 'node:process';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ensureCassandra, startCassandra } from '../../../../../tools/lib/engines.mjs';
import { makeLogger, systemClock } from '../../../kernel/index.ts';
import { everythingScope } from '../../fleet/test-scope.ts';
import { openHistory } from '../../open-history.ts';
import { encodeTestReport, makeBatch } from '../../test-support.ts';
import { ensureSchema } from './schema.ts';
import { testSchema } from './test-cassandra.ts';

const speed = 5;
const startMs = Date.UTC(2026, 10, 20);
const vehicles = 40;
const recordsAFlush = 400;
const flushesMax = 400;
/** How long it stands still: longer than a statement may take. */
const pauseMs = 2500;

const records = Array.from({ length: flushesMax * recordsAFlush }, (_, i) => {
  const time = startMs + i * 10;
  return encodeTestReport({
    vehicleNo: 1 + (i % vehicles),
    deviceNo: 1,
    receivedAt: time,
    samples: [{ time, values: [[speed, i % 1000]] }],
  });
});

test('kill -9 of Cassandra, and one that stands still, under a stream of flushes: nothing written is lost, what failed is tried again', async (context) => {
  const jars = ensureCassandra();
  if ('problem' in jars) {
    context.skip(jars.problem);
    return;
  }
  const cassandra = await startCassandra(jars.path);
  context.after(() => cassandra.remove());
  const schema = testSchema(cassandra.address, 1);
  await ensureSchema(schema);
  const { contactPoints, localDatacenter, keyspace } = schema;
  const limits = { requestTimeoutMs: 1000, retriesMax: 2 };
  const problems: string[] = [];
  const history = await openHistory({
    store: {
      adapterModule: new URL('./index.ts', import.meta.url),
      adapterOptions: { contactPoints, localDatacenter, keyspace, limits },
    },
    clock: systemClock,
    logger: makeLogger('error', (line) => problems.push(line)),
    consentGroupOf: () => 'motion',
    failed: (error) => {
      throw error;
    },
  });
  context.after(() => history.abandon());
  let applied = 0;
  let isStreaming = true;
  const stream = async (): Promise<void> => {
    while (isStreaming && applied < records.length) {
      await history.ready();
      history.apply(makeBatch(records, applied, applied + recordsAFlush));
      applied += recordsAFlush;
      // One that failed is tried again by itself, until it succeeds.
      await history.flush().catch(() => undefined);
    }
  };
  const untilFlushes = async (count: number): Promise<void> => {
    while (history.statistics().flushes < count) await delay(10);
  };
  const streaming = stream();
  await untilFlushes(5);
  cassandra.kill();
  while (history.statistics().flushFailures === 0) await delay(10);
  await cassandra.start();
  const readyMs = performance.now();
  await untilFlushes(history.statistics().flushes + 1);
  const recoveryMs = Math.round(performance.now() - readyMs);
  await untilFlushes(history.statistics().flushes + 5);
  process.kill(cassandra.pid, 'SIGSTOP');
  await delay(pauseMs);
  process.kill(cassandra.pid, 'SIGCONT');
  const goesOnMs = performance.now();
  await untilFlushes(history.statistics().flushes + 2);
  const afterPauseMs = Math.round(performance.now() - goesOnMs);
  isStreaming = false;
  await streaming;
  while (history.statistics().memtableReports > 0) await history.flush().catch(() => undefined);
  assert.equal(history.appliedOffset(0), applied * 10);
  await history.merge();
  for (let vehicleNo = 1; vehicleNo <= vehicles; vehicleNo++) {
    const query = { vehicleNo, signals: [speed], fromMs: startMs, toMs: startMs + records.length * 10, rowsMax: 100_000 };
    const { times } = await history.query(everythingScope, query);
    const expected = Array.from({ length: applied / vehicles }, (_, i) => startMs + (i * vehicles + vehicleNo - 1) * 10);
    assert.deepEqual([...times], expected, `vehicle ${vehicleNo}`);
  }
  assert.equal(history.statistics().storedRows, applied);
  const { flushes, flushFailures } = history.statistics();
  context.diagnostic(
    `${flushes} flushes, ${flushFailures} failed; the first succeeded ${recoveryMs} ms after Cassandra was ready again, the second ${afterPauseMs} ms after it went on`,
  );
});
