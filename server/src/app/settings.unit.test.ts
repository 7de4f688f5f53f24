import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkDemoReach, isProxyNeeded } from './reach-settings.ts';
import { readConfiguration, settings } from './settings.ts';

test('an empty environment gives every default', () => {
  const configuration = readConfiguration({});
  assert.equal(configuration.host, '127.0.0.1');
  assert.equal(configuration.port, undefined);
  assert.equal(configuration.lateAfterSeconds, 75);
  assert.equal(configuration.offlineAfterSeconds, 180);
  assert.equal(configuration.logRetentionDays, 14);
});

test('a wrong value is refused with its name, the value and what was expected', () => {
  const cases: [name: string, value: string, message: RegExp][] = [
    ['MILEPOST_PORT', '80800', /MILEPOST_PORT is "80800", expected a whole number from 0 to 65535/],
    ['MILEPOST_PORT', '-1', /MILEPOST_PORT is "-1"/],
    ['MILEPOST_HOST', 'milepost.example', /MILEPOST_HOST is "milepost\.example", expected localhost or an IP address/],
    ['MILEPOST_TRUSTED_PROXIES', '10.0.0.0/99', /MILEPOST_TRUSTED_PROXIES is .*expected one or more of an IP address/],
    ['MILEPOST_LOG_LEVEL', 'loud', /expected one of debug, info, warn, error/],
    ['MILEPOST_LOG_RETENTION_DAYS', '31', /from 1 to 30/],
    ['DATABASE_URL', 'mysql://x', /DATABASE_URL is \(hidden\), expected a postgresql:\/\/ address/],
    ['MILEPOST_MAP_STYLE', 'ftp://x', /MILEPOST_MAP_STYLE is "ftp:\/\/x", expected openfreemap, outlines, the address/],
    ['MILEPOST_MAP_ORIGINS', 'https://a.example,*', /MILEPOST_MAP_ORIGINS is .* expected one or more of https:\/\/host/],
    ['MILEPOST_OFFLINE_AFTER_SECONDS', '60', /expected more than MILEPOST_LATE_AFTER_SECONDS/],
  ];
  for (const [name, value, message] of cases) assert.throws(() => readConfiguration({ [name]: value }), message, name);
});

test('a secret that is refused is not shown', () => {
  assert.throws(
    () => readConfiguration({ MILEPOST_OPERATOR_TOKEN: 'hunter2' }),
    (error: Error) => !error.message.includes('hunter2'),
  );
});

test('a name that does not exist is refused, so that a slip of the pen does not pass in silence', () => {
  assert.throws(() => readConfiguration({ MILEPOST_PROT: '8080' }), /MILEPOST_PROT is no setting/);
});

test('beyond loopback what is sent is encrypted, by the server or by a proxy in front', () => {
  const outside = { MILEPOST_HOST: '0.0.0.0' };
  const files = { MILEPOST_TLS_CERTIFICATE: 'c.pem', MILEPOST_TLS_KEY: 'k.pem' };
  assert.throws(
    () => readConfiguration(outside),
    /MILEPOST_HOST: expected 127\.0\.0\.1, localhost or ::1 unless MILEPOST_TLS_CERTIFICATE and MILEPOST_TLS_KEY, or MILEPOST_TRUSTED_PROXIES, are set/,
  );
  for (const host of ['127.0.0.2', '::1', 'localhost']) assert.equal(readConfiguration({ MILEPOST_HOST: host }).host, host);
  for (const host of ['0.0.0.0', '::', '192.0.2.5'])
    assert.equal(readConfiguration({ ...files, MILEPOST_HOST: host }).host, host);
  const proxied = readConfiguration({ ...outside, MILEPOST_TRUSTED_PROXIES: '10.0.0.1,10.1.0.0/16' });
  assert.deepEqual([isProxyNeeded(proxied), isProxyNeeded(readConfiguration({ ...outside, ...files }))], [true, false]);
  assert.throws(() => readConfiguration({ MILEPOST_TLS_KEY: 'k.pem' }), /MILEPOST_TLS_CERTIFICATE: expected a PEM file/);
  assert.throws(() => readConfiguration({ MILEPOST_TLS_CERTIFICATE: 'c.pem' }), /MILEPOST_TLS_KEY: expected a PEM file/);
  const mqtt = { ...outside, ...files, MILEPOST_MQTT_PORT: '0' };
  assert.throws(() => readConfiguration(mqtt), /MILEPOST_MQTT_PORT: expected nothing beyond loopback/);
  assert.throws(() => readConfiguration({ ...shared, ...outside, ...files }), /processes of a cluster are behind your proxy/);
  assert.throws(() => checkDemoReach('0.0.0.0'), /a demo is for this machine alone/);
});

test('a port with TLS needs a certificate and a key, and those need a port', () => {
  const files = { MILEPOST_DEVICE_TLS_CERTIFICATE: 'c.pem', MILEPOST_DEVICE_TLS_KEY: 'k.pem' };
  for (const port of ['MILEPOST_DEVICE_TLS_PORT', 'MILEPOST_MQTT_TLS_PORT']) {
    assert.throws(() => readConfiguration({ [port]: '0' }), /MILEPOST_DEVICE_TLS_CERTIFICATE: expected a PEM file/);
    assert.throws(() => readConfiguration({ [port]: '0', ...files, MILEPOST_DEVICE_TLS_KEY: '' }), /MILEPOST_DEVICE_TLS_KEY/);
    assert.equal(readConfiguration({ [port]: '0', ...files }).deviceTlsKey, 'k.pem');
  }
  assert.throws(() => readConfiguration(files), /MILEPOST_DEVICE_TLS_PORT or MILEPOST_MQTT_TLS_PORT beside it/);
  assert.throws(() => readConfiguration({ MILEPOST_DEVICE_TLS_CLIENT_CA: 'ca.pem' }), /CLIENT_CA/);
});

