import type { ThreadClient } from './thread-client.ts';

/** Moves the files of a store while both threads have them closed; what is asked meanwhile waits. `adapterOptions` say where they are then. */
export const moveStore = (
  writer: ThreadClient,
  reader: ThreadClient,
  adapterOptions: unknown,
  move: () => Promise<void>,
): Promise<void> =>
  writer.alone((askWriter) =>
    reader.alone(async (askReader) => {
      await Promise.all([askWriter('close', undefined), askReader('close', undefined)]);
      await move();
      await askWriter('open', adapterOptions);
      await askReader('open', adapterOptions);
    }),
  );
