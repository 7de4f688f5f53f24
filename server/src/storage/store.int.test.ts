import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, chown, mkdir, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { sql } from 'kysely';
import pg from 'pg';
import { OperationalError, silentLogger, systemClock } from '../kernel/index.ts';
import { nobody } from './adapters/embedded-postgres/cluster.ts';
import { run } from './adapters/embedded-postgres/run.ts';
import { openStorage } from './store.ts';
import { makeTestFolder, openTestStorage, type TestStorage } from './testing/test-storage.ts';
import { until } from './testing/wait.ts';
import type { Actor, Storage, Transaction } from './types.ts';

const operator: Actor = { kind: 'operator', id: 'operator' };
const count = async (tx: Transaction, table: string): Promise<number> => {
  const { rows } = await sql<{ n: number }>`select count(*)::int as n from ${sql.ref(table)}`.execute(tx);
  return rows[0]?.n ?? -1;
};
const addCustomer = async (tx: Transaction, name: string): Promise<unknown> =>
  sql`insert into customers (id, name, created_at) values (${`cus_${name}`}, ${name}, now())`.execute(tx);
describe('storage', { timeout: 600_000 }, () => {
  let test: TestStorage;
  let storage: Storage;
  before(async () => {
    test = await openTestStorage('storage');
    storage = test.storage;
  });
  after(() => test.close());

  it('commits what an actor did, and takes back everything when it throws', async () => {
    await storage.withActor(operator, (tx) => addCustomer(tx, 'kept'));
    await assert.rejects(
      storage.withActor(operator, async (tx) => {
        await addCustomer(tx, 'lost');
        throw new Error('changed my mind');
      }),
      /changed my mind/,
    );
    const { rows } = await storage.withActor(operator, (tx) => sql<{ name: string }>`select name from customers`.execute(tx));
    assert.deepEqual(rows, [{ name: 'kept' }]);
  });

  it('forces row-level security: without an actor, or as one that is nobody, nothing is there', async () => {
    const client = new pg.Client({ ...test.postgres.config, options: '-c search_path=milepost,public' });
    await client.connect();
    try {
      // The login itself has no right to any table.
      await assert.rejects(client.query('select * from milepost.customers'), { code: '42501' });
      await client.query('set role milepost_app');
      assert.equal((await client.query('select * from customers')).rowCount, 0);
      await assert.rejects(client.query("insert into customers (id, name, created_at) values ('x', 'x', now())"), {
        code: '42501',
      });
      await client.query('set role milepost_worker');
      assert.equal((await client.query('select * from customers')).rowCount, 0);
    } finally {
      await client.end();
    }
    const stranger: Actor = { kind: 'device', id: 'dev_nothing' };
    assert.equal(await storage.withActor(stranger, (tx) => count(tx, 'customers')), 0);
    assert.ok((await storage.withActor(operator, (tx) => count(tx, 'customers'))) > 0);
  });

  it('enables and forces a policy on every table that holds data', async () => {
    const { rows } = await storage.withActor(operator, (tx) =>
      sql<{
        name: string;
        forced: boolean;
      }>`select relname as name, relrowsecurity and relforcerowsecurity as forced from pg_class
        where relnamespace = 'milepost'::regnamespace and relkind in ('r', 'p') and relname <> 'migrations'`.execute(tx),
    );
    assert.ok(rows.length >= 7);
    assert.deepEqual(
      rows.filter((row) => !row.forced),
      [],
    );
  });

  it('leaves nothing of an actor on a pooled connection', async () => {
    const one = await openStorage({ config: test.postgres.config, clock: systemClock, logger: silentLogger, connectionsMax: 1 });
    try {
      const seen = (): Promise<unknown> =>
        one.withActor(
          { kind: 'device', id: "it's" },
          async (tx) => (await sql`select current_setting('milepost.actor') as actor`.execute(tx)).rows,
        );
      await one.withActor(operator, (tx) => count(tx, 'customers'));
      assert.deepEqual(await seen(), [{ actor: "device:it's" }]);
      assert.equal(await one.withActor({ kind: 'device', id: 'x' }, (tx) => count(tx, 'customers')), 0);
      // Also after a statement that failed.
      await assert.rejects(one.withActor(operator, (tx) => sql`select 1 / 0`.execute(tx)));
      assert.deepEqual(await seen(), [{ actor: "device:it's" }]);
    } finally {
      await one.close();
    }
  });

  it('hears what another process says, on one connection for all channels, and says when it may have missed something', async () => {
    const another = await test.openAnother();
    const heard: Record<string, string[]> = { one: [], two: [] };
    const lost: string[] = [];
    const hear = (name: string, channel: string) =>
      another.listen(
        channel,
        (payload) => heard[name]?.push(payload),
        () => lost.push(name),
      );
    const subscriptions = await Promise.all([hear('one', 'test_channel'), hear('two', 'test_other')]);
    const say = (channel: string, text: string): Promise<unknown> =>
      storage.withActor(operator, (tx) => sql`select pg_notify(${channel}, ${text})`.execute(tx));
    const listening = async (): Promise<number> => {
      const client = new pg.Client(test.postgres.config);
      await client.connect();
      const { rows } = await client.query<{ n: number }>(
        "select count(*)::int as n from pg_stat_activity where application_name = 'milepost listener'",
      );
      await client.end();
      return rows[0]?.n ?? 0;
    };
    await say('test_channel', 'a');
    await say('test_other', 'b');
    assert.equal(await subscriptions[0]?.catchUp(5_000), true);
    assert.deepEqual(heard, { one: ['a'], two: ['b'] });
    assert.equal(await listening(), 1);
    process.kill(test.postgres.pid() as number, 'SIGKILL');
    await until('the connection is back', () => lost.length === 2);
    assert.deepEqual(lost.toSorted(), ['one', 'two']);
    const late = await hear('one', 'test_late');
    for (const channel of ['test_channel', 'test_other', 'test_late']) await say(channel, 'c');
    assert.equal(await late.catchUp(5_000), true);
    assert.deepEqual(heard, { one: ['a', 'c', 'c'], two: ['b', 'c'] });
    assert.equal(await listening(), 1);
    for (const subscription of [...subscriptions, late]) await subscription.close();
    await until('nobody listens', async () => (await listening()) === 0);
    await (await hear('two', 'test_channel')).close();
  });

  it('says that the database is unavailable while it is away, and works again after', async () => {
    await storage.ping();
    process.kill(test.postgres.pid() as number, 'SIGKILL');
    await until('it is away', () => test.postgres.pid() === undefined);
    await assert.rejects(storage.ping(), (error) => error instanceof OperationalError && error.code === 'unavailable');
    await until('it is back', () => test.postgres.pid() !== undefined);
    const answers = (): Promise<boolean> =>
      storage.ping().then(
        () => true,
        () => false,
      );
    await until('it is asked again', answers);
  });

  it('refuses a database that newer code has changed', async () => {
    const migrator = new pg.Client(test.postgres.config);
    await migrator.connect();
    await migrator.query(
      "set role milepost_migrator; insert into milepost.migrations (name, run_on) values ('9999_future', now())",
    );
    try {
      await assert.rejects(test.openAnother(), /newer version \(9999_future\)/);
    } finally {
      await migrator.query("delete from milepost.migrations where name = '9999_future'");
      await migrator.end();
    }
  });
});

const freePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
};

/** A PostgreSQL of the system, of another major version than ours. */
const findSystemPostgres = async (): Promise<string | undefined> => {
  const versions = await readdir('/usr/lib/postgresql').catch(() => []);
  return versions.length > 0 ? join('/usr/lib/postgresql', versions[0] as string, 'bin') : undefined;
};
const systemPostgres = await findSystemPostgres();
const runAs = process.getuid?.() === 0 ? nobody : undefined;

describe('a database of one’s own', {
  timeout: 600_000,
  skip: systemPostgres === undefined && 'no PostgreSQL in /usr/lib/postgresql',
}, () => {
  const config = { host: '127.0.0.1', port: 0, user: 'owner', password: 'secret', database: 'fleet' };
  let folder: string;
  let server: ReturnType<typeof spawn>;
  const ask = async (text: string, database = 'postgres'): Promise<void> => {
    const client = new pg.Client({ ...config, user: 'postgres', database });
    await client.connect();
    await client.query(text).finally(() => void client.end());
  };
  const open = (more = {}): Promise<Storage> =>
    openStorage({ config: { ...config, ...more }, clock: systemClock, logger: silentLogger, startTimeoutMs: 300 });

  before(async () => {
    folder = await makeTestFolder('outside');
    const data = join(folder, 'data');
    await mkdir(data, { mode: 0o700 });
    await chmod(folder, 0o755);
    if (runAs) await chown(data, runAs.uid, runAs.gid);
    const bin = systemPostgres as string;
    const made = await run(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '--auth=trust', '-N'], {
      runAs,
      cwd: data,
      timeoutMs: 60_000,
    });
    assert.equal(made.code, 0, made.output);
    config.port = await freePort();
    const args = [
      '-D',
      data,
      '-p',
      String(config.port),
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      'unix_socket_directories=',
      '-c',
      'fsync=off',
    ];
    server = spawn(join(bin, 'postgres'), args, { ...runAs, cwd: data, stdio: ['ignore', 'ignore', 'pipe'] });
    await new Promise<void>((resolve, reject) => {
      server.stderr?.on('data', (chunk: Buffer) => chunk.includes('ready to accept') && resolve());
      server.once('exit', (code) => reject(new Error(`PostgreSQL ended with ${code}`)));
    });
    await ask("create role owner login password 'secret' nosuperuser nocreaterole");
    await ask('create database fleet owner owner');
  });
  after(async () => {
    server.kill('SIGINT');
    await new Promise((resolve) => server.once('exit', resolve));
    await rm(folder, { recursive: true, force: true });
  });

  it('says what an administrator has to run when the login may not make roles; it helps', async () => {
    const error: unknown = await open().catch((failed: unknown) => failed);
    assert.ok(error instanceof OperationalError, String(error));
    const advice = /Let an administrator run: (.*)$/.exec(error.message)?.[1];
    assert.ok(advice, error.message);
    await ask(advice);
    const storage = await open();
    await storage.withActor(operator, (tx) => addCustomer(tx, 'outside'));
    assert.equal(await storage.withActor(operator, (tx) => count(tx, 'customers')), 1);
    assert.equal(await storage.withActor({ kind: 'device', id: 'x' }, (tx) => count(tx, 'customers')), 0);
    await storage.close();
  });

  it('opens again what is there, and makes roles by itself where it may', async () => {
    await ask('alter role owner createrole');
    await ask('create database second owner owner');
    for (const database of ['fleet', 'second']) {
      const storage = await open({ database });
      await storage.ping();
      await storage.close();
    }
  });

  it('waits within bounds for one that is away, and names it', async () => {
    const port = await freePort();
    const startedAt = performance.now();
    await assert.rejects(
      open({ port }),
      (error) => error instanceof OperationalError && error.message.includes(`127.0.0.1:${port}`),
    );
    assert.ok(performance.now() - startedAt < 5000);
  });

  it('says that a database does not exist', async () => {
    await assert.rejects(
      open({ database: 'nothing' }),
      (error) => error instanceof OperationalError && /refuses .*nothing/.test(error.message),
    );
  });
});
