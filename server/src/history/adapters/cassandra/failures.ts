import { errors } from 'cassandra-driver';
import { OperationalError } from '../../../kernel/index.ts';

/** Answers of Cassandra that stay the same however often they are asked for: see `error_codes` of its protocol. */
const finalCodes: ReadonlySet<number> = new Set([0x000a, 0x0100, 0x2000, 0x2100, 0x2200, 0x2300, 0x2400]);

/** The statement, the schema or a right is wrong: trying again mends nothing. */
export const isFinalFailure = (error: unknown): boolean => {
  if (error instanceof errors.ResponseError) return finalCodes.has(error.code);
  return error instanceof errors.ArgumentError || error instanceof TypeError || error instanceof errors.AuthenticationError;
};

/** The driver tells which nodes it tried, and not in its message what they said. */
const reasonOf = (error: unknown): string => {
  if (error instanceof errors.NoHostAvailableError) {
    const [inner] = Object.values(error.innerErrors as Readonly<Record<string, Error>>);
    if (inner) return inner.message;
  }
  return error instanceof Error ? error.message : String(error);
};

export const cassandraFailure = (what: string, error: unknown): Error =>
  error instanceof OperationalError
    ? error
    : new OperationalError('unavailable', `Cassandra: ${what}: ${reasonOf(error)}`, { cause: error });
