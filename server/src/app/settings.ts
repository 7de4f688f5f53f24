import { kafkaMechanisms } from '../eventlog/index.ts';
import { CallerError } from '../kernel/index.ts';
import { isMapStyle, isOrigin, mapStyleExpected } from './map-style.ts';
import { peopleSettings } from './people-settings.ts';
import { checkReach, reachSettings } from './reach-settings.ts';
import { addresses, checked, isAddress, list, number, type Setting, text, words } from './setting-kinds.ts';

/**
 * What a process does. In one process the first three, with embedded stores; each in processes of its own on Kafka and Cassandra. An exporter only
 * where somebody wants it.
 */
export const roles = ['gateway', 'projector', 'api', 'exporter'] as const;
const rolesOfOneMachine = ['gateway', 'projector', 'api'] as const;
export type Role = (typeof roles)[number];
const isRole = (word: string): word is Role => roles.some((role) => role === word);

/** Every setting there is. docs/configuration.md is written from this table. */
export const settings = {
  port: number(
    'MILEPOST_PORT',
    'Port of the API and the web app. Unset: 8080 or the next free one; 0: any free one.',
    '',
    0,
    65_535,
    undefined,
  ),
  ...reachSettings,
  data: text('MILEPOST_DATA', 'Folder for everything that is kept.', 'a path', /\S/, 'data/serve'),
  mqttPort: number(
    'MILEPOST_MQTT_PORT',
    'Port of the MQTT listener (3.1.1 and 5). Unset: there is none; 0: any free one.',
    '',
    0,
    65_535,
    undefined,
  ),
  deviceTlsPort: number(
    'MILEPOST_DEVICE_TLS_PORT',
    'Port of HTTPS and WebSocket for devices, with client certificates. Unset: there is none; 0: any free one. docs/enrolment.md',
    '',
    0,
    65_535,
    undefined,
  ),
  mqttTlsPort: number(
    'MILEPOST_MQTT_TLS_PORT',
    'Port of MQTT over TLS, with client certificates. Unset: there is none; 0: any free one.',
    '',
    0,
    65_535,
    undefined,
  ),
  deviceTlsCertificate: text(
    'MILEPOST_DEVICE_TLS_CERTIFICATE',
    'PEM file of the certificate that devices see, with what is between it and its CA.',
    'a path',
    /\S/,
  ),
  deviceTlsKey: text('MILEPOST_DEVICE_TLS_KEY', 'PEM file of its key.', 'a path', /\S/),
  deviceTlsClientCa: text(
    'MILEPOST_DEVICE_TLS_CLIENT_CA',
    'PEM file of the CAs that sign certificates of devices. Unset: no certificate is asked for.',
    'a path',
    /\S/,
  ),
  operatorToken: {
    ...text(
      'MILEPOST_OPERATOR_TOKEN',
      'Token of who runs the server. Unset: random, kept in the data folder.',
      'at least 16 characters of A-Z a-z 0-9 . _ ~ + / - =',
      /^[A-Za-z0-9._~+/=-]{16,512}$/,
    ),
    isSecret: true,
  },
  pepper: {
    ...text(
      'MILEPOST_PEPPER',
      'Key with which device secrets are hashed. Unset: random, kept in the data folder. Losing it locks every device out.',
      'at least 32 characters without spaces',
      /^\S{32,512}$/,
    ),
    isSecret: true,
  },
  ...peopleSettings,
  mapStyle: checked(
    'MILEPOST_MAP_STYLE',
    'Streets of the map. `openfreemap` comes from openfreemap.org, which then learns which places are looked at; `outlines` needs no internet. docs/map.md',
    mapStyleExpected,
    isMapStyle,
    'openfreemap',
  ),
  mapOrigins: list(
    'MILEPOST_MAP_ORIGINS',
    'Further origins from which a style of yours loads tiles, fonts and images. Its own is allowed without.',
    'one or more of https://host or http://host:port, separated by commas',
    isOrigin,
  ),
  databaseUrl: {
    ...text(
      'DATABASE_URL',
      'A PostgreSQL of yours (15 or newer). Unset: the server starts its own.',
      'a postgresql:// address',
      /^postgres(ql)?:\/\/\S+$/,
    ),
    isSecret: true,
  },
  overlay: text('MILEPOST_OVERLAY', 'File with signals of your own, in VSS syntax (YAML). docs/signals.md', 'a path', /\S/),
  logLevel: words(
    'MILEPOST_LOG_LEVEL',
    'How much is logged to standard error.',
    ['debug', 'info', 'warn', 'error'] as const,
    'warn',
  ),
  lateAfterSeconds: number('MILEPOST_LATE_AFTER_SECONDS', 'Silence after which a vehicle is late.', 'seconds', 1, 86_400, '75'),
  offlineAfterSeconds: number(
    'MILEPOST_OFFLINE_AFTER_SECONDS',
    'Silence after which a vehicle is offline.',
    'seconds',
    2,
    604_800,
    '180',
  ),
  logRetentionDays: number('MILEPOST_LOG_RETENTION_DAYS', 'How long the event log keeps raw reports.', 'days', 1, 30, '14'),
  logBytesMax: number(
    'MILEPOST_LOG_MAX_MIB',
    'Largest size of the event log; the oldest segments go first.',
    'MiB',
    64,
    67_108_864,
    '262144',
  ),
  historyRetentionDays: number(
    'MILEPOST_HISTORY_RETENTION_DAYS',
    'How long history is kept where neither the vehicle nor its customer has a rule.',
    'days',
    1,
    36_525,
    '1461',
  ),
  historySealSeconds: number(
    'MILEPOST_HISTORY_SEAL_SECONDS',
    'How long history holds records in memory, at most, before it writes them as chunks. Less: less memory, more and smaller chunks.',
    'seconds',
    1,
    3600,
    '300',
  ),
  keyframeRetentionDays: number(
    'MILEPOST_KEYFRAME_RETENTION_DAYS',
    'How long keyframes of the fleet are kept: any second within is shown fast. 0: none are made, and there are none.',
    'days',
    0,
    3660,
    '30',
  ),
  diskReserveMib: number(
    'MILEPOST_DISK_RESERVE_MIB',
    'Free space below which new reports are refused.',
    'MiB',
    0,
    1_048_576,
    '256',
  ),
  roles: list(
    'MILEPOST_ROLES',
    'What this process does. Fewer than all: on Kafka and Cassandra only. docs/operate/cluster.md',
    `one or more of ${roles.join(', ')}, separated by commas`,
    isRole,
    rolesOfOneMachine.join(','),
  ),
  publicHosts: list(
    'MILEPOST_PUBLIC_HOSTS',
    'Names under which browsers reach the API through a proxy on this machine, as their Host header says them.',
    addresses,
    isAddress,
  ),
  kafkaBrokers: list(
    'MILEPOST_KAFKA',
    'Some brokers of the Apache Kafka that has the event log. Unset: a journal in the data folder.',
    addresses,
    isAddress,
  ),
  kafkaTopic: text(
    'MILEPOST_KAFKA_TOPIC',
    'Topic of the event log; `npm run kafka-topics` makes it.',
    '1 to 249 of A-Z a-z 0-9 . _ -',
    /^[A-Za-z0-9._-]{1,249}$/,
    'milepost.records',
  ),
  kafkaUser: text(
    'MILEPOST_KAFKA_USER',
    'Name under which Kafka is logged in to. Unset: without a password.',
    '1 to 256 characters without spaces',
    /^\S{1,256}$/,
  ),
  kafkaPassword: {
    ...text('MILEPOST_KAFKA_PASSWORD', 'Its password.', '1 to 512 characters', /^[^]{1,512}$/),
    isSecret: true,
  },
  kafkaMechanism: words(
    'MILEPOST_KAFKA_MECHANISM',
    'How the password is proved. PLAIN sends it as it is, by TLS alone.',
    kafkaMechanisms,
    'SCRAM-SHA-512',
  ),
  kafkaCa: text(
    'MILEPOST_KAFKA_CA',
    'PEM file of the CAs that sign certificates of Kafka, or `system`: those that this machine trusts. Set: by TLS alone.',
    'a path, or system',
    /\S/,
  ),
  cassandraHosts: list(
    'MILEPOST_CASSANDRA',
    'Some nodes of the Apache Cassandra that has history. Unset: files in the data folder.',
    addresses,
    isAddress,
  ),
  cassandraDatacenter: text(
    'MILEPOST_CASSANDRA_DATACENTER',
    'The data centre of Cassandra that is near.',
    'a name',
    /^[A-Za-z0-9._-]{1,64}$/,
    'datacenter1',
  ),
  cassandraKeyspace: text(
    'MILEPOST_CASSANDRA_KEYSPACE',
    'Keyspace of history; `npm run cassandra-schema` makes it.',
    '1 to 48 of a-z 0-9 _',
    /^[a-z][a-z0-9_]{0,47}$/,
    'milepost',
  ),
  cassandraUser: text(
    'MILEPOST_CASSANDRA_USER',
    'Name under which Cassandra is logged in to. Unset: without a password.',
    '1 to 256 characters without spaces',
    /^\S{1,256}$/,
  ),
  cassandraPassword: {
    ...text('MILEPOST_CASSANDRA_PASSWORD', 'Its password.', '1 to 512 characters', /^[^]{1,512}$/),
    isSecret: true,
  },
  cassandraCa: text(
    'MILEPOST_CASSANDRA_CA',
    'PEM file of the CAs that sign certificates of Cassandra. Set: its nodes are spoken to by TLS alone.',
    'a path',
    /\S/,
  ),
  carLogs: words(
    'MILEPOST_CAR_LOGS',
    'Projectors write each sample as a row of the table `car_logs`, too, for other programs: six times the bytes. docs/formats/cassandra.md',
    ['no', 'yes'] as const,
    'no',
  ),
  exportTopic: text(
    'MILEPOST_EXPORT_TOPIC',
    'Topic to which exporters write reports as Protocol Buffers. Whoever reads it sees all vehicles, of private owners not where they are. docs/formats/export-topic.md',
    '1 to 249 of A-Z a-z 0-9 . _ -',
    /^[A-Za-z0-9._-]{1,249}$/,
  ),
  valkeyUrl: {
    ...text(
      'MILEPOST_VALKEY',
      'A Valkey, or Redis 7, that keeps snapshots of the latest state for whoever takes over. Unset: each process has only its own.',
      'a redis:// or rediss:// address',
      /^rediss?:\/\/\S+$/,
    ),
    isSecret: true,
  },
  tokenLifetimeSeconds: number('MILEPOST_TOKEN_SECONDS', 'Life of a device token.', 'seconds', 2, 86_400, '3600'),
} as const satisfies Record<string, Setting<unknown>>;

