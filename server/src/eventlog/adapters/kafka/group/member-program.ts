import { silentLogger, systemClock } from '../../../../kernel/index.ts';
import { openKafkaLog } from '../index.ts';

/** A member of a group in a process of its own, which tests kill and stop: says what it hears, a line of JSON each. */
const [brokers = '', topic = '', limits = '{}'] = process.argv.slice(2);
const log = await openKafkaLog({
  brokers: brokers.split(','),
  topic,
  clock: systemClock,
  logger: silentLogger,
  limits: JSON.parse(limits) as Record<string, number>,
});
const tell = (heard: unknown): void => void process.stdout.write(`${JSON.stringify(heard)}\n`);
log.join({
  group: 'projector',
  assigned: (partitions, generation) => tell({ partitions, generation }),
  revoked: (isLost) => {
    tell({ isLost });
    return Promise.resolve();
  },
  failed: (error) => tell({ failed: error.message }),
});
