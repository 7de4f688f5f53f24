import { randomUUID } from 'node:crypto';
import type { ContractStore } from '../../testing/contract-store.ts';
import type { CassandraStoreOptions } from './options.ts';
import { emptyStore, ensureSchema, type SchemaWanted } from './schema.ts';
import { openChunkStore } from './open-chunk-store.ts';

/** Helpers of the tests of history on Cassandra. */

/** On the one node that tests have. */
export const testSchema = (address: string, groups: number): SchemaWanted => ({
  contactPoints: [address],
  localDatacenter: 'datacenter1',
  keyspace: `test_${randomUUID().replaceAll('-', '')}`,
  groups,
  replication: { datacenter1: 1 },
  carLogs: true,
});

/** A store that is empty each time: making tables takes a second, emptying them a third of it. */
export const makeStores = async (
  address: string,
  groups: number,
  more: Partial<CassandraStoreOptions> = {},
): Promise<{ readonly options: CassandraStoreOptions; readonly make: () => Promise<ContractStore> }> => {
  const schema = testSchema(address, groups);
  await ensureSchema(schema);
  const { contactPoints, localDatacenter, keyspace } = schema;
  const options = { contactPoints, localDatacenter, keyspace, ...more };
  const make = (): Promise<ContractStore> =>
    Promise.resolve({ open: (mode) => openChunkStore(options, mode), remove: () => emptyStore(options) });
  return { options, make };
};
