import { readFileSync } from 'node:fs';
import type { KafkaReach } from '../../eventlog/index.ts';
import { assert, CallerError } from '../../kernel/index.ts';
import { type Configuration, settings } from '../settings.ts';

/** The certificates of a file that a setting names. */
export const readPem = (setting: 'cassandraCa' | 'kafkaCa', file: string): string => {
  const { name } = settings[setting];
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CallerError('invalid_field', `${name} is ${JSON.stringify(file)}, which cannot be read`, { field: name, cause });
  }
  if (!text.includes('-----BEGIN CERTIFICATE-----'))
    throw new CallerError('invalid_field', `${name} names a file without a certificate in PEM`, { field: name });
  return text;
};

/** How Kafka is reached. */
export const kafkaReach = (configuration: Configuration): KafkaReach => {
  const { kafkaBrokers: brokers, kafkaMechanism: mechanism, kafkaCa: ca } = configuration;
  const { kafkaUser: username, kafkaPassword: password } = configuration;
  assert(brokers, 'a cluster has a log on Kafka');
  return {
    brokers,
    ...(username !== undefined && password !== undefined ? { credentials: { username, password, mechanism } } : {}),
    ...(ca === undefined ? {} : { tls: ca === 'system' ? {} : { ca: readPem('kafkaCa', ca) } }),
  };
};
