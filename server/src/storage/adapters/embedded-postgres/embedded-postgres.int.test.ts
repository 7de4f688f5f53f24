import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { chmod, chown, cp, lstat, mkdir, readdir, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, describe, it } from 'node:test';
import pg from 'pg';
import { OperationalError, silentLogger, systemClock } from '../../../kernel/index.ts';
import { makeTestFolder } from '../../testing/test-storage.ts';
import { until } from '../../testing/wait.ts';
import { findPostgresPackage, makeMissingLinks } from './binaries.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './index.ts';
import { clusterProcesses, readPidFile } from './leftover.ts';

const isRoot = process.getuid?.() === 0;
const onLinux = process.platform === 'linux';
/** `daemon` of every system; initdb asks the system for the name of its user. */
const ordinaryUser = { uid: 1, gid: 1 };
const serverProcess = new URL('../../testing/server-process.ts', import.meta.url).pathname;

const folders: string[] = [];
const newFolder = async (name: string): Promise<string> => {
  const folder = await makeTestFolder(name);
  folders.push(folder);
  return folder;
};
after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

const start = (dataFolder: string, more = {}): Promise<EmbeddedPostgres> =>
  startEmbeddedPostgres({ dataFolder, clock: systemClock, logger: silentLogger, ...more });

const ask = async (postgres: EmbeddedPostgres, text: string): Promise<Record<string, unknown>[]> => {
  const client = new pg.Client(postgres.config);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
};

const setting = async (postgres: EmbeddedPostgres, name: string): Promise<unknown> =>
  (await ask(postgres, `show ${name}`))[0]?.[name];

const signalIfThere = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name);
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ESRCH');
  }
};

interface Child {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly socketFolder: string;
}

