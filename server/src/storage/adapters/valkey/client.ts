import { createClient, RESP_TYPES } from '@redis/client';
import { OperationalError } from '../../../kernel/index.ts';
import type { ValkeySettings } from './options.ts';

/**
 * The client library for one connection: it never connects again and never queues while away; `Link` does, with limits. Its own time limit is left
 * out: a signal for each command costs more than the command.
 */
export const makeClient = ({ url, tlsCa, limits }: ValkeySettings) =>
  createClient({
    url,
    name: 'milepost',
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    commandOptions: { timeout: 0, typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
    socket: {
      connectTimeout: limits.requestTimeoutMs,
      reconnectStrategy: false,
      ...(tlsCa === undefined ? {} : { tls: true as const, ca: tlsCa }),
    },
  });

export type Client = ReturnType<typeof makeClient>;

const retryAfterSeconds = 2;

/** What is said of an error; a host with several addresses gives one for each. */
export const reasonOf = (error: unknown): string => {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ');
  return error instanceof Error && error.message !== '' ? error.message : String(error);
};

export const unavailable = (cause: unknown): OperationalError =>
  new OperationalError('unavailable', 'Valkey is not available', { retryAfterSeconds, cause });
