import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readOpenidProviders } from './openid-providers.ts';

let folder: string;
const entry = {
  id: 'corp',
  name: 'Example Corp',
  issuer: 'https://login.example',
  clientId: 'milepost',
  clientSecretFile: 'corp.secret',
};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'milepost-providers-'));
  await writeFile(join(folder, 'corp.secret'), 'a secret\n');
});
after(() => rm(folder, { recursive: true }));

const read = async (content: unknown) => {
  const path = join(folder, 'providers.json');
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return readOpenidProviders(path);
};

test('providers are read with their secrets, which lie beside the file', async () => {
  assert.deepEqual(await readOpenidProviders(undefined), []);
  const { clientSecretFile: _, ...known } = entry;
  assert.deepEqual(await read([entry]), [{ ...known, clientSecret: 'a secret' }]);
  assert.equal((await read([{ ...entry, issuer: 'http://127.0.0.1:9000' }])).length, 1);
});

test('what is wrong with the file is said by the name of the setting', async () => {
  const cases: [unknown, RegExp][] = [
    ['no json', /MILEPOST_OPENID_PROVIDERS: .* is no JSON/],
    [{}, /is no list of/],
    [[{ ...entry, secret: 'x' }], /is no list of/],
    [[{ ...entry, id: 'Corp!' }], /is no list of/],
    [[entry, { ...entry, issuer: 'https://other.example' }], /two providers have the same id/],
    [[entry, { ...entry, id: 'other' }], /two providers have the same issuer/],
    [[{ ...entry, issuer: 'http://login.example' }], /expected https/],
    [[{ ...entry, clientSecretFile: 'none' }], /none" cannot be read/],
  ];
  for (const [content, message] of cases) await assert.rejects(read(content), message);
  await assert.rejects(readOpenidProviders(join(folder, 'nowhere.json')), /nowhere\.json" cannot be read/);
});
