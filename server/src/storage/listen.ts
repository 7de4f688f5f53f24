import pg from 'pg';
import { type Clock, type Logger, OperationalError, shareNext } from '../kernel/index.ts';
import type { Notified, Subscription } from './types.ts';

const retryDelayMs = 500;
/** How long somebody waits for what may still be on its way. */
const catchUpMs = 250;
/** A connection that only listens would not notice that the other side is gone. */
const keepAliveDelayMs = 10_000;

export interface ListenOptions {
  readonly clientConfig: pg.ClientConfig;
  readonly channel: string;
  readonly notified: Notified;
  readonly lost: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Holds one connection that listens; connects again for as long as it takes, then says that messages may be missing. */
export const listen = async (options: ListenOptions): Promise<Subscription> => {
  const { clock, logger, channel } = options;
  let isClosed = false;
  let client: pg.Client | undefined;

  const connect = async (): Promise<void> => {
    const fresh = new pg.Client({ ...options.clientConfig, keepAlive: true, keepAliveInitialDelayMillis: keepAliveDelayMs });
    let isHearing = false;
    fresh.on('error', (error) => logger.warn('the listening database connection failed', { error }));
    fresh.on('notification', (message) => options.notified(message.payload ?? ''));
    fresh.on('end', () => {
      if (isHearing && !isClosed) retryLater();
    });
    try {
      await fresh.connect();
      await fresh.query(`listen ${channel}`);
    } catch (error) {
      await fresh.end().catch(() => {});
      throw error;
    }
    isHearing = true;
    client = fresh;
    if (isClosed) await fresh.end();
  };
  const retry = async (): Promise<void> => {
    if (isClosed) return;
    try {
      await connect();
    } catch {
      retryLater();
      return;
    }
    if (!isClosed) options.lost();
  };
  const retryLater = (): void => void clock.after(retryDelayMs, () => void retry());

  try {
    await connect();
  } catch (cause) {
    throw new OperationalError('unavailable', `cannot listen to ${channel}`, { cause });
  }
  // A message is sent to this connection before its writer hears of the commit; the answer to a question that is asked later comes behind it.
  const askOnce = shareNext(async () => {
    await client?.query('select 1');
  });
  return {
    catchUp: async (waitMs = catchUpMs) => {
      const over = Promise.withResolvers<boolean>();
      const stopWaiting = clock.after(waitMs, () => over.resolve(false));
      // Of a connection that fails nothing comes any more: what is missing is read when it is back.
      const asked = askOnce().then(
        () => true,
        () => false,
      );
      const isHeard = await Promise.race([asked, over.promise]);
      stopWaiting();
      return isHeard;
    },
    close: async () => {
      isClosed = true;
      await client?.end().catch(() => {});
    },
  };
};
