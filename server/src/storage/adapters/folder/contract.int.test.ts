import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../kernel/index.ts';
import { snapshotStoreContract } from '../../snapshot-store.contract.ts';
import { makeTestFolder } from '../../testing/test-storage.ts';
import { openSnapshotFolder } from './index.ts';

snapshotStoreContract('folder', async () => {
  const folder = await makeTestFolder('snapshots');
  return {
    open: async () => openSnapshotFolder(join(folder, 'made', 'when', 'needed'), systemClock),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
});
