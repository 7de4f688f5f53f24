import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { engineOf, freePort, launch } from './engine.mjs';
import { clusterId } from './kafka.mjs';

/** @typedef {import('./engine.mjs').Engine} Engine */
/** @typedef {{ readonly id: number, readonly port: number, readonly controllerPort: number }} Place */

/** What Kafka keeps for itself is kept as often as everything else. */
const keptThrice = ['offsets.topic', 'transaction.state.log', 'share.coordinator.state.topic'].flatMap((name) => [
  [`${name}.replication.factor`, '3'],
  [`${name}.min.isr`, '2'],
]);

/**
 * @param {Place} place
 * @param {readonly Place[]} places of all brokers
 * @param {string} folder
 */
const propertiesOf = ({ id, port, controllerPort }, places, folder) => ({
  'process.roles': 'broker,controller',
  'node.id': String(id),
  'controller.quorum.voters': places.map((one) => `${one.id}@127.0.0.1:${one.controllerPort}`).join(),
  listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
  'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
  'controller.listener.names': 'CONTROLLER',
  'log.dirs': join(folder, 'data'),
  'auto.create.topics.enable': 'false',
  'min.insync.replicas': '2',
  ...Object.fromEntries(keptThrice),
  'offsets.topic.num.partitions': '3',
  'group.initial.rebalance.delay.ms': '0',
  // Tests do not wait for sessions as long as brokers usually have it.
  'group.min.session.timeout.ms': '500',
});

/** They run for minutes: what the better compiler would save is less than it takes. */
const quick = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

/**
 * Formats a folder and starts the broker in it.
 * @param {string} jars
 * @param {string} cluster
 * @param {Place} place
 * @param {readonly Place[]} places
 * @param {Readonly<Record<string, string>>} more
 * @returns {Promise<Engine>}
 */
const startOne = async (jars, cluster, place, places, more) => {
  const folder = mkdtempSync(join(tmpdir(), `milepost-kafka-${place.id}-`));
  const settings = join(folder, 'server.properties');
  const lines = Object.entries({ ...propertiesOf(place, places, folder), ...more }).map(([name, value]) => `${name}=${value}`);
  writeFileSync(settings, lines.join('\n'));
  const classPath = ['-cp', join(jars, '*')];
  const format = ['-Xmx128m', ...quick, ...classPath, 'kafka.tools.StorageTool', 'format', '-t', cluster, '-c', settings];
  // Rejects with what it says.
  await promisify(execFile)('java', format);
  const logging = '-Dorg.slf4j.simpleLogger.defaultLogLevel=info';
  const args = ['-Xmx256m', ...quick, logging, ...classPath, 'kafka.Kafka', settings];
  return engineOf(folder, `127.0.0.1:${place.port}`, () =>
    launch('java', args, { cwd: folder, logFile: join(folder, 'log'), ready: /Kafka Server started/ }),
  );
};

/**
 * Three brokers of Apache Kafka, each of them a controller too: any two of them go on without the third. How long a broker may be silent before
 * its partitions get other leaders is as Kafka has it (9 s), unless `settings` say otherwise.
 * @param {string} jars
 * @param {{ readonly settings?: Readonly<Record<string, string>> }} [options]
 * @returns {Promise<readonly [Engine, Engine, Engine]>} node ids 1 to 3; addresses are host:port
 */
export const startThreeBrokers = async (jars, { settings = {} } = {}) => {
  /** @type {Place[]} */
  const places = [];
  for (const id of [1, 2, 3]) places.push({ id, port: await freePort(), controllerPort: await freePort() });
  const cluster = clusterId();
  // All at once: none is ready before there are two.
  const started = await Promise.allSettled(places.map((place) => startOne(jars, cluster, place, places, settings)));
  const engines = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = started.find((one) => one.status === 'rejected');
  if (failed) {
    await Promise.all(engines.map((engine) => engine.remove()));
    throw failed.reason;
  }
  const [first, second, third] = /** @type {[Engine, Engine, Engine]} */ (engines);
  return [first, second, third];
};
