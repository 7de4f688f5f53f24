import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApp, effectScope, type EffectScope, type WritableComputedRef } from 'vue';
import { createMemoryHistory, createRouter, type Router } from 'vue-router';
import { followNavigations, navigationOf } from '../router/navigations.ts';
import { useQuery } from './use-query.ts';

const page = { render: () => null };

/** A router with a page whose program comes when it is told to. */
const open = async () => {
  const program = Promise.withResolvers<typeof page>();
  const routes = [
    { path: '/', component: page },
    { path: '/other', component: () => program.promise },
  ];
  const router = createRouter({ history: createMemoryHistory(), routes });
  followNavigations(router);
  const app = createApp(page);
  app.use(router);
  await router.push('/');
  const parts: { readonly scope: EffectScope; readonly query: (name: string) => WritableComputedRef<string> }[] = [];
  for (let i = 0; i < 2; i++) {
    const scope = effectScope();
    const query = app.runWithContext(() => scope.run(useQuery));
    assert.ok(query);
    parts.push({ scope, query });
  }
  return { router, parts, program };
};

/** The way to the other page is under way when a part of the first one writes. */
const writeWhileLeaving = async (value: string) => {
  const opened = await open();
  const leaving = opened.router.push('/other');
  const at = opened.parts[0]?.query('at');
  assert.ok(at);
  at.value = value;
  return { ...opened, leaving };
};

const settled = async (router: Router): Promise<void> => {
  await new Promise((next) => setImmediate(next));
  for (let one = navigationOf(router); one; one = navigationOf(router)) await one;
  await new Promise((next) => setImmediate(next));
};

test('values that parts of a page write at once are all in the address', async () => {
  const { router, parts } = await open();
  for (const [i, { query }] of parts.entries()) {
    query(`a${i}`).value = '1';
    query(`b${i}`).value = '2';
  }
  await settled(router);
  assert.deepEqual(router.currentRoute.value.query, { a0: '1', b0: '2', a1: '1', b1: '2' });
  for (const { query } of parts) query('a0').value = '';
  await settled(router);
  assert.deepEqual(router.currentRoute.value.query, { b0: '2', a1: '1', b1: '2' });
});

test('a value that is written while another page is fetched does not hold it up', async () => {
  const { router, program, leaving } = await writeWhileLeaving('52,13');
  await new Promise((next) => setImmediate(next));
  program.resolve(page);
  assert.equal(await leaving, undefined, 'nothing ended it');
  await settled(router);
  assert.equal(router.currentRoute.value.fullPath, '/other');
});

test('a value that is written while a page does not come is in the address afterwards', async () => {
  const { router, program, leaving } = await writeWhileLeaving('52');
  program.reject(new Error('the server is away'));
  await assert.rejects(leaving, /away/);
  await settled(router);
  assert.equal(router.currentRoute.value.fullPath, '/?at=52');
});