type ValueOf<S> = S extends Setting<infer T> ? T : never;
type Settings = typeof settings;
type Optional<K extends keyof Settings> = Settings[K] extends { readonly defaultText: string }
  ? ValueOf<Settings[K]>
  : ValueOf<Settings[K]> | undefined;

/** The configuration of one process. */
export type Configuration = { readonly [K in keyof Settings]: Optional<K> };

const read = (setting: Setting<unknown>, given: string | undefined): unknown => {
  const value = given === undefined || given === '' ? setting.defaultText : given;
  if (value === undefined) return undefined;
  const parsed = setting.parse(value);
  if (parsed !== undefined) return parsed;
  const shown = setting.isSecret ? '(hidden)' : JSON.stringify(value);
  throw new CallerError('invalid_field', `${setting.name} is ${shown}, expected ${setting.expected}`, {
    field: setting.name,
    value: setting.isSecret ? undefined : value,
    expected: setting.expected,
  });
};

const refuse: (key: keyof Settings, expected: string) => never = (key, expected) => {
  const { name } = settings[key];
  throw new CallerError('invalid_field', `${name}: expected ${expected}`, { field: name, expected });
};

/** A port with TLS needs a certificate and a key; those without a port would be there for nothing. */
const checkTls = ({ deviceTlsPort, mqttTlsPort, ...files }: Configuration): void => {
  const hasPort = deviceTlsPort !== undefined || mqttTlsPort !== undefined;
  const missing = (['deviceTlsCertificate', 'deviceTlsKey'] as const).find((key) => files[key] === undefined);
  const given = (['deviceTlsCertificate', 'deviceTlsKey', 'deviceTlsClientCa'] as const).find((key) => files[key] !== undefined);
  if (hasPort && missing) refuse(missing, 'a PEM file, since a port with TLS is set');
  if (!hasPort && given) refuse(given, `${settings.deviceTlsPort.name} or ${settings.mqttTlsPort.name} beside it`);
};

