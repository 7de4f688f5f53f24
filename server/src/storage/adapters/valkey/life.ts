import { type Client, makeClient } from './client.ts';
import type { ValkeySettings } from './options.ts';

/** One connection, from its beginning to its end. */
export interface Life {
  readonly client: Client;
  /** Resolves when it is connected and has logged in. Throws why not. */
  connect(): Promise<void>;
  /** Ends it, and with it everything that waits for an answer. The first reason is the one that counts. */
  end(reason: Error): void;
  /** Why it ended. */
  readonly ended: Promise<Error>;
}

export const makeLife = (settings: ValkeySettings): Life => {
  const client = makeClient(settings);
  const { promise: ended, resolve } = Promise.withResolvers<Error>();
  let isEnded = false;
  const end = (reason: Error): void => {
    isEnded = true;
    resolve(reason);
    client.destroy();
  };
  client.on('error', end);
  client.once('end', () => end(new Error('the connection has ended')));

  const connect = async (): Promise<void> => {
    const { clock, limits } = settings;
    const late = (): void => end(new Error(`not connected within ${limits.requestTimeoutMs} ms`));
    const cancel = clock.after(limits.requestTimeoutMs, late);
    const connecting = client.connect().then(() => {
      // The library ends no socket that is just being made.
      if (isEnded) client.destroy();
    });
    try {
      await Promise.race([connecting, ended.then((reason) => Promise.reject(reason))]);
    } finally {
      connecting.catch(() => undefined);
      cancel();
    }
  };
  return { client, connect, end, ended };
};
