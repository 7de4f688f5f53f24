import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ensureKafka, startKafka } from '../../../../../tools/lib/engines.mjs';
import { makeManualClock, silentLogger } from '../../../kernel/index.ts';
import { append, makeRecord, range, testEpochMs } from '../../test-support.ts';
import { ensureTopic, openKafkaLog } from './index.ts';
import { hearAll, testTopic } from './test-kafka.ts';

const rounds = 2;
const recordsARound = 600;

test('kill -9 of the broker under a stream: what was acknowledged is there, and the log goes on by itself', async (context) => {
  const jars = ensureKafka();
  if ('problem' in jars) {
    context.skip(jars.problem);
    return;
  }
  const kafka = await startKafka(jars.path);
  context.after(() => kafka.remove());
  const brokers = [kafka.address];
  const topic = 'killed';
  await ensureTopic(testTopic(brokers, topic, 4));
  const log = await openKafkaLog({
    brokers,
    topic,
    clock: makeManualClock(testEpochMs),
    logger: silentLogger,
    limits: { sendSpacingMs: 1, requestTimeoutMs: 2000, retryMaxMs: 200 },
  });
  context.after(() => log.close());
  const { seqs, until } = hearAll(log);
  let acknowledged = 0;
  const recoveryMs: number[] = [];
  for (const round of range(0, rounds)) {
    const first = round * recordsARound;
    const stream = range(first, first + recordsARound).map(async (seq) => {
      // Spread over the time in which the broker dies.
      await delay(seq - first);
      await append(log, makeRecord({ seq }));
      acknowledged++;
    });
    await delay(recordsARound / 3);
    kafka.kill();
    await kafka.start();
    const startedMs = performance.now();
    await Promise.all(stream);
    recoveryMs.push(Math.round(performance.now() - startedMs));
  }
  const all = rounds * recordsARound;
  assert.equal(acknowledged, all);
  await until(all);
  const heard = new Set(seqs);
  assert.deepEqual(
    [...heard].toSorted((a, b) => a - b),
    range(0, all),
  );
  const twice = seqs.length - heard.size;
  context.diagnostic(
    `everything was acknowledged ${recoveryMs.join(', ')} ms after the broker was ready; ${twice} are there twice`,
  );
});
