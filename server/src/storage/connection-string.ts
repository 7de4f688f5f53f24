import { invalidField } from '../kernel/index.ts';
import type { PostgresConfig } from './types.ts';

const expected =
  'postgres://user:password@host:port/database, or postgres://user:password@localhost/database?host=/folder/of/socket';
const defaultPort = 5432;

/** Reads `DATABASE_URL`. Its value is never shown: it holds a password. */
export const parseDatabaseUrl = (text: string): PostgresConfig => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^postgres(ql)?:$/.test(url.protocol)) throw invalidField('DATABASE_URL', '(hidden)', expected);
  const host = url.searchParams.get('host') ?? decodeURIComponent(url.hostname);
  const database = decodeURIComponent(url.pathname.slice(1));
  if (host === '' || database === '' || url.username === '') throw invalidField('DATABASE_URL', '(hidden)', expected);
  return {
    host,
    port: Number(url.port || url.searchParams.get('port') || defaultPort),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database,
  };
};
