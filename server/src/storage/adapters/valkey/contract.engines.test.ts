import { randomUUID } from 'node:crypto';
import { silentLogger } from '../../../kernel/index.ts';
import { fanOutContract } from '../../fan-out.contract.ts';
import { snapshotStoreContract } from '../../snapshot-store.contract.ts';
import { makeValkeySnapshotStore, openValkey, openValkeyFanOut, type Valkey } from './index.ts';

/** host:port of a Valkey that the runner of the tests started; without one there is nothing to test with. */
const address = process.env['TEST_VALKEY'];

if (address) {
  const url = `redis://${address}`;
  const closeAll = async (opened: readonly Valkey[]): Promise<void> => {
    await Promise.all(opened.map((valkey) => valkey.close()));
  };

  snapshotStoreContract('Valkey', async () => {
    const prefix = `test:${randomUUID()}:`;
    const opened: Valkey[] = [];
    return {
      open: async () => {
        const valkey = await openValkey({ url, prefix, logger: silentLogger });
        opened.push(valkey);
        return makeValkeySnapshotStore(valkey);
      },
      remove: async () => {
        const store = makeValkeySnapshotStore(opened[0] as Valkey);
        for (const name of await store.names('')) await store.remove(name);
        await closeAll(opened);
      },
    };
  });

  fanOutContract('Valkey', async () => {
    const prefix = `test:${randomUUID()}:`;
    const opened: Valkey[] = [];
    return {
      open: async (logger, limits = {}) => {
        const valkey = await openValkey({ url, prefix, logger });
        opened.push(valkey);
        return openValkeyFanOut(valkey, limits);
      },
      remove: () => closeAll(opened),
    };
  });
}
