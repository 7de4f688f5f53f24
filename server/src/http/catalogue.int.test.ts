import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { coreVocabulary } from '@milepost/contract';
import { type ApiRoute, apiRoutes, type Catalogue, catalogue } from '@milepost/contract/api';
import { Value } from 'typebox/value';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';

let server: TestServer;
let read: Catalogue;
before(async () => {
  server = await openTestServer('http-catalogue', {}, { retentionDays: 365 });
  const answer = await fetch(`${server.origin}/v1/catalogue`);
  assert.equal(answer.status, 200, 'nobody signs in');
  read = (await answer.json()) as Catalogue;
});
after(() => server?.close());

test('every signal of the vocabulary is in it, and what is made of them', () => {
  assert.deepEqual([...Value.Errors(catalogue, read)], []);
  const items = new Map(read.items.map((item) => [item.item, item]));
  assert.equal(items.size, read.items.length, 'each once');
  for (const signal of coreVocabulary.signals) {
    const item = items.get(signal.path);
    assert.ok(item, signal.path);
    assert.deepEqual([item.group, item.unit ?? '', item.dataAct.class], [signal.group, signal.unit, signal.dataActClass]);
    assert.equal(item.dataAct.kind === 'inferred', signal.dataActClass === 'derived', signal.path);
    assert.equal(item.retentionDays, 365);
  }
  assert.deepEqual(items.get('trips')?.madeOf, ['position', 'motion', 'energy', 'driving']);
});

test('each way that it names is a route', () => {
  const paths = new Set((Object.values(apiRoutes) as ApiRoute[]).flatMap(({ method, path }) => (method === 'GET' ? [path] : [])));
  const named = new Set(read.items.flatMap(({ ways }) => ways.map(({ path }) => path.split('?')[0] ?? '')));
  assert.deepEqual(
    [...named].filter((path) => !paths.has(path)),
    [],
  );
});
