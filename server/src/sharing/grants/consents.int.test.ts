import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { coreVocabulary } from '@milepost/contract';
import { sql } from 'kysely';
import { CallerError, makeManualClock, OperationalError, silentLogger } from '../../kernel/index.ts';
import { systemRandom } from '../../registry/index.ts';
import { type Actor, type Storage, systemActor } from '../../storage/index.ts';
import { openTestStorage, type TestStorage } from '../../storage/testing/test-storage.ts';
import { until } from '../../storage/testing/wait.ts';
import { neverHandedOver, nothingPrivate } from '../operator-scope.ts';
import { partnerScope } from './grant-scope.ts';
import { grantLimits } from './limits.ts';
import { type Consents, openConsents } from './open-consents.ts';
import type { NewGrants } from './wanted.ts';
import type { Granter, Holder } from './types.ts';

const startMs = Date.UTC(2026, 10, 22, 9);
const hourMs = 3_600_000;
const person = (personNo: number): Actor => ({ kind: 'person', id: String(personNo) });
const codeOf = async (done: Promise<unknown>): Promise<string> =>
  done.then(
    () => 'done',
    (error: unknown) => (error instanceof CallerError ? error.code : String(error)),
  );

describe('consents', { timeout: 600_000 }, () => {
  const clock = makeManualClock(startMs);
  const holders = new Map<number, Holder>();
  let test: TestStorage;
  let one: Consents;
  let other: Consents;
  let otherStorage: Storage;
  let ana: Granter;
  let ben: Granter;
  let manager: Granter;
  let viewerNo: number;
  let car: number;
  let bens: number;
  let van: number;
  let partnerNo: number;

  const granter = (personNo: number, customerNos: readonly number[] = []): Granter => ({
    personNo,
    customerNos,
    address: '127.0.0.1',
    answer: { textVersion: '1', language: 'en', method: 'web' },
  });
  const seed = async (storage: Storage) =>
    storage.withActor(systemActor('test'), async (tx) => {
      const no = async (query: ReturnType<typeof sql<{ no: number }>>): Promise<number> =>
        (await query.execute(tx)).rows[0]?.no ?? 0;
      const people: number[] = [];
      for (const name of ['ana', 'ben', 'manager', 'viewer'])
        people.push(
          await no(sql<{ no: number }>`insert into people (id, email, name, created_at)
            values (${`per_${name}`}, ${`${name}@example.org`}, ${name}, now()) returning person_no as no`),
        );
      const customer = await no(
        sql<{
          no: number;
        }>`insert into customers (id, name, created_at) values ('cus_1', 'Acme', now()) returning customer_no as no`,
      );
      const vehicles: number[] = [];
      for (const vin of ['WVWZZZ1JZXW000001', 'WVWZZZ1JZXW000002', 'WVWZZZ1JZXW000003'])
        vehicles.push(
          await no(sql<{ no: number }>`insert into vehicles (id, vin, vin_check_digit_valid, customer_no, created_at)
            values (${`veh_${vin.slice(-1)}`}, ${vin}, true, ${customer}, now()) returning vehicle_no as no`),
        );
      for (const [i, role] of [[2, 'manager'] as const, [3, 'viewer'] as const])
        await sql`insert into memberships (organisation_no, person_no, role, created_at)
          select organisation_no, ${people[i]}, ${role}, now() from organisations where customer_no = ${customer}`.execute(tx);
      const partner = await no(
        sql<{
          no: number;
        }>`insert into organisations (kind, name, created_at) values ('partner', 'Insure', now()) returning organisation_no as no`,
      );
      return { people, customer, vehicles, partner };
    });

  before(async () => {
    test = await openTestStorage('consents');
    otherStorage = await test.openAnother();
    const { people, customer, vehicles, partner } = await seed(test.storage);
    [ana, ben, manager] = [granter(people[0] ?? 0), granter(people[1] ?? 0), granter(people[2] ?? 0, [customer])];
    viewerNo = people[3] ?? 0;
    [car, bens, van] = vehicles as [number, number, number];
    partnerNo = partner;
    holders.set(car, { kind: 'person', personNo: ana.personNo });
    holders.set(bens, { kind: 'person', personNo: ben.personNo });
    holders.set(van, { kind: 'customer', customerNo: customer });
    const open = (storage: Storage): Promise<Consents> =>
      openConsents({
        storage,
        clock,
        logger: silentLogger,
        random: systemRandom,
        vocabulary: () => coreVocabulary,
        possession: { holderNow: (vehicleNo) => holders.get(vehicleNo) },
      });
    [one, other] = [await open(test.storage), await open(otherStorage)];
  });
  after(async () => {
    await one.close();
    await other.close();
    await test.close();
  });

  const wanted = (vehicleNo: number, more: Partial<NewGrants> = {}): NewGrants => ({
    reader: { kind: 'app', appNo: 3 },
    vehicleNos: [vehicleNo],
    items: [{ item: 'energy' }, { item: 'position', place: 'about1km', time: 'hour' }],
    purpose: 'insurance',
    purposeVersion: '1',
    untilMs: null,
    backDays: 0,
    ...more,
  });
  const give = async (vehicleNo: number, by: Granter, more: Partial<NewGrants> = {}) => {
    const [grant] = await one.give(wanted(vehicleNo, more), by);
    assert.ok(grant);
    return grant;
  };
  const actsOf = async (subject: string): Promise<string[]> => {
    const { rows } = await test.storage.withActor(systemActor('test'), (tx) =>
      sql<{ act: string }>`select act from audit_events where subject = ${subject} order by event_no`.execute(tx),
    );
    return rows.map(({ act }) => act);
  };

  it('are given by the holder alone, changed by one act each, and their history keeps every answer', async () => {
    assert.equal(await codeOf(one.give(wanted(bens), ana)), 'not_found');
    assert.equal(await codeOf(one.give(wanted(car), manager)), 'not_found');
    const { id } = await give(car, ana);
    await one.narrow(id, { items: [{ item: 'position', place: 'about10km', time: 'day' }] }, ana);
    await one.pause(id, ana);
    await one.resume(id, ana);
    assert.equal(await codeOf(one.end(id, ben)), 'not_found');
    assert.equal((await one.end(id, ana)).state, 'ended');
    assert.equal(await codeOf(one.resume(id, ana)), 'grant_ended');
    assert.equal((await one.end(id, ana)).endReason, 'holder', 'to end what has ended is no error');
    const history = await one.history(id, ana);
    assert.deepEqual(
      history.map(({ kind }) => kind),
      ['given', 'narrowed', 'paused', 'resumed', 'ended'],
    );
    for (const event of history) assert.deepEqual('answer' in event && event.answer, ana.answer);
    assert.deepEqual(await actsOf(id), ['consent_given', 'grant_narrowed', 'grant_paused', 'grant_resumed', 'grant_ended']);
    assert.equal(await codeOf(one.history(id, ben)), 'not_found');
  });

  it('are known to every process at once, also those that another took the place of', async () => {
    const first = await give(car, ana);
    const second = await give(car, ana, { items: [{ item: 'energy', time: 'day' }] });
    assert.equal(one.book.byId(first.id)?.endReason, 'replaced');
    await until('the other hears', () => other.book.byId(second.id) !== undefined);
    assert.deepEqual(other.book.byId(first.id)?.state, 'ended');
    assert.deepEqual(other.book.of({ kind: 'app', appNo: 3 }, car).at(-1), one.book.byId(second.id));
    assert.ok((other.book.changedSince(0) ?? [car]).includes(car));
    await one.end(second.id, ana);
    await until('the other hears of the end', () => other.book.byId(second.id)?.state === 'ended');
  });

  it('end at their moment, whether or not a timer came', async () => {
    const { id } = await give(car, ana, { untilMs: clock.now() + hourMs });
    const version = one.book.version();
    // The clock of both stands: nothing fires before the look.
    clock.advance(hourMs);
    assert.equal(one.book.byId(id)?.endReason, 'expired');
    assert.ok(one.book.version() > version, 'streams ask again');
    await one.expireDue();
    await other.expireDue();
    assert.deepEqual(
      (await one.history(id, ana)).map(({ kind, atMs }) => [kind, atMs]),
      [
        ['given', startMs],
        ['ended', startMs + hourMs],
      ],
    );
  });

  it('end with the transfer of their vehicle, in its transaction', async () => {
    const { id } = await give(car, ana);
    const transfer = (fails: boolean): Promise<unknown> =>
      test.storage.withActor(systemActor('registry'), async (tx) => {
        await one.endGrantsOfVehicle(tx, car, 'transferred', clock.now());
        if (fails) throw new Error('not transferred');
      });
    await assert.rejects(transfer(true));
    assert.equal(await one.catchUp(), true);
    assert.equal(one.book.byId(id)?.state, 'active');
    await transfer(false);
    await until('both have it', () => [one, other].every(({ book }) => book.byId(id)?.endReason === 'transferred'));
  });

  it('end when their holder blocks the partner', async () => {
    const grant = await give(car, ana);
    await one.block(partnerNo, [3], ana);
    assert.equal(one.book.byId(grant.id)?.endReason, 'partner_blocked');
    assert.deepEqual(
      (await one.blocks(ana.personNo)).map(({ organisationNo }) => organisationNo),
      [partnerNo],
    );
    await one.unblock(partnerNo, ana);
    assert.deepEqual(await one.blocks(ana.personNo), []);
  });

  it('are let through by row-level security to holder, managers, members and reader, and to nobody else', async () => {
    const anas = await give(car, ana);
    const vans = await give(van, manager);
    const family = await give(car, ana, { reader: { kind: 'person', personNo: ben.personNo }, purpose: 'family' });
    // No filter of the application: all that there is, as whom.
    const seenBy = async (actor: Actor): Promise<readonly string[]> => {
      const { rows } = await test.storage.withActor(actor, (tx) =>
        sql<{ id: string }>`select g.id from grants g where state <> 'ended' and exists (
          select 1 from grant_events e where e.grant_no = g.grant_no) order by grant_no`.execute(tx),
      );
      return rows.map(({ id }) => id);
    };
    assert.deepEqual(await seenBy(person(ana.personNo)), [anas.id, family.id]);
    assert.deepEqual(await seenBy(person(ben.personNo)), [family.id]);
    assert.deepEqual(await seenBy(person(manager.personNo)), [vans.id]);
    assert.deepEqual(await seenBy(person(viewerNo)), [vans.id]);
    assert.deepEqual(await seenBy({ kind: 'app', id: '3' }), [anas.id, vans.id]);
    assert.deepEqual(await seenBy({ kind: 'app', id: '4' }), []);
    assert.deepEqual(await seenBy({ kind: 'device', id: 'dev_1' }), []);
    const endAll = (actor: Actor): Promise<number> =>
      test.storage.withActor(actor, async (tx) => {
        const { numAffectedRows = 0n } = await sql`update grants set purpose = purpose`.execute(tx);
        return Number(numAffectedRows);
      });
    assert.equal(await endAll(person(viewerNo)), 0, 'a viewer changes nothing');
    assert.equal(await endAll(person(ben.personNo)), 0, 'nor does who reads by a grant');
    assert.equal(await endAll({ kind: 'app', id: '3' }), 0);
    assert.ok((await endAll(person(manager.personNo))) > 0);
    await assert.rejects(
      test.storage.withActor(person(ben.personNo), (tx) =>
        sql`insert into grant_events (grant_no, at, kind, by_person_no, detail)
          values (${anas.grantNo}, now(), 'ended', ${ben.personNo}, '{}')`.execute(tx),
      ),
    );
    const forge = sql`insert into grants (id, holder_person_no, app_no, vehicle_no, items, given_items, purpose, purpose_version, given_at,
        back_to, state, pauses, revision)
      values ('grt_forged', ${ana.personNo}, 3, ${car}, '[]', '[]', 'x', '1', now(), now(), 'active', '[]', 1)`;
    await assert.rejects(test.storage.withActor(person(ben.personNo), (tx) => forge.execute(tx)));
  });

  it('answer nobody while changes are not heard', async () => {
    const sources = {
      book: other.book,
      possession: { ...neverHandedOver, holderNow: (vehicleNo: number) => holders.get(vehicleNo), periods: () => [] },
      drivers: nothingPrivate,
      clock,
      vocabulary: () => coreVocabulary,
    };
    assert.equal(await other.catchUp(), true);
    const scope = partnerScope(sources, 3);
    assert.equal(scope.allowsVehicle(car), true);
    const version = scope.version();
    await otherStorage.close();
    assert.equal(await other.catchUp(), false);
    clock.advance(grantLimits.heardWithinMs + 1);
    assert.equal(other.book.isHeard(), false);
    assert.equal(scope.allowsVehicle(car), false, 'an open stream, too');
    assert.notEqual(scope.version(), version);
    assert.throws(
      () => partnerScope(sources, 3),
      (error) => error instanceof OperationalError && error.code === 'unavailable',
    );
  });
});
