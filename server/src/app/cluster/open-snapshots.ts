import type { PartReadiness } from '../../http/index.ts';
import { openSnapshotFolder } from '../../storage/adapters/folder/index.ts';
import { makeValkeySnapshotStore, openValkey, type Valkey } from '../../storage/adapters/valkey/index.ts';
import type { SnapshotStore } from '../../storage/index.ts';
import type { Base, Closers } from '../open-parts.ts';

export interface Snapshots {
  /** Of a projector: whoever takes its partitions over finds them. */
  readonly shared: SnapshotStore;
  /** Of a process that only reads: it finds those of the projectors, and keeps its own to itself. */
  readonly own: SnapshotStore;
  /** Undefined: none is configured. */
  readonly valkey: Valkey | undefined;
  readiness(): PartReadiness[];
}

/**
 * Both places hold snapshots; whoever looks for one looks in both. What is written goes to the shared one, or into the own folder while that is
 * away: then only this process can start from it.
 */
const joined = (shared: SnapshotStore, own: SnapshotStore, isAway: () => boolean): Pick<Snapshots, 'shared' | 'own'> => {
  /** One that is away has nothing to tell; the other does. */
  const ifThere = async <T>(run: () => Promise<T>, otherwise: T): Promise<T> => {
    if (isAway()) return otherwise;
    return run().catch((error: unknown) => {
      if (isAway()) return otherwise;
      throw error;
    });
  };
  const both: SnapshotStore = {
    write: (name, parts) => (isAway() ? own : shared).write(name, parts),
    names: async (prefix) => {
      const names = new Set([...(await ifThere(() => shared.names(prefix), [])), ...(await own.names(prefix))]);
      return [...names].sort();
    },
    read: async (name) => (await own.read(name)) ?? ifThere(() => shared.read(name), undefined),
    remove: async (name) => {
      await own.remove(name);
      await ifThere(() => shared.remove(name), undefined);
    },
  };
  const reading: SnapshotStore = {
    ...both,
    write: (name, parts) => own.write(name, parts),
    remove: (name) => own.remove(name),
  };
  return { shared: both, own: reading };
};

export const openSnapshots = async ({ configuration, folder, clock, logger }: Base, closers: Closers): Promise<Snapshots> => {
  const own = openSnapshotFolder(folder.live, clock);
  const { valkeyUrl, kafkaTopic } = configuration;
  if (valkeyUrl === undefined) return { shared: own, own, valkey: undefined, readiness: () => [] };
  // Another installation may use the same server: its vehicles have the same numbers.
  const valkey = await openValkey({ url: valkeyUrl, prefix: `milepost:${kafkaTopic}:`, clock, logger });
  closers.add('valkey', () => valkey.close());
  return {
    ...joined(makeValkeySnapshotStore(valkey), own, () => valkey.isAway),
    valkey,
    // What works goes on without it: the process stays ready, and says what it lacks.
    readiness: () => [
      {
        name: 'valkey',
        isReady: true,
        ...(valkey.isAway
          ? {
              detail: `away (${valkey.awayReason}): snapshots stay on this machine, a projector that takes over reads the log instead`,
            }
          : {}),
      },
    ],
  };
};