/** A server in a process of its own. */
const startChild = async (
  dataFolder: string,
  user: { uid?: number; gid?: number } = {},
  script = serverProcess,
): Promise<Child> => {
  const child = spawn(process.execPath, [script, dataFolder], { stdio: ['pipe', 'pipe', 'pipe'], cwd: '/', ...user });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => void (errors += chunk.toString()));
  const lines = createInterface({ input: child.stdout });
  const { promise, resolve, reject } = Promise.withResolvers<Child>();
  lines.once('line', (line) => resolve({ child, ...(JSON.parse(line) as { pid: number; socketFolder: string }) }));
  child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${errors}`)));
  return promise;
};

const exited = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => child.once('exit', resolve));
};

describe('embedded PostgreSQL', { timeout: 600_000 }, () => {
  it('starts, is durable, private and small, and starts again within a second with what was written', async () => {
    const folder = await newFolder('pg');
    const first = await start(folder);
    await ask(first, 'create table kept (n int); insert into kept values (42)');
    assert.equal(await setting(first, 'fsync'), 'on');
    assert.equal(await setting(first, 'full_page_writes'), 'on');
    assert.equal(await setting(first, 'synchronous_commit'), 'on');
    assert.equal(await setting(first, 'listen_addresses'), '');
    assert.equal(await setting(first, 'shared_buffers'), '64MB');
    assert.equal(statSync(first.config.host).mode & 0o777, 0o700);
    assert.equal(statSync(join(folder, 'secrets/postgres-password')).mode & 0o777, 0o600);
    await first.stop();
    assert.equal(existsSync(first.config.host), false, 'the socket folder is removed');
    const second = await start(folder);
    try {
      assert.deepEqual(await ask(second, 'select n from kept'), [{ n: 42 }]);
    } finally {
      await second.stop();
    }
    assert.deepEqual(await clusterProcesses(join(folder, 'postgres/cluster')), []);
  });

  it('lets in only its own role, with its password, and no superuser', async () => {
    const postgres = await start(await newFolder('pg'));
    const attempt = async (more: pg.ClientConfig): Promise<unknown> => {
      const client = new pg.Client({ ...postgres.config, ...more });
      await client.connect().finally(() => void client.end());
      return undefined;
    };
    try {
      await assert.rejects(attempt({ password: 'wrong' }), { code: '28P01' });
      await assert.rejects(attempt({ user: 'postgres', database: 'postgres' }), { code: '28000' });
      assert.deepEqual(await ask(postgres, 'select rolsuper, rolbypassrls from pg_roles where rolname = current_user'), [
        { rolsuper: false, rolbypassrls: false },
      ]);
    } finally {
      await postgres.stop();
    }
  });

  it('refuses a second server on the same folder, and says who has it', async () => {
    const folder = await newFolder('pg');
    const postgres = await start(folder);
    try {
      await assert.rejects(start(folder), (error) => error instanceof OperationalError && /in use by/.test(error.message));
      const { pid } = await startChild(folder).then(
        (child) => child,
        (error: unknown) => {
          assert.match(String(error), new RegExp(`in use by the process ${process.pid}`));
          return { pid: 0 };
        },
      );
      assert.equal(pid, 0);
      assert.deepEqual(await ask(postgres, 'select 1 as one'), [{ one: 1 }], 'the first goes on');
    } finally {
      await postgres.stop();
    }
  });

  it('works below a data folder whose path is longer than a socket may have', async () => {
    const folder = join(await newFolder('pg'), 'long'.repeat(30), 'path'.repeat(30));
    const postgres = await start(folder);
    try {
      assert.ok(Buffer.byteLength(join(postgres.config.host, '.s.PGSQL.5432')) <= 103);
      assert.deepEqual(await ask(postgres, 'select 1 as one'), [{ one: 1 }]);
    } finally {
      await postgres.stop();
    }
  });

  it('runs as root under another user, with data and programs below a folder that only root can enter', {
    skip: !(isRoot && onLinux),
  }, async () => {
    const closed = join(homedir(), `.milepost-test-${process.pid}`);
    folders.push(closed);
    await mkdir(closed, { mode: 0o700 });
    const real = await findPostgresPackage();
    const native = join(closed, 'node_modules/native');
    await cp(real.native, native, { recursive: true, verbatimSymlinks: true });
    const copies = `/var/cache/milepost/postgresql-${real.version}`;
    const had = existsSync(copies);
    const postgres = await start(join(closed, 'data'), { package: { native, version: real.version } });
    try {
      const pid = postgres.pid() as number;
      const owner = statSync(`/proc/${pid}`).uid;
      assert.notEqual(owner, 0);
      assert.equal(statSync(join(closed, 'data/postgres/cluster')).uid, owner);
      assert.ok(
        (await clusterProcesses(join(closed, 'data/postgres/cluster'))).includes(pid),
        'the cluster is in the data folder',
      );
      assert.deepEqual(await ask(postgres, 'select 1 as one'), [{ one: 1 }]);
      assert.equal(existsSync(copies), true);
    } finally {
      await postgres.stop();
      if (!had) await rm(copies, { recursive: true, force: true });
    }
  });

  it('makes missing links, and only those', async () => {
    const folder = await newFolder('native');
    const real = await findPostgresPackage();
    await mkdir(join(folder, 'lib'));
    await cp(join(real.native, 'pg-symlinks.json'), join(folder, 'pg-symlinks.json'));
    const count = (JSON.parse(await readFile(join(folder, 'pg-symlinks.json'), 'utf8')) as unknown[]).length;
    assert.equal(await makeMissingLinks(folder), true);
    assert.equal((await readdir(join(folder, 'lib'))).length, count);
    const before = await lstat(join(folder, 'lib', 'libpq.so.5'));
    await unlink(join(folder, 'lib', 'libpq.so'));
    assert.equal(await makeMissingLinks(folder), true);
    assert.equal((await readdir(join(folder, 'lib'))).length, count);
    assert.equal((await lstat(join(folder, 'lib', 'libpq.so.5'))).ino, before.ino);
  });

  it('runs as an ordinary user, also when links are missing in a package that it cannot write', {
    skip: !(isRoot && onLinux),
  }, async () => {
    const folder = await newFolder('plain');
    await chmod(folder, 0o755);
    const real = await findPostgresPackage();
    const native = join(folder, 'package/native');
    await cp(real.native, native, { recursive: true, filter: async (path) => !(await lstat(path)).isSymbolicLink() });
    const data = join(folder, 'data');
    await mkdir(data);
    await chown(data, ordinaryUser.uid, ordinaryUser.gid);
    const script = join(folder, 'run.ts');
    const source = (path: string): string => new URL(path, import.meta.url).href;
    await writeFile(
      script,
      `import { startEmbeddedPostgres } from '${source('./index.ts')}';
       import { silentLogger, systemClock } from '${source('../../../kernel/index.ts')}';
       const package_ = { native: '${native}', version: '${real.version}' };
       const postgres = await startEmbeddedPostgres({ dataFolder: process.argv[2], clock: systemClock, logger: silentLogger, package: package_ });
       process.stdout.write(JSON.stringify({ pid: postgres.pid(), socketFolder: postgres.config.host }) + '\\n');
       process.stdin.resume().once('end', () => postgres.stop());`,
    );
    const isReadable = (statSync(dirname(serverProcess)).mode & 0o005) === 0o005;
    assert.ok(isReadable, 'this test needs a project that others can read');
    const { child, pid } = await startChild(data, ordinaryUser, script);
    assert.equal(statSync(`/proc/${pid}`).uid, ordinaryUser.uid);
    assert.equal(existsSync(join(native, 'lib/libpq.so')), false, 'the package is untouched');
    assert.ok(existsSync(join(data, `postgres/postgresql-${real.version}`)), 'a copy with links is in the data folder');
    child.stdin?.end();
    await exited(child);
    assert.deepEqual(await clusterProcesses(join(data, 'postgres/cluster')), []);
  });

  it('ends what a killed server left running, and keeps what was committed', async () => {
    const folder = await newFolder('kill');
    const { child, pid, socketFolder } = await startChild(folder);
    child.kill('SIGKILL');
    await exited(child);
    const cluster = join(folder, 'postgres/cluster');
    assert.ok((await clusterProcesses(cluster)).includes(pid), 'PostgreSQL goes on after its supervisor was killed');
    const postgres = await start(folder);
    try {
      assert.notEqual(postgres.pid(), pid);
      assert.equal((await clusterProcesses(cluster)).includes(pid), false);
      assert.equal(existsSync(socketFolder), false, 'the old socket folder is removed');
      const migrated = await ask(
        postgres,
        "select exists (select from pg_class where relname = 'vehicles' and relnamespace::regnamespace::text = 'milepost') as there",
      );
      assert.deepEqual(migrated, [{ there: true }], 'the tables that the killed one made');
    } finally {
      await postgres.stop();
    }
  });

  it('starts after everything was killed at once, its children too', { skip: !onLinux }, async () => {
    const folder = await newFolder('kill');
    const cluster = join(folder, 'postgres/cluster');
    const { child } = await startChild(folder);
    child.kill('SIGKILL');
    for (const pid of await clusterProcesses(cluster)) signalIfThere(pid, 'SIGKILL');
    await exited(child);
    const postgres = await start(folder);
    try {
      assert.deepEqual(await ask(postgres, 'select 1 as one'), [{ one: 1 }]);
    } finally {
      await postgres.stop();
    }
  });

  it('never signals a process that only has the number of an old one', { skip: !onLinux }, async () => {
    const folder = await newFolder('pid');
    const postgres = await start(folder);
    await postgres.stop();
    // As after a power failure: the file is there, and its number now belongs to somebody of the same user as PostgreSQL.
    const cluster = join(folder, 'postgres/cluster');
    const owner = statSync(cluster);
    const stranger = spawn('/bin/sleep', ['60'], { stdio: 'ignore', uid: owner.uid, gid: owner.gid });
    try {
      await writeFile(join(cluster, 'postmaster.pid'), `${stranger.pid}\n/proc/self/cwd\n1\n5432\n/tmp\n\n 1 1\nready\n`);
      await chown(join(cluster, 'postmaster.pid'), owner.uid, owner.gid);
      const again = await start(folder);
      assert.equal((await readPidFile(cluster))?.pid, again.pid());
      assert.equal(stranger.exitCode, null);
      assert.equal(stranger.signalCode, null);
      await again.stop();
    } finally {
      stranger.kill();
    }
  });

  it('makes a cluster anew when the first start was killed while making it', async () => {
    const folder = await newFolder('half');
    const half = join(folder, 'postgres/cluster.new');
    await mkdir(join(half, 'base'), { recursive: true });
    await writeFile(join(half, 'PG_VERSION'), '18\n');
    const postgres = await start(folder);
    await postgres.stop();
    assert.equal(existsSync(half), false);
  });

  it('writes a lost password again', async () => {
    const folder = await newFolder('password');
    const first = await start(folder);
    await first.stop();
    await rm(join(folder, 'secrets/postgres-password'));
    const second = await start(folder);
    try {
      assert.notEqual(second.config.password, first.config.password);
      assert.deepEqual(await ask(second, 'select 1 as one'), [{ one: 1 }]);
    } finally {
      await second.stop();
    }
  });

  it('says clearly that a cluster is of another version', async () => {
    const folder = await newFolder('version');
    const first = await start(folder);
    await first.stop();
    await writeFile(join(folder, 'postgres/cluster/PG_VERSION'), '17\n');
    await assert.rejects(start(folder), /made by PostgreSQL 17, expected 18/);
  });

  it('starts PostgreSQL again when it was killed, at the same address', { skip: !onLinux }, async () => {
    const folder = await newFolder('again');
    const postgres = await start(folder);
    try {
      const pid = postgres.pid() as number;
      process.kill(pid, 'SIGKILL');
      await until('another process', () => postgres.pid() !== undefined && postgres.pid() !== pid);
      assert.deepEqual(await ask(postgres, 'select 1 as one'), [{ one: 1 }]);
    } finally {
      await postgres.stop();
    }
    assert.deepEqual(await clusterProcesses(join(folder, 'postgres/cluster')), []);
  });

  it('is not reached by Ctrl-C in a terminal: it is in a session of its own', { skip: !onLinux }, async () => {
    const postgres = await start(await newFolder('session'));
    try {
      const fields = readFileSync(`/proc/${postgres.pid()}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      assert.equal(Number(fields[2]), postgres.pid(), 'its process group is its own');
    } finally {
      await postgres.stop();
    }
  });
});
