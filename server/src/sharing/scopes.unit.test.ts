import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BrokenGlass, Holder, PossessionDirectory, PossessionPeriod } from '../registry/index.ts';
import { groupPermission } from '../events/index.ts';
import { makeGrantBook } from './grants/book.ts';
import type { StoredGrant } from './grants/stored.ts';
import { makeScopes } from './make-scopes.ts';
import { nothingPrivate } from './operator-scope.ts';
import type { Reader } from './reader.ts';

const person = (personNo: number): Holder => ({ kind: 'person', personNo });
const customer = (customerNo: number): Holder => ({ kind: 'customer', customerNo });
const ever = { fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY };

/** Possession that a test changes as it goes. */
const makePossession = () => {
  const periods = new Map<number, readonly PossessionPeriod[]>();
  const glass = new Map<number, readonly BrokenGlass[]>();
  const isPersons = ({ holder }: PossessionPeriod): boolean => holder.kind === 'person';
  const directory: PossessionDirectory = {
    periods: (vehicleNo) => periods.get(vehicleNo) ?? [{ holder: customer(1), ...ever }],
    hasRows: (vehicleNo) => periods.has(vehicleNo),
    holderNow: (vehicleNo) => directory.periods(vehicleNo).at(-1)?.holder,
    vehiclesOfPerson: (personNo) =>
      [...periods].flatMap(([no, rows]) =>
        rows.some(({ holder }) => holder.kind === 'person' && holder.personNo === personNo) ? no : [],
      ),
    isAnyPersons: () => [...periods.values()].flat().some(isPersons),
    brokenGlass: (vehicleNo) => glass.get(vehicleNo) ?? [],
    glassOf: () => [],
    version: () => periods.size,
    changedSince: () => undefined,
    onChange: () => () => {},
  };
  return { directory, periods, glass };
};

const scopesOf = (possession: PossessionDirectory, nowMs = 0) =>
  makeScopes({ possession, drivers: nothingPrivate, clock: { now: () => nowMs } });
const member = (personNo: number): Reader => ({ personNo, isStaff: false, customerNos: [1] });
const staff = (personNo: number | null): Reader => ({ personNo, isStaff: true, customerNos: [] });

test('what members of a customer share shows nobody’s own car, though one of them gets one meanwhile', () => {
  const { directory, periods } = makePossession();
  const scopes = scopesOf(directory);
  const shared = scopes.of(member(5));
  assert.equal(shared.audience, scopes.of(member(6)).audience);
  periods.set(9, [{ holder: person(5), ...ever }]);
  assert.deepEqual([shared.allowsVehicle(9), shared.seesNow(9), shared.periods(9)], [false, false, []]);
  const own = scopes.of(member(5));
  assert.notEqual(own.audience, shared.audience);
  assert.deepEqual([own.seesNow(9), own.seesNow(8), own.allowsVehicle(9)], [true, true, true]);
});

test('a holder sees the times in which a vehicle was theirs, those that touch as one', () => {
  const { directory, periods } = makePossession();
  periods.set(7, [
    { holder: customer(1), fromMs: Number.NEGATIVE_INFINITY, toMs: 10 },
    { holder: person(5), fromMs: 10, toMs: 20 },
    { holder: person(6), fromMs: 20, toMs: 30 },
    { holder: person(5), fromMs: 30, toMs: Number.POSITIVE_INFINITY },
  ]);
  const scopes = scopesOf(directory);
  assert.deepEqual(scopes.of({ ...member(5), customerNos: [] }).periods(7), [
    { fromMs: 10, toMs: 20 },
    { fromMs: 30, toMs: null },
  ]);
  assert.deepEqual(scopes.of(member(5)).periods(7), [
    { fromMs: Number.NEGATIVE_INFINITY, toMs: 20 },
    { fromMs: 30, toMs: null },
  ]);
  assert.deepEqual(scopes.of(member(9)).periods(7), [{ fromMs: Number.NEGATIVE_INFINITY, toMs: 10 }]);
  assert.deepEqual([scopes.of(member(9)).allowsVehicle(7), scopes.of(member(9)).seesNow(7)], [true, false]);
});

test('staff see no position, motion or trip of a private owner until they break the glass, and then for themselves', () => {
  const { directory, periods, glass } = makePossession();
  const everything = scopesOf(directory).of(staff(3));
  assert.equal(everything.audience, scopesOf(directory).of(staff(4)).audience);
  periods.set(7, [
    { holder: customer(1), fromMs: Number.NEGATIVE_INFINITY, toMs: 10 },
    { holder: person(5), fromMs: 10, toMs: Number.POSITIVE_INFINITY },
  ]);
  const hidden = [{ fromMs: 10, toMs: null }];
  const [third, fourth, token] = [staff(3), staff(4), staff(null)].map((reader) => scopesOf(directory).of(reader));
  for (const scope of [third, fourth, token])
    for (const group of ['position', 'motion', 'driving'] as const) assert.deepEqual(scope?.hiddenPeriods(7, group), hidden);
  assert.deepEqual(third?.hiddenPeriods(7, 'energy'), []);
  assert.deepEqual(third?.hiddenPeriods(8, 'position'), []);
  assert.equal(new Set([third, fourth, token].map((scope) => scope?.audience)).size, 3);
  glass.set(7, [{ personNo: 3, fromMs: 0, untilMs: 100 }]);
  assert.deepEqual(third?.hiddenPeriods(7, 'position'), []);
  assert.deepEqual(fourth?.hiddenPeriods(7, 'position'), hidden);
  assert.deepEqual(scopesOf(directory, 100).of(staff(3)).hiddenPeriods(7, 'position'), hidden, 'for as long as it is broken');
  assert.deepEqual(scopesOf(directory).of(staff(5)).hiddenPeriods(7, 'position'), [], 'staff see their own cars');
});

