import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { ensureSchema, type SchemaWanted } from '../../../server/src/history/adapters/cassandra/index.ts';
import { type CassandraEngine, ensureCassandra, startCassandra } from '../../../tools/lib/engines.mjs';
import { makeCertificate } from './certificate.ts';

const jars = ensureCassandra();
const credentials = { username: 'cassandra', password: 'cassandra' };
const triesMax = 120;
const pauseMs = 250;

describe('a Cassandra with passwords and TLS', { skip: 'problem' in jars ? jars.problem : false, timeout: 300_000 }, () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'milepost-secured-'));
  let cassandra: CassandraEngine;
  let wanted: SchemaWanted;
  const own = makeCertificate(folder, 'own');
  const other = makeCertificate(folder, 'other');

  before(async () => {
    cassandra = await startCassandra('path' in jars ? jars.path : '', {
      settings: {
        authenticator: 'PasswordAuthenticator',
        client_encryption_options: {
          enabled: true,
          optional: false,
          keystore: own.both,
          ssl_context_factory: { class_name: 'org.apache.cassandra.security.PEMBasedSslContextFactory' },
        },
      },
    });
    wanted = {
      contactPoints: [cassandra.address],
      localDatacenter: 'datacenter1',
      keyspace: 'milepost',
      groups: 4,
      replication: { datacenter1: 1 },
      carLogs: false,
      credentials,
      tls: { ca: own.certificate },
    };
  });
  after(async () => {
    await cassandra.remove();
    rmSync(folder, { recursive: true });
  });

  test('is used with the right ones', async () => {
    // The first user is made a moment after the node is ready.
    for (let tries = 1; ; tries++) {
      const made = await ensureSchema(wanted).catch((error: unknown) => error as Error);
      if ('isMade' in made) return assert.deepEqual(made.problems, []);
      assert.ok(tries < triesMax, made);
      await wait(pauseMs);
    }
  });

  test('refuses a wrong password', async () => {
    await assert.rejects(ensureSchema({ ...wanted, credentials: { ...credentials, password: 'guessed' } }), {
      code: 'unavailable',
    });
  });

  test('is refused when another has signed its certificate', async () => {
    await assert.rejects(ensureSchema({ ...wanted, tls: { ca: other.certificate } }), { code: 'unavailable' });
  });
});
