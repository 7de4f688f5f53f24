import type { ThreadClient } from './thread-client.ts';

/**
 * Moves the files of a store while all threads have them closed; what is asked meanwhile waits. `adapterOptions` say where they are then. The
 * writer comes last: it closes last, and opens first.
 */
export const moveStore = async (
  [first, ...others]: readonly ThreadClient[],
  adapterOptions: unknown,
  move: () => Promise<void>,
): Promise<void> => {
  if (!first) return move();
  return first.alone(async (ask) => {
    await ask('close', undefined);
    await moveStore(others, adapterOptions, move);
    await ask('open', adapterOptions);
  });
};
