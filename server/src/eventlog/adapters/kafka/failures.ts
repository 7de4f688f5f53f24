import { OperationalError } from '../../../kernel/index.ts';
import type { KafkaReach } from '../../kafka-reach.ts';
import { isKafkaError } from './kafka-error.ts';

/** What Kafka says of records that it will not take, however often it is asked. */
const finalErrors = [
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
  'CORRUPT_MESSAGE',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
] as const;

/** Anything else is tried again: a right that is missing can be given, a topic be made, a broker come back. */
export const isFinalFailure = (error: unknown): boolean => finalErrors.some((name) => isKafkaError(error, name));

/** The library wraps what happened, once for each try. */
const innermost = (error: unknown): string => {
  const inner: unknown = error instanceof AggregateError ? error.errors.at(-1) : error instanceof Error ? error.cause : undefined;
  if (inner !== undefined) return innermost(inner);
  return error instanceof Error ? error.message : String(error);
};

/** A Kafka that does not answer, that does not let in, or that is not the one it is taken for. */
export const kafkaUnusable = ({ brokers }: KafkaReach, cause: unknown): OperationalError =>
  new OperationalError('unavailable', `Kafka at ${brokers.join(', ')} cannot be used: ${innermost(cause)}`, { cause });
