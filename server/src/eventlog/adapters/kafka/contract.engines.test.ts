import { randomUUID } from 'node:crypto';
import { makeManualClock, silentLogger } from '../../../kernel/index.ts';
import { eventLogContract } from '../../eventlog.contract.ts';
import { testEpochMs } from '../../test-support.ts';
import { ensureTopic, openKafkaLog } from './index.ts';
import { testTopic } from './test-kafka.ts';

/** host:port of a broker that the runner of the tests started; without one there is nothing to test with. */
const broker = process.env['TEST_KAFKA'];

if (broker)
  eventLogContract('Kafka', async () => {
    const brokers = [broker];
    const topic = `contract-${randomUUID()}`;
    await ensureTopic(testTopic(brokers, topic, 1));
    return {
      open: ({ nowMs = testEpochMs, ...settings } = {}) =>
        openKafkaLog({
          brokers,
          topic,
          clock: makeManualClock(nowMs),
          logger: silentLogger,
          limits: { sendSpacingMs: 1, readBytes: 4096, tailWaitMs: 100, tailSpacingMs: 0, settleMs: 0, ...settings },
        }),
      remove: () => Promise.resolve(),
    };
  });
