import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { remindersOf } from '../app/open-consents.ts';
import { silentLogger } from '../kernel/index.ts';
import { grantLimits, remindAtMs } from '../sharing/index.ts';
import type { TestVehicle } from './testing/fleet.ts';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';
import { makeSettableClock } from './testing/settable-clock.ts';
import { openTestPartner, type TestPartner } from './testing/test-partner.ts';

// Grants that end soon are told by mail, once; those that nobody uses are shown, and are removed in one step.

const dayMs = 86_400_000;
const clock = makeSettableClock(Date.now());
let server: TestServer;
let volt: TestPartner;
let [ends, stays] = [] as unknown as [TestVehicle, TestVehicle];

const remindersHere = () => {
  const { people, consents, partners } = server;
  return remindersOf({ clock, logger: silentLogger }, server, { people, consents, partners });
};
const mailsOf = (): string[] => server.mails.flatMap(({ subject, text }) => (/ends soon/.test(subject) ? [text] : []));
const grantOf = async ({ id }: TestVehicle) =>
  (await volt.owner.ask('listGrants')).json.items.find(({ vehicle, state }) => vehicle.id === id && state !== 'ended');

const numberOf = ({ id }: TestVehicle): number | undefined => server.registry.directory.vehicleById(id)?.vehicleNo;
/** Days go by, and the person comes by now and then, so that their session goes on. */
const pass = async (days: number): Promise<void> => {
  for (let left = days; left > 0; left -= 20) {
    clock.set(clock.now() + Math.min(left, 20) * dayMs);
    assert.equal((await volt.owner.ask('readMe')).status, 200);
  }
};

before(async () => {
  server = await openTestServer('http-grant-reminders', {}, { clock, tokenLifetimeMs: 400 * dayMs });
  volt = await openTestPartner(server, [{ item: 'mileage' }]);
  ends = await volt.addCar(1);
  stays = await volt.addCar(2);
  await ends.report([{ time: clock.now(), signals: { 'Vehicle.TraveledDistance': 5000 } }]);
  await volt.give([stays], [{ item: 'mileage' }]);
  await volt.give([ends], [{ item: 'mileage' }]);
  const until = new Date(clock.now() + 100 * dayMs).toISOString();
  const params = { id: (await grantOf(ends))?.id ?? '' };
  assert.equal((await volt.owner.ask('changeGrant', { params, body: { until, textVersion: '1', language: 'en' } })).status, 200);
});
after(() => server?.close());

test('it is told a week before, of a short one when three quarters are over', () => {
  assert.equal(remindAtMs({ givenAtMs: 0, untilMs: 100 * dayMs }), 93 * dayMs);
  assert.equal(remindAtMs({ givenAtMs: 0, untilMs: 4 * dayMs }), 3 * dayMs);
  assert.equal(remindAtMs({ givenAtMs: 0, untilMs: null }), undefined);
});

test('one by which nothing was read for 90 days is shown as such, one that is read is not, and it is ended in one step', async () => {
  await pass(60);
  const readMs = clock.now();
  const read = [...server.consents.book.all()].find(({ vehicleNo }) => vehicleNo === numberOf(ends)) ?? assert.fail('no grant');
  const { reader, vehicleNo } = read;
  server.receipts.note({ reader: reader as never, vehicleNo, items: ['mileage'], channel: 'rest', atMs: readMs });
  await pass(grantLimits.unusedDays - 61);
  assert.equal((await grantOf(stays))?.isUnused, false, 'not yet');
  await pass(2);
  const [unused, used] = [await grantOf(stays), await grantOf(ends)];
  assert.deepEqual([unused?.isUnused, unused?.lastReadAt], [true, null]);
  assert.deepEqual([used?.isUnused, Date.parse(used?.lastReadAt ?? '')], [false, readMs]);
  assert.equal((await volt.owner.ask('endGrant', { params: { id: unused?.id ?? '' } })).status, 204);
  assert.equal(await grantOf(stays), undefined);
});

test('its holder is mailed once, however many look, and again for another end', async () => {
  await remindersHere().tend();
  assert.deepEqual(mailsOf(), [], 'not yet');
  await pass(3);
  await Promise.all([remindersHere().tend(), remindersHere().tend()]);
  assert.equal(mailsOf().length, 1);
  assert.match(mailsOf()[0] ?? '', /Volt Drive · WVWZZZ1JZ00000001 · \w{3} \d/);
  await remindersHere().tend();
  assert.equal(mailsOf().length, 1, 'after a restart neither');
  const until = new Date(clock.now() + 2 * dayMs).toISOString();
  const params = { id: (await grantOf(ends))?.id ?? '' };
  assert.equal((await volt.owner.ask('changeGrant', { params, body: { until, textVersion: '1', language: 'en' } })).status, 200);
  await remindersHere().tend();
  assert.equal(mailsOf().length, 2);
});

test('a mail that nobody takes is tried again', async () => {
  const { people, consents, partners } = server;
  const until = new Date(clock.now() + dayMs).toISOString();
  const params = { id: (await grantOf(ends))?.id ?? '' };
  assert.equal((await volt.owner.ask('changeGrant', { params, body: { until, textVersion: '1', language: 'en' } })).status, 200);
  const mails = Object.assign(Object.create(people.mails) as typeof people.mails, {
    grantsEnd: () => Promise.reject(new Error('away')),
  });
  await remindersOf({ clock, logger: silentLogger }, server, { people: { mails }, consents, partners }).tend();
  assert.equal(mailsOf().length, 2);
  await remindersHere().tend();
  assert.equal(mailsOf().length, 3);
});