const vocabulary = () => ({ byNumber: () => undefined, byPath: () => undefined });
const grantOf = (
  vehicleNo: number,
  holder: Holder,
  items: StoredGrant['items'],
  changes: Partial<StoredGrant> = {},
): StoredGrant => ({
  grantNo: vehicleNo,
  id: `grt_${vehicleNo}`,
  revision: 1,
  holder,
  reader: { kind: 'person', personNo: 7 },
  vehicleNo,
  items,
  givenItems: items,
  purpose: 'driver',
  purposeVersion: '1',
  untilMs: null,
  backToMs: 0,
  state: 'active',
  givenAtMs: 0,
  pauses: [],
  endedAtMs: null,
  endReason: null,
  ...changes,
});
/** Scopes of somebody who works for customer 1, and for whom there are grants. */
const withGrants = (possession: PossessionDirectory, heard = { is: true }) => {
  const book = makeGrantBook(
    () => 1000,
    () => heard.is,
  );
  const scopes = makeScopes({ possession, drivers: nothingPrivate, clock: { now: () => 1000 } }, { book, vocabulary });
  return { book, scopes, driver: (customerNos = [1]) => scopes.of({ personNo: 7, isStaff: false, customerNos }) };
};

test('a driver sees the cars of others by what is granted, and the own ones as before', () => {
  const { directory, periods } = makePossession();
  periods.set(9, [{ holder: person(5), ...ever }]);
  const { book, scopes, driver } = withGrants(directory);
  const before = driver();
  assert.equal(scopes.readsByGrant({ personNo: 7, isStaff: false, customerNos: [] }), false);
  assert.deepEqual([before.allowsVehicle(9), before.items], [false, undefined]);
  book.put([grantOf(9, person(5), [{ item: 'energy' }, { item: 'position', place: 'about1km' }])]);
  const scope = driver();
  assert.notEqual(scope.audience, before.audience);
  assert.deepEqual([scope.seesNow(9), scope.isGuest?.(9), scope.isGuest?.(8)], [true, true, false]);
  assert.deepEqual(groupPermission(scope, 9, 'energy')?.periods, [{ fromMs: 0, toMs: null }]);
  assert.equal(groupPermission(scope, 9, 'position')?.precision.place, 'about1km');
  assert.deepEqual([groupPermission(scope, 9, 'motion'), scope.allowsGroup(9, 'motion')], [undefined, false]);
  assert.equal(groupPermission(scope, 8, 'motion')?.precision.place, 'exact', 'the fleet’s own');
  assert.equal(scope.seesCustomer(1), true);
});

test('what is narrowed, paused or not heard of is gone, and streams are told which cars that is about', () => {
  const { directory, periods } = makePossession();
  periods.set(9, [{ holder: person(5), ...ever }]);
  const heard = { is: true };
  const { book, driver } = withGrants(directory, heard);
  const grant = grantOf(9, person(5), [{ item: 'energy' }, { item: 'mileage' }]);
  book.put([grant]);
  const scope = driver();
  const version = scope.version();
  assert.equal(scope.version(), version, 'nothing changed');
  book.put([{ ...grant, revision: 2, items: [{ item: 'energy' }] }]);
  assert.ok(scope.version() > version);
  assert.equal(groupPermission(scope, 9, 'mileage'), undefined);
  heard.is = false;
  assert.deepEqual([scope.seesNow(9), groupPermission(scope, 9, 'energy'), scope.seesNow(8)], [false, undefined, true]);
  heard.is = true;
  book.put([{ ...grant, revision: 3, state: 'paused', pauses: [{ fromMs: 900, toMs: null }] }]);
  assert.deepEqual([scope.seesNow(9), scope.allowsVehicle(9)], [false, false]);
});

test('staff see of a private owner’s car what they are shown as its drivers; the holder of before keeps what was theirs', () => {
  const { directory, periods } = makePossession();
  periods.set(9, [
    { holder: person(7), fromMs: Number.NEGATIVE_INFINITY, toMs: 10 },
    { holder: person(5), fromMs: 10, toMs: Number.POSITIVE_INFINITY },
  ]);
  const { book, scopes, driver } = withGrants(directory);
  book.put([grantOf(9, person(5), [{ item: 'position' }], { backToMs: 500 })]);
  const staffed = scopes.of({ personNo: 7, isStaff: true, customerNos: [] });
  assert.deepEqual(groupPermission(staffed, 9, 'position')?.periods, [{ fromMs: 500, toMs: null }]);
  assert.deepEqual(groupPermission(staffed, 9, 'position')?.hidden, []);
  assert.deepEqual(groupPermission(driver([]), 9, 'position')?.periods, [
    { fromMs: Number.NEGATIVE_INFINITY, toMs: 10 },
    { fromMs: 500, toMs: null },
  ]);
  assert.deepEqual(groupPermission(driver([]), 9, 'energy')?.periods, [{ fromMs: Number.NEGATIVE_INFINITY, toMs: 10 }]);
});
