import { isKafkaError } from './kafka-client.ts';

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
