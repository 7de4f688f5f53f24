import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { type Milepost, startMilepost } from './support/start-milepost.ts';

const readme = resolve(import.meta.dirname, '../../README.md');

let milepost: Milepost;
before(async () => {
  milepost = await startMilepost({ mode: 'empty' });
});
after(() => milepost.close());

/** The commands of a section, as they stand in the README. */
const commandsOf = async (heading: string, containing: string): Promise<string> => {
  const text = await readFile(readme, 'utf8');
  const section = text.slice(text.indexOf(`## ${heading}`)).split('\n## ')[0] ?? '';
  const block = [...section.matchAll(/```sh\n([^]*?)```/g)]
    .map(([, commands]) => commands ?? '')
    .find((one) => one.includes(containing));
  assert.ok(block, `README.md has commands with ${containing} under ${heading}`);
  return block;
};

test('the first device by curl works as it stands in the README, and the vehicle is there with what it said', async () => {
  const commands = (await commandsOf('The first device', 'curl')).replace('http://127.0.0.1:8080', milepost.origin);
  const env = { PATH: process.env['PATH'], MILEPOST_OPERATOR_TOKEN: milepost.operatorToken };
  const { stdout, stderr } = await promisify(execFile)('sh', ['-eu', '-c', commands], { env });
  assert.equal(stderr, '');
  const last = stdout.slice(stdout.lastIndexOf('{"stored"'));
  assert.match(last, /^\{"stored":1,"rejected":\[\],/);
  const response = await fetch(`${milepost.origin}/v1/vehicles?q=ADA`, {
    headers: { authorization: `Bearer ${milepost.operatorToken}` },
  });
  const { items } = (await response.json()) as { items: { status: string; speedKmh: number; position: { latitude: number } }[] };
  assert.equal(items.length, 1);
  assert.deepEqual([items[0]?.status, items[0]?.speedKmh, items[0]?.position.latitude], ['online', 50.1, 34.0209]);
});
