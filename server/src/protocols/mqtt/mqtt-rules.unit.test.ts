import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closeCodes } from '@milepost/contract';
import {
  decideConnect,
  grantOf,
  reasonOfClose,
  reasonOfError,
  reasons,
  refusalOf,
  returnCodeOf,
  topicsOf,
} from './mqtt-rules.ts';

const imei = '350000000000001';
const topics = topicsOf(imei);
const password = Buffer.from('a.token');

test('CONNECT needs a known version, an IMEI as user name and a token as password', () => {
  const head = { protocolVersion: 5, username: imei, password };
  assert.deepEqual(decideConnect(head), { imei, token: 'a.token', version: 5 });
  assert.deepEqual(decideConnect({ ...head, protocolVersion: 4 }), { imei, token: 'a.token', version: 4 });
  const refused = (changes: object): unknown => decideConnect({ ...head, ...changes }).refused;
  assert.equal(refused({ username: undefined }), reasons.badCredentials);
  assert.equal(refused({ username: '35000000000000x' }), reasons.badCredentials);
  assert.equal(refused({ password: undefined }), reasons.badCredentials);
  assert.equal(refused({ password: Buffer.alloc(0) }), reasons.badCredentials);
  assert.equal(refused({ authenticationMethod: 'SCRAM' }), reasons.badAuthenticationMethod);
  const old = decideConnect({ ...head, protocolVersion: 3 });
  assert.ok(old.refused !== undefined && old.isUnknownVersion);
});

test('who shows a certificate may leave out password and user name; a user name is still an IMEI', () => {
  const decide = (username?: string, given?: Uint8Array): unknown => {
    const { version: _version, ...decision } = decideConnect({ protocolVersion: 5, username, password: given }, true);
    return decision;
  };
  assert.deepEqual(decide(), { imei: undefined, token: undefined });
  assert.deepEqual(decide('', new Uint8Array()), { imei: undefined, token: undefined });
  assert.deepEqual(decide(imei), { imei, token: undefined });
  assert.deepEqual(decide(imei, password), { imei, token: 'a.token' });
  assert.equal(decideConnect({ protocolVersion: 5, username: 'nobody' }, true).refused, reasons.badCredentials);
});

test('who is not let in hears why; what is no fault of theirs means later', () => {
  const heard = (['unauthorized', 'forbidden', 'token_expired', 'certificate_refused', 'revoked', 'overloaded'] as const).map(
    reasonOfError,
  );
  assert.deepEqual(heard, [0x86, 0x86, 0x87, 0x87, 0x8a, 0x88]);
});

test('a device hears its own topics and no pattern', () => {
  assert.equal(grantOf(topics.ack, topics, 5), 0);
  assert.equal(grantOf(topics.command, topics, 4), 0);
  for (const filter of [
    '#',
    `milepost/v1/${imei}/#`,
    `milepost/v1/+/ack`,
    topics.telemetry,
    topicsOf('350000000000002').ack,
    '',
  ]) {
    assert.equal(grantOf(filter, topics, 5), reasons.notAuthorized, filter);
    assert.equal(grantOf(filter, topics, 4), 0x80, filter);
  }
});

test('a device publishes its own reports, with QoS 0 or 1, and nothing else', () => {
  const head = { topic: topics.telemetry, qos: 1, retain: false };
  assert.equal(refusalOf(head, topics), undefined);
  assert.equal(refusalOf({ ...head, qos: 0 }, topics), undefined);
  assert.equal(refusalOf({ ...head, qos: 2 }, topics), reasons.qosNotSupported);
  assert.equal(refusalOf({ ...head, retain: true }, topics), reasons.retainNotSupported);
  assert.equal(refusalOf({ ...head, topicAlias: 1 }, topics), reasons.topicAliasInvalid);
  assert.equal(refusalOf({ ...head, topic: topics.ack }, topics), reasons.notAuthorized);
});

test('each close code of a session has its reason; what MQTT 3.1.1 has no code for is not authorized', () => {
  for (const [name, code] of Object.entries(closeCodes)) {
    if (name !== 'unsupportedData') assert.notEqual(reasonOfClose(code), reasons.unspecified, name);
  }
  assert.equal(reasonOfClose(1011), reasons.unspecified);
  assert.deepEqual(
    [reasons.success, reasons.badCredentials, reasons.serverUnavailable, reasons.malformed].map(returnCodeOf),
    [0, 4, 3, 5],
  );
});
