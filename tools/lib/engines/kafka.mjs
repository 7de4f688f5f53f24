import { execFile, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readyMs, ensureJars, freePort, launch, engineOf } from './engine.mjs';

/** @typedef {import('./engine.mjs').Engine} Engine */

export const ensureKafka = () =>
  ensureJars('kafka-4.3.1', ['org.apache.kafka:kafka_2.13:4.3.1', 'org.slf4j:slf4j-simple:1.7.36']);

/** Kafka's own command line tools, which the broker does not need. */
export const ensureKafkaTools = () =>
  ensureJars('kafka-tools-4.3.1', ['org.apache.kafka:kafka-tools:4.3.1', 'org.slf4j:slf4j-simple:1.7.36']);

/** Never begins like an option, as one of 64 would. */
export const clusterId = () => randomBytes(16).toString('base64url').replace(/^-/, 'A');

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
 * @typedef {{ readonly pem: string, readonly username: string, readonly password: string }} KafkaSecrets `pem`: a file with key and certificate
 * @typedef {{ readonly advertised?: string, readonly secrets?: KafkaSecrets }} KafkaWanted
 */

const scramMechanisms = ['SCRAM-SHA-512', 'SCRAM-SHA-256'];

/**
 * Clients come by TLS, and log in by any mechanism; the broker reaches itself by another way.
 * @param {KafkaSecrets} secrets
 */
const secured = ({ pem, username, password }) => {
  const logins = 'org.apache.kafka.common.security';
  return {
    'listener.security.protocol.map': 'PLAINTEXT:SASL_SSL,CONTROLLER:PLAINTEXT,OWN:PLAINTEXT',
    'inter.broker.listener.name': 'OWN',
    'sasl.enabled.mechanisms': [...scramMechanisms, 'PLAIN'].join(','),
    ...Object.fromEntries(
      scramMechanisms.map((name) => [
        `listener.name.plaintext.${name.toLowerCase()}.sasl.jaas.config`,
        `${logins}.scram.ScramLoginModule required;`,
      ]),
    ),
    'listener.name.plaintext.plain.sasl.jaas.config': `${logins}.plain.PlainLoginModule required user_${username}="${password}";`,
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': pem,
  };
};

/**
 * One broker of Apache Kafka, which is its own controller.
 * @param {string} jars
 * @param {KafkaWanted} [wanted] `advertised`: host:port that clients are told instead of its own, of a proxy; `secrets`: by TLS and with a password alone
 * @returns {Promise<Engine>} its address is host:port
 */
export const startKafka = async (jars, { advertised, secrets } = {}) => {
  const folder = mkdtempSync(join(tmpdir(), 'milepost-kafka-'));
  const [port, controllerPort] = [await freePort(), await freePort()];
  const own = secrets ? `,OWN://127.0.0.1:${await freePort()}` : '';
  const properties = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}${own}`,
    'advertised.listeners': `PLAINTEXT://${advertised ?? `127.0.0.1:${port}`}${own}`,
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': join(folder, 'data'),
    'auto.create.topics.enable': 'false',
    'group.initial.rebalance.delay.ms': '0',
    // Tests do not wait for sessions as long as brokers usually have it.
    'group.min.session.timeout.ms': '500',
    // One that was killed is taken for dead, and may come again, after this. So is one that a busy machine lets wait for so long.
    'broker.session.timeout.ms': '4000',
    'broker.heartbeat.interval.ms': '250',
    ...Object.fromEntries(onceEach.map((name) => [name, '1'])),
    ...(secrets ? secured(secrets) : {}),
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
  const users = (secrets ? scramMechanisms : []).flatMap((name) => [
    '--add-scram',
    `${name}=[name=${secrets?.username},password=${secrets?.password}]`,
  ]);
  const format = spawnSync(
    'java',
    ['-Xmx128m', ...classPath, 'kafka.tools.StorageTool', 'format', '-t', clusterId(), '-c', settings, ...users],
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