/** Stores that are logged in to, and what says how. */
const logins = [
  { hosts: 'kafkaBrokers', user: 'kafkaUser', password: 'kafkaPassword', ca: 'kafkaCa' },
  { hosts: 'cassandraHosts', user: 'cassandraUser', password: 'cassandraPassword', ca: 'cassandraCa' },
] as const;

/** Who logs in has a name and a password, and somewhere to log in. */
const checkLogins = (configuration: Configuration): void => {
  for (const { hosts, user, password, ca } of logins) {
    const isSet = (key: keyof Settings): boolean => configuration[key] !== undefined;
    if (isSet(user) && !isSet(password)) refuse(password, `a password, since ${settings[user].name} is set`);
    if (!isSet(user) && isSet(password)) refuse(user, `a name, since ${settings[password].name} is set`);
    const idle = isSet(hosts) ? undefined : [user, ca].find(isSet);
    if (idle) refuse(idle, `nothing without ${settings[hosts].name}`);
  }
  const { kafkaUser, kafkaMechanism, kafkaCa } = configuration;
  if (kafkaUser !== undefined && kafkaMechanism === 'PLAIN' && kafkaCa === undefined)
    refuse('kafkaCa', `a file, or system, since ${settings.kafkaMechanism.name} is PLAIN`);
};