const shared = {
  MILEPOST_KAFKA: 'kafka-1:9092',
  MILEPOST_CASSANDRA: 'cassandra-1:9042',
  DATABASE_URL: 'postgres://milepost@db/milepost',
  MILEPOST_PEPPER: 'p'.repeat(32),
  MILEPOST_OPERATOR_TOKEN: 't'.repeat(16),
};

test('a name for Cassandra needs a password, each of them and the CA need a Cassandra', () => {
  const login = { MILEPOST_CASSANDRA_USER: 'milepost', MILEPOST_CASSANDRA_PASSWORD: 'hunter 2' };
  const { cassandraUser, cassandraPassword, cassandraCa } = readConfiguration({
    ...shared,
    ...login,
    MILEPOST_CASSANDRA_CA: 'ca.pem',
  });
  assert.deepEqual([cassandraUser, cassandraPassword, cassandraCa], ['milepost', 'hunter 2', 'ca.pem']);
  const cases: [Record<string, string>, RegExp][] = [
    [{ ...shared, ...login, MILEPOST_CASSANDRA_PASSWORD: '' }, /^MILEPOST_CASSANDRA_PASSWORD: expected a password, since/],
    [{ ...shared, ...login, MILEPOST_CASSANDRA_USER: '' }, /^MILEPOST_CASSANDRA_USER: expected a name, since/],
    [{ ...shared, ...login, MILEPOST_CASSANDRA_USER: 'two words' }, /^MILEPOST_CASSANDRA_USER is "two words", expected 1 to 256/],
    [{ ...shared, ...login, MILEPOST_CASSANDRA_PASSWORD: 'x'.repeat(513) }, /^MILEPOST_CASSANDRA_PASSWORD is \(hidden\)/],
    [login, /^MILEPOST_CASSANDRA_USER: expected nothing without MILEPOST_CASSANDRA$/],
    [{ MILEPOST_CASSANDRA_CA: 'ca.pem' }, /^MILEPOST_CASSANDRA_CA: expected nothing without MILEPOST_CASSANDRA$/],
  ];
  for (const [environment, message] of cases) assert.throws(() => readConfiguration(environment), { message });
});

test('the same for Kafka, and PLAIN alone goes by TLS', () => {
  const login = { MILEPOST_KAFKA_USER: 'milepost', MILEPOST_KAFKA_PASSWORD: 'hunter 2' };
  const { kafkaUser, kafkaMechanism } = readConfiguration({ ...shared, ...login });
  assert.deepEqual([kafkaUser, kafkaMechanism], ['milepost', 'SCRAM-SHA-512']);
  const plain = { ...shared, ...login, MILEPOST_KAFKA_MECHANISM: 'PLAIN' };
  assert.equal(readConfiguration({ ...plain, MILEPOST_KAFKA_CA: 'system' }).kafkaCa, 'system');
  const cases: [Record<string, string>, RegExp][] = [
    [plain, /^MILEPOST_KAFKA_CA: expected a file, or system, since MILEPOST_KAFKA_MECHANISM is PLAIN$/],
    [{ ...shared, ...login, MILEPOST_KAFKA_PASSWORD: '' }, /^MILEPOST_KAFKA_PASSWORD: expected a password, since/],
    [
      { ...shared, ...login, MILEPOST_KAFKA_MECHANISM: 'MD5' },
      /^MILEPOST_KAFKA_MECHANISM is "MD5", expected one of SCRAM-SHA-512/,
    ],
    [{ MILEPOST_KAFKA_CA: 'ca.pem' }, /^MILEPOST_KAFKA_CA: expected nothing without MILEPOST_KAFKA$/],
  ];
  for (const [environment, message] of cases) assert.throws(() => readConfiguration(environment), { message });
});

test('every setting says what it is and what it expects', () => {
  for (const setting of Object.values(settings)) {
    assert.ok(setting.what.length > 10 && setting.expected.length > 3, setting.name);
  }
});

test('processes that share work need everything that they share, and one machine needs nothing of it', () => {
  assert.deepEqual(readConfiguration({}).roles, ['gateway', 'projector', 'api']);
  assert.deepEqual(readConfiguration({ ...shared, MILEPOST_ROLES: 'api, gateway' }).roles, ['api', 'gateway']);
  const brokers = readConfiguration({ ...shared, MILEPOST_KAFKA: 'one:9092, two:9092' }).kafkaBrokers;
  assert.deepEqual(brokers, ['one:9092', 'two:9092']);
  for (const name of Object.keys(shared))
    assert.throws(() => readConfiguration({ ...shared, [name]: '' }), /all processes share|all of gateway|nothing without/, name);
  assert.throws(
    () => readConfiguration({ MILEPOST_ROLES: 'gateway' }),
    /MILEPOST_ROLES: expected all of gateway, projector, api/,
  );
  assert.throws(() => readConfiguration({ MILEPOST_ROLES: 'gateway,gateway' }), /expected one or more of/);
  assert.throws(() => readConfiguration({ MILEPOST_ROLES: 'driver' }), /MILEPOST_ROLES is "driver"/);
  assert.throws(() => readConfiguration({ MILEPOST_VALKEY: 'redis://x' }), /nothing without MILEPOST_KAFKA/);
  assert.throws(() => readConfiguration({ ...shared, MILEPOST_ROLES: 'exporter' }), /MILEPOST_EXPORT_TOPIC/);
});
