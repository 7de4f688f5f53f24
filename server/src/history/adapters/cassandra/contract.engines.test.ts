import { testChunkStore } from '../../chunk-store.contract.ts';
import { testClaims } from '../../claims.contract.ts';
import { testScans } from '../../fleet/scans.contract.ts';
import { makeStores } from './test-cassandra.ts';

/** host:port of a node that the runner of the tests started; without one there is nothing to test with. */
const address = process.env['TEST_CASSANDRA'];

if (address) {
  const { make } = await makeStores(address, 3);
  testChunkStore('Cassandra', make);
  testClaims('Cassandra', make);
  testScans('Cassandra', make);
}
