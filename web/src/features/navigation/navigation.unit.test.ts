import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWithin, navPages } from './pages.ts';

test('the navigation leads to the pages that there are', () => {
  const names = navPages((name) => ['map', 'settings', 'vehicle'].includes(name), undefined).map(({ name }) => name);
  assert.deepEqual(names, ['map', 'settings']);
});

test('each sees the pages that are for them', () => {
  const namesFor = (you: Parameters<typeof navPages>[1]) => navPages(() => true, you).map(({ name }) => name);
  const customers = [{ id: 'cus_1', name: 'Fleet A', role: 'viewer' as const }];
  const operator = namesFor({ name: 'Ana', isOperator: true, isStaff: true, partners: [], customers: [] });
  assert.ok(operator.includes('welcome') && operator.includes('system') && !operator.includes('claim'));
  const support = namesFor({ name: 'Ana', isOperator: false, isStaff: true, partners: [], customers: [] });
  assert.ok(!support.includes('welcome') && support.includes('system'));
  const member = namesFor({ name: 'Ana', isOperator: false, isStaff: false, partners: [], customers });
  assert.ok(member.includes('drivers') && member.includes('organisations') && !member.includes('system'));
  assert.ok(operator.includes('people') && operator.includes('audit') && operator.includes('limits'));
  assert.ok(!support.includes('people') && support.includes('audit') && !member.includes('audit'));
  const managers = [{ id: 'cus_1', name: 'Fleet A', role: 'manager' as const }];
  assert.ok(namesFor({ name: 'Ana', isOperator: false, isStaff: false, partners: [], customers: managers }).includes('audit'));
  const owner = namesFor({ name: 'Ana', isOperator: false, isStaff: false, partners: [], customers: [] });
  assert.ok(owner.includes('claim') && !owner.includes('drivers'));
  assert.ok(!namesFor(undefined).includes('system'));
});

test('who has a car and works for nobody has who may see it in the bar; who has no account has not', () => {
  const mainFor = (you: Parameters<typeof navPages>[1]) =>
    navPages(() => true, you).flatMap(({ name, isMain }) => (isMain ? [name] : []));
  const owner = { name: 'Ana', isOperator: false, isStaff: false, partners: [], customers: [] };
  assert.deepEqual(mainFor(owner), ['map', 'vehicles', 'access', 'requests']);
  assert.deepEqual(mainFor({ ...owner, isStaff: true }), ['map', 'vehicles', 'connections', 'reports']);
  const token = navPages(() => true, { ...owner, name: null, isOperator: true, isStaff: true }).map(({ name }) => name);
  assert.ok(!token.includes('access') && !token.includes('requests'));
});

test('no letter leads to two pages', () => {
  const keys = navPages(() => true, { name: 'Ana', isOperator: true, isStaff: true, partners: [], customers: [] }).flatMap(
    ({ key }) => key ?? [],
  );
  assert.equal(new Set(keys).size, keys.length);
});

test('what lies below a page belongs to it, and not everything to the first', () => {
  assert.ok(isWithin('/vehicles/veh_1', '/vehicles'));
  assert.ok(!isWithin('/vehiclesish', '/vehicles'));
  assert.ok(isWithin('/', '/') && !isWithin('/vehicles', '/'));
});
