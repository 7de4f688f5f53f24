import { readFileSync } from 'node:fs';
import process from 'node:process';
import { virtualPartitionCount } from '../events/index.ts';
import { checkSchema, ensureSchema, type SchemaWanted } from '../history/adapters/cassandra/index.ts';
import { CallerError } from '../kernel/index.ts';
import { type Options, readCommandLine, runCommand, tell, textOf, wholeOf } from './command-line.ts';

const usage = `npm run cassandra-schema -- --nodes <host:port,…> --datacenter <name> [--keyspace <name>] [--groups <n>]
    [--copies <n>] [--car-logs] [--user <name>] [--ca <file>] [--check]
  Makes keyspace and tables of history when there are none, and says what is not as it has to be. With --check it changes nothing.
  --keyspace  milepost unless given
  --groups    the partitions of the event log, 64 unless given; chosen once
  --copies    nodes of the datacenter that keep each row, 3 unless given
  --car-logs  the table car_logs, too
  --user      its password is taken from CASSANDRA_PASSWORD
  --ca        TLS: certificates that are trusted`;

const numberOf = (options: Options, name: string, otherwise: number, max: number): number =>
  wholeOf(options, name, max, usage) ?? otherwise;

const credentialsOf = (options: Options): Pick<SchemaWanted, 'credentials'> => {
  const username = textOf(options, 'user');
  if (username === undefined) return {};
  const password = process.env['CASSANDRA_PASSWORD'];
  if (password === undefined)
    throw new CallerError('bad_request', `--user is ${username}, CASSANDRA_PASSWORD is missing\n${usage}`);
  return { credentials: { username, password } };
};

const wantedOf = (options: Options): SchemaWanted => {
  const contactPoints = (textOf(options, 'nodes') ?? '').split(',').filter(Boolean);
  const wrong = contactPoints.find((one) => !/^[^:]+:\d+$/.test(one));
  if (contactPoints.length === 0 || wrong !== undefined)
    throw new CallerError('bad_request', `--nodes has ${wrong ?? 'nothing'}, expected host:port, separated by commas\n${usage}`);
  const localDatacenter = textOf(options, 'datacenter');
  if (localDatacenter === undefined) throw new CallerError('bad_request', `--datacenter is missing\n${usage}`);
  const keyspace = textOf(options, 'keyspace') ?? 'milepost';
  if (!/^[a-z][a-z0-9_]{0,47}$/.test(keyspace))
    throw new CallerError('bad_request', `--keyspace is ${keyspace}, expected small letters, digits and _, at most 48\n${usage}`);
  const ca = textOf(options, 'ca');
  return {
    contactPoints,
    localDatacenter,
    keyspace,
    groups: numberOf(options, 'groups', 64, virtualPartitionCount),
    replication: { [localDatacenter]: numberOf(options, 'copies', 3, 100) },
    carLogs: options['car-logs'] === true,
    ...credentialsOf(options),
    ...(ca === undefined ? {} : { tls: { ca: readFileSync(ca) } }),
  };
};

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

await runCommand(async () => {
  const { options } = readCommandLine(
    {
      nodes: text,
      datacenter: text,
      keyspace: text,
      groups: text,
      copies: text,
      user: text,
      ca: text,
      'car-logs': flag,
      check: flag,
    },
    0,
    usage,
  );
  const wanted = wantedOf(options);
  const { isMade, problems } =
    options['check'] === true ? { isMade: false, problems: await checkSchema(wanted) } : await ensureSchema(wanted);
  if (isMade) tell(`${wanted.keyspace} is made, for ${wanted.groups} partitions of the log`);
  for (const problem of problems) tell(problem);
  if (problems.length === 0) tell(`${wanted.keyspace} is as it has to be`);
  else process.exitCode = 1;
});
