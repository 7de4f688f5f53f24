import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureJars, freePort, launch, engineOf } from './engine.mjs';

/** @typedef {import('./engine.mjs').Engine} Engine */
/** @typedef {Engine & { nodetool: (...args: string[]) => string }} CassandraEngine */

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
export const cassandraSettings = (port, storagePort) => ({
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
 * @param {{ readonly isQuick?: boolean, readonly settings?: Readonly<Record<string, unknown>> }} [options] the keys of `settings` are those of cassandra.yaml
 * @returns {Promise<CassandraEngine>} its address is host:port
 */
export const startCassandra = async (jars, { isQuick = true, settings = {} } = {}) => {
  const [port, storagePort] = [await freePort(), await freePort()];
  return startNode(jars, { ...cassandraSettings(port, storagePort), ...settings }, { isQuick });
};

/**
 * @param {string} jars
 * @param {ReturnType<typeof cassandraSettings> & Readonly<Record<string, unknown>>} yaml all that cassandra.yaml says
 * @param {{ readonly isQuick?: boolean, readonly heapMiB?: number }} [options]
 * @returns {Promise<CassandraEngine>}
 */
export const startNode = async (jars, yaml, { isQuick = true, heapMiB = 512 } = {}) => {
  const folder = mkdtempSync(join(tmpdir(), 'milepost-cassandra-'));
  const toolPort = await freePort();
  const settings = join(folder, 'cassandra.yaml');
  // JSON is YAML.
  writeFileSync(settings, JSON.stringify(yaml));
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
    `-Xms${heapMiB}m`,
    `-Xmx${heapMiB}m`,
    '-Xss512k',
    ...(isQuick ? ['-XX:TieredStopAtLevel=1'] : []),
    '-XX:+UseSerialGC',
    '-XX:MaxDirectMemorySize=256m',
    ...Object.entries(properties).map(([name, value]) => `-D${name}=${value}`),
    ...inside,
    'org.apache.cassandra.service.CassandraDaemon',
  ];
  const ready = /Starting listening for CQL clients/;
  const engine = await engineOf(folder, `${yaml.rpc_address}:${yaml.native_transport_port}`, () =>
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
