import { OperationalError } from '../../../kernel/index.ts';
import { checkRetention } from '../../retention.ts';
import { kafkaUnusable } from './failures.ts';
import { KafkaClient } from './kafka-client.ts';
import { KafkaLog } from './kafka-log.ts';
import { kafkaLogLimits, type KafkaLogOptions } from './options.ts';

export { kafkaLogLimits, type KafkaLogLimits, type KafkaLogOptions } from './options.ts';
export { checkTopic, ensureTopic, type TopicCheck, type TopicWanted } from './topics.ts';

/** Opens the log on a topic that is there. Fails when no broker answers or the topic is missing. */
export const openKafkaLog = async (options: KafkaLogOptions): Promise<KafkaLog> => {
  const limits = { ...kafkaLogLimits, ...options.limits };
  checkRetention(limits.retentionMs);
  const client = new KafkaClient(options, limits);
  try {
    const exists = await client.exists().catch((error: unknown) => {
      throw kafkaUnusable(options, error);
    });
    if (!exists)
      throw new OperationalError('unavailable', `there is no topic ${options.topic}: make it with npm run kafka-topics`);
    const { leaders } = await client.topic();
    const log = new KafkaLog(options, limits, client, leaders.length);
    await log.begin();
    return log;
  } catch (error) {
    await client.close();
    throw error;
  }
};
