import { findErrorBy } from '@platformatic/kafka';

/** The name that Kafka gives an error, where it is one of Kafka's. */
export const isKafkaError = (error: unknown, name: string): boolean =>
  error instanceof Error && findErrorBy(error, 'apiId', name) !== null;
