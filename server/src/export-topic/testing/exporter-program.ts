import { openKafkaLog } from '../../eventlog/adapters/kafka/index.ts';
import { silentLogger, systemClock } from '../../kernel/index.ts';
import { openKafkaExportSink } from '../adapters/kafka/index.ts';
import { startExportTopic } from '../start-export-topic.ts';
import { testContext } from './make-batch.ts';

/** An exporter in a process of its own, which tests kill. */
const [broker = '', topic = '', exportTopic = ''] = process.argv.slice(2);
const common = { brokers: [broker], clock: systemClock, logger: silentLogger };
const log = await openKafkaLog({
  ...common,
  topic,
  limits: { sessionTimeoutMs: 1000, rebalanceTimeoutMs: 3000, heartbeatMs: 100, readBytes: 16 * 1024 },
});
const sink = await openKafkaExportSink({ ...common, topic: exportTopic, logTopic: topic });
startExportTopic({
  ...testContext,
  log,
  sink,
  logger: silentLogger,
  failed: (error) => {
    throw error;
  },
  limits: { requestBytesMax: 32 * 1024 },
});
