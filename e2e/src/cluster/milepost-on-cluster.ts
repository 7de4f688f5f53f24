import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDemo } from '../../../server/src/app/demo.ts';
import type { Milepost, MilepostOptions } from '../support/milepost.ts';
import { openStores } from './engines.ts';
import { type Cluster, type ClusterNode, startCluster } from './start-cluster.ts';

/** Of the log; both projectors have some. */
const partitions = 4;

/** Of the engines that the runner has started, by TEST_<name>. */
const addressOf = (name: 'KAFKA' | 'CASSANDRA' | 'VALKEY'): string => {
  const address = process.env[`TEST_${name}`];
  if (!address) throw new Error(`TEST_${name} is not set: npm run test:cluster starts it`);
  return address;
};

/** A topic, tables and a database that no other test has. */
export const openOwnStores = () =>
  openStores({
    addresses: { kafka: addressOf('KAFKA'), cassandra: addressOf('CASSANDRA'), valkey: addressOf('VALKEY') },
    partitions,
    name: `test_${randomUUID().replaceAll('-', '')}`,
  });

const first = ([node]: readonly ClusterNode[]): ClusterNode => node as ClusterNode;

/** Also when one does not start the others have, so that they can be ended. */
export const startAll = async (nodes: readonly ClusterNode[]): Promise<void> => {
  const starting = nodes.map((node) => node.start());
  await Promise.allSettled(starting);
  await Promise.all(starting);
};

/** What is done to one server is done to all processes at once. */
const asOne = ({ front, operatorToken, gateways, apis, nodes }: Cluster, own: Pick<Milepost, 'data' | 'close'>): Milepost => ({
  ...own,
  origin: front.origin,
  operatorToken,
  mqttOrigin: first(gateways).mqttOrigin,
  // It works on whichever process the front leads it to.
  get signInLink() {
    const { pathname, search } = new URL(first(apis).signInLink);
    return front.origin + pathname + search;
  },
  get pid() {
    return first(apis).pid;
  },
  log: () =>
    nodes()
      .map((node) => `${node.role} ${node.origin}\n${node.log()}`)
      .join('\n'),
  stop: async () => {
    await Promise.all(nodes().map((node) => node.stop()));
  },
  kill: async () => {
    await Promise.all(nodes().map((node) => node.kill()));
    return nodes().length;
  },
  start: async () => {
    await startAll(nodes());
  },
});

/** As `startMilepost`: two gateways, two projectors and two API processes behind one address instead of the one server. */
export const startMilepostOnCluster = async ({ mode, settings = {} }: MilepostOptions): Promise<Milepost> => {
  const data = await mkdtemp(join(tmpdir(), 'milepost-e2e-'));
  const undo = [() => rm(data, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (const one of undo.splice(0).toReversed()) await one();
  };
  try {
    const stores = await openOwnStores();
    undo.push(() => stores.stop());
    const cluster = await startCluster({ engines: stores, settings });
    undo.push(() => cluster.close());
    if (mode === 'demo') {
      const { front, operatorToken } = cluster;
      undo.push(startDemo({ origin: front.origin, operatorToken }, data, () => {}));
    }
    return asOne(cluster, { data, close });
  } catch (error) {
    await close();
    throw error;
  }
};