/** What processes share lies where all of them reach it. */
const checkSize = (configuration: Configuration): void => {
  const shared = ['kafkaBrokers', 'cassandraHosts', 'databaseUrl', 'pepper', 'operatorToken'] as const;
  const missing = shared.find((key) => configuration[key] === undefined);
  if (configuration.roles.includes('exporter') && configuration.exportTopic === undefined)
    refuse('exportTopic', 'the name of a topic, since a process is to be an exporter');
  if (configuration.kafkaBrokers ?? configuration.cassandraHosts) {
    if (missing)
      refuse(
        missing,
        `a value that all processes share, since ${settings.kafkaBrokers.name} or ${settings.cassandraHosts.name} is set`,
      );
    return;
  }
  const isWhole = rolesOfOneMachine.every((role) => configuration.roles.includes(role));
  if (!isWhole || configuration.roles.includes('exporter'))
    refuse('roles', `all of ${rolesOfOneMachine.join(', ')}, or ${shared.map((key) => settings[key].name).join(', ')} beside it`);
  if (configuration.valkeyUrl !== undefined) refuse('valkeyUrl', `nothing without ${settings.kafkaBrokers.name}`);
};

const known = new Set<string>(Object.values(settings).map((setting) => setting.name));

/** Reads the environment; a wrong value, or a MILEPOST_ name that does not exist, is refused with what was expected. */
export const readConfiguration = (environment: Readonly<Record<string, string | undefined>>): Configuration => {
  for (const name of Object.keys(environment)) {
    if (name.startsWith('MILEPOST_') && !known.has(name)) {
      throw new CallerError('invalid_field', `${name} is no setting; docs/configuration.md lists them all`, { field: name });
    }
  }
  const entries = Object.entries(settings).map(([key, setting]) => [key, read(setting, environment[setting.name])]);
  const configuration = Object.fromEntries(entries) as Configuration;
  if (configuration.offlineAfterSeconds <= configuration.lateAfterSeconds) {
    throw new CallerError(
      'invalid_field',
      `MILEPOST_OFFLINE_AFTER_SECONDS is ${configuration.offlineAfterSeconds}, expected more than MILEPOST_LATE_AFTER_SECONDS (${configuration.lateAfterSeconds})`,
      {
        field: 'MILEPOST_OFFLINE_AFTER_SECONDS',
      },
    );
  }
  checkReach(configuration, refuse);
  checkTls(configuration);
  checkSize(configuration);
  checkLogins(configuration);
  return configuration;
};
