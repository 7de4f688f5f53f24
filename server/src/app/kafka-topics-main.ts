import { readFileSync } from 'node:fs';
import process from 'node:process';
import { type KafkaMechanism, type KafkaReach, kafkaMechanisms } from '../eventlog/index.ts';
import { checkTopic, ensureTopic, type TopicWanted } from '../eventlog/adapters/kafka/topics.ts';
import { virtualPartitionCount } from '../events/index.ts';
import { CallerError } from '../kernel/index.ts';
import { type Options, readCommandLine, runCommand, tell, textOf, wholeOf } from './command-line.ts';

const usage = `npm run kafka-topics -- --brokers <host:port,…> [--topic <name>] [--export-topic <name>] [--partitions <n>] [--replicas <n>]
    [--in-sync-min <n>] [--retention-days <n>] [--user <name>] [--mechanism <name>] [--ca <file>|system] [--check]
  Makes the topic of the event log when there is none, and says what is not as it has to be. With --check it changes nothing.
  --export-topic    the same for the topic that reports are exported to, for other programs
  --partitions      a power of two up to ${virtualPartitionCount}, 64 unless given; chosen once
  --replicas        brokers that keep each record, 3 unless given
  --in-sync-min     of these, how many must have a record before it is acknowledged, 2 unless given
  --retention-days  how long records stay, 1 to 30, 14 unless given
  --user            its password is taken from KAFKA_PASSWORD
  --mechanism       one of ${kafkaMechanisms.join(', ')}: how the password is proved; the first unless given
  --ca              TLS: certificates that are trusted, or system: those that this machine trusts`;

const dayMs = 86_400_000;
const retentionDaysMax = 30;

const numberOf = (options: Options, name: string, otherwise: number, max: number): number =>
  wholeOf(options, name, max, usage) ?? otherwise;

const mechanismOf = (options: Options): KafkaMechanism => {
  const given = textOf(options, 'mechanism') ?? kafkaMechanisms[0];
  const mechanism = kafkaMechanisms.find((one) => one === given);
  if (mechanism) return mechanism;
  throw new CallerError('bad_request', `--mechanism is ${given}, expected one of ${kafkaMechanisms.join(', ')}\n${usage}`);
};

/** How brokers are reached, but for where they are. */
const securityOf = (options: Options): Pick<KafkaReach, 'credentials' | 'tls'> => {
  const ca = textOf(options, 'ca');
  const tls = ca === undefined ? {} : { tls: ca === 'system' ? {} : { ca: readFileSync(ca, 'utf8') } };
  const username = textOf(options, 'user');
  if (username === undefined) return tls;
  const password = process.env['KAFKA_PASSWORD'];
  if (password === undefined) throw new CallerError('bad_request', `--user is ${username}, KAFKA_PASSWORD is missing\n${usage}`);
  const mechanism = mechanismOf(options);
  if (mechanism === 'PLAIN' && ca === undefined)
    throw new CallerError('bad_request', `--mechanism is PLAIN, which sends the password as it is: expected --ca\n${usage}`);
  return { ...tls, credentials: { username, password, mechanism } };
};

/** The topic of the log, and the one of the export where it is named: alike, but that its partition is chosen by the key. */
const wantedOf = (options: Options): TopicWanted[] => {
  const brokers = (textOf(options, 'brokers') ?? '').split(',').filter(Boolean);
  const wrong = brokers.find((one) => !/^[^:]+:\d+$/.test(one));
  if (brokers.length === 0 || wrong !== undefined)
    throw new CallerError(
      'bad_request',
      `--brokers has ${wrong ?? 'nothing'}, expected host:port, separated by commas\n${usage}`,
    );
  const partitions = numberOf(options, 'partitions', 64, virtualPartitionCount);
  if (!Number.isInteger(Math.log2(partitions)))
    throw new CallerError('bad_request', `--partitions is ${partitions}, expected a power of two\n${usage}`);
  const replicas = numberOf(options, 'replicas', 3, 100);
  const inSyncMin = numberOf(options, 'in-sync-min', Math.min(2, replicas), 100);
  if (inSyncMin > replicas)
    throw new CallerError(
      'bad_request',
      `--in-sync-min is ${inSyncMin}, expected at most --replicas, which is ${replicas}\n${usage}`,
    );
  const retentionMs = numberOf(options, 'retention-days', 14, retentionDaysMax) * dayMs;
  const log = {
    brokers,
    ...securityOf(options),
    topic: textOf(options, 'topic') ?? 'milepost.records',
    partitions,
    replicas,
    inSyncMin,
    retentionMs,
    retentionBytes: -1,
  };
  const exportTopic = textOf(options, 'export-topic');
  if (exportTopic === log.topic)
    throw new CallerError('bad_request', `--export-topic is ${exportTopic}, expected another one than that of the log\n${usage}`);
  return exportTopic === undefined ? [log] : [log, { ...log, topic: exportTopic, isKeyed: true }];
};

const text = { type: 'string' } as const;

await runCommand(async () => {
  const { options } = readCommandLine(
    {
      brokers: text,
      topic: text,
      'export-topic': text,
      partitions: text,
      replicas: text,
      'in-sync-min': text,
      'retention-days': text,
      user: text,
      mechanism: text,
      ca: text,
      check: { type: 'boolean' },
    },
    0,
    usage,
  );
  for (const wanted of wantedOf(options)) {
    const { isMade, problems } =
      options['check'] === true ? { isMade: false, problems: await checkTopic(wanted) } : await ensureTopic(wanted);
    if (isMade) tell(`${wanted.topic} is made, with ${wanted.partitions} partitions`);
    for (const problem of problems) tell(problem);
    if (problems.length === 0) tell(`${wanted.topic} is as it has to be`);
    else process.exitCode = 1;
  }
});
