import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiRoutes } from '@milepost/contract/api';
import { Type } from 'typebox';
import { compileCheck } from './validate.ts';

const messageOf = (checked: ReturnType<ReturnType<typeof compileCheck>>): string =>
  'error' in checked ? checked.error.message : 'no error';

test('numbers of a query are read from text, and only from text that is a number', () => {
  const check = compileCheck(apiRoutes.listVehicles.query, 'querystring');
  assert.deepEqual(check({ limit: '20', energyBelow: '12.5', q: '7' }), { value: { limit: 20, energyBelow: 12.5, q: '7' } });
  assert.equal(messageOf(check({ limit: '3.5' })), 'limit is 3.5, expected a whole number of 1 to 500');
  assert.equal(messageOf(check({ limit: '0' })), 'limit is 0, expected a whole number of 1 to 500');
  assert.equal(messageOf(check({ limit: '1e3' })), 'limit is "1e3", expected a whole number of 1 to 500');
  assert.equal(messageOf(check({ limit: '' })), 'limit is "", expected a whole number of 1 to 500');
  assert.equal(messageOf(check({ limit: ['1', '2'] })), 'limit is ["1","2"], expected a whole number of 1 to 500');
});

test('an unknown name is refused and the known ones are listed', () => {
  const check = compileCheck(apiRoutes.listCustomers.query, 'querystring');
  assert.equal(messageOf(check({ page: '2' })), 'page is "2", expected only the names q, cursor, limit');
});

test('a closed list names its words; a pattern shows its description', () => {
  const check = compileCheck(apiRoutes.listVehicles.query, 'querystring');
  assert.match(messageOf(check({ status: 'lost' })), /^status is "lost", expected one of never_seen, online, late, offline$/);
  assert.match(messageOf(check({ bbox: '1,2' })), /^bbox is "1,2", expected west,south,east,north in degrees/);
});

test('nothing in a body is converted, and its fields are named by their path', () => {
  const check = compileCheck(apiRoutes.createVehicle.body, 'body');
  assert.equal(messageOf(check({ vin: 1, customer: 'A' })), 'vin is 1, expected a text of 1 to 32 characters');
  assert.equal(messageOf(check({ vin: 'A' })), 'customer is missing, expected a text of 1 to 200 characters');
  assert.match(
    messageOf(check({ vin: 'A', customer: 'A', tirePlacardKpa: [1, 2, 3] })),
    /^tirePlacardKpa is \[1,2,3\], expected a list of 4/,
  );
  assert.match(
    messageOf(check({ vin: 'A', customer: 'A', tirePlacardKpa: [1, 2, 3, '4'] })),
    /^tirePlacardKpa\[3\] is "4", expected a whole number of 1 to 1500/,
  );
  assert.match(messageOf(check([])), /^body is \[\], expected an object with vin, /);
  assert.match(messageOf(check(undefined)), /^body is missing, expected an object with vin, /);
  const change = compileCheck(apiRoutes.changeVehicle.body, 'body');
  assert.match(messageOf(change({})), /expected at least 1 of plate, customer/);
  assert.match(messageOf(change({ plate: 5 })), /^plate is 5, expected a text of 1 to 32 characters, or null$/);
});

test('a long value is cut in the error', () => {
  const check = compileCheck(apiRoutes.createCustomer.body, 'body');
  assert.ok(messageOf(check({ name: 'x'.repeat(10_000) })).length < 400);
});

test('a text that no database takes is refused, however deep it lies', () => {
  const check = compileCheck(Type.Object({ names: Type.Array(Type.Unknown()) }), 'body');
  const deep = JSON.parse(`${'['.repeat(5000)}"a\\u0000b"${']'.repeat(5000)}`) as unknown;
  for (const [names, field] of [
    [['fine', 'a\0b'], 'names[1]'],
    [[{ 'a\0b': 1 }], 'names[0]'],
  ] as const) {
    const checked = check({ names });
    assert.ok('error' in checked);
    assert.deepEqual([checked.error.code, checked.error.details.field], ['invalid_field', field]);
  }
  assert.ok('error' in check({ names: [deep] }));
  assert.ok('value' in check({ names: ['fine'] }));
});
