import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeLogger, makeManualClock } from '../kernel/index.ts';
import type { TlsFiles } from '../protocols/index.ts';
import { makeTestCa, type TestCa } from '../protocols/testing/certificates.ts';
import { writeTlsFiles } from './testing/tls-server.ts';
import { type Configuration, readConfiguration } from './settings.ts';
import { deviceTlsFiles, readTlsFiles, tlsFilesCheckMs, watchTlsFiles } from './tls-files.ts';

let folder: string;
let ca: TestCa;
let configuration: Configuration;
const fileOf = (name: string): string => join(folder, name);
const issue = (name: string) => ca.issue({ subject: `CN=${name}`, usage: 'server' });

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'milepost-tls-files-'));
  ca = await makeTestCa('CA');
  configuration = readConfiguration({
    MILEPOST_DEVICE_TLS_PORT: '0',
    MILEPOST_DEVICE_TLS_CERTIFICATE: fileOf('server.pem'),
    MILEPOST_DEVICE_TLS_KEY: fileOf('server.key'),
    MILEPOST_DEVICE_TLS_CLIENT_CA: fileOf('clients.pem'),
  });
});
after(() => rm(folder, { recursive: true }));

test('files that cannot be read, are none or do not fit together are refused by the name of their setting', async () => {
  await assert.rejects(readTlsFiles(configuration, deviceTlsFiles), /MILEPOST_DEVICE_TLS_[A-Z_]+ is ".*", which cannot be read/);
  const [one, two] = [await issue('one'), await issue('two')];
  await writeTlsFiles(fileOf, one, ca.certificate);
  assert.deepEqual(await readTlsFiles(configuration, deviceTlsFiles), {
    certificate: one.certificate,
    key: one.key,
    clientCa: ca.certificate,
  });
  await writeFile(fileOf('server.key'), two.key);
  await assert.rejects(
    readTlsFiles(configuration, deviceTlsFiles),
    /TLS_CERTIFICATE, MILEPOST_DEVICE_TLS_KEY do not fit together/,
  );
  await writeTlsFiles(fileOf, one, 'no certificate');
  await assert.rejects(
    readTlsFiles(configuration, deviceTlsFiles),
    /MILEPOST_DEVICE_TLS_CLIENT_CA names a file without a certificate/,
  );
  await writeTlsFiles(fileOf, { ...one, certificate: 'x' }, ca.certificate);
  await assert.rejects(readTlsFiles(configuration, deviceTlsFiles), /do not fit together/);
});

test('a change is told once, when the files fit together again; until then it is logged', async () => {
  const [one, two] = [await issue('one'), await issue('two')];
  await writeTlsFiles(fileOf, one, ca.certificate);
  const clock = makeManualClock(0);
  const heard: TlsFiles[] = [];
  const logged: string[] = [];
  let next = Promise.withResolvers<undefined>();
  const note = (to: () => void): void => {
    to();
    next.resolve(undefined);
  };
  const logger = makeLogger('info', (line) => note(() => logged.push((JSON.parse(line) as { level: string }).level)));
  const changed = (files: TlsFiles): void => void heard.push(files);
  const stop = watchTlsFiles(await readTlsFiles(configuration, deviceTlsFiles), {
    configuration,
    from: deviceTlsFiles,
    clock,
    logger,
    changed,
  });
  const look = async (): Promise<void> => {
    next = Promise.withResolvers();
    clock.advance(tlsFilesCheckMs);
    await next.promise;
  };
  await writeFile(fileOf('server.pem'), two.certificate);
  await look();
  assert.deepEqual([heard.length, logged], [0, ['error']]);
  await writeFile(fileOf('server.key'), two.key);
  await look();
  assert.deepEqual([heard.map(({ key }) => key), logged], [[two.key], ['error', 'info']]);
  stop();
  await writeTlsFiles(fileOf, one, ca.certificate);
  clock.advance(tlsFilesCheckMs);
  assert.equal(heard.length, 1);
});
