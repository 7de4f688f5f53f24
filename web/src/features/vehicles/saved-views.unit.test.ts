import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readColumns, writeColumns, defaultColumns } from './columns.ts';
import { readSaved, readView, savedViewsMax, withView, writeView } from './saved-views.ts';

test('a view is what stands in the address, however it is ordered', () => {
  const view = writeView({ sort: '-range', customer: 'A & B', open: 'x', other: '1', q: '' });
  assert.equal(view, writeView({ customer: 'A & B', sort: '-range' }));
  assert.deepEqual(readView(view), { customer: 'A & B', sort: '-range' });
});

test('what is stored is read as far as it is a view', () => {
  assert.deepEqual(readSaved('no JSON'), []);
  assert.deepEqual(readSaved('{}'), []);
  assert.deepEqual(readSaved(JSON.stringify([{ name: 'low', query: 'sort=range&evil=1' }, { name: 3 }, null])), [
    { name: 'low', query: 'sort=range' },
  ]);
});

test('a name is there once, and there are not too many', () => {
  const views = Array.from({ length: savedViewsMax }, (_, n) => ({ name: `v${n}`, query: '' }));
  assert.equal(withView(views, { name: 'v3', query: 'q=x' })[3]?.query, 'q=x');
  const more = withView(views, { name: 'new', query: '' });
  assert.deepEqual([more.length, more[0]?.name, more.at(-1)?.name], [savedViewsMax, 'v1', 'new']);
});

test('columns: unknown ones are passed over, the usual ones are not written', () => {
  assert.deepEqual(readColumns(''), defaultColumns);
  assert.deepEqual(readColumns('speed,nonsense,status'), ['status', 'speed']);
  assert.equal(writeColumns(['speed', 'status']), 'status,speed');
  assert.equal(writeColumns(defaultColumns), '');
});
