import { Admin } from '@platformatic/kafka';
import { type KafkaReach, kafkaConnection } from '../../kafka-reach.ts';
import type { KafkaLogLimits } from './options.ts';

const clientId = 'milepost';

/** The library's client for questions, which also makes connections. It tries once: who asks decides what is tried again. */
export const makeAdmin = (reach: KafkaReach, { requestTimeoutMs: timeout }: KafkaLogLimits): Admin =>
  new Admin({ clientId, ...kafkaConnection(reach), retries: 0, requestTimeout: timeout, connectTimeout: timeout, timeout });
