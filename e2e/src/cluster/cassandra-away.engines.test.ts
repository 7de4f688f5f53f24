import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { OperatorClient } from '@milepost/sdk';
import { type CassandraEngine, ensureCassandra, startCassandra } from '../../../tools/lib/engines.mjs';
import { until } from '../support/until.ts';
import { openStores, type Stores } from './engines.ts';
import { type Cluster, type ClusterNode, startCluster } from './start-cluster.ts';

const { TEST_KAFKA = '', TEST_VALKEY = '' } = process.env;
const jars = ensureCassandra();
const skip = 'problem' in jars ? jars.problem : TEST_KAFKA && TEST_VALKEY ? false : 'no Kafka and Valkey';
const awayWithinMs = 60_000;

const historyStoreOf = async ({ origin }: ClusterNode): Promise<{ readonly status: number; readonly detail: string }> => {
  const answer = await fetch(`${origin}/readyz`);
  const { parts } = (await answer.json()) as { parts: { name: string; detail?: string }[] };
  const found = parts.find(({ name }) => name === 'history store');
  assert.ok(found, JSON.stringify(parts));
  return { status: answer.status, detail: found.detail ?? '' };
};

describe('a Cassandra that stands still', { skip, timeout: 600_000 }, () => {
  let cassandra: CassandraEngine;
  let stores: Stores;
  let cluster: Cluster;

  before(async () => {
    cassandra = await startCassandra('path' in jars ? jars.path : '');
    const addresses = { kafka: TEST_KAFKA, cassandra: cassandra.address, valkey: TEST_VALKEY };
    stores = await openStores({ addresses, partitions: 2, name: `away_${process.pid}` });
    cluster = await startCluster({ engines: stores, gateways: 0, projectors: 1, apis: 1 });
  });
  after(async () => {
    await cluster?.close();
    await stores?.stop();
    await cassandra?.remove();
  });

  test('is told of by who reads and writes history, until it goes on; latest state is answered meanwhile', async () => {
    const [api, projector] = [...cluster.apis, ...cluster.projectors] as [ClusterNode, ClusterNode];
    for (const node of [api, projector]) {
      const isThere = ({ detail }: { readonly detail: string }): boolean => detail === '';
      await until(() => historyStoreOf(node), isThere, 'nothing is away');
    }
    process.kill(cassandra.pid, 'SIGSTOP');
    try {
      for (const node of [api, projector]) {
        const { status } = await until(
          () => historyStoreOf(node),
          ({ detail }) => detail.startsWith('away'),
          `${node.role} says so`,
          awayWithinMs,
        );
        assert.equal(status, 200, 'it stays ready');
      }
      const { items } = await new OperatorClient(api.origin, cluster.operatorToken).call('listVehicles');
      assert.deepEqual(items, []);
    } finally {
      process.kill(cassandra.pid, 'SIGCONT');
    }
    for (const node of [api, projector])
      await until(
        () => historyStoreOf(node),
        ({ detail }) => detail === '',
        `${node.role} says that it is there again`,
        awayWithinMs,
      );
  });
});
