import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ensureTopic, openKafkaLog, type TopicWanted } from '../../../server/src/eventlog/adapters/kafka/index.ts';
import { kafkaMechanisms } from '../../../server/src/eventlog/index.ts';
import { append, makeRecord, readAll } from '../../../server/src/eventlog/test-support.ts';
import { openKafkaExportSink } from '../../../server/src/export-topic/adapters/kafka/index.ts';
import { silentLogger, systemClock } from '../../../server/src/kernel/index.ts';
import { type Engine, ensureKafka, startKafka } from '../../../tools/lib/engines.mjs';
import { makeCertificate } from './certificate.ts';

const jars = ensureKafka();
const login = { username: 'milepost', password: 'a-password-of-tests' };
const root = path.resolve(import.meta.dirname, '../../..');

describe('a Kafka with passwords and TLS', { skip: 'problem' in jars ? jars.problem : false, timeout: 300_000 }, () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'milepost-secured-'));
  const own = makeCertificate(folder, 'own');
  const other = makeCertificate(folder, 'other');
  let kafka: Engine;

  const wantedBy = (mechanism: (typeof kafkaMechanisms)[number]): TopicWanted => ({
    brokers: [kafka.address],
    credentials: { ...login, mechanism },
    tls: { ca: own.certificate },
    topic: `by-${mechanism}`,
    partitions: 1,
    replicas: 1,
    inSyncMin: 1,
    retentionMs: -1,
    retentionBytes: -1,
  });

  before(async () => {
    kafka = await startKafka('path' in jars ? jars.path : '', { secrets: { pem: own.both, ...login } });
  });
  after(async () => {
    await kafka.remove();
    rmSync(folder, { recursive: true });
  });

  for (const mechanism of kafkaMechanisms)
    test(`is written to, read, joined and exported to with the right ones (${mechanism})`, async () => {
      const wanted = wantedBy(mechanism);
      assert.deepEqual((await ensureTopic(wanted)).problems, []);
      const log = await openKafkaLog({ ...wanted, clock: systemClock, logger: silentLogger });
      try {
        await append(log, makeRecord({ seq: 1 }));
        assert.deepEqual(await readAll(log), [1]);
        const assigned = Promise.withResolvers<readonly number[]>();
        const { resolve, reject } = assigned;
        const member = log.join({ group: 'readers', assigned: resolve, revoked: async () => {}, failed: reject });
        assert.deepEqual([...(await assigned.promise)], [0]);
        await member.leave();
      } finally {
        await log.close();
      }
      const sink = await openKafkaExportSink({ ...wanted, logger: silentLogger });
      const message = { key: 'key', value: Buffer.from('value'), receivedAtMs: Date.now() };
      await sink.send([message], AbortSignal.timeout(30_000));
      await sink.close();
    });

  test('refuses a wrong password', async () => {
    const wanted = wantedBy('SCRAM-SHA-512');
    const credentials = { ...login, mechanism: 'SCRAM-SHA-512', password: 'guessed' } as const;
    await assert.rejects(ensureTopic({ ...wanted, credentials }), { code: 'unavailable' });
    const log = openKafkaLog({ ...wanted, credentials, clock: systemClock, logger: silentLogger });
    await assert.rejects(log, { code: 'unavailable' });
  });

  test('is refused when another has signed its certificate', async () => {
    const wanted = wantedBy('SCRAM-SHA-512');
    await assert.rejects(ensureTopic({ ...wanted, tls: { ca: other.certificate } }), { code: 'unavailable' });
    await assert.rejects(ensureTopic({ ...wanted, tls: {} }), { code: 'unavailable' }, 'this machine does not trust it either');
  });

  test('gets its topic by the command', () => {
    const words = ['--brokers', kafka.address, '--topic', 'made', '--partitions', '2', '--replicas', '1'];
    const command = [
      'tools/run.mjs',
      'server/src/app/kafka-topics-main.ts',
      ...words,
      '--user',
      login.username,
      '--ca',
      own.file,
    ];
    const environment = { ...process.env, KAFKA_PASSWORD: login.password };
    const said = execFileSync(process.execPath, command, { cwd: root, encoding: 'utf8', env: environment });
    assert.match(said, /made is made, with 2 partitions/);
  });
});
